# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Atomic file output: a reader sees the old file or the new one, never a part."""

from __future__ import annotations

import errno
import io as memory
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .errors import InputError

_MOST_BYTES = 1 << 33
"""Size of all arrays of a file; a damaged directory must not ask for more."""


@contextmanager
def atomic(path: str | os.PathLike[str], durable: bool = True) -> Iterator[BinaryIO]:
    """Opens a temporary file beside `path` and renames it to `path` on success.

    On an exception the temporary file is removed and `path` stays as it was. A
    file that is not `durable` survives the end of the process, but perhaps not a
    power failure. Raises :class:`InputError` where the disk does not take the file.
    """
    target = Path(path)
    with writing(target):
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
            with suppress(OSError):
                os.unlink(name)
            raise


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns what the system says about writing `path` into an :class:`InputError`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path}: cannot be written ({reason})") from None


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raises :class:`InputError` where `path` cannot be written: before long work, not after it.

    Leaves nothing behind; of folders that are missing, the one that they go into is tried.
    """
    target = Path(path)
    folder = target.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    with writing(target):
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=folder)
        os.close(handle)
        os.unlink(name)


def write_bytes(path: str | os.PathLike[str], data: bytes | memoryview) -> None:
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
    write_bytes(path, npz_bytes(arrays, compress=True))


def npz_bytes(arrays: Mapping[str, np.ndarray], compress: bool = False) -> memoryview:
    """Named arrays in the form of a ``.npz`` file.

    A disk that fails in the middle of an archive would leave it open, and complain at
    the end of the process, so archives are made in memory.
    """
    buffer = memory.BytesIO()
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, array in arrays.items():
            # Without a date the same arrays are the same bytes.
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = method
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
    return buffer.getbuffer()


def read_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Reads a ``.npz`` of named arrays; pickled objects are refused, and other members."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy"): _member(archive, name) for name in _names(archive)}
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: not a readable .npz of arrays ({reason})") from None
    except Exception as error:  # zipfile and zlib raise their own classes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: broken .npz ({reason})") from None


def _names(archive: zipfile.ZipFile) -> list[str]:
    """The members; raises ValueError for two of one name, and for absurd sizes."""
    names = archive.namelist()
    seen: set[str] = set()
    for name in names:
        if not name.endswith(".npy"):
            raise ValueError(f"the member '{name}' is no array")
        if name in seen:
            raise ValueError(f"the member '{name}' is there twice")
        seen.add(name)
    total = sum(entry.file_size for entry in archive.infolist())
    if total > _MOST_BYTES:
        raise ValueError(f"{total:,} bytes of arrays, more than {_MOST_BYTES:,}")
    return names


def _member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """One array; its header must say as many bytes as there are."""
    with archive.open(name) as file:
        array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
        if file.read(1):
            raise ValueError(f"the member '{name}' goes on after its array")
    return array


def read_array(path: str | os.PathLike[str]) -> np.ndarray:
    """Reads the array of a ``.npy`` file; pickled objects are refused."""
    try:
        array: np.ndarray = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: not a readable .npy ({reason})") from None
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path}: not a .npy of one array")
    return array


def read_json(path: str | os.PathLike[str]) -> Any:
    """Reads JSON; a missing or malformed file is an :class:`InputError`."""
    try:
        return parse_json(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not readable as JSON ({error})") from None


def parse_json(text: str | bytes) -> Any:
    """JSON as its standard says: no NaN, no key twice. Raises ValueError."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("lists and objects are nested too deep") from None


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' is there twice")
    return result


def make_folder(path: str) -> Path:
    """An output folder, made where it is missing."""
    if not path:
        raise InputError("the name of an output folder is empty")
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made an output folder ({error})") from None
    return folder
