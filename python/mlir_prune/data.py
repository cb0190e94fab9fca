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
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from .cifar import read_cifar
from .errors import DataError, nearest
from .idx import read_idx
from .npz import class_numbers, read_inputs, read_npz
from .rows import Split, concatenate

__all__ = ["FORMS", "Dataset", "Split", "load", "load_inputs"]

# The split must not move when the seed of the training does.
_SPLIT_SEED = 20190527

FORMS = (
    (
        "`digits`",
        "Handwritten digits, those of scikit-learn, part of the package: 1,797 rows of 1x8x8. "
        "60 % train, 20 % validate, 20 % are the test part.",
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
        "...] in the shape that the network reads, `y` whole class numbers [rows], or [rows, "
        "...] with one for each position; ten rows at least. A network with several inputs has "
        "`x/NAME` (or `x_train/NAME`, `x_test/NAME`) for each of them.",
        "whole numbers are divided by 255 where the network reads floating-point numbers, and "
        "stay as they are where it reads whole ones, as of tokens; floating-point numbers stay "
        "as they are",
    ),
)
"""Data sets by name, what they read, and how pixels are scaled: for the documentation."""


class _Lock:
    """Whether the test part was given away, shared by all forms of a data set."""

    opened = False


@dataclass
class Dataset:
    """Training and validation part, and a test part behind a lock."""

    name: str
    train: Split
    validation: Split
    classes: int
    _test: Callable[[], Split]
    _lock: _Lock = field(default_factory=_Lock)
    gates: Split | None = None
    """Rows that train gates in bi-level stages, when there are any."""
    whole: Split | None = None
    """The rows of `train` and `gates` in the order that they had before they were parted."""

    @property
    def features(self) -> int:
        """Number of values in one row, of all inputs."""
        return sum(map(math.prod, self.shapes))

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of one row of each input."""
        return self.train.shapes

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
            held, train = _cut(concatenate(train, held), validation, "validation")
        gate_rows, whole = None, train
        if gates > 0:
            gate_rows, train = _cut(train, gates, "gates")
        return replace(self, train=train, validation=held, gates=gate_rows, whole=whole)

    def convert(self, change: Callable[[Split], Split]) -> Dataset:
        """The same rows as `change` makes them; the test part is shared."""
        test = change(self._test())
        return replace(
            self,
            train=change(self.train),
            validation=change(self.validation),
            gates=change(self.gates) if self.gates else None,
            whole=change(self.whole) if self.whole else None,
            _test=lambda: test,
        )

    def check(self) -> None:
        """Raises :class:`DataError` for faults of any part, of the test part too.

        Nothing of the test part is given away, so that it can still be opened.
        """
        parts = {"training rows": self.whole or self.train, "validation rows": self.validation}
        for what, rows in (parts | {"test rows": self._test()}).items():
            rows.check(f"{self.name}: {what}", self.train, self.classes)

    def bounds(self, name: str) -> tuple[int, int]:
        """Least and largest value of an input of whole numbers, over all parts."""
        parts = (self.whole or self.train, self.validation, self._test())
        arrays = [part.arrays[name] for part in parts]
        return min(int(a.min()) for a in arrays), max(int(a.max()) for a in arrays)

    @property
    def test_rows(self) -> int:
        """Number of rows of the test part."""
        return len(self._test())

    def open_test(self) -> Split:
        """The test part; raises :class:`RuntimeError` on the second call."""
        if self._lock.opened:
            raise RuntimeError("the test part may be read only once, after every choice")
        self._lock.opened = True
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


def load_inputs(path: str | os.PathLike[str]) -> Dataset:
    """Rows without labels of an ``.npy`` or ``.npz`` file, all of them in every part.

    Raises :class:`DataError` with the reason.
    """
    if Path(path).suffix not in (".npy", ".npz"):
        raise DataError(f"{path}: expected an .npy or .npz file of inputs")
    rows = read_inputs(Path(path))
    return Dataset(Path(path).name, rows, rows, 0, lambda: rows)


def _cut(rows: Split, share: float, what: str) -> tuple[Split, Split]:
    """A share of the rows, always the same ones, and the others."""
    count = round(share * len(rows))
    if not 0 < count < len(rows):
        raise DataError(f"a share of {share:g} for {what} leaves no rows of {len(rows)}")
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(rows))
    chosen, others = np.sort(order[:count]), np.sort(order[count:])
    return rows.take(chosen), rows.take(others)


def _folder(name: str, root: str | os.PathLike[str] | None) -> Path:
    base = root or os.environ.get("PRUNE_DATA")
    if not base:
        raise DataError(f"{name} needs its files: set PRUNE_DATA to the folder above {name}/")
    folder = Path(base) / name
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder (PRUNE_DATA must hold {name}/)")
    return folder


def _digits() -> Dataset:
    """1,797 images of 8x8 with grey levels 0..16, scaled to [0, 1].

    The file has the images and labels that scikit-learn's ``load_digits`` gives: the test part of
    "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak 1998) of the UCI repository,
    licensed CC BY 4.0.
    """
    with np.load(Path(__file__).with_name("digits.npz")) as digits:
        images, labels = digits["x"], digits["y"]
    images = _pixels(images.reshape(-1, 1, 8, 8), 16.0)
    return _split_three(Split(images, class_numbers(labels, "digits")), "digits", 10)


def _idx(name: str, folder: Path, classes: int = 0) -> Dataset:
    """Byte images in [0, 1]; a tenth of the training rows is for validation.

    Without `classes` the largest label says how many there are.
    """
    train = _idx_rows(folder, "train")
    test = _idx_rows(folder, "t10k" if _has(folder, "t10k-images") else "test")
    return _split_two(name, train, test, classes or _count_classes(train, test))


def _idx_rows(folder: Path, part: str) -> Split:
    """Images [rows, channels, height, width] and labels."""
    images = read_idx(_find(folder, f"{part}-images"))
    labels = read_idx(_find(folder, f"{part}-labels"))
    if images.ndim not in (3, 4) or images.dtype != np.uint8:
        raise DataError(f"{folder}: {part} images are not a stack of byte images")
    if labels.shape != (len(images),):
        raise DataError(f"{folder}: {len(images)} {part} images but labels {list(labels.shape)}")
    if images.ndim == 3:
        images = images[:, None]
    return Split(_pixels(images, 255.0), class_numbers(labels, str(folder)))


def _has(folder: Path, stem: str) -> bool:
    return any(folder.glob(f"{stem}[-.]idx*-ubyte*"))


def _cifar10(folder: Path) -> Dataset:
    """Images of 3x32x32, normalized; a tenth of the training rows is for validation."""
    train, test = (Split(*read_cifar(folder, part)) for part in ("train", "test"))
    return _split_two("cifar10", train, test, 10)


def _find(folder: Path, stem: str) -> Path:
    found = sorted(folder.glob(f"{stem}[-.]idx*-ubyte.gz")) or sorted(
        folder.glob(f"{stem}[-.]idx*-ubyte")
    )
    if not found:
        raise DataError(f"{folder}: neither {stem}-idx*-ubyte.gz nor {stem}-idx*-ubyte is there")
    return found[0]


def _npz(path: Path) -> Dataset:
    """Arrays ``x`` and ``y``, or ``x_train``, ``y_train``, ``x_test``, ``y_test``."""
    train, test = read_npz(path)
    if test is None:
        return _split_three(train, path.name, _count_classes(train))
    return _split_two(path.name, train, test, _count_classes(train, test))


def _pixels(images: np.ndarray, scale: float) -> np.ndarray:
    """Values / scale as C-contiguous float32."""
    values = images.astype(np.float32)
    values /= np.float32(scale)
    return np.ascontiguousarray(values)


def _split_two(name: str, train: Split, test: Split, classes: int) -> Dataset:
    """A fixed shuffle, then 10 % validation, 90 % training; the test part is its own."""
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(train))
    held, kept = order[: len(order) // 10], order[len(order) // 10 :]
    found = Dataset(name, train.take(kept), train.take(held), classes, lambda: test)
    found.check()
    return found


def _split_three(rows: Split, name: str, classes: int) -> Dataset:
    """A fixed shuffle, then 60 % training, 20 % validation, 20 % test."""
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(rows))
    fifth = len(order) // 5
    test, held, kept = order[:fifth], order[fifth : 2 * fifth], order[2 * fifth :]
    found = Dataset(name, rows.take(kept), rows.take(held), classes, lambda: rows.take(test))
    found.check()
    return found


def _count_classes(*parts: Split) -> int:
    return 1 + max(int(part.labels.max()) for part in parts)
