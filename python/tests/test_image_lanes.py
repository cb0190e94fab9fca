# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks whose generated code has images in the lanes of vectors, for the part where that is faster."""

import random
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mlir_prune.models.builder import Builder
from mlir_prune.models.network import Network
from mlir_prune.models.text import Shape, Value
from mlir_prune.native import parse
from network_programs import STRESS
from shared_objects import COMPILER, build, network, run, sample

INSTRUCTION_SETS = ["avx512", "avx2", "portable"]


def choose(batch: int, isa: str, option: str = "A"):
    module = network("resnet20", batch, 0.8, option=option)
    module.run(f"prune-select-kernels{{kernel=straight_line isa={isa}}}")
    return module


def use_positions(module):
    return parse(re.sub("image_lanes = 1 : i64, ", "", str(module)))


@pytest.mark.parametrize("option", ["A", "B"])
@pytest.mark.parametrize("isa", INSTRUCTION_SETS)
def test_chosen_for_the_last_layers(option, isa):
    """Small images come last: once lanes are images they stay so, but for the product at the end."""
    plans = re.findall("#prune.kernel<straight_line, {([^}]*)}>", str(choose(32, isa, option)))
    lanes = ["image_lanes" in plan for plan in plans]
    assert any(lanes) and not lanes[-1]
    first = lanes.index(True)
    assert all(lanes[first:-1])
    assert "image_lanes" not in str(choose(24, isa, option))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("option", ["A", "B"])
def test_same_bits_as_positions(option, threads):
    module = choose(32, "host", option)
    x = sample(module, 2)
    reference = module.compile(reference=True)("forward", x)[0]
    images, positions = (m.compile(threads=threads)("forward", x)[0] for m in (module, use_positions(module)))
    np.testing.assert_allclose(images, reference, rtol=1e-3, atol=1e-4 * np.abs(reference).max())
    assert np.array_equal(images, positions)


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
@pytest.mark.parametrize("isa", ["avx2", "base"])
def test_in_a_shared_object(tmp_path: Path, isa: str):
    """A standalone file, on several threads."""
    module = choose(16, {"base": "portable"}.get(isa, isa))
    assert "image_lanes" in str(module)
    x = sample(module, 3)
    module.write_shared_object(str(tmp_path / "net.so"), isa=isa, standalone=True)
    x.tofile(tmp_path / "x.bin")
    run(build(tmp_path, STRESS, "stress"), tmp_path / "x.bin", tmp_path / "y.bin")
    expected = module.compile(reference=True)("forward", x)[0]
    result = np.fromfile(tmp_path / "y.bin", np.float32).reshape(expected.shape)
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@dataclass(frozen=True)
class Drawn(Network):
    """Convolutions of any window, stride and groups, with residual sums, poolings and relus."""

    seed: int = 0
    input_shape: Shape = (4, 12, 11)
    classes: int = 5

    activation = "relu"

    def build(self, builder: Builder, x: Value) -> Value:
        """Writes the network from its input `x`; returns the logits."""
        draw = random.Random(self.seed)
        for index in range(draw.randint(3, 7)):
            x = self.layer(draw, builder, x, f"layer{index}")
        return builder.linear(builder.global_average(x), "last", self.classes)

    def layer(self, draw: random.Random, builder: Builder, x: Value, name: str) -> Value:
        kernel = draw.choice([1, 1, 3, 3, 5])
        stride = draw.choice([1, 1, 1, 2]) if min(x.shape[2:]) > 4 else 1
        dilation = draw.choice([1, 1, 2]) if kernel == 3 else 1
        groups = draw.choice([1, 1, 1, 2, x.shape[1]])
        width = draw.choice([4, 6, 8, x.shape[1]]) if groups < 3 else x.shape[1]
        pad = dilation * (kernel - 1) // 2
        y = builder.conv(x, name, width, kernel, stride=stride, pad=pad, dilation=dilation, groups=groups)
        if y.shape == x.shape and draw.random() < 0.6:
            y = builder.add(y, x)
        if draw.random() < 0.7:
            y = builder.activate(y)
        if min(y.shape[2:]) > 5 and draw.random() < 0.2:
            y = builder.max_pool(y, 2)
        return y


@pytest.mark.parametrize("seed", range(24))
def test_drawn_networks(seed):
    """Whichever layers have images in their lanes, and wherever the batch is cut."""
    generator, draw = np.random.default_rng(seed), random.Random(seed)
    batch = draw.choice([16, 32, 48])
    built = Drawn(seed=seed)
    values = built.init(generator)
    for array in values.values():
        if array.ndim > 1:
            array[generator.random(array.shape) < draw.choice([0.3, 0.8])] = 0.0
    module = parse(built.text(batch))
    module.bind(values)
    module.run("prune-select-kernels{kernel=straight_line}")
    positions = use_positions(module)
    share = draw.choice([0.3, 0.7, 1.0])
    # Not the product at the end, which has no images.
    text = str(positions)
    convolutions = text.count("straight_line, {") - 1
    lanes = iter([*(int(draw.random() < share) for _ in range(convolutions)), 0])
    images = parse(re.sub("straight_line, {", lambda match: f"{match[0]}image_lanes = {next(lanes)} : i64, ", text))
    if draw.random() < 0.5:
        images.run(f"prune-tile-batch{{images={draw.choice([1, 2, 8, 16])}}}")
    x = sample(module, seed)
    threads = draw.choice([1, 2])
    reference = module.compile(reference=True)("forward", x)[0]
    found, wanted = (m.compile(threads=threads)("forward", x)[0] for m in (images, positions))
    np.testing.assert_allclose(found, reference, rtol=1e-3, atol=1e-4 * np.abs(reference).max())
    assert np.array_equal(found, wanted)


def test_a_cut_network_with_normalizations_that_returns_its_input():
    """The functions that a batch is cut into go where they are called, whatever is in them."""
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((32, 32, 3, 3)).astype(np.float32) * (rng.random((32, 32, 3, 3)) > 0.85)
    shape, vector = "tensor<16x32x14x14xf32>", "tensor<32xf32>"
    hexadecimal = weight.astype("<f4").tobytes().hex().upper()
    text = f"""
    func.func @forward(%x: {shape} {{prune.input = "input"}}) -> ({shape} {{prune.output = "a"}}, {shape} {{prune.output = "b"}}) {{
      %w = arith.constant dense<"0x{hexadecimal}"> : tensor<32x32x3x3xf32>
      %v = arith.constant dense<0.5> : {vector}
      %z = arith.constant 0.0 : f32
      %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {{
      ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
        tensor.yield %z : f32
      }} : {shape} to tensor<16x32x16x16xf32>
      %e = tensor.empty() : {shape}
      %i = linalg.fill ins(%z : f32) outs(%e : {shape}) -> {shape}
      %c = linalg.conv_2d_nchw_fchw ins(%p, %w : tensor<16x32x16x16xf32>, tensor<32x32x3x3xf32>) outs(%i : {shape}) -> {shape}
      %n = prune.batch_norm %c, %v, %v, %v, %v epsilon 1.0e-05 : {shape}, {vector}
      return %n, %x : {shape}, {shape}
    }}"""
    x = rng.standard_normal((16, 32, 14, 14)).astype(np.float32)
    module = parse(text)
    module.run("builtin.module(prune-select-kernels{kernel=straight_line},prune-tile-batch{images=2})")
    found, returned = module.compile()("forward", x)
    expected = parse(text).compile(reference=True)("forward", x)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(returned, x)
