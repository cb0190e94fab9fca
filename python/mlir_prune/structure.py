# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The form of what is read from a file that this package wrote.

A form is a type, `float` for any finite number, a union with None, a list of one form
for lists of any length (twice the form: of one entry at least), a mapping of keys to forms (further keys are allowed),
``{str: form}`` for any keys, or :class:`Least`.
"""

from __future__ import annotations

import math
import types
import typing
from dataclasses import dataclass
from typing import Any

from .errors import InputError, shorten

_WORDS: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false",
                          str: "a text", dict: "an object", list: "a list"}  # fmt: skip

_LARGEST = 2.0**63
"""Numbers are counts, per cent and seconds; a larger one is damage."""


@dataclass(frozen=True)
class Least:
    """Numbers of a kind that are not below a bound."""

    kind: type
    low: float


NATURAL, POSITIVE = Least(int, 0), Least(int, 1)
SECONDS = Least(float, 1e-12)
"""Times are divided by."""


def check_tree(value: Any, form: Any, where: str) -> None:
    """Raises :class:`InputError` with the path of the first part of another form."""
    if isinstance(form, types.UnionType):
        if value is None:
            return
        form = next(part for part in typing.get_args(form) if part is not type(None))
    if isinstance(form, dict):
        _check_object(value, form, where)
    elif isinstance(form, list):
        if not isinstance(value, list):
            _refuse(value, list, where)
        if len(form) > 1 and not value:
            raise InputError(f"{where} expects entries, got an empty list")
        for index, item in enumerate(value):
            check_tree(item, form[0], f"{where}[{index}]")
    elif isinstance(form, Least):
        check_tree(value, form.kind, where)
        if value < form.low:
            raise InputError(f"{where} expects at least {form.low:g}, got {shorten(value)}")
    elif not _is(value, form):
        _refuse(value, form, where)


def _check_object(value: Any, form: dict[Any, Any], where: str) -> None:
    if not isinstance(value, dict):
        _refuse(value, dict, where)
    if str in form:
        for key, item in value.items():
            check_tree(item, form[str], f"{where}: {key}")
        return
    for key, part in form.items():
        if key not in value:
            raise InputError(f"{where}: '{key}' is missing")
        check_tree(value[key], part, f"{where}: {key}")


def _is(value: Any, kind: Any) -> bool:
    if kind in (int, float):
        if type(value) not in ((int,) if kind is int else (int, float)):
            return False
        return abs(value) <= _LARGEST and math.isfinite(value)
    return type(value) is kind


def _refuse(value: Any, form: Any, where: str) -> typing.NoReturn:
    raise InputError(f"{where} expects {_WORDS[form]}, got {shorten(value)}")
