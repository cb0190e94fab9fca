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
    options: dict[str, object] = {"optimizer": phase.optimizer}
    if phase.optimizer == "sgd":
        options |= {"momentum": phase.momentum, "nesterov": phase.nesterov or None}
    if phase.regularizer != "none" and phase.strength > 0:
        options |= {"regularizer": phase.regularizer, "runtime_strength": True}
    options["weight_decay"] = phase.weight_decay or None
    options["mask"] = masked or None
    return _module(_options("prune-train-pipeline", **options))


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
