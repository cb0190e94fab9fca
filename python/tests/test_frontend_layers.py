# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convolutional networks of PyTorch: what they compute and how they train.

Logits are compared with PyTorch's in evaluation mode, the gradients and running
statistics of one training step with those of its autograd in training mode.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
torch = pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

from mlir_prune import frontend

nn, F = torch.nn, torch.nn.functional


class LeNet(nn.Module):
    """LeNet-5 as in Caffe, for smaller images."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 6, 3)
        self.fc1, self.fc2 = nn.Linear(6 * 2 * 2, 10), nn.Linear(10, 5)

    def forward(self, x: Any) -> Any:
        x = F.max_pool2d(self.conv1(x), 2)
        x = F.max_pool2d(self.conv2(x), 2, ceil_mode=True)
        return self.fc2(torch.relu(self.fc1(x.flatten(1))))


def vgg() -> Any:
    """Two stages of a VGG with batch normalization, and dropout in the head."""
    layers: list[Any] = []
    for inputs, outputs in ((3, 4), (4, 4), (4, 6)):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
        if outputs == inputs:
            layers.append(nn.MaxPool2d(2, 2))
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU()]
    return nn.Sequential(*layers, *head, nn.Linear(8, 5))


class Block(nn.Module):
    """A residual block with the shortcut of option A or B."""

    def __init__(self, inputs: int, outputs: int, stride: int, option: str) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.more = stride, outputs - inputs
        self.shortcut = None
        if stride != 1 and option == "B":
            conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.shortcut = nn.Sequential(conv, nn.BatchNorm2d(outputs))

    def forward(self, x: Any) -> Any:
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if self.shortcut is not None:
            x = self.shortcut(x)
        elif self.stride != 1:
            side = self.more // 2
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, side, side))
        return torch.relu(y + x)


class ResNet(nn.Module):
    """A stem and three blocks."""

    def __init__(self, option: str) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.blocks = nn.Sequential(
            Block(4, 4, 1, option), Block(4, 8, 2, option), Block(8, 8, 1, option))  # fmt: skip
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        x = self.blocks(torch.relu(self.bn(self.conv(x))))
        return self.fc(x.mean((2, 3)))


class Groups(nn.Module):
    """Dilated, depthwise and grouped convolutions, padded poolings."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=2, dilation=2)
        self.depth = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.bn = nn.BatchNorm2d(4)
        self.group = nn.Conv2d(4, 6, 3, 2, groups=2)
        self.bn2 = nn.BatchNorm2d(6)
        self.fc = nn.Linear(6, 5)

    def forward(self, x: Any) -> Any:
        x = F.max_pool2d(torch.relu(self.conv(x)), 3, 2, 1)
        x = torch.relu(self.bn(self.depth(x)))
        x = self.bn2(self.group(F.avg_pool2d(x, 2, 1, 1)))
        return self.fc(F.avg_pool2d(x, x.shape[-1]).flatten(1))


def cut() -> Any:
    """Padding by less than nothing on two sides."""
    padding = nn.ZeroPad2d((-1, 1, 0, -1))
    layers = [nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), padding, nn.Conv2d(4, 3, 2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(3 * 4 * 6, 5))


NETWORKS = {
    "cut": (cut, (4, 1, 8, 9)),
    "lenet": (LeNet, (4, 1, 14, 14)),
    "vgg": (vgg, (4, 3, 8, 8)),
    "resnet-a": (lambda: ResNet("A"), (4, 3, 8, 8)),
    "resnet-b": (lambda: ResNet("B"), (4, 3, 8, 8)),
    "groups": (Groups, (4, 3, 12, 12)),
}


def make(name: str) -> tuple[Any, Any, Any]:
    """A network with values as if trained, a batch and its labels."""
    torch.manual_seed(5)
    build, shape = NETWORKS[name]
    model = build()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_()
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 1.5)
    return model, torch.randn(shape), torch.randint(0, 5, shape[:1])


@pytest.fixture(scope="module", params=NETWORKS)
def imported(request: Any) -> tuple[Any, Any, Any, Any]:
    model, x, labels = make(request.param)
    return model, x, labels, frontend.import_torch(model, x)


def assert_close(found: np.ndarray, expected: np.ndarray, tolerance: float, what: str) -> None:
    scale = max(float(np.abs(expected).max()), 1e-3)
    error = float(np.abs(found - expected).max()) / scale
    assert error <= tolerance, f"{what}: relative error {error:.2g}"


def test_same_logits(imported: tuple[Any, Any, Any, Any]) -> None:
    model, x, _, network = imported
    module = network.module()
    text = str(module)
    assert "math.sqrt" not in text and "math.rsqrt" not in text
    norms = sum(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in model.modules())
    assert text.count("prune.batch_norm ") == norms
    with torch.no_grad():
        expected = model.eval()(x).numpy()
    for reference in (True, False):
        outputs = module.compile(reference=reference).call("forward", {"input": x.numpy()})
        assert_close(np.asarray(outputs["logits"]), expected, 1e-5, f"reference {reference}")


def test_same_training_step(imported: tuple[Any, Any, Any, Any]) -> None:
    """With a learning rate of one the change of a parameter is its gradient."""
    model, x, labels, network = imported
    module = network.module()
    module.run("builtin.module(prune-lift-parameters{keep-values=false},prune-train-pipeline)")
    state = {name: value.copy() for name, value in network.values.items()}
    feed = {"input": x.numpy(), "labels": labels.numpy().astype(np.int32), "learning_rate": 1.0}
    loss = module.compile().call("train_step", {**state, **feed})["loss"]
    model.zero_grad()
    expected = F.cross_entropy(model.train()(x), labels)
    expected.backward()
    assert_close(np.asarray(loss), expected.detach().numpy(), 1e-5, "loss")
    gradients = dict(model.named_parameters())
    # Biases before a batch normalization have a gradient of zero but for rounding.
    largest = max(float(p.grad.abs().max()) for p in gradients.values())
    for name, parameter in gradients.items():
        found = network.values[name] - state[name]
        gradient = parameter.grad.numpy()
        scale = max(float(np.abs(gradient).max()), 3e-2 * largest)
        error = float(np.abs(found - gradient).max()) / scale
        assert error <= 1e-4, f"{name}: relative error {error:.2g}"
    for name, buffer in model.named_buffers():
        if name in state:
            assert_close(state[name], buffer.numpy(), 1e-4, name)
    model.load_state_dict({k: torch.tensor(v) for k, v in network.values.items()}, strict=False)


@pytest.mark.parametrize("imported", [name for name in NETWORKS if name != "lenet"], indirect=True)
def test_same_statistics_again(imported: tuple[Any, Any, Any, Any]) -> None:
    """The running statistics of a pruned network, as PyTorch's cumulative average has them."""
    model, x, _, network = imported
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    assert norms
    module = network.module()
    module.run("builtin.module(prune-lift-parameters{keep-values=false},"
               "prune-build-statistics-step)")
    step = module.compile()
    state = {name: value.copy() for name, value in network.values.items()}
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    model.train()
    for k in (1, 2, 3):
        batch = x * k + 0.1
        step.call("statistics_step", {**state, "input": batch.numpy(), "momentum": 1.0 / k})
        with torch.no_grad():
            model(batch)
    for name, buffer in model.named_buffers():
        if name in state:
            assert_close(state[name], buffer.numpy(), 1e-4, name)
    model.load_state_dict({k: torch.tensor(v) for k, v in network.values.items()}, strict=False)
