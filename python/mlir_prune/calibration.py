# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Figures of this computer, by which the cost model chooses kernels.

They are measured once for a processor and a number of threads, and kept below
``$XDG_CACHE_HOME`` or ``~/.cache``. Functions never measure by themselves, commands do,
and say so. The environment variable ``PRUNE_COST_MODEL`` names other figures: ``builtin``
or a file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .errors import InputError
from .native import native, prune_error

SECONDS = 2.0
"""Time to measure for. With what makes the layers that are timed it takes six times as long."""


def calibrate(seconds: float = SECONDS, threads: int = 1) -> Path:
    """Measures this computer and keeps its figures; where they are kept."""
    text = native().measure_cost_model(seconds, threads)
    return Path(native().keep_cost_model(text, threads))


def is_calibrated(threads: int = 1) -> bool:
    """Whether figures for this number of threads are kept and can be used."""
    return bool(kept_path(threads) == native().find_cost_model("machine", threads).path)


def kept_path(threads: int = 1) -> str:
    """Where figures for a number of threads are kept; an error where there is no such place."""
    path: str = native().cost_model_path(threads)
    if not path:
        raise InputError("there is no folder for caches: set XDG_CACHE_HOME or HOME")
    return path


def calibrate_once(threads: int = 1) -> None:
    """Measures this computer if kernels are to be chosen by its figures and there are none.

    Says so on standard error. Nothing here is worth a failure: where figures cannot be
    kept, the built-in ones serve.
    """
    module = native()
    if module.default_cost_model() != "machine" or module.runtime_name() == "naive":
        return
    try:
        if is_calibrated(threads):
            return
        _probe(Path(kept_path(threads)).parent)
        _say(
            "measuring this computer for the choice of kernels, once, about "
            f"{6 * SECONDS:.0f} s (prune calibrate --show)"
        )
        calibrate(threads=threads)
    except (InputError, OSError, prune_error()) as error:
        _say(f"kernels are chosen by built-in figures, not by this computer's: {error}")


def _probe(folder: Path) -> None:
    """Fails where nothing can be kept, before time goes into measuring."""
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / ".writable"
    probe.touch()
    probe.unlink(missing_ok=True)


def _say(text: str) -> None:
    print(f"prune: note: {' '.join(text.split())}", file=sys.stderr)


def describe(threads: int = 1) -> tuple[list[str], Any]:
    """Lines about the figures that are in use, and a table of them."""
    name = native().default_cost_model()
    found = native().find_cost_model(name, threads)
    figures = json.loads(found.text)
    lines = [f"kernels are chosen by {found.path or 'the built-in figures'}"]
    if name != "machine":
        lines.append(f"because PRUNE_COST_MODEL is {name}")
    elif not found.path:
        lines.append("because this computer has not been measured: run prune calibrate")
    if found.note:
        lines.append(f"note: {found.note}")
    key = figures.get("key")
    lines.append(_machine(key) if key else f"measured on: {figures.get('machine', 'unknown')}")
    lines.append(f"runtime: {figures.get('runtime', 'unknown')}")
    return lines, _table(figures["kernels"])


def _machine(key: dict[str, Any]) -> str:
    caches = "/".join(f"{size // 1024:,}" if size else "?" for size in key["caches"])
    return (
        f"measured on: {key['processor']}, {key['isa']}, caches of {caches} KiB, "
        f"{key['threads']} thread{'s' if key['threads'] > 1 else ''}"
    )


def _table(kernels: dict[str, dict[str, float]]) -> Any:
    """One row for each term of each kernel's formula."""
    from rich.table import Table

    table = Table(title="Nanoseconds of what kernels do, docs/Kernels.md says what it is")
    table.add_column("kernel")
    table.add_column("term")
    table.add_column("ns", justify="right")
    for kernel, terms in kernels.items():
        for i, (term, figure) in enumerate(terms.items()):
            table.add_row("" if i else kernel, term, f"{figure:.3g}" if figure else "-")
        table.add_section()
    return table
