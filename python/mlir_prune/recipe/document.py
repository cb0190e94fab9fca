# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tables of docs/RecipeKeys.md, made from the dataclasses of a recipe.

usage: python -m mlir_prune.recipe.document docs/RecipeKeys.md [--check]

Replaces what stands between the two marks of the file.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
import typing
from pathlib import Path
from typing import Any

from ..data import FORMS
from .keys import range_text
from .modifiers import (
    Admm,
    Distill,
    GateOptimizer,
    Gates,
    Gradual,
    Rate,
    Regularize,
    Rigl,
    Select,
    StraightThrough,
    Strength,
)
from .parse import to_tree
from .schema import (
    Bench,
    Compact,
    MaxDrop,
    Model,
    Optimizer,
    Prune,
    Recipe,
    Splits,
    Statistics,
    Target,
    Train,
    Trials,
)

BEGIN = "<!-- keys: made by python -m mlir_prune.recipe.document -->"
END = "<!-- end of keys -->"

_SECTIONS: tuple[tuple[str, type], ...] = (
    ("Recipe", Recipe),
    ("`model`", Model),
    ("`splits`", Splits),
    ("`bench`", Bench),
    ("Stage `kind: train`", Train),
    ("`optimizer`", Optimizer),
    ("`learning_rate`", Rate),
    ("`regularize`", Regularize),
    ("`strength`", Strength),
    ("`freeze`", Select),
    ("`gradual`", Gradual),
    ("`rigl`", Rigl),
    ("`straight_through`", StraightThrough),
    ("`admm`", Admm),
    ("`distill`", Distill),
    ("`gates`", Gates),
    ("`gates.optimizer`", GateOptimizer),
    ("Stage `kind: prune`", Prune),
    ("`trials`", Trials),
    ("`max_drop`", MaxDrop),
    ("`target`", Target),
    ("Stage `kind: compact`", Compact),
    ("Stage `kind: statistics`", Statistics),
)

_WORDS = {int: "whole number", float: "number", bool: "true or false", str: "text"}


def sections() -> str:
    """A section with a table for every mapping of a recipe, and one of the data sets."""
    tables = [_section(title, kind) for title, kind in _SECTIONS]
    return "\n".join([*tables, _data_sets()])


def _data_sets() -> str:
    lines = [
        "## Data sets",
        "",
        "What `dataset` can be. Values must be finite and labels in range, in the test part "
        "too: all parts are checked before anything is trained. Which rows validate and test "
        "does not depend on the seed.",
        "",
        "| name | what is read | pixels |",
        "|---|---|---|",
    ]
    return "\n".join([*lines, *(f"| {' | '.join(form)} |" for form in FORMS), ""])


def renew(text: str) -> str:
    """`text` with new sections between the marks."""
    head, mark, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not mark or not end:
        raise SystemExit(f"the marks {BEGIN} and {END} are missing")
    return f"{head}{BEGIN}\n\n{sections()}\n{END}{tail}"


def _section(title: str, kind: type) -> str:
    lines = [f"## {title}", "", inspect.cleandoc(kind.__doc__ or ""), ""]
    short = getattr(kind, "SHORT", None)
    if short:
        lines += [f"A single value stands for `{short}`.", ""]
    lines += ["| key | value | default | meaning |", "|---|---|---|---|"]
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        cells = (f"`{field.name}`", _kind(hints[field.name], field.metadata), _default(field))
        lines.append(f"| {' | '.join(cells)} | {field.metadata['doc']} |")
    return "\n".join([*lines, ""])


def _kind(hint: Any, metadata: Any) -> str:
    """Type, choices, range and unit in words."""
    if metadata["choices"]:
        return ", ".join(f"`{choice}`" for choice in metadata["choices"])
    parts = [_type(hint), range_text(metadata), metadata["unit"]]
    return ", ".join(part for part in parts if part)


def _type(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return "stages" if _is_union(arguments[0]) else f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"{_type(arguments[1])} by name"
    if _is_union(hint):
        return " or ".join(_type(a) for a in arguments if a is not type(None))
    if dataclasses.is_dataclass(hint):
        return "mapping"
    return _WORDS[hint]


def _is_union(hint: Any) -> bool:
    return isinstance(hint, types.UnionType)


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        value: Any = field.default_factory()
    elif field.default is dataclasses.MISSING:
        return "needed"
    else:
        value = field.default
    tree = to_tree(value)
    if tree in (None, "", [], {}):
        return ""
    if isinstance(tree, bool):
        return str(tree).lower()
    if isinstance(tree, list):
        return ", ".join(f"`{item}`" for item in tree)
    if isinstance(tree, dict):
        return ""
    return f"`{tree:g}`" if isinstance(tree, float) else f"`{tree}`"


def main(arguments: list[str]) -> int:
    """Renews a file, or says with --check whether it is up to date."""
    path = Path(arguments[0])
    old = path.read_text(encoding="utf-8")
    new = renew(old)
    if "--check" in arguments:
        return 0 if new == old else 1
    path.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
