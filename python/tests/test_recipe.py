# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recipes: round trip, short forms, and errors that name file and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlir_prune.errors import InputError, RecipeError
from mlir_prune.recipe import (
    Prune,
    Train,
    default_recipe,
    dump_recipe,
    find_recipe,
    from_dict,
    load_recipe,
    stage_names,
)
from mlir_prune.recipe.load import recipe_folders

NAMES = sorted(p.stem for folder in recipe_folders() for p in folder.glob("*.yaml"))


def recipe(**stage: Any) -> Any:
    """A tree with one stage over a small network."""
    return {"model": {"widths": [8, 6, 4]}, "stages": [stage]}


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_is_read_and_written_back(name: str, tmp_path: Path) -> None:
    found = load_recipe(name)
    assert found.method, "a recipe names its method for the table"
    path = tmp_path / "recipe.yaml"
    path.write_text(dump_recipe(found))
    assert load_recipe(path) == found


def test_there_are_recipes() -> None:
    assert {"demo-digits", "demo-mnist", "lenet300-han", "lenet300-hoyer-square"} <= set(NAMES)
    assert find_recipe("demo-digits").is_file()


def test_short_forms_stand_for_mappings() -> None:
    short = recipe(
        optimizer="sgd", learning_rate=0.1, regularize={"kind": "l1", "strength": "1e-4"}
    )
    long = recipe(
        optimizer={"name": "sgd"}, learning_rate={"value": 0.1, "schedule": "constant"},
        regularize=[{"kind": "l1", "strength": {"value": 1e-4}, "targets": ["weight"]}],
    )  # fmt: skip
    assert from_dict(short) == from_dict(long)


def test_numbers_or_patterns() -> None:
    one, many = from_dict(
        {
            "model": {"widths": [8, 6, 4]},
            "stages": [
                {"kind": "prune", "std_factor": 1},
                {"kind": "prune", "std_factor": {"fc1.*": 0.5, "fc2.*": 1}},
            ],
        }
    ).stages
    assert isinstance(one, Prune) and one.std_factor == 1.0
    assert isinstance(many, Prune) and many.std_factor == {"fc1.*": 0.5, "fc2.*": 1.0}


def test_default_recipes_have_the_stages_of_the_demo() -> None:
    for dataset in ("digits", "mnist", "other.npz"):
        found = default_recipe(dataset)
        assert found.dataset == dataset
        assert stage_names(found) == ["dense", "sparse", "prune", "finetune"]


def test_changes_by_path(tmp_path: Path) -> None:
    changes = ["stages.dense.epochs=3", "stages.1.learning_rate.value=1e-2", "threads=2",
               "stages.sparse.optimizer.momentum=0.5"]  # fmt: skip
    found = load_recipe("demo-digits", changes)
    dense, sparse = found.stages[0], found.stages[1]
    assert isinstance(dense, Train) and isinstance(sparse, Train)
    assert (dense.epochs, sparse.learning_rate.value, found.threads) == (3, 1e-2, 2)
    assert sparse.optimizer.momentum == 0.5
    for change, message in [("epochs", "key=value"), ("stages.non.x=1", "no entry 'non' of 4"),
                            ("batch.x=1", "is no key")]:  # fmt: skip
        with pytest.raises(RecipeError, match=message):
            load_recipe("demo-digits", [change])


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"sede": 1}, "unknown key 'sede'; did you mean 'seed'"),
        (recipe(epoch=1), r"unknown key 'stages\[0\].epoch'; did you mean 'epochs'"),
        (recipe(regularize=[{"kind": "l1", "strenght": 1}]),
         r"unknown key 'stages\[0\].regularize\[0\].strenght'; did you mean 'strength'"),
        ({7: 1}, "unknown key '7'"),
        (recipe(kind="prune", quality=1), r"\[0\].quality'; it is called 'std_factor' now"),
        (recipe(kind="prune", ratio=1), r"\[0\].ratio'; it is called 'sparsity' now"),
        (recipe(packed="auto"), r"\[0\].packed'; it is called 'compressed' now"),
        (recipe(gates={"hold": True}), r"gates.hold'; it is called 'freeze_closed' now"),
        (recipe(gates={"decay_held": True}), r"decay_held'; it is called 'decay_frozen' now"),
        (recipe(admm={"ratios": {"*": 0.5}}), r"ratios'; it is called 'sparsities' now"),
        (recipe(regularize={"kind": "l1", "survivors": True}), "called 'masked_weights' now"),
        ({}, "stages: a recipe needs at least one stage"),
        ({"seed": "one"}, "seed expects a whole number, got 'one'"),
        ({"seed": True}, "seed expects a whole number, got True"),
        ({"seed": 1.5}, "seed expects a whole number, got 1.5"),
        ({"stages": 3}, "stages is a list, got 3"),
        ({"stages": [3]}, r"stages\[0\] is a mapping of keys, got 3"),
        ({"stages": [{"kind": "trim"}]}, r"stages\[0\].kind is one of train, prune, compact"),
        ({"model": {"widths": 64}}, "model.widths is a list, got 64"),
        ({"model": {"widths": [64, "x"]}}, "model.widths expects a whole number, got 'x'"),
        ({"model": {"name": "lenet5_cafe"}}, "model.name is one of .*did you mean 'lenet5_caffe'"),
        (recipe(optimizer="adm"), r"optimizer.name is one of sgd, adam, got 'adm'; did you"),
        (recipe(regularize={"kind": "hoyer-square"}), "did you mean 'hoyer_square'"),
        (recipe(regularize={"strength": 1.0}), r"regularize\[0\].kind is missing"),
        (recipe(learning_rate=float("nan")), r"learning_rate.value expects a number, got nan"),
        (recipe(learning_rate=-1), r"stages\[0\].learning_rate.value is not negative, got -1"),
        (recipe(learning_rate={"warmup": 20}), "warmup is shorter than the stage"),
        (recipe(epochs=-1), r"stages\[0\].epochs is not negative, at most 1,000,000, got -1"),
        (recipe(optimizer={"momentum": 1.0}), r"momentum is in \[0, 1\), got 1"),
        (recipe(regularize={"kind": "l1", "strength": -1}), "is not negative, got -1"),
        (recipe(regularize={"kind": "group_lasso"}), "group_lasso needs a granularity"),
        (recipe(regularize={"kind": "l1", "granularity": "filter_plane"}), "l1 has no groups"),
        (recipe(regularize={"kind": "l2", "proximal": True}), "only l1 and group_lasso"),
        (recipe(regularize={"kind": "l1", "start": 3, "end": 2}), "before it starts"),
        (recipe(regularize={"kind": "l1", "start": 30}), "after the stage"),
        (recipe(regularize=[{"kind": "l2"}, {"kind": "l1", "proximal": True}]), "comes first"),
        (recipe(gradual={"final": 0.9}, rigl={"sparsity": 0.9}), "gradual and rigl both choose"),
        (recipe(straight_through={"pattern": "4:2"}), "n:m with n < m, got '4:2'"),
        (recipe(straight_through={}), "needs a pattern or a sparsity"),
        (recipe(straight_through={"sparsity": 0.5, "ramp": 30}), "no longer than the stage"),
        (recipe(kind="statistics", batches=0), "batches is positive, got 0"),
        (recipe(admm={}), "admm needs sparsity or sparsities"),
        (recipe(gates={"bilevel": True}), "set splits.gates"),
        (recipe(start="dens"), "no earlier stage is called 'dens'"),
        (recipe(kind="prune"), "needs one of std_factor, threshold, sparsity, sensitivity, target, got none"),
        (recipe(kind="prune", std_factor=1, sparsity=0.5), "got std_factor and sparsity"),
        (recipe(kind="prune", sparsity=1.0), r"sparsity is in \[0, 1\), got 1"),
        (recipe(kind="prune", std_factor=1, iterations=2), "iterations need retrain"),
        (recipe(kind="prune", trials={"std_factor": [1]}), "needs a training stage before it"),
        (recipe(kind="prune", trials={}), "needs a list of std_factor or of sparsity"),
        ({**recipe(), "reference": "dens"}, "no training stage is called 'dens'"),
        ({**recipe(), "bench": {"batches": [1, 0]}}, "bench.batches is positive, got 0"),
        ([1], "a recipe is a mapping of keys, got list"),
    ],
)  # fmt: skip
def test_refuses(tree: object, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        from_dict(tree)


def test_stages_have_names_of_their_own() -> None:
    tree = recipe(name="a")
    tree["stages"].append({"name": "a"})
    with pytest.raises(RecipeError, match=r"stages\[1\].name: 'a' is taken"):
        from_dict(tree)


def test_model_errors_are_input_errors() -> None:
    with pytest.raises(InputError, match="did you mean 'tanh'"):
        from_dict({"model": {"activation": "than"}, "stages": [{}]})


def test_file_errors_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read"):
        load_recipe(tmp_path / "none.yaml")
    path = tmp_path / "r.yaml"
    path.write_text("a: [1")
    with pytest.raises(RecipeError, match=r"r\.yaml: not valid YAML"):
        load_recipe(path)
    path.write_text("sed: 1")
    with pytest.raises(RecipeError, match=r"r\.yaml: unknown key 'sed'"):
        load_recipe(path)


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["stages", "model", "epochs", "x", "batch", "kind", "gates"]), inner
        )
    ),
    max_leaves=6,
)


@given(trees)
def test_any_tree_is_a_recipe_or_an_input_error(tree: object) -> None:
    try:
        found = from_dict(tree)
    except InputError:
        return
    assert from_dict(yaml.safe_load(dump_recipe(found))) == found
