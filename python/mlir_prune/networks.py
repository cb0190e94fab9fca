# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The network of a recipe, and the choice of its parameters by pattern or role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .errors import RecipeError, nearest
from .imported import load_network
from .models import Mlp, make
from .native import native, prune_error

if TYPE_CHECKING:
    from .recipe.schema import Model

COUPLED = "coupled_channels"
"""The granularity of channels that leave together (``prune-select-channels``)."""

ROLES = ("weight", "bias", "scale", "conv", "fc")
"""Words that choose parameters by what they are."""

_WIDTHS = {"digits": (64, 300, 100, 10), "mnist": (784, 300, 100, 10)}


def build_network(model: Model, dataset: str) -> Any:
    """The network of a recipe; raises :class:`RecipeError` when it cannot be built."""
    if model.file:
        return load_network(model.file, model.class_dimension)
    if model.class_dimension not in (None, 1):
        raise RecipeError("model.class_dimension: only a network of a file has another than 1")
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
    """`conv` or `fc` for the weights and biases of such layers, as the compiler says."""
    kinds: dict[str, str] = {}
    for entry in network.compiled_layers():
        for name in (entry["weight"], entry["bias"]):
            if name is not None:
                kinds.setdefault(name, entry["kind"])
    return kinds


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
    kinds, allowed = layer_kinds(network), set(among)
    parameters = [
        (name, role, kinds.get(name, ""))
        for name, role in network.roles().items()
        if role in allowed
    ]
    with _named(path):
        chosen, *unused = native().choose_parameters(parameters, list(targets), list(ignore))
    names = [name for name, _, _ in parameters]
    for key, patterns in zip(("targets", "ignore"), unused, strict=True):
        for pattern in patterns:
            raise RecipeError(
                f"{path}.{key}: '{pattern}' matches no parameter of {', '.join(names)}"
                f"{nearest(pattern, [*names, *ROLES])}"
            )
    if not chosen:
        raise RecipeError(f"{path}: no parameter is left to work on")
    return list(chosen)


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Makes errors of the compiler about the value of a key those of the recipe."""
    try:
        yield
    except prune_error() as error:
        raise RecipeError(f"{path}: {' '.join(str(error).split())}") from None


def match_numbers(
    numbers: Mapping[str, float], names: Iterable[str], path: str
) -> dict[str, float]:
    """Number of each name by the first pattern that matches it.

    Raises :class:`RecipeError` for a pattern that matches nothing.
    """
    names, patterns = list(names), list(numbers)
    with _named(path):
        positions, unused = native().match_patterns(patterns, names)
    for pattern in unused:
        raise RecipeError(
            f"{path}: pattern '{pattern}' matches none of {', '.join(names)}"
            f"{nearest(pattern, names)}"
        )
    return {
        name: numbers[patterns[position]]
        for name, position in zip(names, positions, strict=True)
        if position >= 0
    }


def has_statistics(network: Any) -> bool:
    """Whether batch normalizations of a network have statistics to measure."""
    return "prune.batch_norm" in network.text(1)


def literal(name: str) -> str:
    """The pattern that matches a name and nothing else."""
    return "".join(f"\\{sign}" if sign in "\\*?[]" else sign for sign in name)


def check_granularity(
    network: Any, names: Iterable[str], granularity: str, path: str
) -> list[str]:
    """Weights whose border has smaller groups.

    Raises :class:`RecipeError` for a weight that has no such groups: an axis or a group is
    outside of it. Channels that are coupled are found by the compiler, in any weight.
    """
    if granularity == COUPLED:
        return []
    shapes, partial = network.shapes(), []
    for name in names:
        with _named(path):
            fit = native().fit_granularity(granularity, list(shapes[name]))
        if fit == "none":
            raise RecipeError(
                f"{path}: '{name}' of shape {list(shapes[name])} has no groups of {granularity}"
            )
        if fit == "partial":
            partial.append(name)
    return partial
