# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operations of ONNX come out as ONNX Runtime computes them, or are refused.

The tables hold forms that torch-mlir alone gets wrong, does not end with, or dies of.
The last tests run a short part of `benchmarks/onnx_node_tests.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir onnx onnxruntime to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
onnx = pytest.importorskip("onnx", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)
pytest.importorskip("onnxruntime", reason=needs)

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from mlir_prune import frontend  # noqa: E402
from mlir_prune.errors import InputError  # noqa: E402
from mlir_prune.importing import onnx_rules, process  # noqa: E402


def save(
    path: Path, kind: str, inputs: list[Any], opset: int = 19, results: int = 1, **attributes: Any
) -> Path:
    """A network of one operation; a list is the shape of an input, an array a constant."""
    names, graph_inputs, constants = [], [], []
    for index, entry in enumerate(inputs):
        names.append("" if entry is None else f"v{index}")
        if isinstance(entry, (np.ndarray, np.generic)):
            constants.append(numpy_helper.from_array(np.asarray(entry), names[-1]))
        elif entry is not None:
            kind_of = TensorProto.FLOAT
            if isinstance(entry, tuple):
                kind_of, entry = entry
            graph_inputs.append(helper.make_tensor_value_info(names[-1], kind_of, entry))
    outputs = [f"y{index}" for index in range(results)]
    node = helper.make_node(kind, names, outputs, name="node", **attributes)
    values = [helper.make_empty_tensor_value_info(name) for name in outputs]
    graph = helper.make_graph([node], "g", graph_inputs, values, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 9
    model = onnx.shape_inference.infer_shapes(model)
    for value in model.graph.output:
        if not value.type.tensor_type.HasField("shape"):
            value.CopyFrom(helper.make_tensor_value_info(value.name, TensorProto.FLOAT, ["a", 1]))
    onnx.save(model, path)
    return path


def f32(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


def i64(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


POOL = {"kernel_shape": [3, 3], "strides": [2, 2]}
TAKEN: dict[str, tuple[Any, ...]] = {
    "gemm alpha": ("Gemm", [[2, 3], f32(3, 4)], {"alpha": 2.5}),
    "gemm alpha, transposed": ("Gemm", [[3, 2], f32(4, 3)],
                               {"alpha": -0.5, "transA": 1, "transB": 1}),
    "gemm alpha and beta": ("Gemm", [[2, 3], f32(3, 4), f32(4)], {"alpha": 0.5, "beta": 2.0}),
    "matmul of vectors": ("MatMul", [[3], f32(3)], {}),
    "average of cut windows": ("AveragePool", [[1, 2, 6, 7]],
                               {**POOL, "pads": [1] * 4, "ceil_mode": 1, "count_include_pad": 1}),
    "average of cut windows without padding": ("AveragePool", [[1, 2, 6, 8]],
                                               {**POOL, "ceil_mode": 1}),
    "average, padded by name": ("AveragePool", [[1, 2, 5, 6]], {**POOL, "auto_pad": "SAME_LOWER"}),
    "average, padded unevenly": ("AveragePool", [[1, 1, 5, 5]], {**POOL, "pads": [0, 1, 1, 0]}),
    "maximum of cut windows": ("MaxPool", [[1, 2, 6, 7]], {**POOL, "pads": [1] * 4,
                                                           "ceil_mode": 1}),
    "maximum, padded by name": ("MaxPool", [[1, 2, 5, 6]], {**POOL, "auto_pad": "SAME_UPPER"}),
    "pool of powers": ("LpPool", [[1, 2, 6, 6]], {**POOL, "p": 3, "pads": [1, 0, 0, 1]}),
    "convolution, padded by name": ("Conv", [[1, 2, 6, 7], f32(3, 2, 3, 2)],
                                    {"auto_pad": "SAME_LOWER", "strides": [2, 1]}),
    "transposed, padded by name": ("ConvTranspose", [[1, 2, 4, 4], f32(2, 3, 3, 3)],
                                   {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "transposed to a size": ("ConvTranspose", [[1, 2, 4, 4], f32(2, 3, 3, 3)],
                             {"output_shape": [8, 9], "strides": [2, 2]}),
    "pad, around": ("Pad", [[2, 3, 4], i64(0, 1, 2, 0, 0, 2)], {"mode": "wrap"}),
    "pad, around twice": ("Pad", [[1, 3], i64(0, 4, 0, 5)], {"mode": "wrap"}),
    "pad, mirrored": ("Pad", [[2, 3, 4], i64(0, 1, 2, 1, 0, 3)], {"mode": "reflect"}),
    "pad, edge": ("Pad", [[3, 4], i64(2, 0, 1, 1)], {"mode": "edge"}),
    "pad, negative": ("Pad", [[3, 4], i64(-1, 0, 1, -2)], {}),
    "pad of one axis": ("Pad", [[3, 4], i64(1, 2), None, i64(-1)], {}),
    "resize, corners": ("Resize", [[1, 1, 4, 5], None, np.float32([1, 1, 0.5, 1.6])],
                        {"mode": "linear", "coordinate_transformation_mode": "align_corners"}),
    "resize, cubic": ("Resize", [[1, 2, 4, 5], None, None, i64(1, 2, 6, 3)],
                      {"mode": "cubic", "exclude_outside": 1}),
    "resize, nearest": ("Resize", [[1, 2, 3, 4], None, None, i64(1, 2, 5, 3)],
                        {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}),
    "resize, as PyTorch": ("Resize", [[1, 2, 3, 4], None, np.float32([1, 1, 2, 2])],
                           {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}),
    "depth to space": ("DepthToSpace", [[1, 8, 2, 3]], {"blocksize": 2, "mode": "CRD"}),
    "sums": ("CumSum", [[3, 4], i64(-1).reshape(())], {"exclusive": 1, "reverse": 1}),
    "slice from behind the end": ("Slice", [[6, 5], i64(20, 9), i64(0, 0), i64(0, 1),
                                            i64(-1, -3)], {}),
    "slice to before the beginning": ("Slice", [[6, 5], i64(-1, 3), i64(-50, -9), i64(1, -2),
                                                i64(-2, -1)], {}),
    "parts": ("Split", [[2, 7], None], {"axis": 1, "num_outputs": 3, "results": 3}),
    "parts by size": ("Split", [[2, 7], i64(4, 1, 2)], {"axis": -1, "results": 3}),
    "bytes": ("DequantizeLinear", [(TensorProto.UINT8, [2, 3]), f32(3), np.uint8([1, 200, 3])],
              {"axis": 1}),
    "to bytes": ("QuantizeLinear", [[2, 3], np.float32(0.01), np.uint8(120)], {}),
    "LSTM, backwards": ("LSTM", [[4, 2, 3], f32(1, 8, 3), f32(1, 8, 2), f32(1, 16), None,
                                 f32(1, 2, 2), f32(1, 2, 2)],
                        {"hidden_size": 2, "direction": "reverse", "results": 3, "opset": 14}),
    "GRU, both ways": ("GRU", [[4, 2, 3], f32(2, 6, 3), f32(2, 6, 2), f32(2, 12), None,
                               f32(2, 2, 2)],
                       {"hidden_size": 2, "direction": "bidirectional", "results": 2,
                        "linear_before_reset": 1, "opset": 14}),
    "RNN, both ways": ("RNN", [[3, 2, 3], f32(2, 2, 3), f32(2, 2, 2)],
                       {"hidden_size": 2, "direction": "bidirectional", "results": 2,
                        "activations": ["Relu", "Relu"], "opset": 14}),
    "dropout in use": ("Dropout", [[3, 4], np.float32(0.5), np.array(False)], {}),
    "constant floats": ("Constant", [], {"value_floats": [1.0, 2.0]}),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_taken(name: str, tmp_path: Path) -> None:
    """The import itself compares, and warns if it cannot."""
    kind, inputs, attributes = TAKEN[name]
    module = frontend.from_onnx(save(tmp_path / "net.onnx", kind, inputs, **attributes))
    assert [function.name for function in module.functions()] == ["forward"]


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("axes", [[1], [0, -1], [-1, 1, 0]], ids=str)
def test_reductions_of_single_elements(axes: list[int], keep: int, tmp_path: Path) -> None:
    """All ten at once; torch-mlir dies of some of them. The import itself compares."""
    kinds = ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")
    extents = [1 if axis in (axes + [a % 3 for a in axes]) else 3 for axis in range(3)]
    assert all(extents[axis] == 1 for axis in axes)
    nodes = [helper.make_node("Exp", ["x"], ["e"])]
    results = []
    for kind in kinds:
        source = "e" if kind == "LogSum" else "x"
        nodes.append(helper.make_node(f"Reduce{kind}", [source, "axes"], [kind], keepdims=keep))
        results.append(helper.make_empty_tensor_value_info(kind))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, extents)
    constants = [numpy_helper.from_array(np.array(axes, np.int64), "axes")]
    graph = helper.make_graph(nodes, "g", [x], results, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    onnx.save(onnx.shape_inference.infer_shapes(model), tmp_path / "net.onnx")
    module = frontend.from_onnx(tmp_path / "net.onnx")
    inputs = np.float32(np.arange(-1, int(np.prod(extents)) - 1)).reshape(extents)
    found = module.compile(reference=True)("forward", inputs)
    wanted = {"L1": np.abs, "L2": np.abs, "SumSquare": np.square}
    for kind, result in zip(kinds, found, strict=True):
        expected = wanted.get(kind, np.positive)(inputs)
        shape = extents if keep else [n for i, n in enumerate(extents) if i not in
                                      {axis % 3 for axis in axes}]  # fmt: skip
        np.testing.assert_allclose(result, expected.reshape(shape), rtol=1e-6, atol=1e-6)


def test_a_result_need_not_say_its_shape(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, tmp_path / "net.onnx")
    module = frontend.from_onnx(tmp_path / "net.onnx")
    inputs = np.float32([[-1, 2, 3], [4, -5, 6]])
    (found,) = module.compile(reference=True)("forward", inputs)
    np.testing.assert_array_equal(found, np.maximum(inputs, 0))


REFUSED: dict[str, tuple[Any, ...]] = {
    "peepholes": ("LSTM", [[2, 1, 3], f32(1, 8, 3), f32(1, 8, 2), None, None, None, None,
                           f32(1, 6)], {"hidden_size": 2, "opset": 14}, "peephole"),
    "clipped": ("RNN", [[2, 1, 3], f32(1, 2, 3), f32(1, 2, 2)], {"hidden_size": 2, "clip": 0.5,
                                                                 "opset": 14}, "clip"),
    "other activations": ("LSTM", [[2, 1, 3], f32(1, 8, 3), f32(1, 8, 2)],
                          {"hidden_size": 2, "activations": ["HardSigmoid", "Tanh", "Tanh"],
                           "opset": 14}, "activations hardsigmoid"),
    "dropout in training": ("Dropout", [[3, 4], np.float32(0.5), np.array(True)], {},
                            "draws random numbers"),
    "noise": ("RandomNormalLike", [[3, 4]], {}, "random numbers"),
    "determinant": ("Det", [[2, 2]], {}, "determinants"),
    "parts of unknown size": ("Split", [[4, 2], (TensorProto.INT64, [2])], {"results": 2},
                              "sizes are not constant"),
    "padding of unknown size": ("Pad", [[4, 2], (TensorProto.INT64, [4])], {}, "not constant"),
    "positions of maxima": ("MaxPool", [[1, 1, 4, 4]], {"kernel_shape": [2, 2], "results": 2},
                            "positions"),
    "corners of a broken size": (
        "Resize", [[1, 1, 4, 5], None, np.float32([1, 1, 0.6, 1.5])],
        {"mode": "linear", "coordinate_transformation_mode": "align_corners"}, "align_corners"),
    "shift over all bits": ("BitShift", [(TensorProto.INT32, [3]), np.int32([1, 32, 2])],
                            {"direction": "LEFT", "opset": 28}, "constants in 0 to 31"),
    "long product": ("CumProd", [[65], i64(0)], {"opset": 26}, "65 elements"),
    "sorting": ("TopK", [[3, 5], i64(2)], {"results": 2}, "tm_tensor"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    kind, inputs, attributes, reason = REFUSED[name]
    path = save(tmp_path / "net.onnx", kind, inputs, **attributes)
    with pytest.raises(InputError, match=reason) as error:
        frontend.from_onnx(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ") and "\n" not in message
    assert "'node'" in message and len(message) - len(str(path)) < 250


def test_scan_of_the_first_form_is_refused(tmp_path: Path) -> None:
    """It has a batch, which onnx takes for steps when it brings the network to a later opset."""
    text = """<ir_version: 4, opset_import: ["": 8]>
      g (float[1, 2] initial, float[1, 3, 2] x) => (float[1, 2] y, float[1, 3, 2] z) {
        y, z = Scan <num_scan_inputs = 1, body = body (float[2] a, float[2] b) =>
            (float[2] c, float[2] d) { c = Add(a, b) d = Identity(c) }> ("", initial, x)
      }"""
    onnx.save(onnx.parser.parse_model(text), tmp_path / "net.onnx")
    with pytest.raises(InputError, match="Scan 'y' is not supported: its form before opset 9"):
        frontend.from_onnx(tmp_path / "net.onnx", check=False)


def test_crash_names_the_operation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """torch-mlir dies of this one; a version that does not may convert it."""
    path = save(tmp_path / "net.onnx", "Einsum", [[]], equation="->")
    with pytest.raises(InputError, match="Einsum 'node' is not supported: an operand without"):
        frontend.from_onnx(path)
    worker = tmp_path / "worker.py"
    worker.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from mlir_prune.importing import onnx_rules, worker\n"
        "del onnx_rules.RULES['Einsum']\n"
        "worker.serve(Path(sys.argv[1]))\n"
    )
    monkeypatch.setattr(
        process, "_command", lambda folder: [sys.executable, str(worker), str(folder)]
    )
    with pytest.raises(InputError, match="cannot import the network: .*Einsum 'node'"):
        frontend.from_onnx(path)


@pytest.mark.parametrize("kind", ["Gemm", "AveragePool"])
def test_wrong_conversion_is_refused(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its rule the operation comes out wrong; the comparison finds it and says where."""
    name = {"Gemm": "gemm alpha", "AveragePool": "average of cut windows"}[kind]
    path = save(tmp_path / "one.onnx", kind, TAKEN[name][1], **TAKEN[name][2])
    model = onnx.load(path)
    model.graph.node.insert(0, helper.make_node("Relu", ["v0"], ["positive"]))
    model.graph.node[1].input[0] = "positive"
    model.graph.node[1].output[0] = "middle"
    model.graph.node.append(helper.make_node("Exp", ["middle"], ["y0"]))
    onnx.save(model, path)
    frontend.from_onnx(path)
    monkeypatch.delitem(onnx_rules.RULES, kind)
    with pytest.raises(InputError, match="result 'y0' is .* first value .* is 'middle'") as error:
        frontend.from_onnx(path, time_limit=None)
    assert "ONNX Runtime" in str(error.value) and "--no-check" in str(error.value)
    frontend.from_onnx(path, check=False, time_limit=None)


def test_without_onnx_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "net.onnx", "Relu", [[2, 3]])
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.warns(frontend.NotComparedWarning, match="ONNX Runtime is not installed"):
        frontend.from_onnx(path, time_limit=None)


@pytest.mark.parametrize("part", [["--forms", "1"], ["--every", "60"], ["--stored", "--every", "8"]],
                         ids=["forms", "node-tests", "stored"])  # fmt: skip
def test_short_run(part: list[str]) -> None:
    """Nothing is wrong and nothing is lost in a small part of all forms."""
    script = Path(__file__).resolve().parents[2] / "benchmarks/onnx_node_tests.py"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(script), *part], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 wrong" in done.stdout
