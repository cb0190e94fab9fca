# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Breaks files: bytes of any, words of a text, values of a tree, arrays of an .npz."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

Rng = np.random.Generator

NUMBERS = ("0", "-1", "1", "7", "2147483648", "9223372036854775807", "99999999999", "0.5", "1e308",
           "nan", "-inf", "1" + "0" * 400)  # fmt: skip

_LEAVES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3, 10**30, 0.9, -0.5, 1e308, float("nan"), float("inf"), "", "x",
    "1e-3", "../..", "\x00", [], [1], {}, {"a": 1}, [[]], "9" * 400,
)  # fmt: skip


_FILLS = (np.nan, np.inf, -1e30)


def pick(rng: Rng, choices: Any) -> Any:
    """One of the `choices`."""
    return choices[int(rng.integers(len(choices)))]


def mutate_bytes(rng: Rng, data: bytes) -> bytes:
    """One to four changes of bytes: flipped, cut off, left out, repeated, or other ones."""
    found = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        size = len(found)
        if not size:
            break
        # Headers decide most, so half of the places are near the beginning.
        place = int(rng.integers(size if rng.random() < 0.5 else min(size, 64)))
        length = int(rng.integers(1, 17))
        kind = int(rng.integers(6))
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
        else:
            found[place : place + length] = pick(rng, (b"\x00", b"\xff", b"\x7f")) * length
    return bytes(found)


def mutate_text(rng: Rng, data: bytes) -> bytes:
    """One to three changes of words: another number, a line twice, gone, or elsewhere."""
    lines = data.decode("utf-8", "replace").splitlines(keepends=True)
    for _ in range(int(rng.integers(1, 4))):
        if not lines:
            break
        place = int(rng.integers(len(lines)))
        kind = int(rng.integers(6))
        if kind == 0:
            del lines[place]
        elif kind == 1:
            lines.insert(place, lines[place])
        elif kind == 2:
            other = int(rng.integers(len(lines)))
            lines[place], lines[other] = lines[other], lines[place]
        else:
            lines[place] = _other_word(rng, lines[place], pick(rng, lines))
    return "".join(lines).encode()


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
    """An .npz whose arrays have another type, shape, name or value, or are none."""
    with np.load(io.BytesIO(data)) as archive:
        arrays = {name: archive[name] for name in archive.files}
    name = pick(rng, sorted(arrays))
    changes: list[Callable[[np.ndarray], Any]] = [
        lambda a: a.astype(pick(rng, ("f2", "f8", "i1", "i8", "u8", "c8", "?", "S4", ">f4"))),
        lambda a: a[..., None],
        lambda a: a.reshape(-1),
        lambda a: a[:0],
        lambda a: a[: max(1, len(a) // 2)] if a.ndim else a,
        lambda a: np.full_like(a, pick(rng, _FILLS) if a.dtype.kind == "f" else 99),
        lambda a: np.asarray(a.size),
        lambda a: np.array(["word"]),
        lambda a: a.T,
        lambda a: -a - 1 if a.dtype.kind in "fi" else a,
    ]
    kind = int(rng.integers(len(changes) + 3))
    if kind == len(changes):
        arrays["other"] = arrays.pop(name)
    elif kind == len(changes) + 1:
        arrays[f"{name}/../x"] = arrays[name]
    elif kind < len(changes):
        with np.errstate(all="ignore"):
            arrays[name] = changes[kind](arrays[name])
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for key, array in arrays.items():
            member = io.BytesIO()
            np.save(member, array)
            blob = member.getvalue()
            if kind == len(changes) + 2 and key == name:
                blob = mutate_bytes(rng, blob)
            archive.writestr(f"{key}.npy", blob)
    return target.getvalue()
