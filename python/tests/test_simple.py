# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The whole flow in one line, and the forms that data are in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlir_prune
from mlir_prune.data_forms import data_file, read_images
from mlir_prune.errors import DataError, InputError
from mlir_prune.models import Mlp
from mlir_prune.simple import cut_rows

pytest.importorskip("mlir_prune._native", reason="the native module is not built")

needs = "pip install torch-mlir onnx onnxruntime to run the tests of the front end"


def blobs(rows: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Points around three centres."""
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, rows)
    centres = 3 * random.standard_normal((3, 8))
    return (centres[labels] + random.standard_normal((rows, 8))).astype(np.float32), labels


@pytest.fixture(scope="module")
def pruned(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("simple")
    return mlir_prune.prune(
        "mlp", blobs(), target="sparsity=0.8", epochs=3, out=folder / "run", quiet=True
    )


def test_a_built_network_and_arrays(pruned: Any) -> None:
    totals = pruned.report["totals"]
    assert totals["pruned_nonzeros"] <= 0.2 * totals["weights"] + 3
    assert pruned.report["test"]["pruned"]["accuracy"] > 90
    assert "weights left" in str(pruned) and str(pruned.folder) in str(pruned)
    assert (pruned.folder / "recipe.yaml").is_file() and (pruned.folder / "data.npz").is_file()


def test_several_sizes_of_batches(pruned: Any) -> None:
    x, _ = blobs()
    network, alone = pruned.compile((1, 64, 8)), pruned.compile(1)
    for rows in (1, 3, 8, 70, 141):
        np.testing.assert_allclose(network(x[:rows]), alone(x[:rows]), rtol=1e-4, atol=1e-4)
    padded = pruned.compile([16, 4])
    np.testing.assert_allclose(padded(x[:21]), alone(x[:21]), rtol=1e-4, atol=1e-4)
    for sizes in ([], [8, 0]):
        with pytest.raises(InputError, match="batch and threads are positive"):
            pruned.compile(sizes)


def test_largest_batches_come_first() -> None:
    assert cut_rows(70, [64, 8, 1]) == [(0, 64), *((64 + i, 1) for i in range(6))]
    assert cut_rows(73, [64, 8, 1]) == [(0, 64), (64, 8), (72, 1)]
    assert cut_rows(21, [8, 2]) == [(0, 8), (8, 8), (16, 2), (18, 2), (20, 2)]
    assert cut_rows(3, [8]) == [(0, 8)]
    assert cut_rows(0, [8]) == []


@pytest.mark.parametrize("batch", [1, 16])
def test_a_compiled_network_takes_any_number_of_rows(batch: int, pruned: Any) -> None:
    x, y = blobs()
    network = pruned.compile(batch)
    found = network(x[:50])
    assert found.shape == (50, 3)
    values = {name: np.asarray(value) for name, value in pruned.module.parameters().items()}
    hidden = x[:50].astype(np.float64)
    for layer in ("fc1", "fc2", "fc3"):
        hidden = hidden @ values[f"{layer}.weight"].T + values[f"{layer}.bias"]
        hidden = np.maximum(hidden, 0) if layer != "fc3" else hidden
    np.testing.assert_allclose(found, hidden, rtol=1e-4, atol=1e-4)
    with pytest.raises(InputError, match=r"expected \[rows, 8\], got \[50, 7\]"):
        network(x[:50, :7])
    with pytest.raises(InputError, match="at least one row"):
        network(x[:0])
    with pytest.raises(InputError, match="expected 1 inputs, got 2"):
        network(x, x)
    with pytest.raises(InputError, match="expected float32, got uint8; data sets divide bytes"):
        network(np.zeros((2, 8), np.uint8))


def test_pages_and_exports(pruned: Any, tmp_path: Path) -> None:
    page = mlir_prune.report(pruned, path=tmp_path / "page.html")
    assert "<h1>" in page.read_text()
    assert "prune" not in pruned.export(tmp_path / "small.mlir").read_text()
    with pytest.raises(InputError, match="not given as an ONNX file"):
        pruned.export(tmp_path / "small.onnx")
    with pytest.raises(InputError, match="ends in .onnx, .pt, .mlir"):
        pruned.export(tmp_path / "small.bin")
    with pytest.raises(InputError, match="not given as a PyTorch module"):
        pruned.torch()
    with pytest.raises(InputError, match="PyTorch module or .pt2"):
        pruned.export(tmp_path / "small.pt")
    with pytest.raises(InputError, match="at least one run"):
        mlir_prune.report()
    with pytest.raises(InputError, match="named as path='page.html'"):
        mlir_prune.report(pruned, "page.html")
    with pytest.raises(InputError, match="folders of runs, got list"):
        mlir_prune.report([pruned])


def test_modules_are_compiled() -> None:
    network = Mlp((8, 6, 3))
    module = mlir_prune.Module.parse(network.text(4))
    module.bind(network.init(np.random.default_rng(1)))
    assert mlir_prune.compile(module, batch=8)(blobs()[0][:3]).shape == (3, 3)
    with pytest.raises(InputError, match="positive"):
        mlir_prune.compile(module, batch=0)
    with pytest.raises(InputError, match="a file or a Module .*, got object"):
        mlir_prune.compile(object())


def test_the_folder_of_a_run_is_compiled(pruned: Any) -> None:
    x, _ = blobs()
    np.testing.assert_array_equal(mlir_prune.compile(pruned.folder)(x[:3]), pruned.compile()(x[:3]))


@pytest.mark.parametrize(
    ("aims", "message"),
    [
        ({"target": 0.5}, "target: expected a text as in 'macs=0.5', got 0.5"),
        ({"target": "macs=0.5", "minutes": 3}, "minutes bounds a search"),
        ({"max_drop": "1"}, "max_drop: expected a positive number, got '1'"),
        ({"max_drop": -1}, "max_drop: expected a positive number, got -1"),
        ({"max_drop": 1, "epochs": 0}, "epochs: expected a positive number, got 0"),
        ({"target": "macs=0.5", "epochs": 1.5}, "epochs: expected a whole number, got 1.5"),
    ],
)
def test_aims_that_cannot_be_meant(aims: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        mlir_prune.prune("mlp", blobs(), **aims)


def test_rows_become_what_a_pytorch_module_reads() -> None:
    torch = pytest.importorskip("torch", reason=needs)
    from mlir_prune.torch import example_of

    nn = torch.nn
    pixels = {"input": np.full((1, 1, 4, 4), 255, np.uint8)}
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).train()
    (example,) = example_of(network, pixels)
    assert example.dtype == torch.float32 and float(example.max()) == 1.0
    assert network.training and int(network[1].num_batches_tracked) == 0
    assert example_of(network.half(), pixels)[0].dtype == torch.float16
    tokens = {"input": np.array([[3, 4]], np.int32)}
    assert example_of(nn.Embedding(5, 2), tokens)[0].dtype == torch.int64
    double = {"input": np.zeros((1, 4))}
    assert example_of(nn.Linear(4, 2), double)[0].dtype == torch.float32
    with pytest.raises(InputError, match=r"does not run on the first row of the data, \[1, 2\]"):
        example_of(nn.Linear(4, 2), tokens)

    class Two(nn.Module):
        def forward(self, image: Any, scale: Any) -> Any:
            return image * scale[:, None]

    named = {"scale": np.ones((1,), np.float32), "image": np.zeros((1, 4), np.float32)}
    assert [tuple(each.shape) for each in example_of(Two(), named)] == [(1, 4), (1,)]


def test_a_pytorch_module_goes_in_and_comes_out(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason=needs)
    pytest.importorskip("torch_mlir", reason=needs)
    torch.manual_seed(1)
    nn, (x, y) = torch.nn, blobs()
    model = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(torch.as_tensor(x)), torch.as_tensor(y)).backward()
        optimizer.step()
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.as_tensor(x), torch.as_tensor(y)), batch_size=64
    )
    found = mlir_prune.prune(model, loader, target="macs=0.5", granularity="coupled_channels",
                             epochs=2, out=tmp_path / "run", quiet=True)  # fmt: skip
    small = found.torch()
    assert small[0].out_features < 24 and model[0].out_features == 24
    accuracy = float((small(torch.as_tensor(x)).argmax(1).numpy() == y).mean())
    assert accuracy > 0.9
    with torch.no_grad():
        wanted = small(torch.as_tensor(x[:20])).numpy()
    np.testing.assert_allclose(found.compile(4)(x[:20]), wanted, rtol=1e-4, atol=1e-4)


def test_what_does_not_go_together_is_refused(tmp_path: Path) -> None:
    for aims in ({}, {"target": "macs=0.5", "max_drop": 1.0}):
        with pytest.raises(InputError, match="name one of target"):
            mlir_prune.prune("mlp", blobs(), **aims)
    with pytest.raises(InputError, match="neither a file with a network"):
        mlir_prune.prune("mpl", blobs(), target="macs=0.5", out=tmp_path / "a")
    with pytest.raises(InputError, match="got int"):
        mlir_prune.prune(3, blobs(), target="macs=0.5", out=tmp_path / "b")
    with pytest.raises(DataError, match="got int"):
        mlir_prune.prune("mlp", 3, target="macs=0.5", out=tmp_path / "c")
    with pytest.raises(DataError, match="got 3 parts"):
        data_file((1, 2, 3), tmp_path)
    with pytest.raises(DataError, match="batches of two parts"):
        data_file(iter([np.zeros(3)]), tmp_path)
    with pytest.raises(DataError, match="got none"):
        data_file(iter([]), tmp_path)
    assert data_file("digits", tmp_path) == "digits"


def test_folders_of_images(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="pip install torchvision pillow, for images")
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (6, 4, 5, 3), np.uint8)
    for number, one in enumerate(pixels):
        folder = tmp_path / "images" / ("cat" if number % 2 else "ant")
        folder.mkdir(parents=True, exist_ok=True)
        image.fromarray(one).save(folder / f"{number}.png")
    x, y = read_images(tmp_path / "images")
    assert x.shape == (6, 3, 4, 5) and x.dtype == np.uint8
    np.testing.assert_array_equal(y, [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(x[1], pixels[2].transpose(2, 0, 1))
    image.fromarray(pixels[0][:3]).save(tmp_path / "images" / "ant" / "9.png")
    with pytest.raises(DataError, match=r"9.png: is 5x3, expected 5x4"):
        read_images(tmp_path / "images")
    (tmp_path / "images" / "ant" / "9.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match="cannot be read as an image"):
        read_images(tmp_path / "images")
    with pytest.raises(DataError, match="expected a folder of images for each class"):
        read_images(tmp_path / "images" / "cat")
