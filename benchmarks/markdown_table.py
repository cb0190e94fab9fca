# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tables in Markdown, as benchmarks print them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def row(cells: Iterable[object]) -> str:
    """A row of a table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def head(cells: Sequence[object]) -> str:
    """The head of a table: two lines."""
    return row(cells) + "\n|" + "---|" * len(cells)
