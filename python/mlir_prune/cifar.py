# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reader of the binary version of CIFAR-10.

A record is one byte of class and 3x32x32 bytes: red, green and blue plane, row
by row (Krizhevsky, "The CIFAR-10 dataset", section "binary version"). Files
may be compressed with xz.
"""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np

from .errors import DataError

SHAPE = (3, 32, 32)
_RECORD = 1 + 3 * 32 * 32
_LIMIT = 1 << 31  # bytes of one file; the whole set has a tenth of it

# Of bytes / 255, by channel: what the networks of torchvision are trained with.
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


def read_cifar(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Normalized rows float32 [rows, 3, 32, 32] and classes int32 of ``train`` or ``test``.

    Takes all of ``train*.bin`` or ``data_batch*.bin`` for training, ``test*.bin``
    for testing, in the order of their names, each with or without ``.xz``.
    """
    stems = ("train", "data_batch") if part == "train" else ("test",)
    paths = sorted(
        path for stem in stems for end in ("", ".xz") for path in folder.glob(f"{stem}*.bin{end}")
    )
    if not paths:
        raise DataError(f"{folder}: no {stems[0]}*.bin or {stems[0]}*.bin.xz is there")
    records = np.concatenate([_records(path) for path in paths])
    labels = records[:, 0].astype(np.int32)
    if labels.max() > 9:
        raise DataError(f"{folder}: class {labels.max()} in a record, expected 0 to 9")
    return normalize(records[:, 1:].reshape(-1, *SHAPE)), labels


def normalize(images: np.ndarray) -> np.ndarray:
    """Byte images [rows, 3, 32, 32] as normalized float32 of that shape."""
    values = images.astype(np.float32)
    values /= np.float32(255)
    values -= np.array(MEAN, np.float32)[:, None, None]
    values /= np.array(DEVIATION, np.float32)[:, None, None]
    return values


def _records(path: Path) -> np.ndarray:
    try:
        with lzma.open(path) if path.suffix == ".xz" else open(path, "rb") as file:
            data = file.read(_LIMIT)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    if not data or len(data) % _RECORD:
        raise DataError(f"{path}: {len(data)} bytes are not whole records of {_RECORD} bytes")
    return np.frombuffer(data, np.uint8).reshape(-1, _RECORD)
