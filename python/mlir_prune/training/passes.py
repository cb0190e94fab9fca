# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pass pipelines of a training stage, as text.

Rewrites of the network (gates, straight-through masks) come first and reach
the forward pass too; then each step function is built from its own loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import networks
from ..pipelines import options
from ..recipe.modifiers import Regularize
from ..recipe.schema import Optimizer, Train
from .program import STEP

GATE_STEP = "gate_step"
"""The step function of the auxiliary parameters."""

GATE_RATE, GATE_PRICE = "auxiliary_learning_rate", "gate_strength"
"""Inputs of a step of the weights that trains joint gates too."""

MASK_STEP = "mask_step"
"""The function that moves masks between steps."""

ADMM_STEP = "admm_step"
"""The function that projects the weights of ADMM."""

_ALL_ROLES = ("weight", "bias", "scale")


@dataclass(frozen=True)
class Setting:
    """What a stage's passes depend on besides its recipe.

    `masked` are the parameters that have masks, `packs` says that some of these are
    fixed and given to the module, `dropout` the rates by weight,
    `remaining` the weights left where these are adjusted, `prices` factors of
    the gates' strength by weight, `seed` that of dropout; with `soft_labels`
    labels are shares of the classes.
    """

    masked: tuple[str, ...] = ()
    packs: bool = False
    dropout: Mapping[str, float] = field(default_factory=dict)
    remaining: Mapping[str, int] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    soft_labels: bool = False


def stage_pipeline(network: Any, stage: Train, path: str, setting: Setting) -> str:
    """From the model form to the forward pass and the step functions of a stage."""
    passes = forward_passes(network, stage, path)
    passes += step_passes(network, stage, path, setting)
    passes += method_passes(network, stage, path)
    if stage.gates and not stage.gates.joint:
        passes += gate_passes(network, stage, path, setting)
    passes += ["canonicalize", "cse"]
    return f"builtin.module({','.join(passes)})"


def forward_passes(network: Any, stage: Train, path: str) -> list[str]:
    """Rewrites of the network that evaluation sees too."""
    passes = []
    gates = stage.gates
    if gates:
        names = networks.choose(
            network, gates.targets, gates.ignore, f"{path}.gates", among=("weight",)
        )
        passes.append(
            options(
                "prune-insert-gates", function="forward", granularity=gates.granularity,
                ste=gates.ste, slope=gates.slope if gates.ste == "leaky_relu" else None,
                rule=gates.rule, parameters=names,
            )
        )  # fmt: skip
    if stage.straight_through:
        rule = stage.straight_through
        names = networks.choose(
            network, rule.targets, rule.ignore, f"{path}.straight_through", among=("weight",)
        )
        granularity = f"n_of_m:{rule.pattern}:1" if rule.pattern else None
        passes.append(
            options(
                "prune-insert-straight-through-masks", function="forward",
                granularity=granularity, runtime_ratio=None if rule.pattern else True,
                decay=rule.decay, parameters=names,
            )
        )  # fmt: skip
    return passes


def step_passes(network: Any, stage: Train, path: str, setting: Setting) -> list[str]:
    """The step function of the weights, and of joint gates."""
    loss, gates = f"{STEP}_loss", stage.gates
    joint = gates is not None and gates.joint
    frozen = frozen_parameters(network, stage, path)
    passes = loss_passes(network, loss, setting)
    passes += freeze_passes(loss, frozen, gates is not None and not joint)
    if setting.packs:
        passes.append("prune-pack-parameters")
    passes.append(options("prune-differentiate", function=loss))
    if joint:
        passes.append(price_pass(network, loss, stage, path, setting, GATE_PRICE))
    for index, penalty in enumerate(stage.regularize):
        if not penalty.proximal:
            passes.append(regularizer_pass(network, loss, stage, index, path, frozen))
    if stage.admm:
        names = networks.choose(
            network, stage.admm.targets, stage.admm.ignore, f"{path}.admm", among=("weight",)
        )
        passes.append(
            options("prune-insert-admm", function=loss, rho=stage.admm.rho, parameters=names)
        )
    live = [name for name in setting.masked if name not in frozen]
    if live:
        passes.append(
            options(
                "prune-mask-gradients", function=loss, roles=_ALL_ROLES, parameters=live
            )
        )  # fmt: skip
    passes.append(update_pass(loss, STEP, stage.optimizer, **gate_settings(stage)))
    for index, penalty in enumerate(stage.regularize):
        if penalty.proximal:
            passes.append(proximal_pass(network, stage, index, path, frozen))
    passes.append(options("prune-verify-train-step", function=STEP))
    return passes


def loss_passes(network: Any, loss: str, setting: Setting) -> list[str]:
    """A loss function of its own, with dropout and batch statistics."""
    passes = [
        options(
            "prune-insert-loss", function="forward", name=loss,
            soft_labels=setting.soft_labels or None,
        )
    ]  # fmt: skip
    if setting.dropout:
        rates = [f"{name}:{rate!r}" for name, rate in setting.dropout.items()]
        passes.append(
            options("prune-insert-dropout", function=loss, rates=rates, seed=setting.seed)
        )
        left = [f"{n}:{count}" for n, count in setting.remaining.items() if n in setting.dropout]
        if left:
            passes.append(options("prune-adjust-dropout", function=loss, remaining=left))
    if "scale" in network.roles().values():
        passes.append(options("prune-train-batch-norms", function=loss))
    return passes


def method_passes(network: Any, stage: Train, path: str) -> list[str]:
    """Functions that run between the steps: masks that move, projections."""
    passes = []
    if stage.gradual:
        names = networks.choose(
            network, stage.gradual.targets, stage.gradual.ignore, f"{path}.gradual",
            among=("weight",),
        )  # fmt: skip
        passes.append(
            options(
                "prune-build-mask-step", step=STEP, name=MASK_STEP, scope=stage.gradual.scope,
                parameters=names,
            )
        )  # fmt: skip
    if stage.rigl:
        names = networks.choose(
            network, stage.rigl.targets, stage.rigl.ignore, f"{path}.rigl", among=("weight",)
        )
        loss = f"{MASK_STEP}_loss"
        passes += loss_passes(network, loss, Setting(soft_labels=stage.distill is not None))
        passes.append(options("prune-differentiate", function=loss))
        passes.append(
            options(
                "prune-build-mask-step", step=STEP, function=loss, name=MASK_STEP, rule="rigl",
                parameters=names,
            )
        )  # fmt: skip
    if stage.admm:
        admm = stage.admm
        names = networks.choose(
            network, admm.targets, admm.ignore, f"{path}.admm", among=("weight",)
        )
        found = networks.match_numbers(admm.ratios, names, f"{path}.admm.ratios")
        ratios = [f"{name}:{found.get(name, admm.ratio or 0.0)!r}" for name in names]
        passes.append(options("prune-build-admm-step", step=STEP, name=ADMM_STEP, ratios=ratios))
    return passes


def gate_passes(network: Any, stage: Train, path: str, setting: Setting) -> list[str]:
    """The step function of the auxiliary parameters; weights are frozen in it."""
    assert stage.gates is not None
    gates, loss = stage.gates, f"{GATE_STEP}_loss"
    optimizer = Optimizer(name=gates.optimizer.name, momentum=gates.optimizer.momentum)
    passes = loss_passes(network, loss, Setting(soft_labels=stage.distill is not None))
    passes.append(
        options("prune-freeze-parameters", function=loss, roles=["auxiliary"], invert=True)
    )
    passes.append(options("prune-differentiate", function=loss))
    passes.append(price_pass(network, loss, stage, path, setting, None))
    passes.append(update_pass(loss, GATE_STEP, optimizer, clamp_auxiliary=gates.clamp or None))
    passes.append(options("prune-verify-train-step", function=GATE_STEP))
    return passes


def price_pass(
    network: Any, loss: str, stage: Train, path: str, setting: Setting, strength: str | None
) -> str:
    """The price of open gates, with its strength as the input `strength`."""
    gates = stage.gates
    assert gates is not None
    names = networks.choose(
        network, gates.targets, gates.ignore, f"{path}.gates", among=("weight",)
    )
    found = networks.match_numbers(gates.strengths, names, f"{path}.gates.strengths")
    factors = [
        f"{name}.gate:{found.get(name, 1.0) * setting.prices.get(name, 1.0)!r}" for name in names
    ]
    return options(
        "prune-insert-regularizers", function=loss, kind="open_gates", runtime_strength=True,
        strength_input=strength, roles=["auxiliary"], strengths=factors,
    )  # fmt: skip


def gate_settings(stage: Train) -> dict[str, object]:
    """What gates change in the update of the weights, and that of joint gates."""
    gates = stage.gates
    if gates is None:
        return {}
    settings: dict[str, object] = {
        "hold_gated": gates.hold or None,
        "decay_held": (gates.hold and gates.decay_held) or None,
    }
    if gates.joint:
        settings["separate_auxiliary"] = True
        settings["auxiliary_optimizer"] = gates.optimizer.name
        if gates.optimizer.name == "sgd":
            settings["auxiliary_momentum"] = gates.optimizer.momentum
        settings["clamp_auxiliary"] = gates.clamp or None
    return settings


def freeze_passes(loss: str, names: Iterable[str], auxiliary: bool) -> list[str]:
    """Freezes parameters by name, and all gates in the step of the weights."""
    passes = []
    names = list(names)
    if names:
        passes.append(options("prune-freeze-parameters", function=loss, parameters=names))
    if auxiliary:
        passes.append(options("prune-freeze-parameters", function=loss, roles=["auxiliary"]))
    return passes


def frozen_parameters(network: Any, stage: Train, path: str) -> list[str]:
    """Parameters that the stage does not train."""
    if stage.freeze is None:
        return []
    return networks.choose(network, stage.freeze.targets, stage.freeze.ignore, f"{path}.freeze")


def penalized(network: Any, penalty: Regularize, path: str, frozen: Iterable[str]) -> list[str]:
    """Parameters that a penalty reaches; frozen ones have no gradient to add to."""
    names = networks.choose(network, penalty.targets, penalty.ignore, path)
    frozen = set(frozen)
    return [name for name in names if name not in frozen]


def strength_input(index: int) -> str:
    """Name of the input that gives a penalty its strength; proximal ones share one."""
    return f"strength{index}" if index else "strength"


def regularizer_pass(
    network: Any, loss: str, stage: Train, index: int, path: str, frozen: Iterable[str]
) -> str:
    """A penalty with its strength as an input of the step."""
    penalty, where = stage.regularize[index], f"{path}.regularize[{index}]"
    names = penalized(network, penalty, where, frozen)
    found = networks.match_numbers(penalty.strengths, names, f"{where}.strengths")
    return options(
        "prune-insert-regularizers", function=loss, kind=penalty.kind, runtime_strength=True,
        strength_input=strength_input(index) if index else None,
        strengths=[f"{name}:{factor!r}" for name, factor in found.items()] or None,
        granularity=penalty.granularity or None, survivors=penalty.survivors or None,
        roles=_ALL_ROLES, parameters=names,
    )  # fmt: skip


def proximal_pass(network: Any, stage: Train, index: int, path: str, frozen: Iterable[str]) -> str:
    """A proximal step after the update, with its strength as an input."""
    penalty, where = stage.regularize[index], f"{path}.regularize[{index}]"
    names = penalized(network, penalty, where, frozen)
    found = networks.match_numbers(penalty.strengths, names, f"{where}.strengths")
    return options(
        "prune-insert-proximal-steps", function=STEP, kind=penalty.kind, runtime_strength=True,
        strengths=[f"{name}:{factor!r}" for name, factor in found.items()] or None,
        granularity=penalty.granularity[0] if penalty.granularity else None,
        roles=_ALL_ROLES, parameters=names,
    )  # fmt: skip


def update_pass(loss: str, name: str, optimizer: Optimizer, **extra: object) -> str:
    """The optimiser's update as the last part of a step."""
    settings: dict[str, object] = {"optimizer": optimizer.name}
    if optimizer.name == "sgd":
        settings["momentum"] = optimizer.momentum
        settings["nesterov"] = optimizer.nesterov or None
    else:
        settings["beta1"], settings["beta2"] = optimizer.beta1, optimizer.beta2
        settings["epsilon"] = optimizer.epsilon
    if optimizer.weight_decay:
        settings["weight_decay"] = optimizer.weight_decay
        settings["decay_roles"] = list(optimizer.decay_roles)
    return options("prune-build-train-step", function=loss, name=name, **settings, **extra)
