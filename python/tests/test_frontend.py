# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks of PyTorch and ONNX go through everything that built ones do.

Outputs are compared with PyTorch's and ONNX Runtime's, one training step with
PyTorch's own.
"""

from __future__ import annotations

import importlib
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drawn
from mlir_prune import cli
from mlir_prune.compress import compress
from mlir_prune.data import Dataset
from mlir_prune.errors import InputError
from mlir_prune.networks import build_network
from mlir_prune.pipelines import compress_pipeline
from mlir_prune.progress import Progress
from mlir_prune.recipe import Recipe, from_dict
from mlir_prune.training.evaluate import logits as evaluate
from mlir_prune.training.program import Program

needs = "pip install torch==2.13.0 torch-mlir onnx onnxruntime to run the tests of the front end"
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)
onnx = pytest.importorskip("onnx", reason=needs)
runtime = pytest.importorskip("onnxruntime", reason=needs)

from mlir_prune import frontend

WIDTHS = (16, 24, 12, 5)
BATCH = 8
TOLERANCE = 1e-5


def make_torch(seed: int = 0, widths: tuple[int, ...] = WIDTHS, activation: Any = None) -> Any:
    """A perceptron of PyTorch with random values."""
    torch.manual_seed(seed)
    layers: list[Any] = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [torch.nn.Linear(inputs, outputs), (activation or torch.nn.ReLU)()]
    return torch.nn.Sequential(*layers[:-1])


def make_onnx(
    path: Path,
    style: str,
    batch: int | str = BATCH,
    opset: int = 17,
    zero_biases: bool = False,
    widths: tuple[int, ...] = WIDTHS,
) -> Path:
    """Writes a perceptron as an ONNX file; `style` is how its layers are written."""
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    rng = np.random.default_rng(1)
    nodes, values, name = [], [], "x"
    layers = len(widths) - 1
    for index in range(layers):
        inputs, outputs = widths[index : index + 2]
        weight = (rng.standard_normal((outputs, inputs)) / np.sqrt(inputs)).astype(np.float32)
        bias = rng.standard_normal(outputs).astype(np.float32) * (not zero_biases)
        w, b, z = f"l{index}.weight", f"l{index}.bias", f"z{index}"
        if style == "gemm":
            nodes.append(helper.make_node("Gemm", [name, w, b], [z], transB=1))
        elif style == "gemm-plain":
            nodes.append(helper.make_node("Gemm", [name, w, b], [z]))
        else:
            nodes.append(helper.make_node("MatMul", [name, w], [f"m{index}"]))
            nodes.append(helper.make_node("Add", [f"m{index}", b], [z]))
        stored = weight if style == "gemm" else np.ascontiguousarray(weight.T)
        values += [numpy_helper.from_array(stored, w), numpy_helper.from_array(bias, b)]
        name = z
        if index + 1 < layers:
            nodes.append(helper.make_node("Relu", [z], [f"y{index}"]))
            name = f"y{index}"
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "perceptron",
        [helper.make_tensor_value_info("x", kind, [batch, widths[0]])],
        [helper.make_tensor_value_info(name, kind, [batch, widths[-1]])],
        values,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def rows(batch: int = BATCH, width: int = WIDTHS[0], seed: int = 2) -> np.ndarray:
    return drawn.rng(seed).standard_normal((batch, width)).astype(np.float32)


def logits(module: Any, inputs: np.ndarray, reference: bool = False) -> np.ndarray:
    executable = module.compile(reference=reference)
    return np.asarray(executable.call("forward", {"input": inputs})["logits"])


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= TOLERANCE * np.abs(expected).max()


def run_torch(model: Any, inputs: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model(torch.from_numpy(inputs)).numpy()


def run_onnx(path: Path, inputs: np.ndarray) -> np.ndarray:
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": inputs})[0]


def to_arguments(module: Any) -> dict[str, np.ndarray]:
    """Lifts the parameters of `module` in place; returns copies of their values."""
    values = {name: np.array(array) for name, array in module.parameters().items()}
    module.run("builtin.module(prune-lift-parameters{keep-values=false})")
    return values


def train(module: Any, steps: int) -> tuple[dict[str, np.ndarray], list[float]]:
    """Trains an imported network on one batch; returns its values and losses."""
    values = to_arguments(module)
    module.run("builtin.module(prune-train-pipeline{optimizer=sgd momentum=0.9})")
    signature = next(f for f in module.functions() if f.name == "train_step")
    feed: dict[str, Any] = {
        a.name: np.zeros(tuple(a.shape), np.dtype(a.dtype))
        for a in signature.arguments
        if a.kind == "state"
    }
    feed |= values
    feed["input"], feed["labels"] = rows(), labels()
    feed["learning_rate"] = 0.1
    executable = module.compile()
    losses = [float(executable.call("train_step", feed)["loss"]) for _ in range(steps)]
    return {name: feed[name] for name in values}, losses


def labels() -> np.ndarray:
    return (np.arange(BATCH) % WIDTHS[-1]).astype(np.int32)


# PyTorch


def test_torch_keeps_names_roles_and_values() -> None:
    model = make_torch()
    module = frontend.from_torch(model, rows())
    parameters = module.parameters()
    assert list(parameters) == list(model.state_dict())
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(parameters[name], value.numpy())
    to_arguments(module)
    (forward,) = module.functions()
    assert forward.name == "forward"
    roles = {a.name: a.role for a in forward.arguments if a.kind == "param"}
    assert roles == {name: name.split(".")[1] for name in parameters}


@pytest.mark.parametrize("reference", [False, True])
def test_torch_outputs(reference: bool) -> None:
    model, inputs = make_torch(), rows()
    module = frontend.from_torch(model, torch.from_numpy(inputs))
    assert_close(logits(module, inputs, reference), run_torch(model, inputs))


@pytest.mark.parametrize("activation", ["Tanh", "Sigmoid", "GELU", "ReLU6", "LeakyReLU", "SiLU"])
def test_torch_activations(activation: str) -> None:
    model, inputs = make_torch(activation=getattr(torch.nn, activation)), rows()
    assert_close(logits(frontend.from_torch(model, inputs), inputs), run_torch(model, inputs))


def test_torch_without_bias_norm_and_dropout() -> None:
    torch.manual_seed(1)
    model = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(16, 10, bias=False),
        torch.nn.BatchNorm1d(10),
        torch.nn.ReLU(),
        torch.nn.Dropout(),
        torch.nn.Linear(10, 1),
    )
    torch.nn.init.uniform_(model[2].running_var, 0.5, 2.0)
    inputs = rows().reshape(BATCH, 4, 4)
    module = frontend.from_torch(model, inputs)
    assert model.training, "the mode of the network is restored"
    assert_close(logits(module, inputs), run_torch(model.eval(), inputs))
    to_arguments(module)
    roles = {a.name: a.role for a in module.functions()[0].arguments if a.kind == "param"}
    assert roles["1.weight"] == "weight"
    assert roles["2.weight"] == "scale"
    assert roles["2.running_var"] == "buffer"


def test_torch_equal_biases_stay_two_parameters() -> None:
    model = make_torch(widths=(6, 6, 6))
    for layer in (model[0], model[2]):
        torch.nn.init.zeros_(layer.bias)
    names = list(frontend.from_torch(model, rows(width=6)).parameters())
    assert names == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_torch_exported_program(tmp_path: Path) -> None:
    model, inputs = make_torch(), rows()
    program = torch.export.export(model.eval(), (torch.from_numpy(inputs),))
    torch.export.save(program, tmp_path / "net.pt2")
    module = frontend.from_file(tmp_path / "net.pt2")
    assert list(module.parameters()) == list(model.state_dict())
    assert_close(logits(module, inputs), run_torch(model, inputs))


def test_torch_trains_as_pytorch_does() -> None:
    model = make_torch()
    values, losses = train(frontend.from_torch(model, rows()), 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    expected = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(
            model(torch.from_numpy(rows())), torch.from_numpy(labels()).long()
        )
        loss.backward()
        optimizer.step()
        expected.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    for name, value in model.state_dict().items():
        np.testing.assert_allclose(values[name], value.numpy(), rtol=1e-3, atol=1e-5)


def test_torch_prune_and_compress() -> None:
    model, inputs = make_torch(), rows()
    with torch.no_grad():
        for layer in (model[0], model[2]):
            layer.weight[torch.rand_like(layer.weight) < 0.7] = 0.0
            layer.weight[:4] = 0.0
        model[4].weight[:, 7] = 0.0
    module = frontend.from_torch(model, inputs)
    module.run("builtin.module(prune-score,prune-select-masks{threshold=0})")
    assert "prune.apply_mask" in str(module)
    module.run(compress_pipeline())
    parameters = module.parameters()
    # Four constant neurons in each hidden layer, one more that nothing reads.
    assert parameters["0.weight"].shape[0] <= WIDTHS[1] - 4
    assert parameters["2.weight"].shape[0] <= WIDTHS[2] - 5
    assert parameters["4.weight"].shape == (WIDTHS[3], parameters["2.weight"].shape[0])
    expected = run_torch(model, inputs)
    assert_close(logits(module, inputs), expected)
    module.run("builtin.module(prune-select-kernels)")
    assert_close(logits(module, inputs), expected)


# ONNX


@pytest.mark.parametrize("style", ["gemm", "gemm-plain", "matmul"])
@pytest.mark.parametrize("opset", [11, 13, 17])
def test_onnx_outputs(tmp_path: Path, style: str, opset: int) -> None:
    path, inputs = make_onnx(tmp_path / "net.onnx", style, opset=opset), rows()
    module = frontend.from_onnx(path)
    parameters = module.parameters()
    for index in range(len(WIDTHS) - 1):
        assert parameters[f"l{index}.weight"].shape == (WIDTHS[index + 1], WIDTHS[index])
        assert parameters[f"l{index}.bias"].shape == (WIDTHS[index + 1],)
    assert_close(logits(module, inputs), run_onnx(path, inputs))


@pytest.mark.parametrize("batch", [None, 1, 3])
def test_onnx_dynamic_batch(tmp_path: Path, batch: int | None) -> None:
    path, inputs = make_onnx(tmp_path / "net.onnx", "matmul", "N"), rows(batch or 1)
    assert_close(logits(frontend.from_onnx(path, batch), inputs), run_onnx(path, inputs))


def test_onnx_of_pytorch(tmp_path: Path) -> None:
    model, inputs = make_torch().eval(), rows()
    torch.onnx.export(model, (torch.from_numpy(inputs),), tmp_path / "net.onnx", dynamo=False)
    module = frontend.from_onnx(tmp_path / "net.onnx")
    assert set(module.parameters()) == set(model.state_dict())
    assert_close(logits(module, inputs), run_torch(model, inputs))


def test_onnx_equal_biases_stay_parameters(tmp_path: Path) -> None:
    path = make_onnx(tmp_path / "net.onnx", "matmul", zero_biases=True)
    assert len(frontend.from_onnx(path).parameters()) == 2 * (len(WIDTHS) - 1)


def test_onnx_trains_prunes_and_shrinks(tmp_path: Path) -> None:
    path, inputs = make_onnx(tmp_path / "net.onnx", "matmul"), rows()
    values, losses = train(frontend.from_onnx(path), 10)
    assert losses[-1] < 0.5 * losses[0]
    module = frontend.from_onnx(path)
    to_arguments(module)
    module.bind(values)
    module.run("builtin.module(prune-score,prune-select-masks{sparsity=0.8})")
    reference = module.clone()
    reference.run("builtin.module(prune-fold-masks)")
    module.run(compress_pipeline())
    assert_close(logits(module, inputs), logits(reference, inputs, reference=True))


# The whole flow


def quick_recipe(path: Path) -> Recipe:
    """A recipe that takes seconds."""
    train = {"epochs": 2}
    penalty = {"kind": "hoyer_square", "strength": 1e-3}
    return from_dict(
        {
            "batch": 20,
            "model": {"file": str(path)},
            "stages": [
                train,
                {**train, "regularize": penalty},
                {"kind": "prune", "trials": {"std_factor": [0.5, 1.0], "epochs": 1}},
                train,
            ],
            "bench": {"batches": [1, 4], "rounds": 2, "min_seconds": 0.001},
        }
    )


@pytest.mark.parametrize("style", ["gemm", "matmul"])
def test_compress_starts_from_a_network_file(tmp_path: Path, style: str, blobs: Dataset) -> None:
    path = make_onnx(tmp_path / "net.onnx", style, widths=(8, 20, 12, 4))
    recipe = quick_recipe(path)
    network = build_network(recipe.model, recipe.dataset)
    assert network.widths == (8, 20, 12, 4)
    inputs = rows(5, 8)
    program = Program(network.text(4), "")
    logits = evaluate(program, network.init(np.random.default_rng(0)), inputs)
    expected = run_onnx(make_onnx(tmp_path / "five.onnx", style, 5, widths=network.widths), inputs)
    assert_close(logits, expected)
    report = compress(recipe, blobs, tmp_path / "out", Progress())
    assert [layer["name"] for layer in report["layers"]] == ["l0", "l1", "l2"]
    assert report["reference"]["relative_error"] <= TOLERANCE
    assert report["layers"][0]["shape"] == [20, 8]
    assert report["totals"]["nonzeros"] < report["totals"]["weights"]


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda y: (y, y + 1), r"expected inputs \[batch, ...\] and one result"),
        (lambda y: y.sum((1, 2, 3)), r"expected inputs \[batch, ...\] and one result"),
        (lambda y: y.sum(0), "expected inputs of the batch of the result"),
    ],
)
def test_recipe_refuses_a_network_that_is_no_classifier(
    tmp_path: Path, result: Any, message: str
) -> None:
    class Image(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Conv2d(1, 2, 3)

        def forward(self, x: Any) -> Any:
            return result(self.layer(x))

    program = torch.export.export(Image().eval(), (torch.zeros(1, 1, 5, 5),))
    torch.export.save(program, tmp_path / "net.pt2")
    with pytest.raises(InputError, match=message):
        quick_recipe(tmp_path / "net.pt2")


# Errors


@pytest.mark.parametrize(
    "call",
    [
        lambda: frontend.from_onnx("no.onnx"),
        lambda: frontend.from_file("no.mlir"),
    ],
)
def test_missing_file(call: Any) -> None:
    with pytest.raises(InputError, match="no such file"):
        call()


@pytest.mark.parametrize("name", ["net.onnx", "net.pt2"])
def test_broken_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not a network")
    with pytest.raises(InputError, match=name):
        frontend.from_file(tmp_path / name)


def test_unknown_kind_and_batch(tmp_path: Path) -> None:
    for name in ("net.h5", "net.mlir"):
        (tmp_path / name).write_text("")
    with pytest.raises(InputError, match=r"\.onnx, \.pt2, \.mlir"):
        frontend.from_file(tmp_path / "net.h5")
    with pytest.raises(InputError, match="only be given for an ONNX network"):
        frontend.from_file(tmp_path / "net.mlir", batch=2)
    with pytest.raises(InputError, match="positive integer"):
        frontend.from_onnx(make_onnx(tmp_path / "net.onnx", "gemm"), batch=0)


def test_dynamic_dimension(tmp_path: Path) -> None:
    path = make_onnx(tmp_path / "net.onnx", "gemm")
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "features"
    onnx.save(model, path)
    with pytest.raises(InputError, match="input 'x' has a dynamic dimension 1"):
        frontend.from_onnx(path)


@pytest.mark.parametrize(("position", "extent"), [(0, 0), (0, -1), (1, 0)])
def test_an_extent_of_zero_is_not_an_open_one(tmp_path: Path, position: int, extent: int) -> None:
    path = make_onnx(tmp_path / "net.onnx", "gemm")
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.shape.dim[position].dim_value = extent
    onnx.save(model, path)
    where = f"input 'x' has extent {extent} in dimension {position}, expected a positive one"
    with pytest.raises(InputError, match=where):
        frontend.from_onnx(path)


def test_a_chosen_batch_takes_the_place_of_an_extent_of_zero(tmp_path: Path) -> None:
    path, inputs = make_onnx(tmp_path / "net.onnx", "gemm"), rows(3)
    expected = run_onnx(path, rows())[:3]
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 0
    onnx.save(model, path)
    np.testing.assert_allclose(
        logits(frontend.from_onnx(path, 3), inputs), expected, rtol=1e-4, atol=1e-5
    )


def test_network_that_cannot_be_exported() -> None:
    class Branch(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x if x.sum() > 0 else -x

    with pytest.raises(InputError, match="cannot import the PyTorch network"):
        frontend.from_torch(Branch(), rows())


def test_missing_package_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    load = importlib.import_module

    def without(name: str, package: str | None = None) -> Any:
        if name.startswith("torch_mlir"):
            raise ModuleNotFoundError(f"No module named '{name}'")
        return load(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(InputError, match=r"pip install torch==2\.13\.0 torch-mlir"):
        frontend.from_torch(make_torch(), rows())


# The command


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, inputs = make_onnx(tmp_path / "net.onnx", "gemm", "N"), rows(4)
    for name in ("net.mlir", "net.mlirbc"):
        target = tmp_path / name
        assert cli.main(["import", str(source), "-o", str(target), "--batch", "4"]) == 0
        assert "l0.weight  24x16" in capsys.readouterr().out
        module = frontend.from_file(target)
        assert_close(logits(module, inputs), run_onnx(source, inputs))


def test_command_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["import", str(tmp_path / "no.onnx"), "-o", "x.mlir"]) == 1
    assert "no such file" in capsys.readouterr().err
    assert cli.main(["import", "x.onnx", "-o", "x.txt"]) == 1
    assert ".mlir or .mlirbc" in capsys.readouterr().err
