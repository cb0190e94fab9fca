# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From parsed YAML to the dataclasses of a recipe, and back.

Every error names the path of the key (``stages[1].optimizer.name``), what was
found and what was expected; an unknown key or word comes with the nearest known.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from typing import Any

from ..errors import RecipeError, nearest, shorten
from .keys import in_range, over_limit, range_text
from .schema import STAGES, Recipe, Stage

_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


def parse_recipe(tree: Any) -> Recipe:
    """A recipe from a tree of mappings and lists; :class:`RecipeError` otherwise."""
    if not isinstance(tree, dict):
        raise RecipeError(f"a recipe is a mapping of keys, got {type(tree).__name__}")
    recipe: Recipe = _record(tree, Recipe, "")
    return recipe


def to_tree(value: Any) -> Any:
    """Plain mappings, lists and numbers without the keys that have their defaults."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        tree = {
            field.name: to_tree(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if _is_written(field, getattr(value, field.name))
        }
        name = getattr(value, "SHORT", None)
        return tree[name] if name and set(tree) == {name} else tree
    if isinstance(value, tuple):
        return [to_tree(item) for item in value]
    if isinstance(value, dict):
        return {name: to_tree(item) for name, item in value.items()}
    return value


def _is_written(field: dataclasses.Field[Any], value: Any) -> bool:
    """Whether a key says something: what it is, or another value than its default."""
    return (field.name in ("kind", "name") and bool(value)) or value != _default(field)


RENAMED = {
    "decay_held": "decay_frozen",
    "hold": "freeze_closed",
    "packed": "compressed",
    "quality": "std_factor",
    "ratio": "sparsity",
    "ratios": "sparsities",
    "survivors": "masked_weights",
}
"""Keys that changed their names before version 0.1; the old ones go with 0.2."""


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _record(tree: Any, kind: type, path: str) -> Any:
    """A dataclass from a mapping, or from the value of its short key."""
    name = getattr(kind, "SHORT", None)
    if not isinstance(tree, dict):
        if name is None or tree is None or isinstance(tree, list):
            raise RecipeError(f"{path} is a mapping of keys, got {shorten(tree)}")
        tree = {name: tree}
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    prefix = f"{path}." if path else ""
    values: dict[str, Any] = {}
    for word, value in tree.items():
        if word not in fields:
            text = word if isinstance(word, str) and word.isprintable() else shorten(word)
            now = RENAMED.get(text)
            hint = f"; it is called '{now}' now" if now in fields else nearest(text, fields)
            raise RecipeError(f"unknown key '{prefix}{text}'{hint}")
        values[word] = _value(value, hints[word], f"{prefix}{word}", fields[word].metadata)
    for word, field in fields.items():
        if word not in values and _default(field) is dataclasses.MISSING:
            raise RecipeError(f"{prefix}{word} is missing: {field.metadata['doc'].lower()}")
    return kind(**values)


def _value(value: Any, hint: Any, path: str, metadata: Any) -> Any:
    """`value` as the type of its key."""
    if hint == Stage:
        return _stage(value, path)
    if isinstance(hint, types.UnionType):
        return _union(value, typing.get_args(hint), path, metadata)
    origin = typing.get_origin(hint)
    if origin is tuple:
        return _list(value, typing.get_args(hint)[0], path, metadata)
    if origin is dict:
        return _mapping(value, typing.get_args(hint)[1], path, metadata)
    if dataclasses.is_dataclass(hint):
        return _record(value, typing.cast(type, hint), path)
    return _scalar(value, hint, path, metadata)


def _union(value: Any, options: tuple[Any, ...], path: str, metadata: Any) -> Any:
    if value is None and type(None) in options:
        return None
    options = tuple(option for option in options if option is not type(None))
    for option in options:
        if isinstance(value, dict) == (typing.get_origin(option) is dict or _is_record(option)):
            return _value(value, option, path, metadata)
    return _value(value, options[0], path, metadata)


def _is_record(option: Any) -> bool:
    return dataclasses.is_dataclass(option)


def _list(value: Any, element: Any, path: str, metadata: Any) -> tuple[Any, ...]:
    if isinstance(value, tuple):
        value = list(value)
    if not isinstance(value, list):
        # One entry may stand for the list of it, where it cannot be mistaken.
        if (element is str and isinstance(value, str)) or (
            dataclasses.is_dataclass(element) and isinstance(value, dict)
        ):
            value = [value]
        else:
            raise RecipeError(f"{path} is a list, got {shorten(value)}")
    if element in (int, float, str):
        return tuple(_value(item, element, path, metadata) for item in value)
    return tuple(
        _value(item, element, f"{path}[{index}]", metadata) for index, item in enumerate(value)
    )


def _mapping(value: Any, element: Any, path: str, metadata: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RecipeError(f"{path} is a mapping of names, got {shorten(value)}")
    result = {}
    for name, item in value.items():
        if not isinstance(name, str):
            raise RecipeError(f"{path}: a name is a text, got {shorten(name)}")
        result[name] = _value(item, element, f"{path}.{name}", metadata)
    return result


def _stage(value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise RecipeError(f"{path} is a mapping of keys, got {shorten(value)}")
    kind = value.get("kind", "train")
    if not isinstance(kind, str) or kind not in STAGES:
        hint = nearest(str(kind), STAGES)
        raise RecipeError(f"{path}.kind is one of {', '.join(STAGES)}, got {shorten(kind)}{hint}")
    return _record(value, STAGES[kind], path)


def _scalar(value: Any, kind: Any, path: str, metadata: Any) -> Any:
    if kind is float and isinstance(value, str):
        value = _number(value)  # YAML 1.1 reads 1e-4 as text
    if type(value) is int and (limit := over_limit(metadata, value)) is not None:
        raise RecipeError(f"{path} is at most {limit:g}, got {shorten(value)}")
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind or (kind is float and not math.isfinite(value)):
        raise RecipeError(f"{path} expects {_WORDS[kind]}, got {shorten(value)}")
    choices = metadata["choices"]
    if choices and value not in choices:
        hint = nearest(str(value), choices)
        raise RecipeError(f"{path} is one of {', '.join(choices)}, got {shorten(value)}{hint}")
    if kind in (int, float):
        if not in_range(metadata, value):
            raise RecipeError(f"{path} is {range_text(metadata)}, got {value:g}")
        if (limit := over_limit(metadata, value)) is not None:
            raise RecipeError(f"{path} is at most {limit:g}, got {value:g}")
    if kind is str and not value.isprintable():
        raise RecipeError(f"{path} is a text without control characters, got {shorten(value)}")
    return value


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
