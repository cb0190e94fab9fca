# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pass pipelines that the Python flow runs, as text for ``Module.run``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping

from .native import native


def __getattr__(name: str) -> Callable[..., str]:
    """The functions that were renamed, by their old names, for one version."""
    if name == "shrink_pipeline":
        warnings.warn(
            "shrink_pipeline is called compress_pipeline now", DeprecationWarning, stacklevel=2
        )
        return compress_pipeline
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def module(*passes: str) -> str:
    """A pipeline over a module; empty passes are left out."""
    return f"builtin.module({','.join(p for p in passes if p)})"


def options(flag: str, /, **values: object) -> str:
    """A pass with options; those that are None are left out."""
    parts = []
    for key, value in values.items():
        if value is None:
            continue
        if isinstance(value, bool):
            text = str(value).lower()
        elif isinstance(value, float):
            text = repr(value)
        elif isinstance(value, Iterable) and not isinstance(value, str):
            text = ",".join(map(str, value))
        else:
            text = str(value)
        parts.append(f"{key.replace('_', '-')}={text}")
    return f"{flag}{{{' '.join(parts)}}}" if parts else flag


def select_pipeline(granularity: str, names: Iterable[str], **rule: object) -> str:
    """To the masked form: masks of the constant weights `names` by one rule."""
    return module(
        options("prune-mask-pipeline", granularity=granularity, parameters=names, **rule)
    )


def channel_pipeline(
    names: Mapping[int, Iterable[str]],
    criterion: str | None = None,
    seed: int | None = None,
    sparsity: object = None,
    scope: str | None = None,
    cap: float | None = None,
    round_to: int | None = None,
    exclude_ends: bool | None = None,
) -> str:
    """To the masked form: masks of channels that leave together.

    `names` are the weights that make channels, by the dimension of these.
    """
    scores = [
        options("prune-score", granularity=f"channel:{dim}", parameters=group,
                criterion=criterion, seed=seed, exclude_ends=exclude_ends)
        for dim, group in names.items()
    ]  # fmt: skip
    select = options(
        "prune-select-channels", sparsity=sparsity, scope=scope, cap=cap, round_to=round_to
    )
    return module(*scores, select)


def mask_pipeline(names: Iterable[str] | None = None) -> str:
    """To the masked form, with exactly the zeros of the weights pruned: all, or `names`."""
    return module(
        options("prune-mask-pipeline", threshold=0, allow_empty=True, parameters=names)
    )


def fold_pipeline() -> str:
    """From the masked form to plain weights; nothing is removed."""
    return module("prune-fold-masks")


def plain_pipeline() -> str:
    """Operations of MLIR alone, without attributes of the project."""
    return module("convert-prune-to-linalg", "prune-strip-attributes")


def tosa_pipeline() -> str:
    """From TOSA to linalg on tensors, by the passes of MLIR."""
    prepare = "tosa-infer-shapes,tosa-make-broadcastable,tosa-to-linalg-named"
    rest = "tosa-layerwise-constant-fold,tosa-make-broadcastable,tosa-to-linalg"
    last = "tosa-to-arith{include-apply-rescale=true},tosa-to-tensor"
    return module(f"func.func({prepare},{rest},{last})", "canonicalize")


def gate_pipeline(granularity: str, names: Iterable[str]) -> str:
    """Gates on the weights `names`, each with an auxiliary parameter."""
    return module(options("prune-insert-gates", granularity=granularity, parameters=names))


def fold_gates_pipeline() -> str:
    """Constant gates folded into the parameters that they switch off."""
    return module("prune-fold-gates", "prune-fold-masks")


def compress_pipeline(
    record_kept: bool = False, fold_borders: bool = False, compose_kept: bool = False
) -> str:
    """From the masked form to the compact form; `Module.kept` tells what is left.

    With `compose_kept` that is counted in the shapes before all runs that recorded it. With
    `fold_borders` constant filters leave through padding, at the cost of a
    bias with a value for every position.
    """
    return module(
        options(
            "prune-compact-pipeline",
            record_kept=record_kept or None,
            compose_kept=compose_kept or None,
            fold_borders=fold_borders or None,
        )
    )


def batch_pipeline(batch: int) -> str:
    """The same network for another batch."""
    return module(options("prune-set-batch-size", batch=batch))


def lift_pipeline() -> str:
    """Parameters as arguments, without their values."""
    return module(options("prune-lift-parameters", keep_values=False))


def inference_pipeline() -> str:
    """Batch normalizations folded into the layers before them, and dense kernels everywhere."""
    return module("prune-fold-batch-norms", options("prune-select-kernels", kernel="dense"))


def kernels_pipeline(threads: int = 1) -> str:
    """A kernel on every contraction, batch normalizations folded into them.

    Kernels are chosen by the figures that PRUNE_COST_MODEL names, else by those of this
    computer.
    """
    return module(options("prune-kernel-pipeline", model=cost_model_option(), threads=threads))


def cost_model_option() -> str:
    """The figures in use, as an option of a pass."""
    return _quoted(native().default_cost_model())


def _quoted(text: str) -> str:
    """An option that may hold spaces."""
    return f"'{text}'" if any(map(str.isspace, text)) else text
