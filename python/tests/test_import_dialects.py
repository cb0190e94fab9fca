# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks that come as TOSA or StableHLO text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mlir_prune._native", reason="the native module is not built")

from mlir_prune.cli import main  # noqa: E402
from mlir_prune.errors import InputError  # noqa: E402
from mlir_prune.frontend import from_file  # noqa: E402
from mlir_prune.native import parse  # noqa: E402

needs = "pip install torch-mlir onnx onnxruntime to run the tests of the front end"
JAX = Path(__file__).parent / "inputs" / "jax.mlir"

TOSA = """
func.func @main(%x: tensor<2x8xf32>) -> tensor<2x3xf32> {{
  %w = "tosa.const"() <{{values = dense<{weight}> : tensor<1x8x3xf32>}}> : () -> tensor<1x8x3xf32>
  %b = "tosa.const"() <{{values = dense<{bias}> : tensor<1x3xf32>}}> : () -> tensor<1x3xf32>
  %s = tosa.const_shape {{values = dense<[1, 2, 8]> : tensor<3xindex>}} : () -> !tosa.shape<3>
  %z = "tosa.const"() <{{values = dense<0.0> : tensor<1xf32>}}> : () -> tensor<1xf32>
  %x3 = tosa.reshape %x, %s : (tensor<2x8xf32>, !tosa.shape<3>) -> tensor<1x2x8xf32>
  %m = tosa.matmul %x3, %w, %z, %z : (tensor<1x2x8xf32>, tensor<1x8x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x3xf32>
  %s2 = tosa.const_shape {{values = dense<[2, 3]> : tensor<2xindex>}} : () -> !tosa.shape<2>
  %r = tosa.reshape %m, %s2 : (tensor<1x2x3xf32>, !tosa.shape<2>) -> tensor<2x3xf32>
  %y = tosa.add %r, %b : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
  %c = tosa.clamp %y {{min_val = 0.0 : f32, max_val = 6.0 : f32}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %c : tensor<2x3xf32>
}}
"""  # noqa: E501


def test_tosa(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    weight, bias = (rng.standard_normal(s).astype(np.float32) for s in ((1, 8, 3), (1, 3)))
    path = tmp_path / "net.mlir"
    path.write_text(TOSA.format(weight=weight.tolist(), bias=bias.tolist()))
    module = from_file(path)
    assert "tosa." not in str(module)
    values = module.parameters()
    np.testing.assert_array_equal(values["fc0.weight"], weight[0].T)
    np.testing.assert_array_equal(values["fc0.bias"], bias[0])
    x = rng.standard_normal((2, 8)).astype(np.float32)
    found = module.compile().call("forward", {"input": x})["logits"]
    np.testing.assert_allclose(found, np.clip(x @ weight[0] + bias, 0, 6), rtol=1e-5, atol=1e-6)


def test_stablehlo_of_jax(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A convolution, two layers and activations as functions of their own, as jax.export writes it.

    The results are those of JAX 0.10 on the same input.
    """
    pytest.importorskip("torch_mlir", reason=needs)
    out = tmp_path / "net.mlirbc"
    assert main(["import", str(JAX), "-o", str(out)]) == 0
    assert "614 values in 5 parameters" in capsys.readouterr().out
    module = from_file(out)
    shapes = {name: value.shape for name, value in module.parameters().items()}
    assert shapes == {
        "conv0.weight": (6, 2, 3, 3), "conv0.bias": (6,), "fc1.weight": (5, 96), "fc1.bias": (5,),
        "fc2.weight": (3, 5),
    }  # fmt: skip
    x = (np.arange(64) / 64).astype(np.float32).reshape(2, 2, 4, 4)
    found = module.compile().call("forward", {"input": x})["logits"]
    wanted = [[0.01441749, -0.33448583, -0.39215583], [0.03126181, -0.72527385, -0.8503211]]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    # A hidden neuron that nothing reads leaves.
    values = {name: np.array(value) for name, value in module.parameters().items()}
    values["fc2.weight"][:, 2] = 0.0
    smaller = parse(str(module))
    smaller.bind(values)
    smaller.run("builtin.module(prune-eliminate-dead-neurons)")
    assert smaller.parameters()["fc1.weight"].shape == (4, 96)


def test_what_stablehlo_cannot_say_in_linalg_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("torch_mlir", reason=needs)
    path = tmp_path / "net.mlir"
    path.write_text("""func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.custom_call @mine(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}""")
    with pytest.raises(InputError, match=r"net.mlir: .*stablehlo.custom_call"):
        from_file(path)
    path.write_text("func.func @main(%x: tensor<4xf32>) { stablehlo.nothing }")
    with pytest.raises(InputError, match=r"net.mlir: StableHLO cannot be converted: .*nothing"):
        from_file(path)
