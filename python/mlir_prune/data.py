# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data sets: scikit-learn digits, MNIST idx files, ``.npz`` files.

Every set comes as a training, a validation and a test part. Choices (epoch,
threshold) use the validation part only; the test part is opened once, at the
end, and opening it again is an error.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .errors import DataError, nearest
from .idx import read_idx
from .io import read_arrays

# The split must not move when the seed of the training does.
_SPLIT_SEED = 20190527


@dataclass(frozen=True)
class Split:
    """Rows of one part: inputs float32 [rows, features], labels int32 [rows]."""

    inputs: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        if self.inputs.ndim != 2 or self.labels.shape != (len(self.inputs),):
            raise DataError(
                f"inputs {list(self.inputs.shape)} and labels {list(self.labels.shape)} "
                "do not fit: expected [rows, features] and [rows]"
            )

    def __len__(self) -> int:
        return len(self.labels)


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

    @property
    def features(self) -> int:
        """Number of values in one input row."""
        return int(self.train.inputs.shape[1])

    @property
    def merged(self) -> Split:
        """All rows but those for validation and test."""
        if self.gates is None:
            return self.train
        return _concatenate(self.train, self.gates)

    def divide(self, validation: float | None, gates: float) -> Dataset:
        """The same rows in parts of other sizes; the test part is shared.

        `validation` is the share of the rows outside the test part, or None for
        the parts as they are; `gates` the share of what is left for training.
        """
        train, held = self.train, self.validation
        if validation is not None:
            held, train = _cut(_concatenate(train, held), validation, "validation")
        gate_rows = None
        if gates > 0:
            gate_rows, train = _cut(train, gates, "gates")
        return Dataset(self.name, train, held, self.classes, self.open_test, gates=gate_rows)

    def open_test(self) -> Split:
        """The test part; raises :class:`RuntimeError` on the second call."""
        if self._opened:
            raise RuntimeError("the test part may be read only once, after every choice")
        self._opened = True
        return self._test()


def load(name: str, root: str | os.PathLike[str] | None = None) -> Dataset:
    """Loads ``digits``, ``mnist`` or the path of an ``.npz`` file.

    `root` is the folder that holds ``mnist/`` (default: the environment
    variable ``PRUNE_DATA``). Raises :class:`DataError` with the reason.
    """
    if name == "digits":
        return _digits()
    if name == "mnist":
        return _mnist(_mnist_folder(root))
    if name.endswith(".npz"):
        return _npz(Path(name))
    hint = nearest(name, ["digits", "mnist"])
    raise DataError(
        f"unknown data set '{name}', expected digits, mnist or the path of an .npz file{hint}"
    )


def _concatenate(first: Split, second: Split) -> Split:
    return Split(
        np.concatenate([first.inputs, second.inputs]),
        np.concatenate([first.labels, second.labels]),
    )


def _cut(rows: Split, share: float, what: str) -> tuple[Split, Split]:
    """A share of the rows, always the same ones, and the others."""
    count = round(share * len(rows))
    if not 0 < count < len(rows):
        raise DataError(f"a share of {share:g} for {what} leaves no rows of {len(rows)}")
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(rows))
    chosen, others = np.sort(order[:count]), np.sort(order[count:])
    return (
        Split(rows.inputs[chosen], rows.labels[chosen]),
        Split(rows.inputs[others], rows.labels[others]),
    )


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
    return _split_three(*rows, name="digits", classes=10)


def _mnist_folder(root: str | os.PathLike[str] | None) -> Path:
    base = root or os.environ.get("PRUNE_DATA")
    if not base:
        raise DataError("mnist needs its idx files: set PRUNE_DATA to the folder above mnist/")
    folder = Path(base) / "mnist"
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder (PRUNE_DATA must hold mnist/)")
    return folder


def _mnist(folder: Path) -> Dataset:
    """60,000 + 10,000 images of 28x28 in [0, 1]; 6,000 are for validation."""
    inputs, labels = _idx_pair(folder, "train")
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(labels))
    held, kept = order[: len(order) // 10], order[len(order) // 10 :]
    return Dataset(
        "mnist",
        Split(inputs[kept], labels[kept]),
        Split(inputs[held], labels[held]),
        10,
        lambda: Split(*_idx_pair(folder, "t10k")),
    )


def _idx_pair(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    images = read_idx(_find(folder, f"{part}-images-idx3-ubyte"))
    labels = read_idx(_find(folder, f"{part}-labels-idx1-ubyte"))
    if images.ndim != 3 or images.dtype != np.uint8:
        raise DataError(f"{folder}: {part} images are not a stack of byte images")
    if labels.shape != (len(images),):
        raise DataError(f"{folder}: {len(images)} {part} images but labels {list(labels.shape)}")
    return _rows(images, 255.0), _classes(labels, str(folder))


def _find(folder: Path, stem: str) -> Path:
    for path in (folder / f"{stem}.gz", folder / stem):
        if path.is_file():
            return path
    raise DataError(f"{folder}: neither {stem}.gz nor {stem} is there")


def _npz(path: Path) -> Dataset:
    """Arrays ``x`` and ``y``, or ``x_train``, ``y_train``, ``x_test``, ``y_test``.

    Integer inputs are bytes of an image and are divided by 255.
    """
    arrays = read_arrays(path)
    if {"x_train", "y_train", "x_test", "y_test"} <= arrays.keys():
        x, y = _npz_pair(path, arrays, "x_train", "y_train")
        test = _npz_pair(path, arrays, "x_test", "y_test")
        if test[0].shape[1] != x.shape[1]:
            raise DataError(f"{path}: x_train and x_test have different features")
        order = np.random.default_rng(_SPLIT_SEED).permutation(len(y))
        held, kept = order[: len(order) // 10], order[len(order) // 10 :]
        classes = int(max(y.max(), test[1].max())) + 1
        parts = Split(x[kept], y[kept]), Split(x[held], y[held])
        return Dataset(path.name, *parts, classes, lambda: Split(*test))
    if {"x", "y"} <= arrays.keys():
        x, y = _npz_pair(path, arrays, "x", "y")
        return _split_three(x, y, name=path.name, classes=int(y.max()) + 1)
    raise DataError(
        f"{path}: holds {sorted(arrays)}, expected x and y, or x_train, y_train, x_test and y_test"
    )


def _npz_pair(
    path: Path, arrays: dict[str, np.ndarray], x: str, y: str
) -> tuple[np.ndarray, np.ndarray]:
    inputs, labels = arrays[x], arrays[y]
    if inputs.ndim < 2 or len(inputs) < 10 or inputs.dtype.kind not in "fiu":
        raise DataError(
            f"{path}: {x} is {inputs.dtype} {list(inputs.shape)}, expected numbers "
            "[rows, ...] with at least 10 rows"
        )
    if labels.shape != (len(inputs),):
        raise DataError(f"{path}: {y} is {list(labels.shape)}, expected [{len(inputs)}]")
    rows = _rows(inputs, 255.0 if inputs.dtype.kind in "iu" else 1.0)
    if not np.isfinite(rows).all():
        raise DataError(f"{path}: {x} holds values that are not finite")
    return rows, _classes(labels, f"{path}: {y}")


def _rows(values: np.ndarray, scale: float) -> np.ndarray:
    """Values / scale as C-contiguous float32 [rows, features]."""
    flat = values.reshape(len(values), -1).astype(np.float32)
    flat /= np.float32(scale)
    return np.ascontiguousarray(flat)


def _classes(labels: np.ndarray, source: str) -> np.ndarray:
    """Class numbers as int32; they must be whole and not negative."""
    if labels.dtype.kind not in "iu" or labels.size == 0 or labels.min() < 0:
        raise DataError(f"{source}: labels must be class numbers from 0, got {labels.dtype}")
    return labels.astype(np.int32)


def _split_three(inputs: np.ndarray, labels: np.ndarray, name: str, classes: int) -> Dataset:
    """A fixed shuffle, then 60 % training, 20 % validation, 20 % test."""
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(labels))
    fifth = len(order) // 5
    test, held, kept = order[:fifth], order[fifth : 2 * fifth], order[2 * fifth :]
    return Dataset(
        name,
        Split(inputs[kept], labels[kept]),
        Split(inputs[held], labels[held]),
        classes,
        lambda: Split(inputs[test], labels[test]),
    )
