# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operations of the prune dialect on tensors without elements, on both paths."""

from __future__ import annotations

import numpy as np
import pytest

native = pytest.importorskip("mlir_prune._native", reason="needs the native module")

SHAPES = [(0,), (0, 4), (4, 0), (0, 0), (2, 0, 4), (2, 4, 0, 3)]
DTYPES = {"f32": np.float32, "f64": np.float64, "i1": bool, "i32": np.int32, "i64": np.int64}


def spell(shape, element: str = "f32") -> str:
    return "tensor<" + "".join(f"{n}x" for n in shape) + element + ">"


def run(arguments: dict, body: str, results: list[str]) -> None:
    """Compiles a function of arguments `name: (shape or None, element)` on both paths."""
    heads, values = [], []
    for name, (shape, element) in arguments.items():
        heads.append(f"%{name}: {element if shape is None else spell(shape, element)}")
        values.append(np.full(() if shape is None else shape, 1, DTYPES[element]))
    kinds = ", ".join(results)
    names = ", ".join(f"%r{i}" for i in range(len(results)))
    text = f"func.func @f({', '.join(heads)}) -> ({kinds}) {{\n{body}\nreturn {names} : {kinds}\n}}"
    expected = native.Module.parse(text).compile(reference=True)("f", *values)
    got = native.Module.parse(text).compile()("f", *values)
    for mine, other in zip(got, expected, strict=True):
        np.testing.assert_array_equal(np.array(mine), np.array(other), err_msg=text)


def grids(shape):
    """Granularities that fit a shape, and the shape of their scores."""
    yield "unstructured", shape
    if len(shape) > 1:
        yield "channel, axis = 0", shape[:1]
        yield "channel, axis = 1", shape[1:2]
        yield "vector, axis = 1", shape[:1] + shape[2:]
        block = [1 if n % 2 else 2 for n in shape]
        grid = tuple(n // step for n, step in zip(shape, block, strict=True))
        yield f"block, shape = {block}", grid
        axis = next(i for i, n in enumerate(shape) if n % 4 == 0)
        yield f"n_of_m, shape = [2, 4], axis = {axis}", shape
    if len(shape) == 4:
        yield "filter_plane", shape[:2]


def element_wise(kind: str, mask: str):
    """Bodies over %w, %g, %v, %u of one shape, mask %m, scalar %s and step %t."""
    yield "apply_mask", f"%r0 = prune.apply_mask %w, %m : {kind}", [kind]
    yield "gate", f"%r0 = prune.gate %w, %g ste(<softplus>) : {kind}, {kind}", [kind]
    yield "dropout", f"%r0 = prune.dropout %w, %t rate 0.5 seed 7 : {kind}", [kind]
    yield "proximal", f"%r0 = prune.proximal l1 %w, %s : {kind}", [kind]
    for name in ("l1", "l2", "hoyer", "hoyer_square", "transformed_l1"):
        yield (name, f"%r0 = prune.regularize {name} %w, %s : {kind}\n"
               f"%r1 = prune.regularize_gradient {name} %w, %s : {kind}", ["tensor<f32>", kind])
    yield ("sgd", "%r0, %r1 = prune.sgd_update %w, %g, lr %s velocity %v mask %m {momentum = 0.9}"
           f" : ({kind}, {kind}, f32, {kind}, {mask}) -> ({kind}, {kind})", [kind] * 2)
    yield ("adam", "%r0, %r1, %r2 = prune.adam_update %w, %g, lr %s step %t moments %v, %u"
           f" : ({kind}, {kind}, f32, i64, {kind}, {kind}) -> ({kind}, {kind}, {kind})", [kind] * 3)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_element_wise_operations(shape):
    arguments = {name: (shape, "f32") for name in "wgvu"}
    arguments |= {"m": (shape, "i1"), "s": (None, "f32"), "t": (None, "i64")}
    for _, body, results in element_wise(spell(shape), spell(shape, "i1")):
        run(arguments, body, results)


@pytest.mark.parametrize("selection", ["<sparsity, 0.5>", "<threshold, 0.5>"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_scores_and_masks(shape, selection):
    kind, mask = spell(shape), spell(shape, "i1")
    for granularity, grid in grids(shape):
        scored = spell(grid)
        run({"w": (shape, "f32")},
            f"%x = prune.score %w criterion(<magnitude>) granularity(<{granularity}>)"
            f" : {kind} -> {scored}\n"
            f"%r0 = prune.select_mask %x selection({selection}) granularity(<{granularity}>)"
            f" : ({scored}) -> {mask}", [mask])  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_masks_ranked_together_with_a_weight_that_has_elements(shape):
    kind, mask = spell(shape), spell(shape, "i1")
    run({"w": (shape, "f32"), "x": ((6,), "f32")},
        "%r0, %r1 = prune.select_mask %w, %x selection(<sparsity, 0.5>) granularity(<unstructured>)"
        f" : ({kind}, tensor<6xf32>) -> ({mask}, tensor<6xi1>)", [mask, "tensor<6xi1>"])  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
def test_group_penalties(shape):
    kind = spell(shape)
    for granularity, _ in grids(shape):
        if "n_of_m" in granularity:
            continue
        for name in ("group_lasso", "group_hoyer_square"):
            run({"w": (shape, "f32"), "s": (None, "f32")},
                f"%r0 = prune.regularize {name} %w, %s granularity(<{granularity}>) : {kind}\n"
                f"%r1 = prune.regularize_gradient {name} %w, %s granularity(<{granularity}>)"
                f" : {kind}\n"
                f"%r2 = prune.proximal group_lasso %w, %s granularity(<{granularity}>) : {kind}",
                ["tensor<f32>", kind, kind])  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
def test_batch_normalizations(shape):
    kind, channel = spell(shape), spell(shape[1:2])
    arguments = {name: (shape, "f32") for name in "xd"}
    arguments |= {name: (shape[1:2], "f32") for name in "gbmv"}
    run(arguments,
        f"%r0 = prune.batch_norm %x, %g, %b, %m, %v epsilon 1.0e-5 : {kind}, {channel}", [kind])
    run(arguments, "%r0, %r1, %r2 = prune.batch_norm_training %x, %g, %b epsilon 1.0e-5"
        f" : {kind}, {channel}", [kind, channel, channel])  # fmt: skip
    run(arguments, "%r0, %r1, %r2 = prune.batch_norm_gradient %x, %g, %m, %v, %d epsilon 1.0e-5"
        f" : {kind}, {channel}", [kind, channel, channel])  # fmt: skip


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (0, 0)], ids=str)
def test_losses(shape):
    kind, labels = spell(shape), spell(shape[:1], "i32")
    run({"z": (shape, "f32"), "y": (shape[:1], "i32"), "p": (shape, "f32")},
        f"%r0 = prune.softmax_cross_entropy %z, %y : {kind}, {labels}\n"
        f"%r1 = prune.softmax_cross_entropy %z, %p : {kind}, {kind}", ["tensor<f32>"] * 2)


@pytest.mark.parametrize("shape", [(0, 2, 4, 4), (2, 0, 4, 4), (2, 2, 0, 4)], ids=str)
def test_gradient_of_max_pooling(shape):
    small = (*shape[:2], shape[2] // 2, shape[3] // 2)
    run({"x": (shape, "f32"), "y": (small, "f32"), "d": (small, "f32")},
        "%r0 = prune.max_pool_gradient %x, %y, %d window [2, 2] strides [2, 2] dilations [1, 1]"
        f" : {spell(shape)}, {spell(small)}", [spell(shape)])


LOSS = """
func.func @loss(%x: {x}, %labels: {labels}, %w: {w} {{prune.param = #prune.param<"w", weight>}})
    -> (tensor<f32> {{prune.output = "loss"}}) {{
  %e = tensor.empty() : {y}
  %c = arith.constant 0.0 : f32
  %z = linalg.fill ins(%c : f32) outs(%e : {y}) -> {y}
  %y = linalg.matmul ins(%x, %w : {x}, {w}) outs(%z : {y}) -> {y}
  %r = linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>,
      affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}}
      ins(%y : {y}) outs(%e : {y}) {{
  ^bb0(%in: f32, %out: f32):
    %m = arith.maximumf %in, %c : f32
    linalg.yield %m : f32
  }} -> {y}
  %l = prune.softmax_cross_entropy %r, %labels : {y}, {labels}
  return %l : tensor<f32>
}}
"""


@pytest.mark.parametrize("sizes", [(0, 4, 3), (2, 0, 3), (2, 4, 0), (0, 0, 0)], ids=str)
@pytest.mark.parametrize("penalty", ["", "prune-insert-regularizers{kind=hoyer-square},"])
def test_gradients(sizes, penalty):
    batch, inputs, outputs = sizes
    kinds = {"x": (batch, inputs), "w": (inputs, outputs), "y": (batch, outputs)}
    text = LOSS.format(labels=spell((batch,), "i32"), **{k: spell(v) for k, v in kinds.items()})
    values = [np.ones(kinds["x"], np.float32), np.zeros(batch, np.int32),
              np.ones(kinds["w"], np.float32)]  # fmt: skip
    results = []
    for reference in (True, False):
        module = native.Module.parse(text)
        module.run("builtin.module(prune-differentiate)")
        results.append([np.array(r) for r in module.compile(reference=reference)("loss", *values)])
    for mine, other in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("shape", [(5, 0), (0, 4), (0, 0)], ids=str)
def test_constant_weights(shape: tuple[int, int]) -> None:
    """Constants without elements are nothing that LLVM has in several dimensions."""
    outputs, inputs = shape
    text = f"""
    func.func @f(%x: {spell((3, inputs))}) -> {spell((3, outputs))} {{
      %w = arith.constant dense<> : {spell(shape)}
      %z = arith.constant 2.0 : f32
      %e = tensor.empty() : {spell((3, outputs))}
      %i = linalg.fill ins(%z : f32) outs(%e : {spell((3, outputs))}) -> {spell((3, outputs))}
      %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
          affine_map<(m, n, k) -> (m, n)>]
          ins(%x, %w : {spell((3, inputs))}, {spell(shape)}) outs(%i : {spell((3, outputs))}) -> {spell((3, outputs))}
      return %y : {spell((3, outputs))}
    }}"""
    x = np.ones((3, inputs), np.float32)
    for reference in (False, True):
        (found,) = native.Module.parse(text).compile(reference=reference)("f", x)
        np.testing.assert_array_equal(found, np.full((3, outputs), 2, np.float32))
