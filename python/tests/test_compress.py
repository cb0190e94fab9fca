# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Train, prune, remove, compile: the same outputs as the reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawn
from mlir_prune.compress import compile_networks, take_rows, verify
from mlir_prune.forms import (
    build_forms,
    relative_error,
    run_forward,
    with_dense_kernels,
    with_kernels,
)
from mlir_prune.models import ACTIVATIONS, Mlp
from mlir_prune.recipe import Bench
from mlir_prune.training.masks import apply, select_masks
from oracle import forward

networks = st.builds(
    Mlp,
    st.lists(st.integers(1, 24), min_size=2, max_size=5).map(tuple),
    st.sampled_from(ACTIVATIONS),
)


def sparse_values(mlp: Mlp, seed: int, density: float) -> dict[str, np.ndarray]:
    """Random weights of which `density` are not zero, and random biases."""
    rng = np.random.default_rng(seed)
    values = mlp.init(rng)
    for name, array in values.items():
        if name.endswith("bias"):
            values[name] = rng.standard_normal(array.shape).astype(np.float32)
        else:
            array[rng.random(array.shape) >= density] = 0.0
    return values


@given(networks, st.integers(0, 99), st.sampled_from([0.0, 0.05, 0.2, 0.6, 1.0]))
@drawn.examples(20)
def test_random_networks_equal_the_reference(mlp: Mlp, seed: int, density: float) -> None:
    values = sparse_values(mlp, seed, density)
    forms = build_forms(mlp, 5, values, values, values)
    inputs = np.random.default_rng(seed).standard_normal((9, mlp.widths[0])).astype(np.float32)
    executables, _ = compile_networks(forms.dense, forms.masked, Bench(batches=(1, 9)))
    assert verify(forms, executables, inputs) <= 1e-5
    expected = forward(mlp, values, inputs)
    for name in ("dense", "compact", "sparse"):
        assert relative_error(run_forward(executables[9][name], inputs), expected) <= 1e-5


def test_what_is_compared_with_runs_dense_kernels() -> None:
    """A compilation chooses sparse kernels where nobody chose others."""
    mlp = Mlp((64, 40, 10))
    values = sparse_values(mlp, 0, 0.05)
    forms = build_forms(mlp, 64, values, values, values)
    chosen, _ = with_kernels(forms.compact)
    assert "#prune.kernel<dense>" not in str(chosen)
    dense = str(with_dense_kernels(forms.compact))
    assert dense.count("#prune.kernel<dense>") == dense.count("#prune.kernel<") == 2


def test_dead_neurons_leave() -> None:
    mlp = Mlp((6, 5, 4, 3))
    values = mlp.init(np.random.default_rng(0))
    values["fc1.weight"][1] = 0.0  # nothing comes in: constant relu(bias)
    values["fc1.bias"][1] = 2.0
    values["fc2.weight"][:, 3] = 0.0  # nothing goes out
    forms = build_forms(mlp, 2, values, values, values)
    left = {name: np.asarray(array) for name, array in forms.compact.parameters().items()}
    assert left["fc1.weight"].shape == (3, 6)
    assert left["fc2.weight"].shape == (4, 3)
    folded = values["fc2.bias"] + 2.0 * values["fc2.weight"][:, 1]
    np.testing.assert_allclose(left["fc2.bias"], folded, rtol=1e-6)


def test_thresholds_are_quality_times_std() -> None:
    mlp = Mlp((30, 20, 10))
    values = mlp.init(np.random.default_rng(0))
    found = select_masks(mlp, values, mlp.weights(), "unstructured", std_factor=0.5)
    masks = {name.removeprefix("mask:"): mask for name, mask in found.items()}
    assert set(masks) == {"fc1.weight", "fc2.weight"}
    for name, mask in masks.items():
        wide = values[name].astype(np.float64)
        sure = np.abs(np.abs(wide) - 0.5 * wide.std()) > 1e-6
        np.testing.assert_array_equal(mask[sure], (np.abs(wide) > 0.5 * wide.std())[sure])
    pruned = apply(values | found)
    np.testing.assert_array_equal(pruned["fc1.weight"] != 0, masks["fc1.weight"])
    assert values["fc1.weight"].all(), "the input was changed"


def test_digits_end_to_end(tmp_path: Path) -> None:
    from mlir_prune.compress import compress
    from mlir_prune.data import load
    from mlir_prune.progress import Progress
    from mlir_prune.recipe import from_dict

    adam = {"name": "adam", "weight_decay": 1e-3}
    cosine = {"value": 1e-3, "schedule": "cosine"}
    train = {"optimizer": adam, "learning_rate": cosine, "keep": "best"}
    penalty = {"kind": "hoyer_square", "strength": 3e-4}
    recipe = from_dict(
        {
            "batch": 32,
            "model": {"widths": [64, 100, 50, 10]},
            "stages": [
                {**train, "epochs": 20},
                {"epochs": 60, "optimizer": adam, "regularize": penalty},
                {"kind": "prune", "trials": {"std_factor": [0.25, 0.5], "tolerance": 0}},
                {**train, "epochs": 15},
            ],
            "bench": {"batches": [1, 64], "rounds": 2, "min_seconds": 0.001},
        }
    )
    report = compress(recipe, load("digits"), tmp_path, Progress())
    assert report["reference"]["relative_error"] <= 1e-5
    assert report["test"]["dense"]["accuracy"] >= 95.0
    drop = report["test"]["dense"]["accuracy"] - report["test"]["pruned"]["accuracy"]
    assert drop <= 2.0
    assert report["totals"]["compression"] >= 5.0
    assert report["totals"]["neurons_removed"] > 0


def test_take_rows_repeats() -> None:
    rows = take_rows(np.arange(6, dtype=np.float32).reshape(3, 2), 5)["input"]
    np.testing.assert_array_equal(rows[3:], [[0, 1], [2, 3]])
