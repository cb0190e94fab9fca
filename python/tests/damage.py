# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Damage to files: what disks, editors, other programs and slips of the pen do to them.

:func:`mutate` takes the bytes of any file. Archives of arrays are taken apart, so that
what comes out is often still an archive; texts lose, gain and swap lines and words; the
bytes of anything are flipped, cut and doubled.
"""

from __future__ import annotations

import io
import random
import warnings
import zipfile
from collections.abc import Callable

import numpy as np

_WORDS = (
    "", "0", "-1", "1e400", "-1e308", "5e-324", "nan", ".inf", "null", "true", "~", "[]", "{}",
    "[1]", "{a: 1}", "'", '"', "9" * 400, "9" * 5000, "99999999999", "0x", "1:99:99", "2001-99-99", "\0",
    "&a", "*a", "<<: *a", "!!binary x", "!!python/name:os", "? [a]", "- - -", "\u202e", "../..",
    "/dev/null", "{" * 300, "[" * 3000, "NaN", "Infinity", "\xff",
)  # fmt: skip


def mutate(data: bytes, rng: random.Random) -> bytes:
    """`data` with one to three damages drawn from `rng`."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        kinds: list[Callable[[bytes, random.Random], bytes]] = [_damage_bytes]
        if data.startswith(b"PK"):
            kinds += [_damage_archive] * 3
        elif _is_text(data):
            kinds += [_damage_text] * 4
        data = rng.choice(kinds)(data, rng)
    return data


def bomb(levels: int = 12, width: int = 9) -> bytes:
    """YAML whose aliases stand for `width` to the power of `levels` entries."""
    lines = ["a0: &a0 [x]"]
    for level in range(1, levels + 1):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]")
    return ("\n".join([*lines, f"stages: *a{levels}"]) + "\n").encode()


def _is_text(data: bytes) -> bool:
    try:
        return data.decode().isprintable() or b"\n" in data and b"\0" not in data
    except UnicodeDecodeError:
        return False


def _damage_bytes(data: bytes, rng: random.Random) -> bytes:
    """A flipped bit, a cut, a double, an insertion, nothing at all."""
    if not data:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(20)))
    first, second = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    match rng.randrange(7):
        case 0 | 1:
            place = rng.randrange(min(len(data), rng.choice((32, len(data)))))
            return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]
        case 2:
            return data[:first]
        case 3:
            return data[:first] + data[second:]
        case 4:
            return data[:second] + data[first:]
        case 5:
            word = bytes(rng.choice((0, 255, rng.randrange(256))) for _ in range(rng.randrange(9)))
            return data[:first] + word + data[min(len(data), first + len(word)) :]
        case _:
            return rng.choice((b"", data + data, data[::-1]))


def _damage_text(data: bytes, rng: random.Random) -> bytes:
    """A line gone, doubled, moved or indented; a word replaced by an odd one."""
    lines = data.decode(errors="replace").split("\n")
    place = rng.randrange(len(lines))
    match rng.randrange(6):
        case 0:
            del lines[place]
        case 1:
            lines.insert(place, lines[rng.randrange(len(lines))])
        case 2:
            lines[place] = " " * rng.randrange(1, 6) + lines[place]
        case 3 if rng.random() < 0.1:
            return bomb()
        case _:
            lines[place] = _damage_line(lines[place], rng)
    return "\n".join(lines).encode(errors="replace")


def _damage_line(line: str, rng: random.Random) -> str:
    """One value, key or sign of a line replaced."""
    marks = [index for index, sign in enumerate(line) if sign in ":,[]{}= \"'"]
    if not marks:
        return line + rng.choice(_WORDS)
    first = rng.choice(marks)
    second = next((mark for mark in marks if mark > first), len(line))
    return line[: first + 1] + rng.choice((" ", "")) + rng.choice(_WORDS) + line[second:]


def _damage_archive(data: bytes, rng: random.Random) -> bytes:
    """One member changed, renamed, left out, doubled or joined by another."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
    except Exception:  # damaged before
        return _damage_bytes(data, rng)
    if not members:
        return data
    place = rng.randrange(len(members))
    name, content = members[place]
    match rng.randrange(8):
        case 0:
            del members[place]
        case 1:
            members.append((name, content))
        case 2:
            other = rng.choice(("x.npy", "a/b/c.npy", f"{name}x", "", "meta.npy"))
            members[place] = (other, content)
        case 3:
            members.append((rng.choice(("readme.txt", "note", "../up.npy")), b"text"))
        case 4:
            members[place] = (name, _damage_bytes(content, rng))
        case 5:
            members = [m for m in members if m[0] == name or rng.random() < 0.3]
        case _:
            members[place] = (name, _damage_array(content, rng))
    return _archive(members)


def _damage_array(content: bytes, rng: random.Random) -> bytes:
    """An array of other values, type or shape."""
    try:
        array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except Exception:
        return _damage_bytes(content, rng)
    if array.dtype == np.uint8 and array.ndim == 1:  # text among the arrays
        changed = _damage_text(array.tobytes(), rng)
        array = np.frombuffer(changed, np.uint8)
    else:
        array = _damage_values(array, rng)
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _damage_values(array: np.ndarray, rng: random.Random) -> np.ndarray:
    with np.errstate(all="ignore"):
        match rng.randrange(8):
            case 0:
                return array.astype(rng.choice(("f8", "f2", "i8", "u8", "c8", "S3", "?", ">f4")))
            case 1:
                return array[: len(array) // 2] if array.ndim else array.reshape(1)
            case 2:
                return array.reshape(-1)
            case 3:
                return array[None]
            case 4:
                return np.full(array.shape, rng.choice((np.nan, np.inf, -1.0, 2.0**33, 3e38)))
            case 5:
                return np.full(array.shape, rng.choice((-1, 2**32 + 1, 2**62, 255)), np.int64)
            case 6:
                return array.T
            case _:
                return np.zeros((0, *array.shape[1:]), array.dtype)


def _archive(members: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # two members of one name are meant
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name or "-"), content)
    return buffer.getvalue()
