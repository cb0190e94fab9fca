# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One run in a folder at a time.

The lock is one of the system on the folder itself: it leaves no file behind, and goes
with the process that holds it, however that ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import files
from ..errors import InputError

_held: dict[tuple[int, int], int] = {}
"""Folders that this process has locked, by device and number, and how often."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Makes `folder` and keeps other processes' runs out of it; can be nested.

    Raises :class:`InputError` while another process holds it.
    """
    with files.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        found = os.fstat(handle)
        key = (found.st_dev, found.st_ino)
        if key not in _held:
            _lock(handle, folder)
        _held[key] = _held.get(key, 0) + 1
        try:
            yield
        finally:
            _held[key] -= 1
            if not _held[key]:
                del _held[key]
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise InputError(
                f"{folder}: another run is writing into this folder; wait for it or give "
                "another one"
            ) from None
        # A file system without locks: runs have to be kept apart by hand there.
