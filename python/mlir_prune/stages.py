# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The training side of compression: dense, sparse, thresholds, fine-tuning.

The three stages follow DeepHoyer (Yang, Wen, Li, ICLR 2020): train with the
regulariser from a dense network, zero every weight below quality x std, then
fine-tune what is left with the zeros held. Every choice (epochs, quality)
looks at the validation part only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from .data import Dataset
from .errors import InputError
from .models import Mlp
from .native import parse
from .pipelines import threshold_pipeline
from .progress import Progress
from .recipe import Recipe
from .train import Evaluator, History, Score, TrainStep, Values, fit

# Each stage draws its batches from its own stream of the recipe's seed.
_INIT, _DENSE, _SPARSE, _TRIAL, _FINETUNE = range(5)


@dataclass(frozen=True)
class Trial:
    """One quality: weights left and validation score after a short fine-tuning."""

    quality: float
    nonzeros: int
    score: Score
    accepted: bool


@dataclass
class Trained:
    """Everything the training side hands on; scores are on the validation part."""

    initial: Values
    dense: Values
    sparse: Values
    pruned: Values
    masks: Values
    quality: float
    trials: list[Trial] = field(default_factory=list)
    histories: dict[str, History] = field(default_factory=dict)

    @property
    def dense_score(self) -> Score:
        """Validation score of the dense network."""
        return _kept(self.histories["dense"])

    @property
    def pruned_score(self) -> Score:
        """Validation score of the pruned network."""
        return _kept(self.histories["finetune"])


def train_dense(
    recipe: Recipe, data: Dataset, progress: Progress, start: Values | None = None
) -> tuple[Values, Values, History]:
    """Trains the dense network; returns initial values, trained values, history.

    `start` replaces the random initial values.
    """
    mlp = recipe.mlp()
    check_fit(mlp, data)
    initial = start or mlp.init(np.random.default_rng((recipe.seed, _INIT)))
    evaluator = Evaluator(mlp, recipe.batch, recipe.threads)
    step = TrainStep(mlp, recipe.dense, recipe.batch, threads=recipe.threads)
    values, history = fit(
        step, evaluator, initial, data, recipe.dense, (recipe.seed, _DENSE),
        progress=progress, title="dense training",
    )  # fmt: skip
    return initial, values, history


def train_and_prune(
    recipe: Recipe, data: Dataset, progress: Progress, dense: Values | None = None
) -> Trained:
    """All stages; `dense` skips the first one and starts from these values."""
    mlp = recipe.mlp()
    check_fit(mlp, data)
    evaluator = Evaluator(mlp, recipe.batch, recipe.threads)
    histories: dict[str, History] = {}
    if dense is None:
        initial, dense, histories["dense"] = train_dense(recipe, data, progress)
    else:
        initial = dense
        histories["dense"] = History([0.0], [evaluator.score(dense, data.validation)], 0)
    step = TrainStep(mlp, recipe.sparse, recipe.batch, threads=recipe.threads)
    sparse, histories["sparse"] = fit(
        step, evaluator, dense, data, recipe.sparse, (recipe.seed, _SPARSE),
        progress=progress, title=f"training with {recipe.sparse.regularizer}",
    )  # fmt: skip
    masked = TrainStep(mlp, recipe.finetune, recipe.batch, masked=True, threads=recipe.threads)
    floor = _kept(histories["dense"]).accuracy - recipe.prune.tolerance
    trials, quality, masks = _choose_quality(
        recipe, data, evaluator, masked, sparse, floor, progress
    )
    pruned, histories["finetune"] = fit(
        masked, evaluator, apply_masks(sparse, masks), data, recipe.finetune,
        (recipe.seed, _FINETUNE), masks, progress, f"fine-tuning (quality {quality:g})",
    )  # fmt: skip
    return Trained(initial, dense, sparse, pruned, masks, quality, trials, histories)


def _choose_quality(
    recipe: Recipe,
    data: Dataset,
    evaluator: Evaluator,
    step: TrainStep,
    sparse: Values,
    floor: float,
    progress: Progress,
) -> tuple[list[Trial], float, Values]:
    """Tries each quality; the sparsest at or above `floor` wins, else the most accurate."""
    phase = replace(recipe.finetune, epochs=recipe.prune.trial_epochs, keep="best")
    trials: list[Trial] = []
    masks: dict[float, Values] = {}
    for quality in recipe.prune.qualities:
        masks[quality] = threshold_masks(recipe.mlp(), sparse, quality)
        nonzeros = count(masks[quality])
        _, history = fit(
            step, evaluator, apply_masks(sparse, masks[quality]), data, phase,
            (recipe.seed, _TRIAL), masks[quality], progress,
            f"trial quality {quality:g}: {nonzeros:,} weights",
        )  # fmt: skip
        score = _kept(history)
        trials.append(Trial(quality, nonzeros, score, score.accuracy >= floor))
    accepted = [trial for trial in trials if trial.accepted]
    if accepted:
        chosen = min(accepted, key=lambda t: (t.nonzeros, -t.score.accuracy))
    else:
        chosen = max(trials, key=lambda t: (t.score.accuracy, -t.score.loss))
    return trials, chosen.quality, masks[chosen.quality]


def threshold_masks(mlp: Mlp, values: Mapping[str, np.ndarray], quality: float) -> Values:
    """Masks (bool, by weight name) of the weights above quality x std.

    The compiler decides: the values are bound, scored, masked and folded, and
    what is left different from zero is kept.
    """
    module = parse(mlp.text(1))
    module.bind(dict(values))
    module.run(threshold_pipeline(quality))
    folded = module.parameters()
    return {name: np.asarray(folded[name]) != 0 for name in mlp.weights()}


def apply_masks(values: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray]) -> Values:
    """Copies of `values` with the masked-out elements set to zero."""
    return {
        name: np.where(masks[name], array, np.float32(0)) if name in masks else array.copy()
        for name, array in values.items()
    }


def count(masks: Mapping[str, np.ndarray]) -> int:
    """Number of weights that the masks keep."""
    return sum(int(np.count_nonzero(mask)) for mask in masks.values())


def check_fit(mlp: Mlp, data: Dataset) -> None:
    """Raises :class:`InputError` when network and data do not belong together."""
    if mlp.widths[0] != data.features:
        raise InputError(
            f"the network reads {mlp.widths[0]} features, "
            f"but rows of '{data.name}' have {data.features}"
        )
    if mlp.widths[-1] < data.classes:
        raise InputError(
            f"the network has {mlp.widths[-1]} outputs, but '{data.name}' has "
            f"{data.classes} classes"
        )


def _kept(history: History) -> Score:
    return history.scores[history.kept]
