# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The history of a run: one JSON object per line and epoch.

A line of a training epoch holds `stage`, `epoch` (from 1), `step` (of the whole
run), `loss` and `penalty` (means over the epoch), `validation` (accuracy in per
cent, cross-entropy), `learning_rate` and `strength` (of the last step),
`nonzeros` by weight, `open_gates` by weight, `pruned` and `recovered` (weights
that left and that came back since the epoch before) and `seconds`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .. import files
from ..errors import InputError
from ..structure import check_tree

FILE = "history.jsonl"


class History:
    """The file, cut to the length that the checkpoint knows."""

    def __init__(self, folder: Path, length: int) -> None:
        self.path = folder / FILE
        with files.writing(self.path):
            data = self.path.read_bytes() if self.path.exists() else b""
        # Nothing is cut before what is left is known to be whole, to its last line.
        if len(data) < length:
            raise InputError(f"{self.path}: shorter than the checkpoint says; lines were removed")
        _parse(self.path, data[:length])
        if not data[:length].endswith(b"\n" if length else b""):
            raise InputError(f"{self.path}: its last line has no end; lines were changed")
        with files.writing(self.path):
            self.path.touch()
            os.truncate(self.path, length)
        self.length = length

    def append(self, line: dict[str, Any]) -> None:
        """Adds one line; numbers that are not finite become null."""
        data = (json.dumps(_finite(line)) + "\n").encode()
        with files.writing(self.path), open(self.path, "ab") as file:
            file.write(data)
        self.length += len(data)


_LINE = {
    "stage": str,
    "epoch": int,
    "step": int,
    "loss": float | None,
    "penalty": float | None,
    "validation": {"accuracy": float | None, "loss": float | None},
    "learning_rate": float | None,
    "strength": float | None,
    "nonzeros": {str: int},
    "open_gates": {str: int},
    "pruned": int,
    "recovered": int,
    "seconds": float | None,
}


def read_history(folder: Path) -> list[dict[str, Any]]:
    """All lines of a run folder; raises :class:`InputError` for others than the ones above."""
    path = folder / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: not a history ({error})") from None
    return _parse(path, data)


def _parse(path: Path, data: bytes) -> list[dict[str, Any]]:
    """The lines of `data`, which `path` holds."""
    try:
        text = data.decode()
    except ValueError as error:
        raise InputError(f"{path}: not a history ({error})") from None
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            found = files.parse_json(line)
        except ValueError as error:
            raise InputError(f"{path}:{number}: not a line of a history ({error})") from None
        check_tree(found, _LINE, f"{path}:{number}")
        lines.append(found)
    return lines


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and value - value != 0.0:
        return None
    return value
