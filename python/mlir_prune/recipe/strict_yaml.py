# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""YAML that says each thing once: no duplicate keys, no bombs, no surprises.

PyYAML's safe loader takes the last of duplicate keys, expands aliases to any size, and
lets errors of Python out where a scalar has the form of a number or date and is none.
"""

from __future__ import annotations

from typing import Any

from ..errors import InputError, RecipeError, shorten

MAX_BYTES = 1 << 18
"""Size of a file; the longest recipe that comes along has a few thousand."""

_MAX_NODES = 100_000
"""Scalars, lists and mappings with aliases expanded."""


def parse_yaml(text: str) -> Any:
    """The tree of one document; raises :class:`RecipeError` with line and column."""
    try:
        import yaml
    except ImportError:
        raise InputError("recipes need PyYAML: pip install pyyaml") from None
    try:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check(node, {})
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise RecipeError(f"not valid YAML ({reason})") from None
    except RecursionError:
        raise RecipeError("not valid YAML (lists and mappings are nested too deep)") from None
    except (ValueError, ArithmeticError, TypeError, LookupError, AttributeError) as error:
        if isinstance(error, RecipeError):
            raise
        # A scalar that has the form of a number, a date or binary data and is none.
        reason = " ".join(str(error).split())
        raise RecipeError(f"not valid YAML ({reason})") from None


def _check(node: Any, sizes: dict[int, int]) -> int:
    """Nodes below `node` with aliases expanded; refuses duplicate keys and bombs."""
    import yaml

    known = sizes.get(id(node))
    if known is not None:
        if known == 0:
            raise RecipeError(f"not valid YAML (an alias of itself{_place(node)})")
        return known
    sizes[id(node)] = 0
    count = 1
    if isinstance(node, yaml.MappingNode):
        seen: set[tuple[str, str]] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise RecipeError(f"the key {shorten(key.value)} is there twice{_place(key)}")
                seen.add((key.tag, key.value))
            count += _check(key, sizes) + _check(value, sizes)
    elif isinstance(node, yaml.SequenceNode):
        count += sum(_check(item, sizes) for item in node.value)
    if count > _MAX_NODES:
        raise RecipeError(f"not valid YAML (more than {_MAX_NODES:,} entries{_place(node)})")
    sizes[id(node)] = count
    return count


def _place(node: Any) -> str:
    mark = node.start_mark
    return f" at line {mark.line + 1}, column {mark.column + 1}"
