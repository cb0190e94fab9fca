# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Batch normalizations without scale or shift train with the statistics of the batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

from mlir_prune import frontend  # noqa: E402
from torch_steps import check_step  # noqa: E402

nn, F = torch.nn, torch.nn.functional

FORMS = ("neither", "scale", "shift", "both")


class Norm(nn.Module):
    """A batch normalization with what the form says, and running statistics."""

    def __init__(self, channels: int, form: str, momentum: float = 0.1) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("running_mean", torch.randn(channels))
        self.register_buffer("running_var", torch.rand(channels) + 0.5)
        scale = nn.Parameter(torch.rand(channels) + 0.5) if form in ("scale", "both") else None
        shift = nn.Parameter(torch.randn(channels)) if form in ("shift", "both") else None
        self.register_parameter("weight", scale)
        self.register_parameter("bias", shift)

    def forward(self, x: Any) -> Any:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias,
                            self.training, self.momentum)  # fmt: skip


def network(rank: int, form: str) -> tuple[Any, Any]:
    torch.manual_seed(7)
    if rank == 2:
        return nn.Sequential(nn.Linear(4, 6), Norm(6, form), nn.ReLU(), nn.Linear(6, 3)), (8, 4)
    conv, shape = (nn.Conv1d, (8, 2, 6)) if rank == 3 else (nn.Conv2d, (8, 2, 6, 5))
    layers = [conv(2, 4, 3), Norm(4, form), nn.ReLU(), conv(4, 4, 3), Norm(4, form), nn.Flatten()]
    features = nn.Sequential(*layers)(torch.zeros(shape)).shape[1]
    return nn.Sequential(*layers, nn.Linear(features, 3)), shape


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("rank", (2, 3, 4))
def test_step_equals_pytorch(rank: int, form: str) -> None:
    model, shape = network(rank, form)
    x, labels = torch.randn(shape), torch.arange(shape[0]) % 3
    names = {name for name in model.state_dict()}
    before = {name: b.clone() for name, b in model.named_buffers()}
    state = check_step(model, (x,), labels)
    assert set(state) == names
    for name, value in before.items():
        assert np.abs(state[name] - value.numpy()).max() > 1e-3, f"{name} did not change"


def test_one_channel_of_one_pixel() -> None:
    """Dimensions of extent one are read at 0."""
    torch.manual_seed(2)
    model = nn.Sequential(nn.Conv2d(2, 3, (3, 1)), Norm(3, "both"), nn.ReLU(), nn.Conv2d(3, 1, 1),
                          Norm(1, "shift"), nn.Flatten(), nn.Linear(1, 3))  # fmt: skip
    check_step(model, (torch.randn(8, 2, 3, 1),), torch.arange(8) % 3)


def test_pytorch_own_layers() -> None:
    torch.manual_seed(3)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4, affine=False), nn.ReLU(), nn.Flatten(),
        nn.Linear(36, 5), nn.BatchNorm1d(5, affine=False), nn.ReLU(), nn.Linear(5, 3))  # fmt: skip
    check_step(model, (torch.randn(6, 1, 5, 5),), torch.arange(6) % 3)


@pytest.mark.parametrize("form", FORMS)
def test_shrunk_after_training(form: str) -> None:
    """A dead filter leaves with its statistics, and the normalization is folded."""
    model, shape = network(4, form)
    with torch.no_grad():
        model[0].weight[1] = 0
        model[0].bias[1] = 0
        model[1].running_mean[1] = 0
        if model[1].bias is not None:
            model[1].bias[1] = 0
    x = torch.randn(shape)
    module = frontend.from_torch(model, x)
    with torch.no_grad():
        expected = model.eval()(x).numpy()
    for fold in ("", " fold-batch-norms"):
        small = module.clone()
        small.run(f"builtin.module(prune-compress-pipeline{{threshold=0{fold}}})")
        assert small.parameters()["0.weight"].shape[0] == 3
        assert ("prune.batch_norm" in str(small)) == (not fold)
        for reference in (True, False):
            found = small.compile(reference=reference).call("forward", {"input": x.numpy()})
            np.testing.assert_allclose(found["logits"], expected, rtol=1e-4, atol=1e-5)


def test_onnx_constants_are_not_trained(tmp_path: Path) -> None:
    """Ones and zeros by Constant nodes: the statistics are trained, these are not."""
    numbers = (1.0, 0.0)
    onnx = pytest.importorskip("onnx", reason="pip install onnx")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    rng = np.random.default_rng(1)
    arrays = {
        "fc.weight": rng.standard_normal((3, 4)), "running_mean": rng.standard_normal(4),
        "running_var": rng.uniform(0.5, 1.5, 4),
    }  # fmt: skip
    constants = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(
            np.full(4, number, np.float32), name))
        for name, number in zip(("scale", "shift"), numbers, strict=True)
    ]  # fmt: skip
    norm = ["x", "scale", "shift", "running_mean", "running_var"]
    nodes = [*constants, helper.make_node("BatchNormalization", norm, ["y"]),
             helper.make_node("Gemm", ["y", "fc.weight"], ["z"], transB=1)]  # fmt: skip
    floats = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("x", floats, [8, 4])],
        [helper.make_tensor_value_info("z", floats, [8, 3])],
        [numpy_helper.from_array(a.astype(np.float32), n) for n, a in arrays.items()])  # fmt: skip
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "net.onnx")
    module = frontend.from_onnx(tmp_path / "net.onnx")
    state = {name: np.array(value) for name, value in module.parameters().items()}
    assert set(state) == {*arrays, "scale", "shift"}
    module.run("builtin.module(prune-lift-parameters{keep-values=false},prune-train-pipeline)")
    x = rng.standard_normal((8, 4)).astype(np.float32)
    labels = (np.arange(8) % 3).astype(np.int32)
    feed = {"input": x, "labels": labels, "learning_rate": 0.5}
    loss = module.compile().call("train_step", {**state, **feed})["loss"]
    scale, shift = (torch.full((4,), number) for number in numbers)
    mean, variance = (torch.tensor(arrays[f"running_{n}"]).float() for n in ("mean", "var"))
    y = F.batch_norm(torch.tensor(x), mean, variance, scale, shift, True, 0.1)
    logits = y @ torch.tensor(arrays["fc.weight"]).float().T
    expected = F.cross_entropy(logits, torch.tensor(labels).long())
    for name, number in zip(("scale", "shift"), numbers, strict=True):
        np.testing.assert_array_equal(state[name], np.full(4, number, np.float32))
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)
    np.testing.assert_allclose(state["running_mean"], mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(state["running_var"], variance, rtol=1e-5)
