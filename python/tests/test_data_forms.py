# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data in the forms that people have it in: labels, several inputs, folders of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.data import load
from mlir_prune.data_forms import data_file, read_images, read_members, read_rows
from mlir_prune.errors import DataError

X = np.arange(60, dtype=np.float32).reshape(20, 3)
Y = np.arange(20) % 2

NEEDS = "pip install torch-mlir onnx onnxruntime to run the tests of the front end"


class Rows:
    """A data set by number, as one of torch."""

    def __init__(self, inputs: Any) -> None:
        self.inputs = inputs

    def __len__(self) -> int:
        return 20

    def __getitem__(self, index: int) -> Any:
        return self.inputs(index), int(Y[index])


class Triples(Rows):
    """Rows of three parts."""

    def __getitem__(self, index: int) -> Any:
        return X[index], X[index], 0


@pytest.mark.parametrize("labels", [Y.astype(np.float32), Y.astype(np.int32), Y[:, None]])
def test_labels_become_class_numbers(labels: np.ndarray, tmp_path: Path) -> None:
    found = load(data_file((X, labels), tmp_path))
    assert found.classes == 2 and found.train.labels.shape == (12,)
    members = read_members([(X[:10], labels[:10]), (X[10:], labels[10:])])
    np.testing.assert_array_equal(members["x"], X)
    np.testing.assert_array_equal(members["y"], Y)


def test_labels_between_classes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="class numbers from 0, got float64"):
        load(data_file((X, Y + 0.5), tmp_path))


@pytest.mark.parametrize("form", ["arrays", "names", "members", "batches", "rows", "named rows"])
def test_several_inputs(form: str) -> None:
    one, two = X, X[:, :2] + 1
    names = ("a", "b") if form in ("names", "members", "named rows") else ("input0", "input1")
    data: Any = {
        "arrays": ((one, two), Y),
        "names": ({"a": one, "b": two}, Y),
        "members": {"x/a": one, "x/b": two, "y": Y},
        "batches": [([one[i : i + 5], two[i : i + 5]], Y[i : i + 5]) for i in range(0, 20, 5)],
        "rows": Rows(lambda i: (one[i], two[i])),
        "named rows": Rows(lambda i: {"a": one[i], "b": two[i]}),
    }[form]
    found = read_members(data)
    assert set(found) == {"y", *[f"x/{name}" for name in names]}
    for name, expected in zip(names, (one, two), strict=True):
        np.testing.assert_array_equal(found[f"x/{name}"], expected)
    np.testing.assert_array_equal(found["y"], Y)
    assert read_rows(data, 2).names == names


def test_rows_without_labels() -> None:
    assert not read_rows(X).labelled and read_rows((X, Y)).labelled
    assert read_rows((X, X), 2).names == ("input0", "input1")
    assert not read_rows((X, X), 2).labelled
    with pytest.raises(DataError, match=r"expected x and y"):
        read_rows({"x": X})


def test_what_is_no_data_is_refused() -> None:
    with pytest.raises(DataError, match="x differs from batch to batch"):
        read_members([(X, Y), (X[:, :2], Y)])
    with pytest.raises(DataError, match="expected an array of numbers"):
        read_members((["a"] * 20, Y))
    with pytest.raises(DataError, match="rows have different shapes"):
        read_members(([[1], [1, 2]], [0, 1]))
    with pytest.raises(DataError, match="rows of two parts"):
        read_members(Triples(None))


def test_tensors_of_half_precision_are_read() -> None:
    torch = pytest.importorskip("torch", reason=NEEDS)
    x = torch.as_tensor(X).bfloat16().requires_grad_()
    found = read_members((x, torch.as_tensor(Y)))["x"]
    assert found.dtype == np.float32 and np.abs(found - X).max() < 1
    data = torch.utils.data.TensorDataset(torch.as_tensor(X), torch.as_tensor(Y))
    np.testing.assert_array_equal(read_members(data)["x"], X)


def _images(folder: Path, rows: int, mode: str = "L", names: tuple[str, ...] = ("a", "b")) -> None:
    image = pytest.importorskip("PIL.Image", reason="pip install torchvision pillow, for images")
    for name in names:
        (folder / name).mkdir(parents=True)
        for row in range(rows):
            image.new(mode, (4, 4), 7).save(folder / name / f"{row}.png")


def test_folders_to_train_and_to_test(tmp_path: Path) -> None:
    _images(tmp_path / "train", 6)
    _images(tmp_path / "val", 2)
    found = read_members(tmp_path)
    assert found["x_train"].shape == (12, 1, 4, 4) and found["x_test"].shape == (4, 1, 4, 4)
    np.testing.assert_array_equal(found["y_test"], [0, 0, 1, 1])
    _images(tmp_path / "val", 1, names=("c",))
    with pytest.raises(DataError, match="the class 'c' is not in both"):
        read_members(tmp_path)


def test_hidden_folders_are_no_classes(tmp_path: Path) -> None:
    _images(tmp_path, 2, names=(".cache", "a", "b"))
    np.testing.assert_array_equal(read_images(tmp_path)[1], [0, 0, 1, 1])


def test_pixels_of_more_than_a_byte_are_refused(tmp_path: Path) -> None:
    _images(tmp_path, 1, mode="I;16")
    with pytest.raises(DataError, match="pixels of more than 8 bits"):
        read_images(tmp_path)


def test_names_of_sets_come_before_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mnist").mkdir()
    monkeypatch.chdir(tmp_path)
    assert data_file("mnist", tmp_path) == "mnist"
