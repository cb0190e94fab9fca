# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pass pipeline of a training stage, as text.

A stage is written in the phases that the compiler offers as pipelines
(docs/Pipelines.md); only what a recipe may repeat, such as a second penalty,
stands between them as a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import networks
from ..pipelines import module, options
from ..recipe.modifiers import Gates, Regularize
from ..recipe.schema import Optimizer, Train
from .masks import gate_of
from .program import STEP

GATE_STEP = "gate_step"
"""The step function of the auxiliary parameters."""

GATE_RATE, GATE_STRENGTH = "auxiliary_learning_rate", "gate_strength"
"""Inputs of a step of the weights that trains joint gates too."""

MASK_STEP = "mask_step"
"""The function that moves masks between steps."""

ADMM_STEP = "admm_step"
"""The function that projects the weights of ADMM."""

_ALL_ROLES = ("weight", "bias", "scale")


@dataclass(frozen=True)
class Setting:
    """What a stage's passes depend on besides its recipe.

    `masked` are the parameters that have masks, `compresses` says that some of these are
    fixed and given to the module, `dropout` the rates by weight,
    `remaining` the weights left where these are adjusted, `gate_scales` factors of
    the gates' strength by weight, `seed` that of dropout; with `soft_labels`
    labels are shares of the classes.
    """

    masked: tuple[str, ...] = ()
    compresses: bool = False
    dropout: Mapping[str, float] = field(default_factory=dict)
    remaining: Mapping[str, int] = field(default_factory=dict)
    gate_scales: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    soft_labels: bool = False


def stage_pipeline(network: Any, stage: Train, path: str, setting: Setting) -> str:
    """From the model form to the forward pass and the step functions of a stage."""
    passes = [network_phase(network, stage, path)]
    passes += weight_phases(network, stage, path, setting)
    passes += mask_phases(network, stage, path)
    if stage.gates and not stage.gates.joint:
        passes.append(gate_step(network, stage, path, setting))
    return module(*passes)


def network_phase(network: Any, stage: Train, path: str) -> str:
    """Rewrites of the network that evaluation sees too."""
    settings: dict[str, object] = {}
    if stage.gates:
        settings |= gate_options(network, stage.gates, path)
    if stage.straight_through:
        rule = stage.straight_through
        settings |= {
            "straight_through": True,
            "straight_through_granularity": f"n_of_m:{rule.pattern}:1" if rule.pattern else None,
            "straight_through_decay": rule.decay,
            "straight_through_parameters": networks.choose(
                network, rule.targets, rule.ignore, f"{path}.straight_through", among=("weight",)
            ),
        }
    return options("prune-network-pipeline", **settings) if settings else ""


def gate_options(network: Any, gates: Gates, path: str) -> dict[str, object]:
    """The gates of a stage as options of the pipelines of training."""
    return {
        "gates": gates.granularity,
        "ste": gates.ste,
        "ste_slope": gates.slope if gates.ste == "leaky_relu" else None,
        "gate_rule": gates.rule,
        "gate_parameters": gated(network, gates, path),
    }


def gated(network: Any, gates: Gates, path: str) -> list[str]:
    """Weights that the gates of a stage open and close."""
    return networks.choose(network, gates.targets, gates.ignore, f"{path}.gates", among=("weight",))


def weight_phases(network: Any, stage: Train, path: str, setting: Setting) -> list[str]:
    """The step function of the weights, and of joint gates."""
    loss = f"{STEP}_loss"
    frozen = frozen_parameters(network, stage, path)
    phases = [gradient_phase(network, stage, loss, frozen, setting)]
    for index, penalty in enumerate(stage.regularize):
        if not penalty.proximal:
            phases.append(regularizer_pass(network, loss, stage, index, path, frozen))
    phases.append(step_phase(network, stage, path, loss, frozen, setting))
    proximal = [index for index, penalty in enumerate(stage.regularize) if penalty.proximal]
    phases += [proximal_pass(network, stage, index, path, frozen) for index in proximal]
    if proximal:
        phases.append(options("prune-verify-train-step", function=STEP))
    return phases


def gradient_phase(
    network: Any, stage: Train, loss: str, frozen: list[str], setting: Setting
) -> str:
    """A gradient function of its own, with dropout and batch statistics."""
    rates = [f"{name}:{rate!r}" for name, rate in setting.dropout.items()]
    left = [f"{n}:{count}" for n, count in setting.remaining.items() if n in setting.dropout]
    return options(
        "prune-gradient-pipeline", function=loss,
        soft_labels=setting.soft_labels or None,
        class_dimension=network.signature.unusual_axis,
        dropout=rates or None, dropout_remaining=left or None,
        dropout_seed=setting.seed if rates else None,
        freeze_parameters=frozen or None,
        # Gates that have a step of their own stand still in that of the weights.
        freeze_auxiliary=(stage.gates is not None and not stage.gates.joint) or None,
        compress=setting.compresses or None,
    )  # fmt: skip


def step_phase(
    network: Any, stage: Train, path: str, loss: str, frozen: list[str], setting: Setting
) -> str:
    """From the gradients of the weights to their step."""
    settings: dict[str, object] = {}
    if stage.gates:
        settings |= gate_updates(stage.gates)
        if stage.gates.joint:
            settings |= gate_strength(network, stage.gates, path, setting)
    if stage.admm:
        admm = stage.admm
        settings["admm_rho"] = admm.rho
        settings["admm_parameters"] = networks.choose(
            network, admm.targets, admm.ignore, f"{path}.admm", among=("weight",)
        )
    masked = [name for name in setting.masked if name not in frozen]
    if masked:
        settings |= {"mask": True, "mask_roles": _ALL_ROLES, "mask_parameters": masked}
    return options(
        "prune-step-pipeline", function=loss, name=STEP, **settings, **update(stage.optimizer)
    )


def mask_phases(network: Any, stage: Train, path: str) -> list[str]:
    """Functions that run between the steps: masks that move, projections."""
    phases = []
    for rule, key in ((stage.gradual, "gradual"), (stage.rigl, "rigl")):
        if rule is None:
            continue
        names = networks.choose(
            network, rule.targets, rule.ignore, f"{path}.{key}", among=("weight",)
        )
        grows = rule is stage.rigl
        phases.append(
            options(
                "prune-mask-step-pipeline", step=STEP, name=MASK_STEP,
                rule="rigl" if grows else "magnitude",
                function=f"{MASK_STEP}_loss" if grows else None,
                soft_labels=(grows and stage.distill is not None) or None,
                class_dimension=network.signature.unusual_axis if grows else None,
                scope=None if rule is stage.rigl else rule.scope, parameters=names,
            )
        )  # fmt: skip
    if stage.admm:
        admm = stage.admm
        names = networks.choose(
            network, admm.targets, admm.ignore, f"{path}.admm", among=("weight",)
        )
        found = networks.match_numbers(admm.sparsities, names, f"{path}.admm.sparsities")
        sparsities = [f"{name}:{found.get(name, admm.sparsity or 0.0)!r}" for name in names]
        phases.append(
            options("prune-build-admm-step", step=STEP, name=ADMM_STEP, sparsities=sparsities)
        )
    return phases


def gate_step(network: Any, stage: Train, path: str, setting: Setting) -> str:
    """The step function of the auxiliary parameters; weights are frozen in it."""
    gates = stage.gates
    assert gates is not None
    optimizer = Optimizer(name=gates.optimizer.name, momentum=gates.optimizer.momentum)
    return options(
        "prune-train-pipeline", function=f"{GATE_STEP}_loss", name=GATE_STEP,
        soft_labels=(stage.distill is not None) or None,
        class_dimension=network.signature.unusual_axis,
        freeze_roles=["auxiliary"], freeze_invert=True,
        **gate_strength(network, gates, path, setting), **update(optimizer),
        clamp_auxiliary=gates.clamp or None,
    )  # fmt: skip


def gate_strength(network: Any, gates: Gates, path: str, setting: Setting) -> dict[str, object]:
    """What an open gate costs, with its strength as the input `gate_strength`."""
    names = gated(network, gates, path)
    found = networks.match_numbers(gates.strengths, names, f"{path}.gates.strengths")
    factors = [
        f"{gate_of(name)}:{found.get(name, 1.0) * setting.gate_scales.get(name, 1.0)!r}" for name in names
    ]
    return {"runtime_gate_strength": True, "gate_strengths": factors}


def gate_updates(gates: Gates) -> dict[str, object]:
    """What gates change in the update of the weights, and that of joint gates."""
    settings: dict[str, object] = {
        "freeze_gated": gates.freeze_closed or None,
        "decay_frozen": (gates.freeze_closed and gates.decay_frozen) or None,
    }
    if gates.joint:
        settings["separate_auxiliary"] = True
        settings["auxiliary_optimizer"] = gates.optimizer.name
        if gates.optimizer.name == "sgd":
            settings["auxiliary_momentum"] = gates.optimizer.momentum
        settings["clamp_auxiliary"] = gates.clamp or None
    return settings


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
        granularity=penalty.granularity or None, masked_weights=penalty.masked_weights or None,
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


def update(optimizer: Optimizer) -> dict[str, object]:
    """The optimizer as options of the pipelines of training."""
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
    return settings
