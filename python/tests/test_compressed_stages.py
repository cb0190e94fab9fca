# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training stages on compressed weights: the same run as on dense ones with masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drawn
from conftest import make_blobs
from mlir_prune.data import Dataset, Split
from mlir_prune.training.checkpoint import read_checkpoint
from mlir_prune.training.compressed_weights import CompressedWeights, FixedMasks
from mlir_prune.training.history import read_history
from mlir_prune.training.masks import PREFIX
from mlir_prune.training.stage import StageTraining
from mlir_prune.training.trainer import Trainer
from short_runs import DENSE, recipe, train

PRUNE = {"name": "prune", "kind": "prune", "sparsity": 0.9}
WEIGHTS = ("fc1.weight", "fc2.weight", "fc3.weight")


def tune(**keys: Any) -> dict[str, Any]:
    return {"name": "tune", "epochs": 3, "learning_rate": 1e-3, **keys}


def compressed_weights(folder: Path, stage: dict[str, Any]) -> set[str]:
    """Names of the weights that the stage after pruning compresses."""
    trainer = Trainer(recipe(DENSE, PRUNE, stage), make_blobs(), folder)
    for task in trainer.tasks[:2]:
        trainer._task(task)
        trainer.state.meta["task"] += 1
    return set(StageTraining(trainer, trainer.tasks[2]).compressed.names())


@pytest.mark.parametrize(
    "keys",
    [
        {"optimizer": "adam"},
        {"optimizer": {"name": "sgd", "momentum": 0.9, "weight_decay": 1e-3}},
        {"regularize": {"kind": "hoyer_square", "strength": 1e-4}, "reset_optimizer": False},
        {"keep": "best", "regularize": {"kind": "l1", "strength": 1e-4, "proximal": True}},
        {"keep": "mean"},
    ],
)
def test_stage_equals_the_masked_one(tmp_path: Path, keys: dict[str, Any]) -> None:
    stages = [DENSE, PRUNE, tune(**keys)]
    one = train(tmp_path / "auto", *stages).state.arrays
    two = train(tmp_path / "never", *stages[:2], tune(compressed="never", **keys)).state.arrays
    assert one.keys() == two.keys()
    for name, array in two.items():
        assert one[name].shape == array.shape, name
        assert one[name].dtype == array.dtype, name
        # Thirty steps apart by rounding.
        np.testing.assert_allclose(
            one[name], array, atol=1e-4 * max(float(np.abs(array).max()), 1e-3), err_msg=name
        )
    for name in WEIGHTS:
        mask = one[PREFIX + name]
        assert np.array_equal(mask, two[PREFIX + name])
        assert not one[name][~mask].any()
    a, b = (read_history(tmp_path / kind) for kind in ("auto", "never"))
    assert [line["nonzeros"] for line in a] == [line["nonzeros"] for line in b]
    assert [line.get("mean") is None for line in a] == [line.get("mean") is None for line in b]


def make_images(rows: int = 60) -> Dataset:
    """Noise around four images, in the extents that LeNet-5-Caffe takes."""
    rng = drawn.rng(3)
    labels = np.arange(3 * rows) % 4
    images = rng.standard_normal((4, 784))[labels] + rng.standard_normal((3 * rows, 784))
    parts = [
        Split(
            images[start : start + rows].astype(np.float32).reshape(-1, 1, 28, 28),
            labels[start : start + rows].astype(np.int32),
        )
        for start in range(0, 3 * rows, rows)
    ]
    return Dataset("images", parts[0], parts[1], 10, lambda: parts[2])


def test_stage_of_convolutions_equals_the_masked_one(tmp_path: Path) -> None:
    runs = {}
    for kind in ("auto", "never"):
        stages = [{**DENSE, "epochs": 1, "learning_rate": 1e-3}, PRUNE, tune(compressed=kind)]
        trainer = Trainer(
            recipe(*stages, model="lenet5_caffe"), make_images(), tmp_path / kind
        )
        trainer.run()
        runs[kind] = trainer.state.arrays
    for name, array in runs["never"].items():
        assert runs["auto"][name].shape == array.shape, name
        # Nine steps apart by rounding.
        np.testing.assert_allclose(
            runs["auto"][name], array, atol=1e-4 * max(float(np.abs(array).max()), 1e-3),
            err_msg=name,
        )  # fmt: skip
    for name in ("conv1.weight", "conv2.weight"):
        assert not runs["auto"][name][~runs["auto"][PREFIX + name]].any()


def test_threads_do_not_change_bits(tmp_path: Path) -> None:
    runs = [train(tmp_path / str(n), DENSE, PRUNE, tune(), threads=n).state.arrays for n in (1, 2)]
    for name, array in runs[0].items():
        assert array.tobytes() == runs[1][name].tobytes(), name


def test_resumes_within_a_compressed_stage(tmp_path: Path) -> None:
    stages = [DENSE, PRUNE, tune(keep="best")]
    whole = train(tmp_path / "whole", *stages).state.arrays
    trainer = Trainer(recipe(*stages), make_blobs(), tmp_path / "run")
    steps = 0

    def stop(*_: object) -> None:
        nonlocal steps
        steps += 1
        trainer.interrupted = steps == 2

    for task in trainer.tasks[:2]:
        trainer._task(task)
        trainer.state.meta["task"] += 1
        trainer.state.meta |= {"epoch": 0, "step": 0, "sums": {}, "best": None}
    trainer.progress.advance = stop  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    stopped = read_checkpoint(tmp_path / "run")
    assert stopped.meta["task"] == 2
    assert stopped.arrays["fc1.weight"].shape == whole["fc1.weight"].shape
    again = Trainer(recipe(*stages), make_blobs(), tmp_path / "run", resume=True)
    again.run()
    for name, array in whole.items():
        assert array.tobytes() == again.state.arrays[name].tobytes(), name


@pytest.mark.parametrize(
    "keys, expected",
    [
        ({}, set(WEIGHTS)),
        ({"compressed": "never"}, set()),
        ({"mask": False}, set()),
        ({"gradual": {"final": 0.95}}, set()),
        ({"admm": {"sparsity": 0.95}}, set()),
        ({"freeze": {"targets": ["fc1.*"]}}, set(WEIGHTS)),
        (
            {"regularize": {"kind": "group_lasso", "strength": 1e-4, "granularity": "channel:0",
                            "targets": ["fc2.weight"]}},
            {"fc1.weight", "fc3.weight"},
        ),
    ],
)  # fmt: skip
def test_what_is_compressed(tmp_path: Path, keys: dict[str, Any], expected: set[str]) -> None:
    assert compressed_weights(tmp_path, tune(**keys)) == expected


def test_compressed_there_and_back() -> None:
    mask = np.array([[True, False, True], [False, False, True]])
    masks = FixedMasks({"w": mask, "v": mask})
    state = {"w": np.zeros(3), "v": np.zeros((2, 3))}
    weights = CompressedWeights({"w": (2, 3), "v": (2, 3)}, masks, state)
    assert set(weights.names()) == {"w"}
    rng = drawn.rng(1)
    dense = {
        "w": rng.standard_normal((2, 3)) * mask,
        "moment1:w": rng.standard_normal((2, 3)) * mask,
        "v": rng.standard_normal((2, 3)),
        "b": rng.standard_normal(3),
        "mask:w": mask,
        "step": np.array(4),
    }
    compressed = weights.compress(dense)
    assert compressed["w"].shape == compressed["moment1:w"].shape == (3,)
    back = weights.decompress(compressed)
    for name, array in dense.items():
        assert np.array_equal(back[name], array), name


def test_masks_are_equal_by_their_bits() -> None:
    one = FixedMasks({"w": np.array([True, False])})
    assert one == FixedMasks({"w": np.array([True, False])})
    assert hash(one) == hash(FixedMasks({"w": np.array([True, False])}))
    assert one != FixedMasks({"w": np.array([False, True])})
    assert not FixedMasks({})
