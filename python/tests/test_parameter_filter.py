# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one filter of parameters: recipes choose as the passes do."""

from __future__ import annotations

import random

import pytest

from conftest import make_blobs
from mlir_prune import Module, models, networks
from mlir_prune.errors import RecipeError
from mlir_prune.native import native
from mlir_prune.training.rehearsal import rehearse
from short_runs import recipe

NAMES = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "bias", "a[0].weight", "a^b"]
PATTERNS = ["*", "fc*.weight", "fc?.bias", "fc[12].*", "fc[!1].*", "fc[^1].*", "a\\[0\\].weight",
            "*bias", "weight", "", "a^b", "[a-f]*", "fc1", "fc1.weigh?"]  # fmt: skip
MALFORMED = ["[", "fc[", "a\\", "[z-a]"]

MODULE = """
func.func @forward(%x: tensor<2x3xf32> {{prune.input = "input"}}{arguments})
    -> (tensor<2x3xf32> {{prune.output = "logits"}}) {{
  return %x : tensor<2x3xf32>
}}
"""


def by_pass(pattern: str) -> list[str]:
    """What a pass chooses by the same pattern: the parameters that it freezes."""
    arguments = "".join(
        f', %p{index}: tensor<3xf32> {{prune.param = #prune.param<"{name}", weight>}}'
        for index, name in enumerate(NAMES)
    )
    module = Module.parse(MODULE.format(arguments=arguments))
    module.run(f"builtin.module(prune-freeze-parameters{{function=forward parameters={pattern}}})")
    text = str(module)
    return [name for name in NAMES if f'"{name}", weight>, prune.frozen' in text
            or f'prune.frozen, prune.param = #prune.param<"{name}", weight>' in text]  # fmt: skip


@pytest.mark.parametrize("pattern", [p for p in PATTERNS if p])
def test_recipes_and_passes_read_one_pattern_alike(pattern: str) -> None:
    if pattern == "weight":
        return  # a role in recipes, which passes take as an option of its own
    positions, _ = native().match_patterns([pattern], NAMES)
    matched = [name for name, position in zip(NAMES, positions, strict=True) if position == 0]
    assert matched == by_pass(pattern)


@pytest.mark.parametrize("pattern", MALFORMED)
def test_malformed_patterns_are_errors_of_their_key(pattern: str) -> None:
    network = models.Mlp((8, 6, 4))
    with pytest.raises(RecipeError, match="stages.0..targets: .* is no glob pattern"):
        networks.choose(network, [pattern], [], "stages[0].targets")
    with pytest.raises(RecipeError, match="q: .* is no glob pattern"):
        networks.match_numbers({pattern: 1.0}, ["a"], "q")


def test_the_first_pattern_counts_and_unused_ones_are_errors() -> None:
    names = ["fc1.weight", "fc2.weight"]
    assert networks.match_numbers({"fc1*": 1.0, "*": 2.0}, names, "q") == {
        "fc1.weight": 1.0, "fc2.weight": 2.0,
    }  # fmt: skip
    assert networks.match_numbers({"fc2*": 1.0}, names, "q") == {"fc2.weight": 1.0}
    with pytest.raises(RecipeError, match="q: pattern 'fc3.weight' matches none of .*did you mean"):
        networks.match_numbers({"fc3.weight": 1.0}, names, "q")


def test_words_choose_by_role_and_kind_of_layer() -> None:
    network = models.make("lenet5_caffe")
    assert networks.choose(network, ["conv"], [], "p") == [
        "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias",
    ]  # fmt: skip
    assert networks.choose(network, ["bias"], ["conv"], "p") == ["fc1.bias", "fc2.bias"]
    weights = networks.choose(network, ["fc", "conv1*"], [], "p", among=("weight",))
    assert weights == ["conv1.weight", "fc1.weight", "fc2.weight"]


def test_random_choices_are_those_of_sets() -> None:
    """Chosen less ignored, in the order of the network."""
    rng = random.Random(4)
    keys = [(name, "weight", "") for name in NAMES]
    for _ in range(100):
        chosen = rng.sample(PATTERNS, rng.randrange(1, 4))
        ignored = rng.sample(PATTERNS, rng.randrange(3))
        found, unused, unused_ignored = native().choose_parameters(keys, chosen, ignored)

        def matching(patterns: list[str]) -> set[str]:
            return {n for p in patterns for n in native().choose_parameters(keys, [p], [])[0]}

        wanted = matching(chosen) - matching(ignored)
        assert found == [name for name in NAMES if name in wanted]
        assert unused == [p for p in chosen if not matching([p])]
        assert unused_ignored == [p for p in ignored if not matching([p])]


@pytest.mark.parametrize(
    ("granularity", "shape", "expected"),
    [
        ("unstructured", [4, 6], "whole"),
        ("channel:0", [4, 6], "whole"),
        ("channel:2", [4, 6], "none"),
        ("vector:1", [4, 6], "whole"),
        ("vector:4", [4, 6, 3, 3], "none"),
        ("filter_plane", [4, 6], "none"),
        ("filter_plane", [4, 6, 3, 3], "whole"),
        ("block:2x3", [4, 6], "whole"),
        ("block:3x3", [4, 6], "partial"),
        ("block:8x3", [4, 6], "none"),
        ("block:2x3", [4, 6, 1, 1], "none"),
        ("n_of_m:2:4:1", [4, 8], "whole"),
        ("n_of_m:2:4:1", [4, 6], "partial"),
        ("n_of_m:2:8:1", [4, 6], "none"),
        ("n_of_m:2:4:3", [4, 6], "none"),
    ],
)
def test_groups_lie_in_a_weight(granularity: str, shape: list[int], expected: str) -> None:
    assert native().fit_granularity(granularity, shape) == expected


def test_groups_outside_a_weight_are_refused_before_the_training(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The weights are 24x8, 16x24 and 4x16."""
    stage = {"kind": "prune", "sparsity": 0.5}
    for granularity, message in [
        ("block:8x8", "'fc3.weight' of shape \\[4, 16\\] has no groups of block:8x8"),
        ("channel:2", "'fc1.weight' of shape \\[24, 8\\] has no groups of channel:2"),
        ("filter_plane", "has no groups of filter_plane"),
        ("n_of_m:2:16:1", "'fc1.weight' of shape \\[24, 8\\] has no groups of n_of_m"),
        ("blok:2x2", "malformed granularity 'blok:2x2'"),
    ]:
        with pytest.raises(RecipeError, match=r"stages\[1\]\.granularity: .*" + message):
            rehearse(recipe({"epochs": 1}, {**stage, "granularity": granularity}), make_blobs())
    penalty = {"kind": "group_lasso", "granularity": "block:32x2"}
    with pytest.raises(RecipeError, match=r"regularize\[0\]\.granularity: 'fc1.weight'"):
        rehearse(recipe({"epochs": 1, "regularize": penalty}), make_blobs())
    with pytest.raises(RecipeError, match=r"straight_through.pattern: 'fc1.weight'"):
        rehearse(recipe({"epochs": 1, "straight_through": {"pattern": "4:16"}}), make_blobs())
    assert capsys.readouterr().err == ""
    rehearse(recipe({"epochs": 1}, {**stage, "granularity": "block:3x4"}), make_blobs())
    assert capsys.readouterr().err == (
        "prune: warning: stages[1].granularity: block:3x4 does not divide fc2.weight, "
        "fc3.weight; groups at the border are smaller\n"
    )


def test_layers_are_what_they_compute() -> None:
    """A convolution slides, whatever the rank; biases may be added behind the sums."""
    found = {e["weight"]: e for e in models.make("lenet5_caffe").compiled_layers()}
    assert [e["kind"] for e in found.values()] == ["conv", "conv", "fc", "fc"]
    assert [e["bias"] for e in found.values()] == [
        f"{name}.bias" for name in ("conv1", "conv2", "fc1", "fc2")
    ]
    assert [e["output_dims"] for e in found.values()] == [[0]] * 4
    assert [e["input_dims"] for e in found.values()] == [[1]] * 4
    (batched,) = Module.parse(BATCHED).layers()
    assert (batched["kind"], batched["bias"]) == ("fc", "shift")
    assert (batched["output_dims"], batched["input_dims"]) == ([1], [0])


BATCHED = """
#a = affine_map<(b, r, o, i) -> (b, r, i)>
#w = affine_map<(b, r, o, i) -> (i, o)>
#y = affine_map<(b, r, o, i) -> (b, r, o)>
#id = affine_map<(b, r, o) -> (b, r, o)>
#s = affine_map<(b, r, o) -> (o)>
func.func @forward(%x: tensor<2x3x4xf32> {prune.input = "input"},
    %w: tensor<4x5xf32> {prune.param = #prune.param<"table", weight>},
    %c: tensor<5xf32> {prune.param = #prune.param<"shift", bias>})
    -> (tensor<2x3x5xf32> {prune.output = "logits"}) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<2x3x5xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %sum = linalg.generic {indexing_maps = [#a, #w, #y],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<2x3x4xf32>, tensor<4x5xf32>) outs(%start : tensor<2x3x5xf32>) {
  ^bb0(%p: f32, %q: f32, %acc: f32):
    %m = arith.mulf %p, %q : f32
    %n = arith.addf %acc, %m : f32
    linalg.yield %n : f32
  } -> tensor<2x3x5xf32>
  %out = linalg.generic {indexing_maps = [#s, #id, #id],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%c, %sum : tensor<5xf32>, tensor<2x3x5xf32>) outs(%empty : tensor<2x3x5xf32>) {
  ^bb0(%p: f32, %q: f32, %unused: f32):
    %n = arith.addf %q, %p : f32
    linalg.yield %n : f32
  } -> tensor<2x3x5xf32>
  return %out : tensor<2x3x5xf32>
}
"""
