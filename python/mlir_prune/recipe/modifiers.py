# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modifiers of a training stage: what happens to weights besides learning.

Each modifier chooses parameters by `targets` and `ignore`. An entry is a glob
pattern over names (``fc*.weight``) or a role: ``weight``, ``bias``, ``scale``,
``conv`` or ``fc`` (weights and biases of such layers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..errors import RecipeError
from .keys import key, short

KINDS = (
    "l1", "l2", "hoyer", "hoyer_square", "transformed_l1", "group_lasso", "group_hoyer_square",
)  # fmt: skip
GROUP_KINDS = ("group_lasso", "group_hoyer_square")
STES = ("linear", "hard_sigmoid", "relu", "leaky_relu", "softplus")


class Modifier:
    """What a modifier that a method is made of says about itself.

    `mlir_prune.training.methods` has what it does, by the same key of a stage.
    """

    chooses_masks: ClassVar[bool] = False
    """It chooses masks, which one modifier of a stage can."""

    leaves_dense: ClassVar[bool] = False
    """Nothing in it makes or holds zeros."""

    def check(self, path: str, epochs: int, gate_rows: float) -> None:
        """Raises :class:`RecipeError` for keys that do not go together.

        The stage has so many epochs, and so much of the rows is for gates.
        """

    def pruned(self) -> Mapping[str, float]:
        """By key the shares of the weights that are pruned by counting."""
        return {}


@short("value")
@dataclass(frozen=True)
class Rate:
    """A number that changes from step to step: the learning rate."""

    value: float = key("Rate after the warm-up.", 1e-3, low=0)
    schedule: str = key(
        "How it falls: not at all, by `factor` at each of `milestones`, as half a cosine "
        "or a straight line to `final` at the end of the stage.",
        "constant", choices=("constant", "step", "cosine", "linear"),
    )  # fmt: skip
    milestones: tuple[float, ...] = key(
        "Epochs after which `step` multiplies; half and three quarters of the stage if empty.",
        (), unit="epochs", low=0,
    )  # fmt: skip
    factor: float = key("Multiplier of `step`.", 0.1, above=0)
    final: float = key("Rate at the end of `cosine` and `linear`.", 0.0, low=0)
    warmup: float = key("Linear rise from zero at the start.", 0.0, unit="epochs", low=0)


@short("value")
@dataclass(frozen=True)
class Strength:
    """Strength of a penalty over the epochs in which its modifier is active."""

    value: float = key("Strength, in units of the loss.", 0.0, low=0)
    schedule: str = key(
        "`linear` rises from `initial` to the value within `ramp` epochs and stays there; "
        "`step` multiplies by `factor` at each of `milestones`.",
        "constant", choices=("constant", "linear", "step"),
    )  # fmt: skip
    initial: float = key("Strength at the start of a linear rise.", 0.0, low=0)
    ramp: float = key("Length of the linear rise; zero is to the end.", 0.0, unit="epochs", low=0)
    milestones: tuple[float, ...] = key(
        "Epochs, counted from the start of the modifier.", (), unit="epochs", low=0
    )
    factor: float = key("Multiplier of `step`.", 0.1, above=0)


@dataclass(frozen=True)
class Regularize:
    """A penalty on parameters, added to the loss."""

    kind: str = key("Penalty.", choices=KINDS)
    strength: Strength = key("Factor of the penalty; a number or a schedule.", factory=Strength)
    strengths: dict[str, float] = key(
        "Multipliers of the strength by pattern; the first match counts.", factory=dict, low=0
    )
    granularity: tuple[str, ...] = key(
        "Groups of the group penalties, one penalty for each: `channel:0` are filters or "
        "neurons, `channel:1` what one input feeds.",
        (),
    )
    targets: tuple[str, ...] = key("Parameters.", ("weight",))
    ignore: tuple[str, ...] = key("Parameters to leave out.", ())
    masked_weights: bool = key("Penalize what gates or masks leave of a weight.", False)
    proximal: bool = key(
        "Apply l1 or group_lasso as a proximal step after the update, which reaches exact "
        "zeros, instead of as a gradient.",
        False,
    )
    start: float = key("Beginning within the stage.", 0.0, unit="epochs", low=0)
    end: float | None = key("End within the stage; the stage's when empty.", None, unit="epochs")


@dataclass(frozen=True)
class Select:
    """A choice of parameters."""

    targets: tuple[str, ...] = key("Parameters.", ("*",))
    ignore: tuple[str, ...] = key("Parameters to leave out.", ())


@dataclass(frozen=True)
class Gradual(Modifier):
    """Masks by magnitude that tighten by the cubic schedule of Zhu and Gupta (2017).

    ``s(t) = final + (initial - final) (1 - t)^3`` with t from 0 at `start` to 1 at `end`.
    """

    final: float = key("Share of weights pruned at the end.", low=0, below=1)
    initial: float = key("Share of weights pruned at the start.", 0.0, low=0, below=1)
    start: float = key("First selection.", 0.0, unit="epochs", low=0)
    end: float | None = key(
        "Last selection; three quarters of the stage when empty.", None, unit="epochs", above=0
    )
    frequency: int = key("Distance of two selections.", 100, unit="steps", above=0)
    scope: str = key("Rank within each weight or all together.", "tensor",
                     choices=("tensor", "global"))  # fmt: skip
    targets: tuple[str, ...] = key("Weights to prune.", ("weight",))
    ignore: tuple[str, ...] = key("Weights to leave out.", ())

    chooses_masks = True

    def pruned(self) -> Mapping[str, float]:
        """The share at the end."""
        return {"final": self.final}


@dataclass(frozen=True)
class Rigl(Modifier):
    """Sparse from the start, with masks that move (Evci et al. 2020).

    Each time the smallest weights leave and as many of those with the largest
    gradient enter at zero; the share falls from `fraction` to zero as a cosine.
    """

    sparsity: float = key("Share of the weights that is pruned.", above=0, below=1)
    fraction: float = key("Share of the live weights exchanged at first.", 0.3, above=0, high=1)
    frequency: int = key("Distance of two exchanges.", 100, unit="steps", above=0)
    end: float | None = key(
        "Last exchange; three quarters of the stage when empty.", None, unit="epochs", above=0
    )
    density: str = key(
        "The same share everywhere, or larger ones in smaller layers (Erdos-Renyi kernel).",
        "erk", choices=("uniform", "erk"),
    )  # fmt: skip
    targets: tuple[str, ...] = key("Weights to prune.", ("weight",))
    ignore: tuple[str, ...] = key("Weights to leave out.", ())

    chooses_masks = True


@dataclass(frozen=True)
class StraightThrough(Modifier):
    """Masks by magnitude, chosen anew in every step; gradients reach all weights."""

    pattern: str = key(
        "`n:m` keeps the n largest of every m weights of a row; empty for `sparsity`.", ""
    )
    sparsity: float | None = key(
        "Share of each weight that is pruned, instead of a pattern.", None, low=0, below=1
    )
    ramp: float = key(
        "Epochs over which the sparsity rises from zero, as a cubic.", 0.0, unit="epochs", low=0
    )
    decay: float = key("Pull of masked weights to zero (SR-STE, Zhou et al. 2021).", 2e-4, low=0)
    targets: tuple[str, ...] = key("Weights to prune.", ("weight",))
    ignore: tuple[str, ...] = key("Weights to leave out.", ())

    chooses_masks = True

    def check(self, path: str, epochs: int, gate_rows: float) -> None:
        """One rule, and a ramp within the stage."""
        if bool(self.pattern) == (self.sparsity is not None):
            raise RecipeError(f"{path} needs a pattern or a sparsity, one of them")
        if self.ramp > epochs:
            raise RecipeError(f"{path}.ramp is no longer than the stage")
        if self.pattern and not _is_pattern(self.pattern):
            raise RecipeError(f"{path}.pattern is n:m with n < m, got '{self.pattern}'")

    def pruned(self) -> Mapping[str, float]:
        """The sparsity, where there is no pattern."""
        return {} if self.pattern or self.sparsity is None else {"sparsity": self.sparsity}


@dataclass(frozen=True)
class Admm(Modifier):
    """Alternating directions: weights are drawn to their best sparse neighbor.

    Zhang et al. (2018): the loss grows by rho/2 |W - Z + U|^2; every `frequency`
    steps Z becomes the largest entries of W + U, and U grows by W - Z.
    """

    rho: float = key("Pull to the sparse copy.", 1e-4, above=0)
    sparsity: float | None = key("Share of each weight that is pruned.", None, low=0, below=1)
    sparsities: dict[str, float] = key(
        "Shares by pattern, before `sparsity`; the first match counts.",
        factory=dict,
        low=0,
        below=1,
    )
    frequency: int = key("Distance of two updates of Z and U; zero is an epoch.", 0,
                         unit="steps", low=0)  # fmt: skip
    targets: tuple[str, ...] = key("Weights to prune.", ("weight",))
    ignore: tuple[str, ...] = key("Weights to leave out.", ())

    leaves_dense = True

    def check(self, path: str, epochs: int, gate_rows: float) -> None:
        """Some sparsity is named."""
        if self.sparsity is None and not self.sparsities:
            raise RecipeError(f"{path} needs sparsity or sparsities")


@dataclass(frozen=True)
class Distill:
    """Soft labels from the network of the reference stage.

    Hinton, Vinyals and Dean (2015), section 2: a row counts for its class with
    1 - weight, and with weight for all classes as the softmax of the reference
    network's logits over the temperature says.
    """

    weight: float = key("Part of a label that the reference network gives.", 0.5, above=0, high=1)
    temperature: float = key("Divides the logits of the reference network.", 4.0, above=0)


@dataclass(frozen=True)
class GateOptimizer:
    """Optimizer of the auxiliary parameters."""

    name: str = key("Optimizer.", "sgd", choices=("sgd", "adam"))
    momentum: float = key("Momentum of sgd.", 0.9, low=0, below=1)
    learning_rate: Rate = key("Learning rate; a number or a schedule.",
                              factory=lambda: Rate(0.1))  # fmt: skip


@dataclass(frozen=True)
class Gates(Modifier):
    """AutoPrune (Xiao, Wang and Rajasekaran 2019): gates that are trained.

    Every weight (or filter) is multiplied by the step function of an auxiliary
    parameter m; it is open while m > 0. A closed weight keeps its value and can
    return. The penalty is strength times the number of open gates.
    """

    ste: str = key("Derivative used in place of the step function's.", "softplus", choices=STES)
    slope: float = key("Slope of leaky_relu below zero.", 0.1, above=0, below=1)
    rule: str = key("`sign` uses sgn(w) for w in the gradient of m, `chain` is the chain rule.",
                    "sign", choices=("sign", "chain"))  # fmt: skip
    granularity: str = key("One gate per weight, or per filter or neuron.", "element",
                           choices=("element", "channel"))  # fmt: skip
    initial: float = key("m at the start.", 0.1, above=0)
    clamp: float = key("m stays within plus and minus this; zero for no bound.", 1.0, low=0)
    strength: Strength = key("Penalty of an open gate.", factory=lambda: Strength(1e-4))
    relative: bool = key(
        "Strength in units of the root mean square of each weight's gradient in the fresh network.",
        False,
    )
    strengths: dict[str, float] = key(
        "Multipliers of the strength by pattern of the weight; the first match counts.",
        factory=dict, low=0,
    )  # fmt: skip
    optimizer: GateOptimizer = key("Optimizer of m.", factory=GateOptimizer)
    bilevel: bool = key(
        "Train gates on the rows of `splits.gates`, not on the batch of the weights.", False
    )
    joint: bool = key(
        "Gates and weights learn from one gradient in one step, at half the cost; on one level, "
        "in every step from the first on.",
        False,
    )
    every: int = key("Steps of the weights for one of the gates.", 1, unit="steps", above=0)
    freeze_closed: bool = key("Weights behind closed gates keep value and moments exactly.", True)
    decay_frozen: bool = key("Weights that are frozen so decay all the same.", False)
    compression: float | None = key(
        "Freeze the gates at this many weights per open gate.", None, above=1
    )
    macs: float | None = key(
        "Freeze the gates when the MACs of non-zero weights are this share of the dense ones.",
        None, above=0, below=1,
    )  # fmt: skip
    start: float = key("Epoch at which gates begin to learn.", 0.0, unit="epochs", low=0)
    end: float | None = key("Epoch at which they freeze.", None, unit="epochs", above=0)
    stop: bool = key("End the stage with the epoch in which the gates freeze.", False)
    targets: tuple[str, ...] = key("Weights that get gates.", ("weight",))
    ignore: tuple[str, ...] = key("Weights to leave out.", ())

    def check(self, path: str, epochs: int, gate_rows: float) -> None:
        """Rows for two levels; joint gates on one."""
        if self.bilevel and gate_rows == 0:
            raise RecipeError(f"{path}.bilevel needs rows of its own: set splits.gates")
        if self.joint and (self.bilevel or self.every != 1 or self.start != 0):
            raise RecipeError(f"{path}.joint goes with one level, every 1 and start 0")


def _is_pattern(text: str) -> bool:
    parts = text.split(":")
    return len(parts) == 2 and all(p.isdigit() for p in parts) and 0 < int(parts[0]) < int(parts[1])
