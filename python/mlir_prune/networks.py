# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The network of a recipe, and the choice of its parameters by pattern or role."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .errors import RecipeError, nearest
from .imported import load_network
from .models import Mlp, make

if TYPE_CHECKING:
    from .recipe.schema import Model

ROLES = ("weight", "bias", "scale", "conv", "fc")
"""Words that choose parameters by what they are."""

_WIDTHS = {"digits": (64, 300, 100, 10), "mnist": (784, 300, 100, 10)}


def build_network(model: Model, dataset: str) -> Any:
    """The network of a recipe; raises :class:`RecipeError` when it cannot be built."""
    if model.file:
        return load_network(model.file)
    if model.name == "mlp":
        widths = model.widths or _WIDTHS.get(dataset, ())
        if not widths:
            raise RecipeError(f"model.widths: '{dataset}' has no default, so they are needed")
        return Mlp(widths, model.activation)
    if model.name.startswith("resnet"):
        return make(model.name, option=model.shortcut)
    return make(model.name)


def model_title(model: Model, dataset: str) -> str:
    """Name of the network for tables."""
    if model.file:
        return model.file.rsplit("/", 1)[-1]
    if model.name == "mlp":
        return "-".join(map(str, model.widths or _WIDTHS.get(dataset, ())))
    return model.name


def layer_kinds(network: Any) -> dict[str, str]:
    """`conv` or `fc` for the parameters of such layers."""
    shapes = network.shapes()
    stems = {
        name.rsplit(".", 1)[0]: "conv" if len(shapes[name]) == 4 else "fc"
        for name in network.weights()
    }
    return {name: stems.get(name.rsplit(".", 1)[0], "") for name in shapes}


def choose(
    network: Any,
    targets: Iterable[str],
    ignore: Iterable[str],
    path: str,
    among: Iterable[str] = ("weight", "bias", "scale"),
) -> list[str]:
    """Names of the parameters that `targets` match and `ignore` does not, in order.

    `path` is the recipe's key for messages; `among` are the roles that can be
    chosen. Raises :class:`RecipeError` when an entry matches nothing.
    """
    found = network.roles()
    names = [name for name in found if found[name] in set(among)]
    kept = _matched(network, targets, names, f"{path}.targets")
    dropped = _matched(network, ignore, names, f"{path}.ignore")
    chosen = [name for name in names if name in kept and name not in dropped]
    if not chosen:
        raise RecipeError(f"{path}: no parameter is left to work on")
    return chosen


def match_numbers(
    numbers: Mapping[str, float], names: Iterable[str], path: str
) -> dict[str, float]:
    """Number of each name by the first pattern that matches it.

    Raises :class:`RecipeError` for a pattern that matches nothing.
    """
    names = list(names)
    found: dict[str, float] = {}
    for pattern, number in numbers.items():
        matching = [name for name in names if fnmatch.fnmatchcase(name, pattern)]
        if not matching:
            raise RecipeError(
                f"{path}: pattern '{pattern}' matches none of {', '.join(names)}"
                f"{nearest(pattern, names)}"
            )
        for name in matching:
            found.setdefault(name, number)
    return found


def _matched(network: Any, patterns: Iterable[str], names: list[str], path: str) -> set[str]:
    found, kinds = network.roles(), layer_kinds(network)
    result: set[str] = set()
    for pattern in patterns:
        if pattern in ROLES:
            matching = {n for n in names if pattern in (found[n], kinds[n])}
        else:
            matching = {n for n in names if fnmatch.fnmatchcase(n, pattern)}
        if not matching:
            hint = nearest(pattern, [*names, *ROLES])
            raise RecipeError(
                f"{path}: '{pattern}' matches no parameter of {', '.join(names)}{hint}"
            )
        result |= matching
    return result
