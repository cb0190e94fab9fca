# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Atomic file output: a reader sees the old file or the new one, never a part."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .errors import InputError


@contextmanager
def atomic(path: str | os.PathLike[str], durable: bool = True) -> Iterator[BinaryIO]:
    """Opens a temporary file beside `path` and renames it to `path` on success.

    On an exception the temporary file is removed and `path` stays as it was. A
    file that is not `durable` survives the end of the process, but perhaps not a
    power failure.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Writes `data` to `path` in one step."""
    with atomic(path) as file:
        file.write(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Writes `text` as UTF-8 to `path` in one step."""
    write_bytes(path, text.encode())


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Writes `value` as indented JSON; not-a-number is refused, not written."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray]) -> None:
    """Writes named arrays as a compressed ``.npz``; any name is allowed."""
    with atomic(path) as file:
        np.savez_compressed(file, **dict[str, Any](arrays))


def read_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Reads a ``.npz`` of named arrays; pickled objects are refused."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError, AttributeError, TypeError) as error:
        raise InputError(f"{path}: not a readable .npz of arrays ({error})") from None
    except Exception as error:  # zipfile and zlib raise their own classes
        raise InputError(f"{path}: broken .npz ({error})") from None


def read_json(path: str | os.PathLike[str]) -> Any:
    """Reads JSON; a missing or malformed file is an :class:`InputError`."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: not readable as JSON ({error})") from None
