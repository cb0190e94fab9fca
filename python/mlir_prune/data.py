# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data sets: scikit-learn digits, MNIST and other idx files, CIFAR-10, ``.npz`` files.

Every set comes as a training, a validation and a test part. Choices (epoch,
threshold) use the validation part only; the test part is opened once, at the
end, and opening it again is an error.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .cifar import SHAPE as CIFAR_SHAPE
from .cifar import read_cifar
from .errors import DataError, nearest
from .files import read_arrays
from .idx import read_idx

# The split must not move when the seed of the training does.
_SPLIT_SEED = 20190527

FORMS = (
    (
        "`digits`",
        "The handwritten digits of scikit-learn: 1,797 rows of 1x8x8. 60 % train, 20 % "
        "validate, 20 % are the test part.",
        "divided by 16",
    ),
    (
        "`mnist`",
        "Files as for `idx:` in `mnist/` below `PRUNE_DATA` or `--data`; ten classes.",
        "divided by 255",
    ),
    (
        "`cifar10`",
        "`train*.bin` or `data_batch*.bin`, and `test*.bin`, each also with `.xz`, in "
        "`cifar10/` below `PRUNE_DATA` or `--data`: the binary version, 3x32x32. A tenth of "
        "the training rows validates.",
        "divided by 255, less the mean of the channel (0.485, 0.456, 0.406), divided by its "
        "deviation (0.229, 0.224, 0.225)",
    ),
    (
        "`idx:<folder>`",
        "`train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same with `t10k` or "
        "`test`; a dot may stand before `idx`, and `.gz` at the end. Images are bytes [rows, "
        "height, width] or [rows, channels, height, width]. A tenth of the training rows "
        "validates. There are as many classes as the largest label says.",
        "divided by 255",
    ),
    (
        "`<file>.npz`",
        "Arrays `x` and `y`: 60 % train, 20 % validate, 20 % are the test part. Or `x_train`, "
        "`y_train`, `x_test`, `y_test`: a tenth of the training rows validates. `x` is [rows, "
        "...] in the shape that the network reads, `y` whole class numbers [rows]; ten rows "
        "at least.",
        "whole numbers are divided by 255; floating-point numbers stay as they are",
    ),
)
"""Data sets by name, what they read, and how pixels are scaled: for the documentation."""

_LEAST_ROWS = 10
"""Rows of a set to train on: enough for parts of a tenth."""

_MOST_CLASSES = 1_000_000
"""A label above is a slip; it also must not wrap around in 32 bits."""


@dataclass(frozen=True)
class Split:
    """Rows of one part: inputs float32 [rows, features], labels int32 [rows].

    `shape` is that of one row, by default [features]; images have [channels,
    height, width].
    """

    inputs: np.ndarray
    labels: np.ndarray
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.inputs.ndim != 2 or self.labels.shape != (len(self.inputs),):
            raise DataError(
                f"inputs {list(self.inputs.shape)} and labels {list(self.labels.shape)} "
                "do not fit: expected [rows, features] and [rows]"
            )
        if self.inputs.dtype != np.float32 or self.labels.dtype != np.int32:
            raise DataError(
                f"inputs are float32 and labels int32, got {self.inputs.dtype} and "
                f"{self.labels.dtype}"
            )
        if not self.shape:
            object.__setattr__(self, "shape", (self.inputs.shape[1],))
        if math.prod(self.shape) != self.inputs.shape[1]:
            raise DataError(
                f"rows of {self.inputs.shape[1]} features are not of shape {list(self.shape)}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def check(self, what: str, shape: tuple[int, ...], classes: int) -> None:
        """Raises :class:`DataError` unless there are finite rows of `shape` in `classes`."""
        if self.inputs.size == 0:
            raise DataError(f"{what}: there are none, or no values in a row")
        if tuple(self.shape) != tuple(shape):
            raise DataError(
                f"{what}: rows have shape {list(self.shape)}, those to train {list(shape)}"
            )
        if not np.isfinite(self.inputs).all():
            raise DataError(f"{what}: inputs hold values that are not finite")
        low, high = int(self.labels.min()), int(self.labels.max())
        if low < 0 or high >= classes:
            raise DataError(
                f"{what}: label {low if low < 0 else high}, expected class numbers from 0 to "
                f"{classes - 1}"
            )


@dataclass
class Dataset:
    """Training and validation part, and a test part behind a lock."""

    name: str
    train: Split
    validation: Split
    classes: int
    _test: Callable[[], Split]
    _opened: bool = field(default=False)
    gates: Split | None = None
    """Rows that train gates in bi-level stages, when there are any."""
    whole: Split | None = None
    """The rows of `train` and `gates` in the order that they had before they were parted."""

    @property
    def features(self) -> int:
        """Number of values in one input row."""
        return int(self.train.inputs.shape[1])

    @property
    def merged(self) -> Split:
        """All rows but those for validation and test, in the same order with gates or without."""
        return self.train if self.whole is None else self.whole

    def divide(self, validation: float | None, gates: float) -> Dataset:
        """The same rows in parts of other sizes; the test part is shared.

        `validation` is the share of the rows outside the test part, or None for
        the parts as they are; `gates` the share of what is left for training.
        """
        train, held = self.train, self.validation
        if validation is not None:
            held, train = _cut(_concatenate(train, held), validation, "validation")
        gate_rows, whole = None, train
        if gates > 0:
            gate_rows, train = _cut(train, gates, "gates")
        return Dataset(
            self.name, train, held, self.classes, self.open_test, gates=gate_rows, whole=whole
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input row."""
        return self.train.shape

    def check(self) -> None:
        """Raises :class:`DataError` for faults of any part, of the test part too.

        Nothing of the test part is given away, so that it can still be opened.
        """
        parts = {"training rows": self.whole or self.train, "validation rows": self.validation}
        for what, rows in (parts | {"test rows": self._test()}).items():
            rows.check(f"{self.name}: {what}", self.shape, self.classes)

    @property
    def test_rows(self) -> int:
        """Number of rows of the test part."""
        return len(self._test())

    def open_test(self) -> Split:
        """The test part; raises :class:`RuntimeError` on the second call."""
        if self._opened:
            raise RuntimeError("the test part may be read only once, after every choice")
        self._opened = True
        return self._test()


def load(name: str, root: str | os.PathLike[str] | None = None) -> Dataset:
    """Loads ``digits``, ``mnist``, ``cifar10``, ``idx:<folder>`` or an ``.npz`` file.

    `root` is the folder that holds ``mnist/`` and ``cifar10/`` (default: the
    environment variable ``PRUNE_DATA``). Raises :class:`DataError` with the
    reason.
    """
    if name == "digits":
        return _digits()
    if name == "mnist":
        return _idx("mnist", _folder(name, root), 10)
    if name == "cifar10":
        return _cifar10(_folder(name, root))
    if name.startswith("idx:"):
        folder = Path(name.removeprefix("idx:"))
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder")
        return _idx(name, folder)
    if name.endswith(".npz"):
        return _npz(Path(name))
    hint = nearest(name, ["digits", "mnist", "cifar10"])
    raise DataError(
        f"unknown data set '{name}', expected digits, mnist, cifar10, idx:<folder> "
        f"or the path of an .npz file{hint}"
    )


def _concatenate(first: Split, second: Split) -> Split:
    return Split(
        np.concatenate([first.inputs, second.inputs]),
        np.concatenate([first.labels, second.labels]),
        first.shape,
    )


def _cut(rows: Split, share: float, what: str) -> tuple[Split, Split]:
    """A share of the rows, always the same ones, and the others."""
    count = round(share * len(rows))
    if not 0 < count < len(rows):
        raise DataError(f"a share of {share:g} for {what} leaves no rows of {len(rows)}")
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(rows))
    chosen, others = np.sort(order[:count]), np.sort(order[count:])
    return (
        Split(rows.inputs[chosen], rows.labels[chosen], rows.shape),
        Split(rows.inputs[others], rows.labels[others], rows.shape),
    )


def _folder(name: str, root: str | os.PathLike[str] | None) -> Path:
    base = root or os.environ.get("PRUNE_DATA")
    if not base:
        raise DataError(f"{name} needs its files: set PRUNE_DATA to the folder above {name}/")
    folder = Path(base) / name
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder (PRUNE_DATA must hold {name}/)")
    return folder


def _digits() -> Dataset:
    """1,797 images of 8x8 with grey levels 0..16, scaled to [0, 1]."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DataError(
            "the digits come with scikit-learn, which is not installed: pip install scikit-learn"
        ) from None
    digits = load_digits()
    rows = _rows(digits.data, 16.0), _classes(digits.target, "digits")
    return _split_three(*rows, (1, 8, 8), name="digits", classes=10)


def _idx(name: str, folder: Path, classes: int = 0) -> Dataset:
    """Byte images in [0, 1]; a tenth of the training rows is for validation.

    Without `classes` the largest label says how many there are.
    """
    train = Split(*_idx_pair(folder, "train"))
    test = Split(*_idx_pair(folder, "t10k" if _has(folder, "t10k-images") else "test"))
    return _split_two(name, train, test, classes or _count_classes(train, test))


def _idx_pair(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Rows, labels and the shape of a row, [channels, height, width]."""
    images = read_idx(_find(folder, f"{part}-images"))
    labels = read_idx(_find(folder, f"{part}-labels"))
    if images.ndim not in (3, 4) or images.dtype != np.uint8:
        raise DataError(f"{folder}: {part} images are not a stack of byte images")
    if labels.shape != (len(images),):
        raise DataError(f"{folder}: {len(images)} {part} images but labels {list(labels.shape)}")
    shape = images.shape[1:] if images.ndim == 4 else (1, *images.shape[1:])
    return _rows(images, 255.0), _classes(labels, str(folder)), shape


def _has(folder: Path, stem: str) -> bool:
    return any(folder.glob(f"{stem}[-.]idx*-ubyte*"))


def _cifar10(folder: Path) -> Dataset:
    """Images of 3x32x32, normalized; a tenth of the training rows is for validation."""
    train, test = (Split(*read_cifar(folder, part), CIFAR_SHAPE) for part in ("train", "test"))
    return _split_two("cifar10", train, test, 10)


def _find(folder: Path, stem: str) -> Path:
    found = sorted(folder.glob(f"{stem}[-.]idx*-ubyte.gz")) or sorted(
        folder.glob(f"{stem}[-.]idx*-ubyte")
    )
    if not found:
        raise DataError(f"{folder}: neither {stem}-idx*-ubyte.gz nor {stem}-idx*-ubyte is there")
    return found[0]


def _npz(path: Path) -> Dataset:
    """Arrays ``x`` and ``y``, or ``x_train``, ``y_train``, ``x_test``, ``y_test``.

    Integer inputs are bytes of an image and are divided by 255.
    """
    arrays = read_arrays(path)
    if {"x_train", "y_train", "x_test", "y_test"} <= arrays.keys():
        train = _npz_split(path, arrays, "x_train", "y_train", least=_LEAST_ROWS)
        test = _npz_split(path, arrays, "x_test", "y_test", least=1)
        if len({arrays[name].dtype.kind == "f" for name in ("x_train", "x_test")}) > 1:
            raise DataError(
                f"{path}: x_train is {arrays['x_train'].dtype}, x_test {arrays['x_test'].dtype}: "
                "whole numbers are divided by 255, others are not"
            )
        return _split_two(path.name, train, test, _count_classes(train, test))
    if {"x", "y"} <= arrays.keys():
        rows = _npz_split(path, arrays, "x", "y", least=_LEAST_ROWS)
        return _split_three(
            rows.inputs, rows.labels, rows.shape, path.name, int(rows.labels.max()) + 1
        )
    raise DataError(
        f"{path}: holds {sorted(arrays)}, expected x and y, or x_train, y_train, x_test and y_test"
    )


def _npz_split(
    path: Path, arrays: dict[str, np.ndarray], x: str, y: str, least: int
) -> Split:
    inputs, labels = arrays[x], arrays[y]
    if inputs.ndim < 2 or len(inputs) < least or inputs.dtype.kind not in "fiu":
        raise DataError(
            f"{path}: {x} is {inputs.dtype} {list(inputs.shape)}, expected numbers "
            f"[rows, ...] with at least {least} rows"
        )
    if labels.shape != (len(inputs),):
        raise DataError(f"{path}: {y} is {list(labels.shape)}, expected [{len(inputs)}]")
    rows = _rows(inputs, 255.0 if inputs.dtype.kind in "iu" else 1.0)
    if rows.shape[1] == 0:
        raise DataError(f"{path}: {x} is {list(inputs.shape)}, expected rows with values")
    if not np.isfinite(rows).all():
        raise DataError(f"{path}: {x} holds values that are not finite")
    return Split(rows, _classes(labels, f"{path}: {y}"), inputs.shape[1:])


def _rows(values: np.ndarray, scale: float) -> np.ndarray:
    """Values / scale as C-contiguous float32 [rows, features]."""
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        flat = values.reshape(len(values), math.prod(values.shape[1:])).astype(np.float32)
    flat /= np.float32(scale)
    return np.ascontiguousarray(flat)


def _classes(labels: np.ndarray, source: str) -> np.ndarray:
    """Class numbers as int32; they must be whole, not negative, and not absurdly large."""
    if labels.size == 0:
        raise DataError(f"{source}: there are no labels")
    if labels.dtype.kind not in "iu" or labels.min() < 0:
        low = "" if labels.dtype.kind not in "iu" else f", with {labels.min()} among them"
        raise DataError(f"{source}: labels must be class numbers from 0, got {labels.dtype}{low}")
    if labels.max() >= _MOST_CLASSES:
        raise DataError(
            f"{source}: labels must be class numbers below {_MOST_CLASSES:,}, got {labels.max()}"
        )
    return labels.astype(np.int32)


def _split_two(name: str, train: Split, test: Split, classes: int) -> Dataset:
    """A fixed shuffle, then 10 % validation, 90 % training; the test part is its own."""
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(train))
    held, kept = order[: len(order) // 10], order[len(order) // 10 :]
    return _checked(
        Dataset(
            name,
            Split(train.inputs[kept], train.labels[kept], train.shape),
            Split(train.inputs[held], train.labels[held], train.shape),
            classes,
            lambda: test,
        )
    )


def _count_classes(*parts: Split) -> int:
    return 1 + max(int(part.labels.max()) for part in parts)


def _checked(found: Dataset) -> Dataset:
    """The set, after its faults would have been raised."""
    found.check()
    return found


def _split_three(
    inputs: np.ndarray, labels: np.ndarray, shape: tuple[int, ...], name: str, classes: int
) -> Dataset:
    """A fixed shuffle, then 60 % training, 20 % validation, 20 % test."""
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(labels))
    fifth = len(order) // 5
    test, held, kept = order[:fifth], order[fifth : 2 * fifth], order[2 * fifth :]
    return _checked(
        Dataset(
            name,
            Split(inputs[kept], labels[kept], shape),
            Split(inputs[held], labels[held], shape),
            classes,
            lambda: Split(inputs[test], labels[test], shape),
        )
    )
