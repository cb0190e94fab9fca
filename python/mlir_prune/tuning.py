# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which kernel is the fastest for each layer of a network: measured, not predicted.

The network is compiled once for each kind of kernel, with that kind wherever it can be,
and runs on random inputs by turns with the others. So each layer is timed in its place,
with what its kernel needs around it.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from . import files
from .errors import InputError
from .native import native
from .pipelines import cost_model_option, module, options

STANDALONE = ("csr", "straight_line", "lanes")
"""Kernels that a shared object has without oneDNN."""
SECONDS = 3.0
"""Time to measure for, besides compiling."""

_ROUNDS = 9
_TIME = re.compile(r"(\w+) ([0-9.]+) us")


@dataclass
class Layer:
    """Times of a layer in microseconds, by kernel. `kernel` is the fastest."""

    name: str
    rows: int
    inner: int
    columns: int
    non_zeros: int
    kernel: str = ""
    us: dict[str, float] = field(default_factory=dict)
    predicted_us: dict[str, float] = field(default_factory=dict)

    @property
    def size(self) -> tuple[str, int, int, int, int]:
        """What the compiler knows it by."""
        return self.name, self.rows, self.inner, self.columns, self.non_zeros


def all_kernels() -> tuple[str, ...]:
    """The names of all kernels, the dense one first."""
    return tuple(native().kernel_families())


def tune(
    network: Any, threads: int = 1, seconds: float = SECONDS, kernels: Sequence[str] = ()
) -> list[Layer]:
    """Measures the kernels of a network's layers, all or some, and sets the fastest in
    place.

    Layers that have no choice are not measured.
    """
    layers = measure(network, threads, seconds, kernels)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tuned.json"
        write(path, layers, threads)
        apply(network, path, threads)
    return layers


def measure(
    network: Any, threads: int = 1, seconds: float = SECONDS, kernels: Sequence[str] = ()
) -> list[Layer]:
    """The layers with their times; the network stays as it is."""
    layers: dict[tuple[str, int, int, int, int], Layer] = {}
    runs = {}
    for kernel in kernels or all_kernels():
        copy = network.clone()
        remarks = copy.run(module(_select(threads, kernel=kernel)))
        chosen = _chosen(remarks)
        if not any(found == kernel for _, found in chosen):
            continue
        for layer, found in chosen:
            kept = layers.setdefault(layer.size, layer)
            if found == kernel:
                kept.us[kernel] = np.inf
        runs[kernel] = copy.compile(threads=threads, profile=True)
    if runs:
        _time(network, runs, list(layers.values()), seconds)
    timed = [layer for layer in layers.values() if layer.us]
    for layer in timed:
        layer.kernel = min(layer.us, key=lambda kernel: layer.us[kernel])
    return timed


def fits(network: Any, layers: list[Layer]) -> bool:
    """Whether `layers` are those of the network that have a choice."""
    remarks = network.clone().run(module(_select(threads=1)))
    return {layer.size for layer, _ in _chosen(remarks)} == {layer.size for layer in layers}


def _chosen(remarks: list[Any]) -> list[tuple[Layer, str]]:
    """The layers that have a choice, and the kernel of each."""
    found = []
    for remark in remarks:
        values = dict(remark.arguments)
        if remark.name != "KernelChosen" or "NonZeros" not in values:
            continue
        sizes = [int(values[key]) for key in ("Rows", "Inner", "Columns", "NonZeros")]
        layer = Layer(values["Layer"], *sizes, predicted_us=predicted_us(remark.message))
        found.append((layer, values["Kernel"]))
    return found


def predicted_us(message: str) -> dict[str, float]:
    """Microseconds by kernel in a message of the choice, as ``prune-print-costs`` has them."""
    return {kernel: float(time) for kernel, time in _TIME.findall(message)}


def _time(network: Any, runs: dict[str, Any], layers: list[Layer], seconds: float) -> None:
    """Fills in the times. Layers that share a parameter share its time."""
    function = network.functions()[0]
    random = np.random.default_rng(0)
    inputs = {value.name: _random(value, random) for value in function.arguments}
    for executable in runs.values():
        executable.call(function.name, inputs)
    start = perf_counter()
    for executable in runs.values():
        executable.call(function.name, inputs)
    share = seconds / max(perf_counter() - start, 1e-6)
    calls = max(1, round(share / _ROUNDS))
    for _ in range(_ROUNDS):
        for kernel, executable in runs.items():
            executable.reset_profile()
            for _ in range(calls):
                executable.call(function.name, inputs)
            spent: dict[str, float] = {}
            for site in executable.profile():
                spent[site.label] = spent.get(site.label, 0.0) + site.seconds
            for layer in layers:
                if kernel in layer.us:
                    taken = 1e6 * spent.get(layer.name, 0.0) / calls
                    # Other work only makes a round slower.
                    layer.us[kernel] = min(layer.us[kernel], taken)


def _random(value: Any, random: np.random.Generator) -> np.ndarray:
    """A random value for a floating-point argument, zeros for another."""
    dtype = np.dtype("float32" if value.dtype == "bf16" else value.dtype)
    if dtype.kind == "f":
        return random.standard_normal(value.shape).astype(dtype)
    return np.zeros(value.shape, dtype)


def _select(threads: int, **more: Any) -> str:
    return options("prune-select-kernels", model=cost_model_option(), threads=threads, **more)


def apply(network: Any, path: Path, threads: int = 1) -> None:
    """Sets the kernels of a file of tuned layers; others are predicted."""
    network.run(module(_select(threads, tuned=f"'{path}'")))


def write(path: Path, layers: list[Layer], threads: int, kernels: Sequence[str] = ()) -> None:
    """Keeps tuned layers in a file, for :func:`apply` and :func:`read`: those of
    :func:`measure` with the same threads and kernels."""
    files.write_json(path, {
        "version": 1, "key": json.loads(native().machine_key(threads)),
        "kernels": sorted(kernels or all_kernels()),
        "layers": [asdict(layer) for layer in layers],
    })  # fmt: skip


def read(path: Path, threads: int, kernels: Sequence[str] = ()) -> list[Layer] | None:
    """Tuned layers of this computer in a file; none if it has no such layers, or if other
    kernels were measured."""
    try:
        found = files.read_json(path)
        if found["version"] != 1 or found["key"] != json.loads(native().machine_key(threads)):
            return None
        if found["kernels"] != sorted(kernels or all_kernels()):
            return None
        return [Layer(**layer) for layer in found["layers"]]
    except (InputError, KeyError, TypeError):
        return None


def make_table(layers: list[Layer]) -> Any:
    """Measured and predicted times of each layer."""
    from rich.table import Table

    table = Table(title="Microseconds of the layers: measured (predicted)")
    table.add_column("layer")
    table.add_column("weights")
    table.add_column("zeros", justify="right")
    table.add_column("columns", justify="right")
    kernels = [kernel for kernel in all_kernels() if any(kernel in layer.us for layer in layers)]
    for kernel in kernels:
        table.add_column(kernel, justify="right")
    table.add_column("chosen")
    for layer in layers:
        zeros = 1 - layer.non_zeros / max(layer.rows * layer.inner, 1)
        cells = [_cell(layer, kernel) for kernel in kernels]
        table.add_row(
            layer.name, f"{layer.rows}x{layer.inner}", f"{zeros:.1%}", str(layer.columns), *cells,
            layer.kernel,
        )  # fmt: skip
    return table


def _cell(layer: Layer, kernel: str) -> str:
    """A measured time, with the predicted one where there is one."""
    if kernel not in layer.us:
        return ""
    predicted = layer.predicted_us.get(kernel)
    return f"{layer.us[kernel]:.3g}" + (f" ({predicted:.3g})" if predicted is not None else "")
