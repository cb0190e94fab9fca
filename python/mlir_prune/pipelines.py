# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pass pipelines that the Python flow runs, as text for ``Module.run``."""

from __future__ import annotations

from .recipe import Phase


def _module(*passes: str) -> str:
    return f"builtin.module({','.join(p for p in passes if p)})"


def _options(flag: str, /, **options: object) -> str:
    parts = []
    for key, value in options.items():
        if value is None:
            continue
        text = str(value).lower() if isinstance(value, bool) else str(value)
        parts.append(f"{key.replace('_', '-')}={text}")
    return f"{flag}{{{' '.join(parts)}}}" if parts else flag


def train_pipeline(phase: Phase, masked: bool) -> str:
    """From the model form to ``@train_step`` with the settings of `phase`."""
    optimizer: dict[str, object] = {"optimizer": phase.optimizer}
    if phase.optimizer == "sgd":
        optimizer["momentum"] = phase.momentum
        optimizer["nesterov"] = phase.nesterov or None
    return _module(
        _options("prune-insert-loss", function="forward"),
        _options("prune-differentiate", function="loss"),
        _regularizers(phase),
        _options("prune-mask-gradients", function="loss") if masked else "",
        _options(
            "prune-build-train-step",
            function="loss",
            name="train_step",
            **optimizer,
            weight_decay=phase.weight_decay or None,
        ),
        "canonicalize",
        "cse",
    )


def _regularizers(phase: Phase) -> str:
    if phase.regularizer == "none" or phase.strength == 0:
        return ""
    return _options(
        "prune-insert-regularizers",
        function="loss",
        kind=phase.regularizer,
        runtime_strength=True,
        roles="weight",
    )


def threshold_pipeline(quality: float) -> str:
    """Zeroes every weight at or below quality x std of its tensor."""
    return _module(
        "prune-score",
        _options("prune-select-masks", quality=quality),
        "prune-fold-masks",
    )


def mask_pipeline() -> str:
    """To the masked form, with exactly the zeros of the weights pruned."""
    masks = _options("prune-select-masks", threshold=0, allow_empty=True)
    return _module("prune-score", masks)


def fold_pipeline() -> str:
    """From the masked form to plain weights; nothing is removed."""
    return _module("prune-fold-masks")


def shrink_pipeline() -> str:
    """From the masked form to the compact form."""
    return _module("prune-fold-masks", "prune-eliminate-dead-neurons")


def batch_pipeline(batch: int) -> str:
    """The same network for another batch."""
    return _module(_options("prune-set-batch-size", batch=batch))


def kernels_pipeline() -> str:
    """A kernel on every contraction."""
    return _module("prune-select-kernels")
