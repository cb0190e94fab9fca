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
"""Time to measure for. Code for the layers that are timed takes as long again."""


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
    if module.default_cost_model() != "machine" or not module.runtime_name().startswith("onednn"):
        return
    try:
        if is_calibrated(threads):
            return
        _probe(Path(kept_path(threads)).parent)
        _say(
            "measuring this computer for the choice of kernels, once, about "
            f"{2 * SECONDS:g} s (prune calibrate --show)"
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
    lines.append("reading weights: " + ", ".join(map(_bandwidth, figures["bandwidth"])))
    return lines, _table(figures["kernels"])


def _machine(key: dict[str, Any]) -> str:
    caches = "/".join(f"{size // 1024:,}" if size else "?" for size in key["caches"])
    return (
        f"measured on: {key['processor']}, {key['isa']}, caches of {caches} KiB, "
        f"{key['threads']} thread{'s' if key['threads'] > 1 else ''}"
    )


def _bandwidth(entry: dict[str, float]) -> str:
    return f"{entry['gigabytes_per_second']:.3g} GB/s up to {entry['bytes'] / 2**20:.3g} MiB"


def _table(kernels: dict[str, Any]) -> Any:
    """One row for each kernel and number of columns."""
    from rich.table import Table

    table = Table(title="10^9 operations a second, of the weights that a kernel reads")
    table.add_column("kernel")
    table.add_column("a call, µs", justify="right")
    table.add_column("columns", justify="right")
    shares = sorted({share for kernel in kernels.values() for share in kernel["zeros"]})
    for share in shares:
        table.add_column(f"{100 * share:g} %", justify="right")
    for name, kernel in kernels.items():
        for i, (columns, rates) in enumerate(zip(kernel["columns"], kernel["gflops"], strict=True)):
            known = dict(zip(kernel["zeros"], rates, strict=True))
            cells = [f"{known[share]:.3g}" if share in known else "" for share in shares]
            first = [name, f"{kernel['overhead_us']:.2g}"] if i == 0 else ["", ""]
            table.add_row(*first, f"{columns:g}", *cells)
        table.add_section()
    return table
