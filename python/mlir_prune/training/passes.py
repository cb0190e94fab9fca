# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pass pipeline of a training stage, as text.

A stage is written in the phases that the compiler offers as pipelines
(docs/Pipelines.md); only what a recipe may repeat, such as a second penalty,
stands between them as a pass. What a method adds is in :mod:`.methods`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import networks
from ..pipelines import module, options
from ..recipe.modifiers import Regularize
from ..recipe.schema import Train
from .methods import asked
from .program import STEP
from .setting import Setting, update

_ALL_ROLES = ("weight", "bias", "scale")


def stage_pipeline(network: Any, stage: Train, path: str, setting: Setting) -> str:
    """From the model form to the forward pass and the step functions of a stage."""
    passes = [network_phase(network, stage, path)]
    passes += weight_phases(network, stage, path, setting)
    for kind, rule in asked(stage):
        passes += kind.functions(network, stage, rule, path, setting)
    return module(*passes)


def network_phase(network: Any, stage: Train, path: str) -> str:
    """Rewrites of the network that evaluation sees too."""
    settings: dict[str, object] = {}
    for kind, rule in asked(stage):
        settings |= kind.network_options(network, rule, path)
    return options("prune-network-pipeline", **settings) if settings else ""


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
    gradient: dict[str, object] = {}
    for kind, rule in asked(stage):
        gradient |= kind.gradient_options(rule)
    return options(
        "prune-gradient-pipeline", function=loss,
        soft_labels=setting.soft_labels or None,
        class_dimension=network.signature.unusual_axis,
        dropout=rates or None, dropout_remaining=left or None,
        dropout_seed=setting.seed if rates else None,
        freeze_parameters=frozen or None,
        compress=setting.compresses or None,
        **gradient,
    )  # fmt: skip


def step_phase(
    network: Any, stage: Train, path: str, loss: str, frozen: list[str], setting: Setting
) -> str:
    """From the gradients of the weights to their step."""
    settings: dict[str, object] = {}
    for kind, rule in asked(stage):
        settings |= kind.step_options(network, rule, path, setting)
    masked = [name for name in setting.masked if name not in frozen]
    if masked:
        settings |= {"mask": True, "mask_roles": _ALL_ROLES, "mask_parameters": masked}
    return options(
        "prune-step-pipeline", function=loss, name=STEP, **settings, **update(stage.optimizer)
    )


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
