# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Errors that a user can cause and mend.

Everything that derives from :class:`InputError` is reported by the command
line as one line on standard error with exit code 1; any other exception is a
defect of the package and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input: a file, a recipe, an argument. The message stands alone."""


class DataError(InputError):
    """A data file is missing, truncated or of another format."""


class RecipeError(InputError):
    """A recipe has an unknown key or a value that cannot be used."""


class TrainingError(RuntimeError):
    """Training cannot go on (a loss or parameter is not a number)."""


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint ``; did you mean 'x'?`` with the known word next to `word`, else empty."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""
