# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checkpoints: the whole state of a run in one file that is replaced at once.

Whoever reads the file sees one finished checkpoint or the one before it, also
when the process is killed while it writes.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import io
from ..errors import InputError

FILE = "checkpoint.npz"
VERSION = 1

Arrays = dict[str, np.ndarray]

_DURABLE_EVERY = 10.0
"""Seconds between two checkpoints that also survive a power failure."""


@dataclass
class RunState:
    """Everything that a run needs to go on.

    `arrays` are parameters, masks, gates, moments and counters by name; `best`
    those of the best epoch of the open unit; `live` the non-zero weights after
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
        "unit": 0,
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
        "pending": None,
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
        with io.atomic(self.path, durable) as file:
            np.savez(file, **dict[str, Any](arrays))
        if durable:
            self._last = now


def read_checkpoint(folder: Path) -> RunState:
    """The checkpoint of a run folder."""
    path = folder / FILE
    if not path.is_file():
        raise InputError(f"{folder}: there is no run to resume, {FILE} is missing")
    arrays = io.read_arrays(path)
    try:
        meta = json.loads(arrays.pop("meta").tobytes())
    except (KeyError, ValueError):
        raise InputError(f"{path}: not a checkpoint of prune train") from None
    if meta.get("version") != VERSION:
        raise InputError(f"{path}: version {meta.get('version')}, expected {VERSION}")
    state = RunState(meta=meta)
    for key, array in arrays.items():
        prefix, _, name = key.partition("/")
        if prefix == "saved":
            label, _, name = name.partition("/")
            state.saved.setdefault(label, {})[name] = array
        else:
            getattr(state, prefix)[name] = array
    return state
