# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether a folder holds the results of a run, and how they leave it."""

from __future__ import annotations

from pathlib import Path

from .. import files
from ..errors import InputError
from . import checkpoint

_RESULTS = (checkpoint.FILE, "result.json", "report.json")
"""Files that no run leaves without results or a state to go on from."""

_OF_ONE_RUN = (
    *_RESULTS, "history.jsonl", "history.png", "report.txt", "report.png", "found.yaml",
)  # fmt: skip
"""Files that would tell of another run than the one that goes on in the folder."""


def refuse_used(folder: Path, resumes: bool) -> None:
    """Raises :class:`InputError` for a folder that holds a run already.

    `resumes` says whether the command could go on with one.
    """
    if any((folder / name).exists() for name in _RESULTS):
        ways = "go on with --resume, start over" if resumes else "start over"
        raise InputError(
            f"{folder} holds a run already: {ways} with --overwrite, or give another folder"
        )


def clear(folder: Path) -> None:
    """Removes what an earlier run tells of itself."""
    with files.writing(folder):
        for name in _OF_ONE_RUN:
            (folder / name).unlink(missing_ok=True)
