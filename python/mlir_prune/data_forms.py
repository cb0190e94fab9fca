# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data in the forms that people have it in, as the name of a data set that a recipe can hold."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import files
from .errors import DataError
from .npz import class_numbers, member
from .rows import INPUT, Split

_IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")

_SETS = ("digits", "mnist", "cifar10")
"""Names of data sets, which mean the set where a folder has the same name, too."""

_TEST_FOLDERS = ("test", "val", "valid", "validation")

_NAMES = {2: ("x", "y"), 4: ("x_train", "y_train", "x_test", "y_test")}


def data_file(data: Any, folder: Path) -> str:
    """The name of a data set for `data`; arrays are written to ``data.npz`` in `folder`.

    `data` is a name or the path of an ``.npz`` file, which stay; or what :func:`read_members`
    takes. Raises :class:`DataError` for anything else.
    """
    if isinstance(data, str | os.PathLike):
        name = os.fspath(data)
        if name in _SETS or not os.path.isdir(name):
            return name
    path = folder / "data.npz"
    files.write_arrays(path, read_members(data))
    return str(path)


def read_members(data: Any) -> dict[str, np.ndarray]:
    """Arrays by the names that they have in an ``.npz`` file of data (``x``, ``y`` and so on).

    `data` is a folder with a folder of images for each class, or with folders ``train`` and
    ``test`` (or ``val``) of such folders; arrays ``(x, y)`` or ``(x_train, y_train, x_test,
    y_test)``, or by these names; a ``torch.utils.data.Dataset`` of pairs; or an iterable of batches
    ``(x, y)``, as a ``DataLoader``. For several inputs ``x`` is a tuple in their order, or a
    mapping by their names. Raises :class:`DataError` for anything else.
    """
    if isinstance(data, str | os.PathLike):
        return _of_folder(Path(data))
    if isinstance(data, Mapping):
        return {str(name): to_array(value, str(name)) for name, value in data.items()}
    if isinstance(data, tuple | list) and not _are_batches(data):
        if len(data) not in _NAMES:
            raise DataError(
                "data: expected (x, y) or (x_train, y_train, x_test, y_test), got "
                f"{len(data)} parts"
            )
        found: dict[str, np.ndarray] = {}
        for name, value in zip(_NAMES[len(data)], data, strict=True):
            found |= _labels(value, name) if name.startswith("y") else _inputs(value, name)
        return found
    if isinstance(data, Iterable):
        return _of_batches(data)
    if hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        return _of_batches(_pairs(data))
    raise DataError(
        "data: expected the name of a data set, an .npz file, a folder of images, arrays or "
        f"a DataLoader, got {type(data).__name__}"
    )


def read_rows(data: Any, inputs: int = 1) -> Split:
    """Rows in memory: `inputs` arrays without labels, or what :func:`read_members` takes.

    Of data with test rows those to train are taken. Raises :class:`DataError` for anything else.
    """
    if isinstance(data, Split):
        return data
    if hasattr(data, "shape"):
        return Split.without_labels((to_array(data, "data"),))
    if inputs > 1 and isinstance(data, tuple | list) and len(data) == inputs:
        if all(hasattr(each, "shape") for each in data):
            found = _inputs(data, "x")
            return Split.without_labels(
                tuple(found.values()), tuple(name.removeprefix("x/") for name in found)
            )
    found = read_members(data)
    prefix = "x_train" if "y_train" in found else "x"
    arrays_of = {
        name.removeprefix(f"{prefix}/") if name != prefix else INPUT: array
        for name, array in found.items()
        if name == prefix or name.startswith(f"{prefix}/")
    }
    labels = found.get(prefix.replace("x", "y"))
    if not arrays_of or labels is None:
        raise DataError(f"data: holds {sorted(found)}, expected x and y")
    return Split(tuple(arrays_of.values()), class_numbers(labels, "data: y"), tuple(arrays_of))


def _of_folder(path: Path) -> dict[str, np.ndarray]:
    """Images of a folder, those to test apart where it has folders for both."""
    tests = [path / name for name in _TEST_FOLDERS if (path / name).is_dir()]
    if not (path / "train").is_dir() or not tests:
        return dict(zip(_NAMES[2], read_images(path), strict=True))
    parts = (path / "train", tests[0])
    one, two = ([each.name for each in _classes(part)] for part in parts)
    if one != two:
        odd = sorted(set(one) ^ set(two))
        raise DataError(f"{path}: the class '{odd[0]}' is not in both {parts[0]} and {parts[1]}")
    arrays = [array for part in parts for array in read_images(part)]
    if arrays[0].shape[1:] != arrays[2].shape[1:]:
        raise DataError(
            f"{path}: images to train are {list(arrays[0].shape[1:])}, those to test "
            f"{list(arrays[2].shape[1:])} (channels, height, width)"
        )
    return dict(zip(_NAMES[4], arrays, strict=True))


def _classes(folder: Path) -> list[Path]:
    """Folders of the classes in the order of their names, without hidden ones."""
    return sorted(each for each in folder.iterdir() if each.is_dir() and each.name[0] != ".")


def read_images(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images [rows, channels, height, width] in bytes, and the numbers of their folders.

    Classes are the folders in the order of their names, without hidden ones. All images have one
    size; grey ones stay grey where all are. Raises :class:`DataError` where that is not so.
    """
    try:
        from PIL import Image
    except ImportError:
        raise DataError(f"{folder}: folders of images need the package pillow") from None
    named = [(path, number) for number, each in enumerate(_classes(folder))
             for path in sorted(each.rglob("*")) if path.suffix.lower() in _IMAGES]  # fmt: skip
    if not named:
        raise DataError(f"{folder}: expected a folder of images for each class")
    opened = []
    for path, _ in named:
        try:
            with Image.open(path) as image:
                opened.append(_open(image, path))
        except DataError:
            raise
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise DataError(f"{path}: cannot be read as an image ({error})") from None
        if opened[-1].size != opened[0].size:
            wide, high = opened[0].size
            raise DataError(
                f"{path}: is {opened[-1].size[0]}x{opened[-1].size[1]}, expected {wide}x{high} as "
                f"{named[0][0].name}; all images have one size"
            )
    mode = "L" if all(image.mode == "L" for image in opened) else "RGB"
    pixels = np.stack([np.asarray(image.convert(mode), np.uint8) for image in opened])
    planes = pixels[:, None] if mode == "L" else pixels.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(planes), np.array([number for _, number in named], np.int64)


def _open(image: Any, path: Path) -> Any:
    """An image of bytes, grey or in three colours."""
    if image.mode.startswith(("I", "F")):
        raise DataError(
            f"{path}: has pixels of more than 8 bits (mode {image.mode}); convert it to bytes, or "
            "give arrays"
        )
    return image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")


def _are_batches(data: Any) -> bool:
    """Whether a list holds pairs, and not arrays."""
    return bool(data) and all(
        isinstance(each, tuple | list) and len(each) == 2
        and (hasattr(each[1], "shape") or isinstance(each[0], Mapping)) for each in data
    )  # fmt: skip


def _pairs(data: Any) -> Iterable[Any]:
    """Rows of a data set by number, each as a batch of one."""
    for index in range(len(data)):
        pair = data[index]
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise DataError("data: expected rows of two parts, inputs and a label")
        x, y = pair
        if isinstance(x, tuple):
            x = {f"input{number}": each for number, each in enumerate(x)}
        if isinstance(x, Mapping):
            rows = {name: to_array(part, name)[None] for name, part in x.items()}
            yield rows, to_array(y, "y")[None]
        else:
            yield to_array(x, "x")[None], to_array(y, "y")[None]


def _of_batches(batches: Iterable[Any]) -> dict[str, np.ndarray]:
    """All rows of an iterable of batches."""
    parts: dict[str, list[np.ndarray]] = {}
    count = 0
    for count, batch in enumerate(batches, 1):  # noqa: B007
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise DataError(
                "data: expected batches of two parts, inputs (a tuple where there are "
                "several) and labels"
            )
        for name, array in (_inputs(batch[0], "x") | _labels(batch[1], "y")).items():
            parts.setdefault(name, []).append(array)
    if not count:
        raise DataError("data: expected batches of rows, got none")
    for name, arrays in parts.items():
        shapes = sorted({array.shape[1:] for array in arrays})
        if len(shapes) > 1 or len(arrays) != count or arrays[0].ndim < 1:
            raise DataError(
                f"data: {name} differs from batch to batch, expected rows of one shape, got "
                f"{' and '.join(str(list(shape)) for shape in shapes)}"
            )
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def _inputs(value: Any, prefix: str) -> dict[str, np.ndarray]:
    """Inputs as members below `prefix`, those of a tuple by their numbers."""
    if isinstance(value, tuple | list) and value and all(hasattr(e, "shape") for e in value):
        if len({len(each) if each.ndim else 0 for each in value}) == 1 and value[0].ndim:
            value = {f"input{number}": each for number, each in enumerate(value)}
    if isinstance(value, Mapping):
        return {member(prefix, str(name)): to_array(each, name) for name, each in value.items()}
    return {prefix: to_array(value, prefix)}


def _labels(value: Any, name: str) -> dict[str, np.ndarray]:
    """Labels; whole numbers that are stored as floating-point ones become such, columns rows."""
    labels = to_array(value, name)
    if labels.dtype.kind == "f" and np.array_equal(labels, np.round(labels)):
        labels = labels.astype(np.int64)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    return {name: labels}


def to_array(value: Any, name: str) -> np.ndarray:
    """An array of numbers, of a tensor too; :class:`DataError` for what is none."""
    plain = value.detach().cpu() if hasattr(value, "detach") else value
    if str(getattr(plain, "dtype", "")) == "torch.bfloat16":
        plain = plain.float()
    try:
        array = np.asarray(plain)
    except ValueError as error:
        raise DataError(f"data: {name} is no array, its rows have different shapes") from error
    if array.dtype.kind not in "fiub":
        raise DataError(f"data: {name} is {array.dtype}, expected an array of numbers")
    return array
