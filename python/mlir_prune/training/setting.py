# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the passes of a stage depend on besides its recipe, and options that several share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..recipe.schema import Optimizer


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
