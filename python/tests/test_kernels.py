# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Execution of the kernel lowerings: every form, on both runtimes, against numpy."""

from __future__ import annotations

import pathlib
import re
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawn
from mlir_prune import _native as native

LIBRARIES = pathlib.Path(native.__file__).resolve().parents[2] / "lib"

KERNELS = ["dense", "csr", "straight_line", "lanes"]

ACTIVATIONS = {
    "none": (None, lambda z: z),
    "relu": (
        "%zero = arith.constant 0.0 : f32\n%r = arith.maximumf %in, %zero : f32",
        lambda z: np.maximum(z, 0),
    ),
    "tanh": ("%r = math.tanh %in : f32", np.tanh),
    "sigmoid": (
        "%one = arith.constant 1.0 : f32\n%n = arith.negf %in : f32\n%p = math.exp %n : f32\n"
        "%q = arith.addf %p, %one : f32\n%r = arith.divf %one, %q : f32",
        lambda z: 1 / (1 + np.exp(-z)),
    ),
}

MAPS = """
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
"""


@pytest.fixture(scope="module", params=["naive", "found"])
def runtime(request, tmp_path_factory):
    """The naive library alone, and whatever is found first."""
    patch = pytest.MonkeyPatch()
    if request.param == "naive":
        folder = tmp_path_factory.mktemp("runtime")
        shutil.copy(LIBRARIES / "libprune_runtime_naive.so", folder)
        patch.setenv("PRUNE_RUNTIME_DIR", str(folder))
    yield request.param
    patch.undo()


def hexadecimal(values: np.ndarray) -> str:
    return f'"0x{bytes([4, 0, 0, 0]).hex()}{np.ascontiguousarray(values, "<f4").tobytes().hex()}"'


def write_layer(index, batch, layer, constants):
    """One layer in the model form, and its weights among the constants."""
    w, b, activation, late_bias = layer["w"], layer["b"], layer["activation"], layer["late_bias"]
    rows, inner = w.shape
    before, y = f"tensor<{batch}x{inner}xf32>", f"tensor<{batch}x{rows}xf32>"
    constants[f"w{index}"] = w
    constants[f"b{index}"] = b
    lines = [
        f"%w{index} = arith.constant {{prune.param = #prune.param<\"fc{index}.weight\", weight>}} "
        f"dense_resource<w{index}> : tensor<{rows}x{inner}xf32>",
        f"%b{index} = arith.constant {{prune.param = #prune.param<\"fc{index}.bias\", bias>}} "
        f"dense_resource<b{index}> : tensor<{rows}xf32>",
        f"%e{index} = tensor.empty() : {y}",
        f"%c{index} = arith.constant 0.0 : f32",
    ]
    if late_bias:
        lines.append(
            f"%i{index} = linalg.fill ins(%c{index} : f32) outs(%e{index} : {y}) -> {y}"
        )
    else:
        lines.append(
            f"%i{index} = linalg.broadcast ins(%b{index} : tensor<{rows}xf32>) "
            f"outs(%e{index} : {y}) dimensions = [0]"
        )
    lines.append(
        f"%z{index} = linalg.matmul indexing_maps = [#mk, #nk, #mn] "
        f"{{prune.kernel = #prune.kernel<{layer['kernel']}>}} "
        f"ins(%y{index - 1}, %w{index} : {before}, tensor<{rows}x{inner}xf32>) "
        f"outs(%i{index} : {y}) -> {y}"
    )
    value = f"%z{index}"
    if late_bias:
        lines.append(
            f"%s{index} = linalg.generic {{indexing_maps = [#id, #column, #id], "
            f'iterator_types = ["parallel", "parallel"]}} ins({value}, %b{index} : {y}, tensor<{rows}xf32>) '
            f"outs(%e{index} : {y}) {{\n^bb0(%in: f32, %bias: f32, %out: f32):\n"
            f"%r = arith.addf %in, %bias : f32\nlinalg.yield %r : f32\n}} -> {y}"
        )
        value = f"%s{index}"
    body = ACTIVATIONS[activation][0]
    if body:
        lines.append(
            f"%y{index} = linalg.generic {{indexing_maps = [#id, #id], "
            f'iterator_types = ["parallel", "parallel"]}} ins({value} : {y}) outs(%e{index} : {y}) {{\n'
            f"^bb0(%in: f32, %out: f32):\n{body}\nlinalg.yield %r : f32\n}} -> {y}"
        )
        value = f"%y{index}"
    return lines, value


def write_network(batch, layers):
    """Text of @forward and the values of its constants."""
    constants: dict[str, np.ndarray] = {}
    lines = []
    for index, layer in enumerate(layers, 1):
        text, value = write_layer(index, batch, layer, constants)
        lines += [line.replace(f"%y{index - 1},", f"{previous}," if index > 1 else "%y0,") for line in text]
        previous = value
    inner, rows = layers[0]["w"].shape[1], layers[-1]["w"].shape[0]
    resources = ", ".join(f"{name}: {hexadecimal(value)}" for name, value in constants.items())
    return (
        MAPS
        + f'func.func @forward(%y0: tensor<{batch}x{inner}xf32> {{prune.input = "input"}}) -> '
        + f'(tensor<{batch}x{rows}xf32> {{prune.output = "logits"}}) {{\n'
        + "\n".join(lines)
        + f"\nreturn {previous} : tensor<{batch}x{rows}xf32>\n}}\n"
        + "{-# dialect_resources: { builtin: { "
        + resources
        + " } } #-}\n"
    )


def make_layers(rng, sizes, kernels, zeros, activations, late_biases):
    layers = []
    for inner, rows, kernel, activation, late in zip(
        sizes, sizes[1:], kernels, activations, late_biases, strict=False
    ):
        w = rng.standard_normal((rows, inner)).astype(np.float32) / np.sqrt(inner)
        w[rng.random(w.shape) < zeros] = 0
        b = rng.standard_normal(rows).astype(np.float32)
        layers.append({"w": w.astype("f4"), "b": b, "kernel": kernel, "activation": activation, "late_bias": late})
    return layers


def evaluate(x, layers):
    y = x.astype(np.float64)
    for layer in layers:
        y = ACTIVATIONS[layer["activation"]][1](y @ layer["w"].T.astype(np.float64) + layer["b"])
    return y


@drawn.examples(25)
@given(
    batch=st.sampled_from([1, 2, 7, 16, 33]),
    sizes=st.lists(st.integers(1, 40), min_size=2, max_size=4),
    kernels=st.lists(st.sampled_from(KERNELS), min_size=3, max_size=3),
    activations=st.lists(st.sampled_from(list(ACTIVATIONS)), min_size=3, max_size=3),
    late_biases=st.lists(st.booleans(), min_size=3, max_size=3),
    zeros=st.sampled_from([0.0, 0.5, 0.9, 1.0]),
    seed=st.integers(0, 1000),
)
def test_random_networks(runtime, batch, sizes, kernels, activations, late_biases, zeros, seed):
    rng = np.random.default_rng(seed)
    layers = make_layers(rng, sizes, kernels, zeros, activations, late_biases)
    x = rng.standard_normal((batch, sizes[0])).astype(np.float32)
    executable = native.Module.parse(write_network(batch, layers)).compile()
    assert runtime != "naive" or executable.runtime == "naive"
    (y,) = executable("forward", x)
    np.testing.assert_allclose(y, evaluate(x, layers), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kernel", KERNELS[1:])
def test_threads_give_the_same_bits(runtime, kernel):
    rng = drawn.rng(0)
    layers = make_layers(rng, [784, 300, 100, 10], [kernel, "dense", kernel], 0.8, ["relu", "relu", "none"], [False] * 3)
    x = rng.standard_normal((64, 784)).astype(np.float32)
    module = native.Module.parse(write_network(64, layers))
    one = module.clone().compile(threads=1)("forward", x)[0]
    two = module.clone().compile(threads=2)("forward", x)[0]
    assert np.array_equal(one, two)
    np.testing.assert_allclose(one, evaluate(x, layers), rtol=1e-4, atol=1e-5)


def test_chosen_kernels_agree_with_dense(runtime):
    """The whole way: choose, verify, lower and run, against the dense network."""
    rng = drawn.rng(1)
    layers = make_layers(rng, [256, 256, 10], ["dense", "dense"], 0.95, ["relu", "none"], [False] * 2)
    x = rng.standard_normal((64, 256)).astype(np.float32)
    module = native.Module.parse(write_network(64, layers))
    dense = module.clone().compile()("forward", x)[0]
    chosen = module.clone()
    chosen.run("prune-select-kernels,prune-verify-kernels")
    assert re.search("#prune.kernel<(csr|straight_line)[,>]", str(chosen))
    np.testing.assert_allclose(chosen.compile()("forward", x)[0], dense, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 4])
def test_few_columns_choose_lanes(runtime, batch):
    rng = drawn.rng(2)
    layers = make_layers(rng, [784, 300, 100], ["dense", "dense"], 0.9, ["relu", "none"], [False] * 2)
    x = rng.standard_normal((batch, 784)).astype(np.float32)
    module = native.Module.parse(write_network(batch, layers))
    module.run("prune-select-kernels,prune-verify-kernels")
    assert "#prune.kernel<lanes>" in str(module)
    y = module.compile()("forward", x)[0]
    np.testing.assert_allclose(y, evaluate(x, layers), rtol=1e-4, atol=1e-5)


CONVOLUTIONS = """
func.func @forward(%x: tensor<6x4x9x9xf32> {prune.input = "x"}) -> (tensor<6x8x9x9xf32> {prune.output = "y"}) {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant {prune.param = #prune.param<"a", weight>} dense<A> : tensor<8x4x1x1xf32>
  %w2 = arith.constant {prune.param = #prune.param<"b", weight>} dense<B> : tensor<8x8x3x3xf32>
  %w3 = arith.constant {prune.param = #prune.param<"c", weight>} dense<C> : tensor<8x8x1x1xf32>
  %e = tensor.empty() : tensor<6x8x9x9xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<6x8x9x9xf32>) -> tensor<6x8x9x9xf32>
  %y1 = linalg.conv_2d_nchw_fchw ins(%x, %w1 : tensor<6x4x9x9xf32>, tensor<8x4x1x1xf32>) outs(%i : tensor<6x8x9x9xf32>) -> tensor<6x8x9x9xf32>
  %p = tensor.pad %y1 low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<6x8x9x9xf32> to tensor<6x8x11x11xf32>
  %y2 = linalg.conv_2d_nchw_fchw ins(%p, %w2 : tensor<6x8x11x11xf32>, tensor<8x8x3x3xf32>) outs(%i : tensor<6x8x9x9xf32>) -> tensor<6x8x9x9xf32>
  %y3 = linalg.conv_2d_nchw_fchw ins(%y2, %w3 : tensor<6x8x9x9xf32>, tensor<8x8x1x1xf32>) outs(%i : tensor<6x8x9x9xf32>) -> tensor<6x8x9x9xf32>
  %s = linalg.add ins(%y3, %y1 : tensor<6x8x9x9xf32>, tensor<6x8x9x9xf32>) outs(%e : tensor<6x8x9x9xf32>) -> tensor<6x8x9x9xf32>
  return %s : tensor<6x8x9x9xf32>
}
"""


def make_block(batch: int) -> native.Module:
    """A residual block with random sparse weights."""
    rng = drawn.rng(3)
    text = CONVOLUTIONS.replace("<6x", f"<{batch}x")
    for name, size in (("<A>", 32), ("<B>", 576), ("<C>", 64)):
        values = rng.standard_normal(size) * (rng.random(size) < 0.3)
        text = text.replace(name, f'<"0x{values.astype("<f4").tobytes().hex()}">', 1)
    return native.Module.parse(text)


@pytest.mark.parametrize("images", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("threads", [1, 2])
def test_parts_of_the_batch(runtime, images, threads):
    """A residual block on a few images at a time has the results of the whole batch,
    and with generated code its bits."""
    module = make_block(6)
    x = drawn.rng(4).standard_normal((6, 4, 9, 9)).astype(np.float32)
    reference = module.compile(reference=True)("forward", x)[0]
    module.run("prune-select-kernels{kernel=straight_line}")
    whole = module.compile(threads=threads)("forward", x)[0]
    np.testing.assert_allclose(whole, reference, rtol=1e-4, atol=1e-4)
    module.run(f"prune-tile-batch{{images={images}}}")
    assert ("scf.for" in str(module)) == (images in (1, 2, 3))
    parts = module.compile(threads=threads)("forward", x)[0]
    np.testing.assert_allclose(parts, reference, rtol=1e-4, atol=1e-4)
    # oneDNN may take another way for another batch where no code is generated.
    if "straight_line" in str(module):
        assert np.array_equal(parts, whole)


@pytest.mark.parametrize("lanes", ["001", "011", "010", "101", "111"])
@pytest.mark.parametrize("threads", [1, 2])
def test_images_in_lanes(runtime, lanes, threads):
    """Layers whose lanes are images have the bits of those whose lanes are positions,
    wherever they begin and end."""
    module = make_block(32)
    x = drawn.rng(4).standard_normal((32, 4, 9, 9)).astype(np.float32)
    reference = module.compile(reference=True)("forward", x)[0]
    module.run("prune-select-kernels{kernel=straight_line}")
    if "straight_line" not in str(module):
        pytest.skip("no code is generated for this processor")
    text = re.sub("image_lanes = 1 : i64, ", "", str(module))
    choices = iter(lanes)
    texts = [text, re.sub("straight_line, {", lambda match: f"{match[0]}image_lanes = {next(choices)} : i64, ", text)]
    positions, images = (native.Module.parse(text).compile(threads=threads)("forward", x)[0] for text in texts)
    np.testing.assert_allclose(positions, reference, rtol=1e-4, atol=1e-4)
    assert np.array_equal(images, positions)
