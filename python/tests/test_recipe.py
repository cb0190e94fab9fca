# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recipes: round trip, defaults, and errors that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_prune.errors import InputError, RecipeError
from mlir_prune.recipe import default_recipe, dump_recipe, from_dict, load_recipe


@pytest.mark.parametrize("dataset", ["digits", "mnist", "other.npz"])
def test_round_trip(tmp_path: Path, dataset: str) -> None:
    recipe = default_recipe(dataset)
    path = tmp_path / "recipe.yaml"
    path.write_text(dump_recipe(recipe))
    assert load_recipe(path) == recipe


def test_missing_keys_take_the_defaults_of_the_data_set() -> None:
    recipe = from_dict({"dataset": "mnist", "dense": {"epochs": 3}})
    assert recipe.model.widths == (784, 300, 100, 10)
    assert recipe.dense.epochs == 3
    assert recipe.sparse == default_recipe("mnist").sparse
    assert from_dict({}) == default_recipe("digits")


def test_numbers_with_an_exponent_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("sparse: {strength: 2e-4, learning_rate: 1}\n")
    sparse = load_recipe(path).sparse
    assert (sparse.strength, sparse.learning_rate) == (2e-4, 1.0)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"sede": 1}, "unknown key 'sede'; did you mean 'seed'"),
        ({"dense": {"epoch": 1}}, "unknown key 'dense.epoch'; did you mean 'epochs'"),
        ({"zzz": 1}, "unknown key 'zzz'$"),
        ({7: 1}, "unknown key '7'"),
        ({"seed": "one"}, "seed expects a whole number, got 'one'"),
        ({"seed": True}, "seed expects a whole number, got True"),
        ({"seed": 1.5}, "seed expects a whole number, got 1.5"),
        ({"dense": 3}, "dense is a mapping of keys, got 3"),
        ({"model": {"widths": 64}}, "model.widths is a list, got 64"),
        ({"model": {"widths": [64, "x"]}}, "model.widths expects a whole number, got 'x'"),
        ({"dense": {"optimizer": "adm"}}, "dense.optimizer is one of sgd, adam, got 'adm'"),
        ({"sparse": {"regularizer": "hoyer-square"}}, "did you mean 'hoyer_square'"),
        ({"dense": {"learning_rate": float("nan")}}, "learning_rate expects a number, got nan"),
        ({"dense": {"learning_rate": 0}}, "dense.learning_rate is positive"),
        ({"dense": {"epochs": -1}}, "dense.epochs is positive, got -1"),
        ({"dense": {"momentum": 1.0}}, r"dense.momentum lies in \[0, 1\)"),
        ({"sparse": {"strength": -1.0}}, "sparse.strength is not negative"),
        ({"prune": {"qualities": []}}, "prune.qualities needs at least one"),
        ({"bench": {"batches": [1, 0]}}, "bench.batches is positive, got 0"),
        ([1], "a recipe is a mapping of keys, got list"),
    ],
)
def test_refuses(tree: object, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        from_dict(tree)


def test_model_errors_are_input_errors() -> None:
    with pytest.raises(InputError, match="did you mean 'tanh'"):
        from_dict({"model": {"activation": "than"}})


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
        | st.dictionaries(st.sampled_from(["dense", "model", "epochs", "x", "batch"]), inner)
    ),
    max_leaves=6,
)


@given(trees)
def test_any_tree_is_a_recipe_or_an_input_error(tree: object) -> None:
    try:
        recipe = from_dict(tree)
    except InputError:
        return
    assert from_dict(recipe.to_dict()) == recipe
