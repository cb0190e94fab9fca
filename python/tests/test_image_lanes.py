# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks whose generated code has images in the lanes of vectors, for the part where that is faster."""

import re
from pathlib import Path

import numpy as np
import pytest

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
