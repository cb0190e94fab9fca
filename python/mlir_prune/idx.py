# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reader of idx files, the format of MNIST.

Two zero bytes, a byte for the element type, a byte for the rank, the extents
as big-endian 32-bit numbers, then the elements, big-endian, last index fastest
(LeCun, Cortes and Burges, "The MNIST database", section "file formats").
"""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from .errors import DataError

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_LIMIT = 1 << 32  # bytes; a damaged header must not ask for more
_MOST_RANK = 8


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """The array in the idx file `path`, which may be gzip-compressed.

    Raises :class:`DataError` when the file is missing, has another magic
    number, or holds fewer or more bytes than its header says.
    """
    path = Path(path)
    try:
        with open(path, "rb") as plain:
            compressed = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path) if compressed else open(path, "rb") as file:
            return _read(file, path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None


def _read(file: IO[bytes] | gzip.GzipFile, path: Path) -> np.ndarray:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES or magic[3] == 0:
        raise DataError(f"{path}: not an idx file (it begins with {magic.hex() or 'nothing'})")
    extents = file.read(4 * magic[3])
    if len(extents) < 4 * magic[3]:
        raise DataError(f"{path}: the header ends after {len(extents)} bytes of extents")
    shape = struct.unpack(f">{magic[3]}I", extents)
    if len(shape) > _MOST_RANK:
        raise DataError(f"{path}: the header says {len(shape)} dimensions, more than {_MOST_RANK}")
    dtype = np.dtype(_TYPES[magic[2]])
    expected = dtype.itemsize
    for extent in shape:
        expected *= extent
    if expected > _LIMIT:
        raise DataError(f"{path}: the header asks for {expected} bytes, more than {_LIMIT}")
    data = file.read(expected + 1)
    if len(data) != expected:
        found = "more" if len(data) > expected else str(len(data))
        raise DataError(f"{path}: {list(shape)} needs {expected} bytes of data, found {found}")
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="))
