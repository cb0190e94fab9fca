# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What no single key of a recipe can say wrong: combinations of keys."""

from __future__ import annotations

from ..errors import RecipeError, nearest
from ..networks import COUPLED, build_network
from .modifiers import GROUP_KINDS, Regularize
from .reference import INITIAL, dense_stages, reference_stage, stage_names
from .schema import RESOURCES, THINET, Compact, Prune, Recipe, Train

CHANNEL_CRITERIA = ("apoz", "mean_activation", "batch_norm_scale", "geometric_median")
"""Criteria that give all weights of an output channel one score."""


def check(recipe: Recipe) -> None:
    """Raises :class:`RecipeError` when keys do not go together."""
    build_network(recipe.model, recipe.dataset)
    if not recipe.stages:
        raise RecipeError("stages: a recipe needs at least one stage")
    names = stage_names(recipe)
    for index, name in enumerate(names):
        if name in names[:index]:
            raise RecipeError(f"stages[{index}].name: '{name}' is taken")
        if name == INITIAL or "/" in name or ":" in name:
            raise RecipeError(f"stages[{index}].name: '{name}' cannot be the name of a stage")
    _reference(recipe, names)
    last_compact = max(
        (i for i, stage in enumerate(recipe.stages) if isinstance(stage, Compact)), default=-1
    )
    for index, stage in enumerate(recipe.stages):
        path = f"stages[{index}]"
        if (
            isinstance(stage, Train)
            and stage.start in ("initial", *names[:last_compact])
            and (index > last_compact >= 0)
        ):
            raise RecipeError(f"{path}.start: the network is smaller than at '{stage.start}'")
        if isinstance(stage, Train):
            check_train(stage, path, recipe, names[:index])
        elif isinstance(stage, Prune):
            _prune(stage, path, recipe, names[:index])
            _rewind(stage, path, recipe, names[:index])


def _reference(recipe: Recipe, names: list[str]) -> None:
    trained = [n for n, s in zip(names, recipe.stages, strict=True) if isinstance(s, Train)]
    if not recipe.reference or recipe.reference == INITIAL:
        return
    if recipe.reference not in trained:
        hint = nearest(recipe.reference, trained)
        raise RecipeError(f"reference: no training stage is called '{recipe.reference}'{hint}")
    if recipe.reference not in dense_stages(recipe):
        raise RecipeError(
            f"reference: the network after stage '{recipe.reference}' is not dense; name a "
            f"training stage before anything is pruned, or '{INITIAL}'"
        )


def check_train(stage: Train, path: str, recipe: Recipe, before: list[str]) -> None:
    """Checks one training stage."""
    if stage.start and stage.start != "initial" and stage.start not in before:
        hint = nearest(stage.start, [*before, "initial"])
        raise RecipeError(f"{path}.start: no earlier stage is called '{stage.start}'{hint}")
    if stage.learning_rate.warmup >= max(stage.epochs, 1):
        raise RecipeError(f"{path}.learning_rate.warmup is shorter than the stage")
    for number, penalty in enumerate(stage.regularize):
        _penalty(penalty, f"{path}.regularize[{number}]", stage.epochs)
    if any(penalty.proximal for penalty in stage.regularize[1:]):
        # Its strength is the input of the first penalty.
        raise RecipeError(f"{path}.regularize: a proximal penalty comes first, and once")
    masked = [name for name, rule in stage.modifiers() if rule.chooses_masks]
    if len(masked) > 1:
        raise RecipeError(f"{path}: {' and '.join(masked)} both choose masks; use one of them")
    for name, rule in stage.modifiers():
        rule.check(f"{path}.{name}", stage.epochs, recipe.splits.gates)
    if stage.distill:
        _distill(stage, path, recipe, before)


def _distill(stage: Train, path: str, recipe: Recipe, before: list[str]) -> None:
    if not _has_reference(recipe, before):
        raise RecipeError(
            f"{path}.distill: the reference stage, which makes the labels, comes before this one "
            "and before anything is pruned"
        )
    if stage.gates and stage.gates.bilevel:
        raise RecipeError(f"{path}.distill: gates with rows of their own learn from class numbers")


def _has_reference(recipe: Recipe, before: list[str]) -> bool:
    """Whether there is a trained dense network after the stages `before`."""
    name = reference_stage(recipe)
    return name in before or (name == INITIAL and bool(recipe.model.file))


def _penalty(penalty: Regularize, path: str, epochs: int) -> None:
    if penalty.kind in GROUP_KINDS and not penalty.granularity:
        raise RecipeError(f"{path}: {penalty.kind} needs a granularity, such as channel:0")
    if penalty.kind not in GROUP_KINDS and penalty.granularity:
        raise RecipeError(f"{path}: {penalty.kind} has no groups, so no granularity")
    if penalty.proximal and len(penalty.granularity) > 1:
        raise RecipeError(f"{path}: a proximal step takes one granularity")
    if penalty.proximal and penalty.kind not in ("l1", "group_lasso"):
        raise RecipeError(f"{path}: only l1 and group_lasso have a proximal step")
    if penalty.end is not None and penalty.end <= penalty.start:
        raise RecipeError(f"{path}: it ends at epoch {penalty.end:g}, before it starts")
    if penalty.start >= max(epochs, 1):
        raise RecipeError(f"{path}: it starts at epoch {penalty.start:g}, after the stage")


def _selection(stage: Prune, path: str) -> None:
    """How a pruning stage ranks what its rule prunes."""
    searched = [
        key for key in ("sensitivity", "target", "max_drop") if getattr(stage, key) is not None
    ]
    changed = [
        key for key in ("cap", "round_to", "exclude_ends")
        if getattr(stage, key) != Prune.__dataclass_fields__[key].default
    ]  # fmt: skip
    if stage.granularity == COUPLED:
        _coupled(stage, path)
        changed = []
    if searched and changed:
        raise RecipeError(
            f"{path}.{searched[0]} judges weight by weight; it does not go with {changed[0]}"
        )
    is_share = stage.sparsity is not None or bool(stage.trials and stage.trials.sparsity)
    if stage.scope in ("row", "erk", "lamp") and not is_share:
        raise RecipeError(f"{path}.scope: {stage.scope} goes with a sparsity")
    is_factor = stage.std_factor is not None or bool(stage.trials and stage.trials.std_factor)
    if stage.criterion != "magnitude" and (is_factor or stage.scope == "lamp"):
        rule = "std_factor" if is_factor else "lamp"
        raise RecipeError(f"{path}.criterion: {rule} is about magnitudes, got {stage.criterion}")
    elements = stage.granularity.split(":")[0] in ("unstructured", "n_of_m")
    if stage.criterion == THINET and stage.granularity != COUPLED:
        raise RecipeError(
            f"{path}.criterion: {THINET} judges channels by the layers that read them: expected "
            f"granularity {COUPLED}, got {stage.granularity}"
        )
    if stage.criterion in CHANNEL_CRITERIA and elements:
        raise RecipeError(
            f"{path}.criterion: {stage.criterion} judges whole channels; choose a granularity "
            "such as channel:0"
        )
    channels = stage.granularity.startswith("channel") or stage.granularity == COUPLED
    if stage.round_to > 1 and (not channels or stage.scope == "row"):
        raise RecipeError(f"{path}.round_to counts channels: choose a granularity such as channel:0")
    bounded = is_share or is_factor or stage.threshold is not None or stage.target is not None
    if stage.cap is not None and not bounded:
        raise RecipeError(f"{path}.cap bounds std_factor, threshold or sparsity, and none is given")


def _coupled(stage: Prune, path: str) -> None:
    """What channels that leave together can be pruned by."""
    for key in ("std_factor", "threshold", "sensitivity"):
        if getattr(stage, key) is not None:
            raise RecipeError(
                f"{path}.granularity: {COUPLED} goes with sparsity, target or max_drop, got {key}"
            )
    if stage.trials is not None and stage.trials.std_factor:
        raise RecipeError(f"{path}.granularity: {COUPLED} goes with trials of sparsity")
    if stage.scope not in ("tensor", "global"):
        raise RecipeError(
            f"{path}.scope: {COUPLED} are ranked by group (tensor) or global, got {stage.scope}"
        )
    if isinstance(stage.cap, dict):
        raise RecipeError(f"{path}.cap: expected one number for {COUPLED}")


def _prune(stage: Prune, path: str, recipe: Recipe, before: list[str]) -> None:
    known = ("std_factor", "threshold", "sparsity", "sensitivity", "target")
    rules = [rule for rule in known if getattr(stage, rule) is not None]
    structured = stage.granularity.startswith("n_of_m")
    if stage.max_drop:
        _max_drop(stage, path, recipe, before, rules)
    elif stage.trials:
        if rules or bool(stage.trials.std_factor) == bool(stage.trials.sparsity):
            raise RecipeError(
                f"{path}.trials needs a list of std_factor or of sparsity, and no rule beside it"
            )
        if stage.iterations > 1 or stage.retrain:
            raise RecipeError(f"{path}: trials and iterations do not go together")
        if not _has_reference(recipe, before):
            raise RecipeError(f"{path}.trials needs a training stage before it to compare with")
        if not any(isinstance(s, Train) for s in recipe.stages[len(before) + 1 :]):
            raise RecipeError(f"{path}.trials needs a training stage after it to train like")
    elif len(rules) > 1 or (not rules and not structured):
        found = " and ".join(rules) or "none"
        raise RecipeError(f"{path} needs one of {', '.join(known)}, got {found}")
    for rule in ("sensitivity", "target"):
        if getattr(stage, rule) is not None and structured:
            raise RecipeError(
                f"{path}.{rule} finds sparsities, and {stage.granularity} has one of its own"
            )
        if getattr(stage, rule) is not None and stage.scope != "tensor":
            raise RecipeError(
                f"{path}.{rule} gives each weight a sparsity of its own; it does not go with scope"
            )
    if stage.target:
        named = [name for name in RESOURCES if getattr(stage.target, name) is not None]
        if len(named) != 1:
            found = " and ".join(named) or "none"
            raise RecipeError(f"{path}.target needs one of {', '.join(RESOURCES)}, got {found}")
    _selection(stage, path)
    if stage.iterations > 1 and stage.retrain is None:
        raise RecipeError(f"{path}: iterations need retrain")
    if stage.retrain:
        check_train(stage.retrain, f"{path}.retrain", recipe, before)
        if stage.retrain.start:
            raise RecipeError(f"{path}.retrain.start: it starts from what was pruned")


def _rewind(stage: Prune, path: str, recipe: Recipe, before: list[str]) -> None:
    """Where the remaining weights get earlier values back, and how iterations go."""
    trained = [
        name for name, each in zip(before, recipe.stages, strict=False) if isinstance(each, Train)
    ]
    if stage.rewind and stage.rewind != INITIAL and stage.rewind not in trained:
        hint = nearest(stage.rewind, [*trained, INITIAL])
        raise RecipeError(
            f"{path}.rewind: no earlier training stage is called '{stage.rewind}'{hint}"
        )
    if stage.rewind and (stage.reinitialize or stage.max_drop):
        other = "reinitialize" if stage.reinitialize else "max_drop"
        raise RecipeError(f"{path}.rewind does not go with {other}")
    shrunk = [index for index, each in enumerate(recipe.stages[: len(before)])
              if isinstance(each, Compact)]  # fmt: skip
    place = before.index(stage.rewind) if stage.rewind in before else -1
    if stage.rewind and shrunk and place < shrunk[-1]:
        raise RecipeError(f"{path}.rewind: the network is smaller than at '{stage.rewind}'")
    if stage.schedule != "once" and (stage.sparsity is None or stage.iterations < 2):
        raise RecipeError(f"{path}.schedule is for a sparsity in several iterations")


def _max_drop(
    stage: Prune, path: str, recipe: Recipe, before: list[str], rules: list[str]
) -> None:
    """Checks a stage that searches by itself."""
    others = [*rules, *(["trials"] if stage.trials else [])]
    others += ["iterations"] if stage.iterations > 1 else []
    others += ["reinitialize"] if stage.reinitialize else []
    if stage.granularity.startswith("n_of_m"):
        others.append("a granularity of fixed sparsity")
    if others:
        raise RecipeError(f"{path}.max_drop finds how far to prune; it does not go with {others[0]}")
    if not _has_reference(recipe, before):
        raise RecipeError(f"{path}.max_drop needs a dense network before it to compare with")
    training = stage.retrain
    used = [name for name, _ in training.modifiers()] if training else []
    used += ["regularize"] if training and training.regularize else []
    if used:
        raise RecipeError(f"{path}.retrain.{used[0]}: candidates of max_drop train without it")
