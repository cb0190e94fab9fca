# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pass pipelines of a training stage, as text.

Rewrites of the network (gates, straight-through masks) come first and reach
the forward pass too; then each step function is built from its own loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .. import networks
from ..pipelines import options
from ..recipe.modifiers import Gates, Regularize
from ..recipe.schema import Optimizer, Train

STEP = "train_step"
"""The step function of the weights."""

GATE_STEP = "gate_step"
"""The step function of the auxiliary parameters."""


def stage_pipeline(
    network: Any,
    stage: Train,
    masked: Iterable[str],
    dropout: Mapping[str, float],
    path: str,
    remaining: Mapping[str, int] | None = None,
) -> str:
    """From the model form to the forward pass and the step functions of a stage.

    `masked` are the weights that have masks, `dropout` the rates by weight,
    `remaining` the weights left where the rates are adjusted to them.
    """
    passes = forward_passes(network, stage, path)
    passes += step_passes(network, stage, masked, dropout, path, remaining or {})
    if stage.gates:
        passes += gate_passes(network, stage, path)
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
        ratio = rule.pattern or f"{rule.ratio!r}"
        passes.append(
            options(
                "prune-insert-straight-through-masks", function="forward", ratio=ratio,
                decay=rule.decay, parameters=names,
            )
        )  # fmt: skip
    return passes


def step_passes(
    network: Any,
    stage: Train,
    masked: Iterable[str],
    dropout: Mapping[str, float],
    path: str,
    remaining: Mapping[str, int],
) -> list[str]:
    """The step function of the weights."""
    loss = f"{STEP}_loss"
    passes = [options("prune-insert-loss", function="forward", name=loss)]
    if dropout:
        rates = [f"{name}:{rate!r}" for name, rate in dropout.items()]
        passes.append(options("prune-insert-dropout", function=loss, rates=rates))
        left = [f"{name}:{count}" for name, count in remaining.items() if name in dropout]
        if left:
            passes.append(options("prune-adjust-dropout", function=loss, remaining=left))
    if "scale" in networks.roles(network).values():
        passes.append(options("prune-train-batch-norms", function=loss))
    frozen = frozen_parameters(network, stage, path)
    if frozen or stage.gates:
        roles = ["auxiliary"] if stage.gates else None
        passes += freeze_passes(loss, frozen, roles)
    passes.append(options("prune-differentiate", function=loss))
    for index, penalty in enumerate(stage.regularize):
        if not penalty.proximal:
            names = penalized(network, penalty, f"{path}.regularize[{index}]", frozen)
            base = stage.regularize[0].strength.value
            passes.append(
                regularizer_pass(loss, penalty, names, f"{path}.regularize[{index}]", base)
            )
    if stage.admm:
        names = networks.choose(
            network, stage.admm.targets, stage.admm.ignore, f"{path}.admm", among=("weight",)
        )
        passes.append(
            options("prune-insert-admm", function=loss, rho=stage.admm.rho, parameters=names)
        )
    live = [name for name in masked if name not in frozen]
    if live:
        passes.append(options("prune-mask-gradients", function=loss, parameters=live))
    hold = True if stage.gates and stage.gates.hold else None
    passes.append(update_pass(loss, STEP, stage.optimizer, hold_gated=hold))
    for index, penalty in enumerate(stage.regularize):
        if penalty.proximal:
            names = penalized(network, penalty, f"{path}.regularize[{index}]", frozen)
            passes.append(
                options(
                    "prune-insert-proximal-steps", function=STEP, kind=penalty.kind,
                    granularity=penalty.granularity or None, parameters=names,
                )
            )  # fmt: skip
    passes.append(options("prune-verify-train-step", function=STEP))
    return passes


def gate_passes(network: Any, stage: Train, path: str) -> list[str]:
    """The step function of the auxiliary parameters; weights are frozen in it."""
    assert stage.gates is not None
    gates, loss = stage.gates, f"{GATE_STEP}_loss"
    optimizer = Optimizer(name=gates.optimizer.name, momentum=gates.optimizer.momentum)
    passes = [options("prune-insert-loss", function="forward", name=loss)]
    if "scale" in networks.roles(network).values():
        passes.append(options("prune-train-batch-norms", function=loss))
    passes += freeze_passes(loss, [], ["auxiliary"], invert=True)
    passes.append(options("prune-differentiate", function=loss))
    passes.append(gate_penalty(network, loss, gates, path))
    clamp = gates.clamp or None
    passes.append(update_pass(loss, GATE_STEP, optimizer, clamp_auxiliary=clamp))
    passes.append(options("prune-verify-train-step", function=GATE_STEP))
    return passes


def gate_penalty(network: Any, loss: str, gates: Gates, path: str) -> str:
    """The price of open gates; each weight's own factor is an input of the step."""
    names = networks.choose(
        network, gates.targets, gates.ignore, f"{path}.gates", among=("weight",)
    )
    found = networks.match_numbers(gates.strengths, names, f"{path}.gates.strengths")
    factors = [f"{name}.gate:{found.get(name, 1.0)!r}" for name in names]
    return options(
        "prune-insert-regularizers", function=loss, kind="open_gates", runtime_strength=True,
        roles=["auxiliary"], strengths=factors, ste=gates.ste,
        slope=gates.slope if gates.ste == "leaky_relu" else None,
    )  # fmt: skip


def freeze_passes(
    loss: str, names: Iterable[str], roles: list[str] | None, invert: bool = False
) -> list[str]:
    """Freezes parameters by name and by role, each in a pass of its own."""
    passes = []
    names = list(names)
    if names:
        passes.append(options("prune-freeze-parameters", function=loss, parameters=names))
    if roles:
        passes.append(
            options(
                "prune-freeze-parameters", function=loss, roles=roles, invert=invert or None
            )
        )  # fmt: skip
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


def regularizer_pass(
    loss: str, penalty: Regularize, names: list[str], path: str, base: float
) -> str:
    """A penalty with its strength as an input of the step.

    The input is the strength of the stage's first penalty, `base` at its full
    value; the other penalties and the patterns are factors of it.
    """
    found = networks.match_numbers(penalty.strengths, names, f"{path}.strengths")
    share = penalty.strength.value / base if base else 1.0
    factors = [f"{name}:{found.get(name, 1.0) * share!r}" for name in names]
    return options(
        "prune-insert-regularizers", function=loss, kind=penalty.kind, runtime_strength=True,
        strengths=factors if found or share != 1.0 else None,
        granularity=penalty.granularity or None, roles=["weight", "bias", "scale"],
        parameters=names,
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
