# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Keys of a recipe: dataclass fields that know their range, unit and meaning."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any


def key(
    doc: str,
    default: Any = dataclasses.MISSING,
    *,
    unit: str = "",
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    below: float | None = None,
    factory: Callable[[], Any] | None = None,
) -> Any:
    """A field with a sentence for the documentation and the range of its numbers.

    `low` and `high` are allowed themselves, `above` and `below` are not. The
    range holds for each number of a list or mapping.
    """
    metadata = {
        "doc": doc, "unit": unit, "choices": choices,
        "low": low, "high": high, "above": above, "below": below,
    }  # fmt: skip
    if factory is not None:
        return dataclasses.field(default_factory=factory, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def short(name: str) -> Callable[[type], type]:
    """Lets the key `name` stand for the whole mapping: ``optimizer: adam``."""

    def mark(kind: type) -> type:
        kind.SHORT = name  # type: ignore[attr-defined]
        return kind

    return mark


def range_text(metadata: Any) -> str:
    """The range in words, empty when there is none."""
    low, high = metadata["low"], metadata["high"]
    above, below = metadata["above"], metadata["below"]
    if above == 0 and high is None and below is None:
        return "positive"
    if low == 0 and high is None and below is None:
        return "not negative"
    if all(bound is None for bound in (low, high, above, below)):
        return ""
    if above == 0 and high is not None and float(high).is_integer() and high > 1:
        return f"positive, at most {high:,}"
    if low == 0 and high is not None and float(high).is_integer() and high > 1:
        return f"not negative, at most {high:,}"
    left = f"[{low:g}" if low is not None else f"({above:g}" if above is not None else "(-inf"
    right = f"{high:g}]" if high is not None else f"{below:g})" if below is not None else "inf)"
    return f"in {left}, {right}"


LIMITS = {"epochs": 1e6, "steps": 1e9, "rows": 1e6}
"""Largest number of a key by its unit; what is above is a slip, not a setting."""

LIMIT = 2**53
"""Largest whole number of any other key: what a double holds exactly."""


def over_limit(metadata: Any, value: float) -> float | None:
    """The limit of the key where `value` is beyond it."""
    limit = LIMITS.get(metadata["unit"], LIMIT if isinstance(value, int) else None)
    return limit if limit is not None and abs(value) > limit else None


def in_range(metadata: Any, value: float) -> bool:
    """Whether `value` lies in the range of the key."""
    low, high = metadata["low"], metadata["high"]
    above, below = metadata["above"], metadata["below"]
    return not (
        (low is not None and value < low)
        or (high is not None and value > high)
        or (above is not None and value <= above)
        or (below is not None and value >= below)
    )
