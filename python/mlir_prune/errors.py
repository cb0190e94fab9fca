# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Errors that a user can cause and mend.

Everything that derives from :class:`InputError` is reported by the command
line as one line on standard error with exit code 1; any other exception is a
defect of the package and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class InputError(ValueError):
    """Bad input: a file, a recipe, an argument. The message stands alone."""


class DataError(InputError):
    """A data file is missing, truncated or of another format."""


class RecipeError(InputError):
    """A recipe has an unknown key or a value that cannot be used."""


class TrainingError(RuntimeError):
    """A run cannot go on: a loss is not a number, nothing is left, results differ."""


def shorten(value: Any) -> str:
    """`value` as text in a message, cut where it is long."""
    if type(value) is int and abs(value) >= 10**20:
        return f"a whole number of {value.bit_length()} bits"
    if isinstance(value, dict | list | tuple) and len(value) > 8:
        return f"a {type(value).__name__} of {len(value)}"
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:60]}..."


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint ``; did you mean 'x'?`` with the known word next to `word`, else empty.

    A word that is known is no hint.
    """
    known = list(known)
    if word in known or len(word) > 80:
        return ""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""
