# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Breaks files, as disks, editors, other programs and slips of the pen do: bytes of any,
words and lines of a text, values of a tree, members and arrays of an archive."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

Rng = np.random.Generator

NUMBERS = ("0", "-1", "1", "7", "2147483648", "9223372036854775807", "99999999999", "0.5", "1e308",
           "nan", "-inf", "1" + "0" * 400)  # fmt: skip

_ODD_WORDS = (
    "", "1e400", "5e-324", ".inf", "null", "true", "~", "[]", "{}", "[1]", "{a: 1}", "'", '"',
    "9" * 5000, "0x", "1:99:99", "2001-99-99", "\0", "&a", "*a", "<<: *a", "!!binary x",
    "!!python/name:os", "? [a]", "- - -", "\u202e", "../..", "/dev/null", "{" * 300, "[" * 3000,
    "NaN", "Infinity", "\xff",
)  # fmt: skip

_LEAVES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3, 10**30, 0.9, -0.5, 1e308, float("nan"), float("inf"), "", "x",
    "1e-3", "../..", "\x00", [], [1], {}, {"a": 1}, [[]], "9" * 400,
)  # fmt: skip

_FILLS = (np.nan, np.inf, -1e30, 3e38)
_WHOLE_FILLS = (99, -1, 2**32 + 1, 2**62)
_TYPES = ("f2", "f8", "i1", "i8", "u8", "c8", "?", "S4", ">f4")


def pick(rng: Rng, choices: Any) -> Any:
    """One of the `choices`."""
    return choices[int(rng.integers(len(choices)))]


def mutate(rng: Rng, data: bytes) -> bytes:
    """`data` broken in the ways of its kind, or as any bytes."""
    ways: list[Callable[[Rng, bytes], bytes]] = [mutate_bytes]
    if data.startswith(b"PK"):
        ways += [mutate_arrays] * 3
    elif _is_text(data):
        ways += [mutate_text] * 4
    return pick(rng, ways)(rng, data)


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


def mutate_bytes(rng: Rng, data: bytes) -> bytes:
    """One to four changes of bytes: flipped, cut off, left out, repeated, or other ones;
    seldom nothing is left, or all of it twice or backwards."""
    if rng.random() < 0.03:
        return pick(rng, (b"", data + data, data[::-1]))
    found = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        size = len(found)
        if not size:
            break
        # Headers decide most, so half of the places are near the beginning.
        place = int(rng.integers(size if rng.random() < 0.5 else min(size, 64)))
        length = int(rng.integers(1, 17))
        kind = int(rng.integers(7))
        if kind == 0:
            found[place] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del found[place:]
        elif kind == 2:
            del found[place : place + length]
        elif kind == 3:
            found[place:place] = found[place : place + length] * int(rng.integers(1, 5))
        elif kind == 4:
            found[place : place + length] = rng.bytes(length)
        elif kind == 5:
            del found[place : int(rng.integers(place, size + 1))]
        else:
            found[place : place + length] = pick(rng, (b"\x00", b"\xff", b"\x7f")) * length
    return bytes(found)


def mutate_text(rng: Rng, data: bytes) -> bytes:
    """One to three changes of lines and words: another number, an odd word, a line twice,
    gone, indented, or elsewhere."""
    lines = data.decode("utf-8", "replace").splitlines(keepends=True)
    for _ in range(int(rng.integers(1, 4))):
        if not lines:
            break
        place = int(rng.integers(len(lines)))
        kind = int(rng.integers(8))
        if kind == 0:
            del lines[place]
        elif kind == 1:
            lines.insert(place, lines[place])
        elif kind == 2:
            other = int(rng.integers(len(lines)))
            lines[place], lines[other] = lines[other], lines[place]
        elif kind == 3:
            lines[place] = " " * int(rng.integers(1, 6)) + lines[place]
        elif kind == 4:
            lines[place] = _odd_word(rng, lines[place])
        else:
            lines[place] = _other_word(rng, lines[place], pick(rng, lines))
    return "".join(lines).encode("utf-8", "replace")


def _odd_word(rng: Rng, line: str) -> str:
    """What stands between two marks of the line becomes an odd word."""
    marks = [found.start() for found in re.finditer(r"[:,\[\]{}= \"']", line)]
    if not marks:
        return pick(rng, _ODD_WORDS) + line
    first = pick(rng, marks)
    second = next((mark for mark in marks if mark > first), len(line.rstrip("\n")))
    word = pick(rng, ("", " ")) + pick(rng, _ODD_WORDS + NUMBERS)
    return line[: first + 1] + word + line[second:]


def _other_word(rng: Rng, line: str, donor: str) -> str:
    """A number of the line becomes another, or a word one of the `donor`."""
    words = list(re.finditer(r"-?\d[\w.]*", line) if rng.random() < 0.6
                 else re.finditer(r"[\w.#%@<>-]+", line))  # fmt: skip
    if not words:
        return line
    word = pick(rng, words)
    others = re.findall(r"[\w.#%@<>-]+", donor)
    new = pick(rng, NUMBERS if word.group()[-1:].isdigit() or not others else others)
    return line[: word.start()] + new + line[word.end() :]


def mutate_tree(rng: Rng, tree: Any) -> Any:
    """One to three values of a tree become others, go, or move."""
    for _ in range(int(rng.integers(1, 4))):
        places = list(_places(tree))
        if not places:
            return pick(rng, _LEAVES)
        holder, key = pick(rng, places)
        kind = int(rng.integers(5))
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, dict):
            holder[str(key) + pick(rng, ("s", " ", "_", "x"))] = holder.pop(key)
        elif kind == 2:
            other, name = pick(rng, places)
            if isinstance(other, (dict, list)) and (isinstance(other, dict) or name < len(other)):
                holder[key] = _copy(other.get(name) if isinstance(other, dict) else other[name])
        elif kind == 3:
            holder[key] = [holder[key]] * int(rng.integers(1, 4))
        else:
            holder[key] = _copy(pick(rng, _LEAVES))
    return tree


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(entry) for key, entry in value.items()}
    return [_copy(entry) for entry in value] if isinstance(value, list) else value


def _places(tree: Any) -> Any:
    """Every holder and key in a tree."""
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in list(entries):
        yield tree, key
        if isinstance(value, (dict, list)):
            yield from _places(value)


def mutate_arrays(rng: Rng, data: bytes) -> bytes:
    """An .npz one of whose members has another type, shape, name or value, is no array,
    is there twice, or is gone."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    if not members:
        return mutate_bytes(rng, data)
    place = int(rng.integers(len(members)))
    name, content = members[place]
    kind = int(rng.integers(14))
    if kind == 0:
        del members[place]
    elif kind == 1:
        members.append(members[place])
    elif kind == 2:
        other = pick(rng, ("other.npy", "a/b/c.npy", f"{name}x", f"{name}/../x.npy", "-"))
        members[place] = (other, content)
    elif kind == 3:
        members.append((pick(rng, ("readme.txt", "note", "../up.npy")), b"text"))
    elif kind == 4:
        members[place] = (name, mutate_bytes(rng, content))
    elif kind == 5:
        members = [member for member in members if member[0] == name or rng.random() < 0.3]
    else:
        members[place] = (name, _mutate_array(rng, content))
    return _archive(members)


def _mutate_array(rng: Rng, content: bytes) -> bytes:
    """An array of other values, type or shape; one of bytes is taken for a text."""
    array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    if array.dtype == np.uint8 and array.ndim == 1 and rng.random() < 0.8:
        array = np.frombuffer(mutate_text(rng, array.tobytes()), np.uint8)
    else:
        with np.errstate(all="ignore"):
            array = pick(rng, _ARRAY_CHANGES)(rng, array)
    target = io.BytesIO()
    np.save(target, array)
    return target.getvalue()


def _fill(rng: Rng, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind == "f":
        return np.full_like(array, pick(rng, _FILLS))
    return np.full(array.shape, pick(rng, _WHOLE_FILLS), np.int64)


_ARRAY_CHANGES: tuple[Callable[[Rng, np.ndarray], np.ndarray], ...] = (
    lambda rng, a: a.astype(pick(rng, _TYPES)),
    lambda _, a: a[..., None],
    lambda _, a: a[None],
    lambda _, a: a.reshape(-1),
    lambda _, a: a[:0] if a.ndim else a,
    lambda _, a: a[: max(1, len(a) // 2)] if a.ndim else a.reshape(1),
    _fill,
    lambda _, a: np.asarray(a.size),
    lambda _, a: np.array(["word"]),
    lambda _, a: a.T,
    lambda _, a: -a - 1 if a.dtype.kind in "fi" else a,
)


def _archive(members: list[tuple[str, bytes]]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # two members of one name are meant
        for name, content in members:
            # Without the time of day, so that a seed is one file.
            archive.writestr(zipfile.ZipInfo(name), content)
    return target.getvalue()
