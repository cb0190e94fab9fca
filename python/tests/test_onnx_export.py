# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruned networks back as the ONNX file that they came from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_prune.errors import InputError
from mlir_prune.exporting.layout import find_layout

needs = "pip install torch-mlir onnx onnxruntime to run the tests of the front end"
pytest.importorskip("mlir_prune._native", reason="the native module is not built")
onnx = pytest.importorskip("onnx", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)
runtime = pytest.importorskip("onnxruntime", reason=needs)

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from mlir_prune.cli import main  # noqa: E402
from mlir_prune.exporting import to_onnx  # noqa: E402
from mlir_prune.frontend import from_onnx  # noqa: E402
from mlir_prune.native import read_module  # noqa: E402
from mlir_prune.oneshot import prune  # noqa: E402

Node = tuple[str, str, str, dict[str, Any]]

BLOCK: tuple[dict[str, tuple[int, ...]], list[Node]] = (
    {
        "w1": (8, 3, 3, 3), "b1": (8,), "g": (8,), "s": (8,), "m": (8,), "v": (8,),
        "dw": (8, 1, 3, 3), "w2": (8, 8, 1, 1), "fc": (32, 6), "fcb": (6,), "out": (4, 6),
    },
    [
        ("Conv", "x w1 b1", "c1", {"pads": [1] * 4}),
        ("BatchNormalization", "c1 g s m v", "n1", {}), ("Relu", "n1", "r1", {}),
        ("Conv", "r1 dw", "d", {"pads": [1] * 4, "group": 8}), ("Relu", "d", "rd", {}),
        ("Conv", "rd w2", "c2", {}), ("Add", "c2 r1", "sum", {}),
        ("AveragePool", "sum", "p", {"kernel_shape": [4, 4], "strides": [4, 4]}),
        ("Reshape", "p shape", "f", {}), ("MatMul", "f fc", "h", {}), ("Add", "h fcb", "hb", {}),
        ("Relu", "hb", "rh", {}), ("Gemm", "rh out", "y", {"transB": 1}),
    ],
)  # fmt: skip
"""A separable block with a residual sum, its result reshaped to constant extents."""


def write(path: Path, shape: Sequence[int] = (1, 32), batch: Any = "N") -> str:
    rng = np.random.default_rng(0)
    shapes, nodes = BLOCK
    tensors = [
        numpy_helper.from_array(
            (rng.uniform(0.5, 1, size) if name == "v" else rng.standard_normal(size)
             ).astype(np.float32) * np.float32(0.4), name)
        for name, size in shapes.items()
    ]  # fmt: skip
    graph = helper.make_graph(
        [helper.make_node(kind, names.split(), [out], name=out, **more)
         for kind, names, out, more in nodes],
        "block",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 4])],
        [*tensors, numpy_helper.from_array(np.array(shape, np.int64), "shape")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return str(path)


def run(path: Path | str, x: np.ndarray) -> np.ndarray:
    session = runtime.InferenceSession(str(path))
    return np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])


def shapes_of(path: Path) -> dict[str, list[int]]:
    return {tensor.name: list(tensor.dims) for tensor in onnx.load(path).graph.initializer}


X = np.random.default_rng(1).standard_normal((1, 3, 8, 8)).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "rows"), [((1, 32), 1), ((-1, 32), 3), ((0, -1), 3), ((0, 32), 3)]
)
def test_channels_leave_in_the_file(tmp_path: Path, shape: tuple[int, int], rows: int) -> None:
    source, small, masked = write(tmp_path / "net.onnx", shape), tmp_path / "s.onnx", tmp_path / "m.onnx"
    found = prune(from_onnx(source), None, "magnitude", 0.4, "coupled_channels")
    told = to_onnx(found.module, source, small)
    assert told.error is not None and told.error <= 1e-5 and told.smaller > 4
    assert to_onnx(found.module, source, masked, shrink=False).smaller == 0
    x = np.repeat(X, rows, axis=0) if rows > 1 else X
    np.testing.assert_allclose(run(small, x), run(masked, x), atol=1e-5, rtol=1e-5)
    assert shapes_of(masked) == shapes_of(tmp_path / "net.onnx")
    dims = shapes_of(small)
    left = dims["w1"][0]
    assert left < 8 and dims["dw"][0] == dims["w2"][0] == dims["g"][0] == left
    assert dims["fc"] == [4 * left, dims["fcb"][0]] and dims["out"] == [4, dims["fcb"][0]]
    one, other = onnx.load(source), onnx.load(small)
    assert one.opset_import == other.opset_import and one.graph.input == other.graph.input
    assert [n.name for n in one.graph.node] == [n.name for n in other.graph.node]
    assert one.graph.output == other.graph.output
    (depthwise,) = (n for n in other.graph.node if n.name == "d")
    assert {a.name: a.i for a in depthwise.attribute}["group"] == left


def test_values_alone_change(tmp_path: Path) -> None:
    source, out = write(tmp_path / "net.onnx"), tmp_path / "out.onnx"
    module = from_onnx(source)
    found = prune(module, None, "magnitude", 0.6)
    told = to_onnx(found.module, source, out, shrink=False)
    zeros = {name: int((np.asarray(v) == 0).sum()) for name, v in found.module.parameters().items()}
    for tensor in onnx.load(out).graph.initializer:
        if tensor.name != "shape":
            assert int((numpy_helper.to_array(tensor) == 0).sum()) == zeros[tensor.name]
    assert told.changed == sum(count > 0 for count in zeros.values())
    same = tmp_path / "same.onnx"
    assert to_onnx(module, source, same).changed == 0
    assert onnx.load(same) == onnx.load(source)


def test_what_does_not_fit_is_one_error_and_no_file(tmp_path: Path) -> None:
    source, out = write(tmp_path / "net.onnx"), tmp_path / "out.onnx"
    module = from_onnx(source)
    small = prune(module, None, "magnitude", 0.4, "coupled_channels").small
    assert small is not None
    values = {name: np.asarray(v) for name, v in module.parameters().items()}
    for wrong, message in (
        (small.module, "give the masked network, which shrinks here"),
        ({"w1": values["w1"]}, "expected those of the imported network, without 'b1'"),
    ):
        with pytest.raises(InputError, match=message):
            to_onnx(wrong, source, out)
    assert not out.exists()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "net.onnx")
    masked = tmp_path / "masked.mlirbc"
    found = prune(from_onnx(source), None, "magnitude", 0.4, "coupled_channels")
    masked.write_bytes(found.module.to_bytecode())
    out = tmp_path / "out.onnx"
    assert main(["export", str(masked), "--source", source, "-o", str(out)]) == 0
    assert "tensors are smaller" in capsys.readouterr().out
    assert shapes_of(out)["w1"][0] < 8
    line = ["oneshot", source, "--method", "magnitude", "-o", str(out)]
    assert main([*line, "--granularity", "coupled_channels", "--target", "macs=0.6"]) == 0
    assert shapes_of(out)["w1"][0] < 8
    assert main([*line, "--target", "macs=0.6"]) == 0
    assert shapes_of(out) == shapes_of(tmp_path / "net.onnx")
    capsys.readouterr()
    for line, message in (
        (["oneshot", str(masked), "-o", str(out), "--sparsity", "0.5"], "from an .onnx file"),
        (["export", str(masked), "-o", str(out)], "--source"),
        (["export", str(masked), "--source", source, "-o", str(tmp_path / "o.pth")], ".onnx"),
        (["export", source, "--source", source, "-o", str(out)], "expected a run folder"),
        (["export", "nothing.mlir", "--source", source, "-o", str(out)], "no such file"),
    ):
        assert main(line) == 1
        assert message in capsys.readouterr().err


@given(st.permutations([0, 1, 2]), st.integers(0, 99))
def test_layouts(order: list[int], seed: int) -> None:
    """Every transposition and splitting of extents leads back."""
    rng = np.random.default_rng(seed)
    stored = rng.standard_normal((4, 2, 3, 5)).astype(np.float32)
    read = stored.reshape(8, 3, 5).transpose(order)
    layout = find_layout(stored, read)
    assert layout is not None
    np.testing.assert_array_equal(layout.back(read), stored)
    # The first two of four leave, each with both of what it is split into.
    less = np.delete(read, [0, 1, 2, 3], axis=order.index(0))
    np.testing.assert_array_equal(layout.back(less), stored[2:])
    assert find_layout(stored, 2 * read) is None
    odd = np.delete(read, [0], axis=order.index(0))
    with pytest.raises(InputError, match="stored as"):
        layout.back(odd)


def test_runs_that_became_smaller_on_the_way(tmp_path: Path) -> None:
    """Channels leave twice in the middle of a run; what is left finds its place in the file."""
    rng = np.random.default_rng(1)
    source = write(tmp_path / "net.onnx", batch=1)
    np.savez(tmp_path / "d.npz", x=rng.standard_normal((120, 3, 8, 8)).astype(np.float32),
             y=rng.integers(0, 4, 120))  # fmt: skip
    (tmp_path / "r.yaml").write_text(f"""
dataset: {tmp_path / "d.npz"}
model: {{file: {source}}}
batch: 20
stages:
- {{kind: prune, name: one, sparsity: 0.2, granularity: coupled_channels}}
- {{kind: compact, name: smaller}}
- {{kind: train, name: again, epochs: 1}}
- {{kind: prune, name: two, sparsity: 0.3, granularity: coupled_channels}}
- {{kind: compact, name: smallest}}
- {{kind: train, name: last, epochs: 1}}
""")
    run, out = tmp_path / "run", tmp_path / "small.onnx"
    assert main(["compress", "--recipe", str(tmp_path / "r.yaml"), "--out", str(run), "--quiet"]) == 0
    assert main(["export", str(run), "-o", str(out)]) == 0
    shapes = {t.name: tuple(t.dims) for t in onnx.load(out).graph.initializer}
    assert shapes["w1"][0] < 7 and shapes["fc"][1] < 5
    x = rng.standard_normal((1, 3, 8, 8)).astype(np.float32)
    (found,) = runtime.InferenceSession(str(out)).run(None, {"x": x})
    module = read_module(run / "masked.mlirbc")
    forward = module.functions()[0]
    wanted = module.compile().call("forward", {
        forward.arguments[0].name: np.repeat(x, forward.arguments[0].shape[0], axis=0)
    })  # fmt: skip
    np.testing.assert_allclose(found, next(iter(wanted.values()))[:1], rtol=1e-4, atol=1e-5)


def test_sparse_and_external_tensors(tmp_path: Path) -> None:
    source = write(tmp_path / "net.onnx", batch=1)
    values = {name: np.array(v) for name, v in from_onnx(source).parameters().items()}
    values["fc"][np.abs(values["fc"]) < np.quantile(np.abs(values["fc"]), 0.9)] = 0.0
    whole, sparse, beside = (str(tmp_path / f"{n}.onnx") for n in ("whole", "sparse", "beside"))
    to_onnx(values, source, whole, shrink=False)
    to_onnx(values, source, sparse, shrink=False, sparse=True)
    to_onnx(values, source, beside, shrink=False, external_above=1000)
    model = onnx.load(sparse)
    assert [each.values.name for each in model.graph.sparse_initializer] == ["fc"]
    assert Path(sparse).stat().st_size < Path(whole).stat().st_size
    assert Path(f"{beside}.data").stat().st_size > Path(beside).stat().st_size
    x = np.random.default_rng(1).standard_normal((1, 3, 8, 8)).astype(np.float32)
    found = [runtime.InferenceSession(name).run(None, {"x": x})[0] for name in (whole, sparse, beside)]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    assert {p.name for p in tmp_path.iterdir()} == {
        "net.onnx", "whole.onnx", "sparse.onnx", "beside.onnx", "beside.onnx.data"
    }  # fmt: skip


def test_parameters_that_the_file_stores_once_part(tmp_path: Path) -> None:
    """As PyTorch's exporter writes layers of equal values."""
    weight = np.random.default_rng(1).standard_normal((6, 6)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Identity", ["one"], ["two"]),
            helper.make_node("MatMul", ["x", "one"], ["a"]),
            helper.make_node("Relu", ["a"], ["b"]),
            helper.make_node("MatMul", ["b", "two"], ["y"]),
        ],
        "twice",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 6])],
        [numpy_helper.from_array(weight, "one")],
    )
    source, path = tmp_path / "twice.onnx", tmp_path / "pruned.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), source)
    module = from_onnx(source)
    values = {name: np.array(value) for name, value in module.parameters().items()}
    for each in ("one", "two"):
        pruned = {name: value.copy() for name, value in values.items()}
        pruned[each][:3] = 0.0
        to_onnx(pruned, source, path, shrink=False)
        other = {"one": "two", "two": "one"}[each]
        x = np.random.default_rng(2).standard_normal((2, 6)).astype(np.float32)
        first, second = pruned["one"].T, pruned["two"].T
        np.testing.assert_allclose(run(path, x), np.maximum(x @ first, 0) @ second, rtol=1e-5)
        stored = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
        np.testing.assert_array_equal(stored[other], weight)


@pytest.mark.parametrize("form", ["split", "sizes", "slice"])
def test_pieces_of_channels_that_left(form: str, tmp_path: Path) -> None:
    """Halves of a convolution lose other numbers of channels each."""
    rng = np.random.default_rng(3)
    arrays = {
        "w": rng.standard_normal((8, 3, 3, 3)), "a": rng.standard_normal((4, 4, 1, 1)),
        "b": rng.standard_normal((4, 4, 1, 1)),
    }  # fmt: skip
    for index in (1, 2, 6):
        arrays["w"][index] = 0.0
    numbers = {"half": [4], "zero": [0], "end": [8], "one": [1], "sizes": [4, 4]}
    cut = {
        "split": [helper.make_node("Split", ["r"], ["p", "q"], axis=1)],
        "sizes": [helper.make_node("Split", ["r", "sizes"], ["p", "q"], axis=1)],
        "slice": [
            # As PyTorch writes chunk: the bounds follow from the shape.
            helper.make_node("Shape", ["r"], ["shape"]),
            helper.make_node("Gather", ["shape", "one"], ["channels"]),
            helper.make_node("Slice", ["r", "zero", "half", "one"], ["p"]),
            helper.make_node("Slice", ["r", "half", "channels", "one"], ["q"]),
        ],
    }[form]
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"]), helper.make_node("Relu", ["c"], ["r"]), *cut,
            helper.make_node("Conv", ["p", "a"], ["pa"]), helper.make_node("Conv", ["q", "b"], ["qb"]),
            helper.make_node("Add", ["pa", "qb"], ["y"]),
        ],
        "pieces",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 6, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, 4, 4])],
        [*(numpy_helper.from_array(v.astype(np.float32), n) for n, v in arrays.items()),
         *(numpy_helper.from_array(np.array(v, np.int64), n) for n, v in numbers.items())],
    )  # fmt: skip
    source, path = tmp_path / "net.onnx", tmp_path / "small.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, source)
    to_onnx(from_onnx(source), source, path)
    shapes = shapes_of(path)
    assert shapes["w"][0] == 5 and shapes["a"][1] == 2 and shapes["b"][1] == 3
    x = rng.standard_normal((1, 3, 6, 6)).astype(np.float32)
    np.testing.assert_allclose(run(path, x), run(source, x), rtol=1e-4, atol=1e-5)
