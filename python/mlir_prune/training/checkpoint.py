# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checkpoints: the whole state of a run in one file that is replaced at once.

Whoever reads the file sees one finished checkpoint or the one before it, also
when the process is killed while it writes.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import files
from ..errors import InputError, shorten
from ..structure import check_tree

FILE = "checkpoint.npz"
VERSION = 3

_META: dict[str, Any] = {
    "version": int,
    "recipe": str,
    "task": int,
    "epoch": int,
    "step": int,
    "total_steps": int,
    "total_epochs": int,
    "seconds": float,
    "history": int,
    "sums": {str: float},
    "scores": {str: {"accuracy": float, "loss": float, "rows": int}},
    "trials": {},
    "remaining": {str: int},
    "notes": {},
}
"""The form of `meta`; for what else is in it the digest vouches."""

Arrays = dict[str, np.ndarray]

_DURABLE_EVERY = 10.0
"""Seconds between two checkpoints that also survive a power failure."""


@dataclass
class RunState:
    """Everything that a run needs to go on.

    `arrays` are parameters, masks, gates, moments and counters by name; `best`
    those of the best epoch of the open task; `live` the non-zero weights after
    the last epoch; `saved` values and masks of earlier stages by label; `meta`
    what is no array, ready for JSON.
    """

    arrays: Arrays = field(default_factory=dict)
    best: Arrays = field(default_factory=dict)
    live: Arrays = field(default_factory=dict)
    saved: dict[str, Arrays] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)


def fresh_meta() -> dict[str, Any]:
    """The beginning of a run."""
    return {
        "version": VERSION,
        "task": 0,
        "epoch": 0,
        "step": 0,
        "sums": {},
        "total_steps": 0,
        "total_epochs": 0,
        "seconds": 0.0,
        "history": 0,
        "best": None,
        "scores": {},
        "trials": {},
        "remaining": {},
        "network": None,
        "parametrization": None,
        "notes": {},
    }


class CheckpointWriter:
    """Writes checkpoints of a folder; the disk is waited for now and then only."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._last = -_DURABLE_EVERY

    def write(self, state: RunState, final: bool = False) -> None:
        """Replaces the checkpoint."""
        now = time.monotonic()
        durable = final or now - self._last >= _DURABLE_EVERY
        arrays: Arrays = {}
        for prefix in ("arrays", "best", "live"):
            arrays |= {f"{prefix}/{name}": a for name, a in getattr(state, prefix).items()}
        for label, group in state.saved.items():
            arrays |= {f"saved/{label}/{name}": array for name, array in group.items()}
        text = json.dumps(state.meta).encode()
        arrays["meta"] = np.frombuffer(text, np.uint8)
        arrays["digest"] = np.frombuffer(_digest(arrays), np.uint8)
        data = files.npz_bytes(arrays)
        with files.atomic(self.path, durable) as file:
            file.write(data)
        if durable:
            self._last = now


def read_checkpoint(folder: Path) -> RunState:
    """The checkpoint of a run folder."""
    path = folder / FILE
    if not path.is_file():
        raise InputError(f"{folder}: there is no run to resume, {FILE} is missing")
    arrays = files.read_arrays(path)
    found = arrays.pop("digest", None)
    meta = _read_meta(arrays, path)
    if found is None or found.tobytes() != _digest(arrays):
        raise InputError(f"{path}: damaged, its arrays are not those that were written")
    check_tree(meta, _META, f"{path}: meta")
    state = RunState(meta=meta)
    for key, array in arrays.items():
        prefix, _, name = key.partition("/")
        if prefix == "saved":
            label, _, name = name.partition("/")
            state.saved.setdefault(label, {})[name] = array
        elif prefix in ("arrays", "best", "live"):
            getattr(state, prefix)[name] = array
    return state


def _read_meta(arrays: Arrays, path: Path) -> dict[str, Any]:
    try:
        meta = files.parse_json(arrays["meta"].tobytes())
    except (KeyError, ValueError):
        raise InputError(f"{path}: not a checkpoint of prune train") from None
    version = meta.get("version") if isinstance(meta, dict) else None
    if version != VERSION:
        raise InputError(f"{path}: version {shorten(version)}, expected {VERSION}")
    return dict(meta)


def _digest(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Of names, types, shapes and bytes: a run must not go on from other values."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {arrays[name].shape} ".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.digest()
