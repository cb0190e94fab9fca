# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One module under test: its inputs, its results by reference, its changes.

Results are kept by the text of the module, so that passes that do the same, or
nothing, cost no execution.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..native import native, prune_error
from .values import SPECIALS, in_double

Arrays = dict[str, np.ndarray]

TOLERANCE = 2e-5
"""Largest difference in single precision, relative to the largest result."""

DOUBLE_TOLERANCE = 1e-9
"""The same where a difference in single precision is looked at in double."""


class Difference(Exception):
    """Something that must be true of the module is not."""


class Refused(Exception):
    """The compiler reported an error on a module that it must accept."""


class Skipped(Exception):
    """Nothing can be said about this module, say because a value overflows."""


class Subject:
    """A module as text, with inputs drawn from a seed.

    `double` is the same network in double precision, where single precision does
    not tell rounding from a fault.
    """

    def __init__(self, text: str, seed: int, special: bool = False) -> None:
        self.text = text
        self.seed = seed
        self.special = special
        self.module = parse(text)
        self._results: dict[str, Arrays] = {}
        self._double: Subject | None = None

    @property
    def marked(self) -> bool:
        """Whether the module says what its inputs are, as the model form does."""
        return "prune.input" in self.text

    @property
    def double(self) -> Subject | None:
        """The network in double precision; none when its values are no text."""
        if self._double is None and "dense_resource" not in self.text and "f64" not in self.text:
            self._double = Subject(in_double(self.text), self.seed, self.special)
        return self._double

    def rng(self, salt: int) -> np.random.Generator:
        """Random numbers of this module's seed."""
        return np.random.default_rng([self.seed, salt])

    def changed(self, pipeline: str, module: Any = None) -> Any:
        """A copy after `pipeline`; :class:`Refused` when it fails."""
        copy = (module or self.module).clone()
        run(copy, pipeline)
        return copy

    def reference(self, module: Any = None) -> Arrays:
        """Results of the only function on the naive path."""
        module = module or self.module
        text = str(module)
        if text not in self._results:
            executable = compile_module(module, reference=True)
            self._results[text] = self.call(executable)
        return self._results[text]

    def compiled(self, module: Any) -> Arrays:
        """Results on the compiled path, with NaN in memory that is reused."""
        executable = compile_module(module, reference=False)
        spoil(executable)
        return self.call(executable)

    def call(self, executable: Any) -> Arrays:
        """Results of the only function on this module's inputs."""
        (function,) = executable.functions()
        feed = [self.input(value, index) for index, value in enumerate(function.arguments)]
        return collect(function, executable(function.name, *feed))

    def input(self, value: Any, index: int) -> np.ndarray:
        """What an argument gets: it depends on the seed, its place and its shape."""
        return draw(self.rng(100 + index), value, self.special)

    def finite(self) -> Arrays:
        """The results before any change; :class:`Skipped` when one is not finite."""
        results = self.reference()
        if not self.special and not all(np.isfinite(array).all() for array in results.values()):
            raise Skipped("a value overflows")
        return results


def draw(rng: np.random.Generator, value: Any, special: bool = False) -> np.ndarray:
    """A random array for an argument."""
    if value.dtype == "bool":
        return np.asarray(rng.random(value.shape) < 0.7)
    if value.dtype.startswith("int"):
        return np.asarray(rng.integers(0, 2, value.shape), value.dtype)
    if rng.random() < 0.5:
        array = np.asarray(rng.integers(-8, 9, value.shape) / 4.0)
    else:
        array = np.asarray(rng.standard_normal(value.shape))
    if special and rng.random() < 0.5 and array.size:
        flat = array.reshape(-1)
        flat[rng.integers(0, array.size)] = SPECIALS[rng.integers(0, len(SPECIALS))]
        array = flat.reshape(value.shape)
    # The same number in both precisions.
    with np.errstate(all="ignore"):
        return array.astype(np.float32).astype(value.dtype)


def collect(function: Any, results: Any) -> Arrays:
    """Results by name, and by place where a name is there twice."""
    found: Arrays = {}
    for index, (value, result) in enumerate(zip(function.results, results, strict=True)):
        name = value.name if value.name not in found else f"{value.name}.{index}"
        found[name] = np.array(result)
    return found


def parse(text: str | bytes) -> Any:
    """A module; :class:`Refused` when it cannot be read."""
    try:
        return native().Module.parse(text)
    except prune_error() as error:
        raise Refused(f"parse: {first_line(error)}") from None


def run(module: Any, pipeline: str) -> None:
    """Runs a pipeline in place; :class:`Refused` when it fails."""
    try:
        module.run(pipeline)
    except prune_error() as error:
        raise Refused(first_line(error)) from None


def compile_module(module: Any, reference: bool) -> Any:
    """Compiles fast rather than for speed, with the same kernels on every computer.

    :class:`Refused` when it fails.
    """
    try:
        return module.compile(reference=reference, optimization=0, cost_model="builtin")
    except prune_error() as error:
        path = "reference" if reference else "compile"
        raise Refused(f"{path}: {first_line(error)}") from None


def spoil(executable: Any) -> None:
    """Fills memory of the size of each result with NaN and frees it."""
    for function in executable.functions():
        arrays = [
            np.full(value.shape, np.nan if value.dtype.startswith("float") else 1, value.dtype)
            for value in function.results
        ]
        del arrays


def first_line(error: BaseException) -> str:
    """The first line of a message."""
    return (str(error).splitlines() or [type(error).__name__])[0][:400]


def compare(
    before: Arrays, after: Arrays, tolerance: float, names: dict[str, str] | None = None
) -> str | None:
    """What differs, or None. A tolerance of zero asks for equal bits but for the sign
    of zero and the payload of NaN."""
    names = names or {}
    if len(before) != len(after):
        return f"results {list(before)} became {list(after)}"
    for (name, old), (other, new) in zip(before.items(), after.items(), strict=True):
        if names.get(name, name) != other:
            return f"result '{name}' became '{other}'"
        if old.shape != new.shape:
            return f"result '{name}' had shape {list(old.shape)}, has {list(new.shape)}"
        found = difference(old, new, tolerance)
        if found:
            return f"result '{name}': {found}"
    return None


def difference(old: np.ndarray, new: np.ndarray, tolerance: float) -> str | None:
    """The largest difference of two arrays of one shape, or None."""
    with np.errstate(all="ignore"):
        apart = ~((old == new) | (np.isnan(old) & np.isnan(new)))
        if not apart.any():
            return None
        error = np.abs(np.where(apart, new.astype(float) - old.astype(float), 0.0))
    if tolerance:
        finite = np.abs(old[np.isfinite(old)])
        scale = max(float(finite.max()) if finite.size else 0.0, 1e-3)
        if np.isfinite(error).all() and float(error.max()) <= tolerance * scale:
            return None
    worst = np.unravel_index(int(np.where(np.isnan(error), np.inf, error).argmax()), old.shape)
    place = f"at {[int(i) for i in worst]}, {int(apart.sum())} of {old.size} elements"
    return f"{float(old[worst]):.9g} became {float(new[worst]):.9g} {place}"
