# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data in the forms that people have it in, as the name of a data set that a recipe can hold."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from . import files
from .errors import DataError

_IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")

_NAMES = {2: ("x", "y"), 4: ("x_train", "y_train", "x_test", "y_test")}


def data_file(data: Any, folder: Path) -> str:
    """The name of a data set for `data`; arrays are written to ``data.npz`` in `folder`.

    `data` is a name or the path of an ``.npz`` file, which stay; a folder with a folder of images
    for each class; arrays ``(x, y)`` or ``(x_train, y_train, x_test, y_test)``; or an iterable of
    batches ``(x, y)``, as a ``torch.utils.data.DataLoader``. Raises :class:`DataError` for
    anything else.
    """
    if isinstance(data, str | os.PathLike):
        path = Path(data)
        if not path.is_dir():
            return os.fspath(data)
        arrays = dict(zip(_NAMES[2], read_images(path), strict=True))
    elif isinstance(data, tuple | list):
        if len(data) not in _NAMES:
            raise DataError(
                "data: expected (x, y) or (x_train, y_train, x_test, y_test), got "
                f"{len(data)} parts"
            )
        arrays = dict(zip(_NAMES[len(data)], map(_array, data), strict=True))
    elif isinstance(data, Iterable):
        arrays = dict(zip(_NAMES[2], _of_batches(data), strict=True))
    else:
        raise DataError(
            "data: expected the name of a data set, an .npz file, a folder of images, arrays or "
            f"a DataLoader, got {type(data).__name__}"
        )
    path = folder / "data.npz"
    files.write_arrays(path, arrays)
    return str(path)


def read_images(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images [rows, channels, height, width] in bytes, and the numbers of their folders.

    Classes are the folders in the order of their names. All images have one size; grey ones stay
    grey where all are. Raises :class:`DataError` where that is not so.
    """
    try:
        from PIL import Image
    except ImportError:
        raise DataError(f"{folder}: folders of images need the package pillow") from None
    classes = sorted(path for path in folder.iterdir() if path.is_dir())
    named = [(path, number) for number, each in enumerate(classes)
             for path in sorted(each.rglob("*")) if path.suffix.lower() in _IMAGES]  # fmt: skip
    if not named:
        raise DataError(f"{folder}: expected a folder of images for each class")
    opened = []
    for path, _ in named:
        try:
            with Image.open(path) as image:
                opened.append(image.convert("L" if image.mode in ("1", "L", "I;16") else "RGB"))
        except OSError as error:
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


def _of_batches(batches: Iterable[Any]) -> tuple[np.ndarray, np.ndarray]:
    """All rows of an iterable of batches."""
    inputs, labels = [], []
    for batch in batches:
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise DataError("data: expected batches of two parts, inputs and labels")
        inputs.append(_array(batch[0]))
        labels.append(_array(batch[1]))
    if not inputs:
        raise DataError("data: expected batches of rows, got none")
    return np.concatenate(inputs), np.concatenate(labels)


def _array(value: Any) -> np.ndarray:
    """An array of numbers, of a tensor too."""
    detached = value.detach().cpu() if hasattr(value, "detach") else value
    return np.asarray(detached)
