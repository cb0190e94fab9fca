# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Readers, on good files and on broken ones."""

from __future__ import annotations

import contextlib
import gzip
import lzma
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_prune import data
from mlir_prune.errors import DataError, InputError
from mlir_prune.idx import read_idx


def idx_bytes(array: np.ndarray, magic: int = 0x08) -> bytes:
    head = bytes([0, 0, magic, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()


def write_mnist(folder: Path, train: int = 100, test: int = 20) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    written = {}
    for part, rows in (("train", train), ("t10k", test)):
        images = rng.integers(0, 256, (rows, 28, 28), np.uint8)
        labels = rng.integers(0, 10, rows, np.uint8)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(images)))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
        written[part] = images
    return written


@pytest.mark.parametrize("compress", [False, True])
def test_idx_round_trip(tmp_path: Path, compress: bool) -> None:
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    raw = idx_bytes(array)
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(raw) if compress else raw)
    np.testing.assert_array_equal(read_idx(path), array)


@pytest.mark.parametrize(("code", "dtype"), [(0x0B, ">i2"), (0x0C, ">i4"), (0x0E, ">f8")])
def test_idx_wide_types_are_big_endian(tmp_path: Path, code: int, dtype: str) -> None:
    array = np.array([1, -2, 300]).astype(dtype)
    path = tmp_path / "a"
    path.write_bytes(idx_bytes(array, code))
    result = read_idx(path)
    assert result.dtype.isnative
    np.testing.assert_array_equal(result, [1, -2, 300])


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not an idx file"),
        (b"\x89PNG\r\n", "not an idx file"),
        (b"\0\0\x07\x01\0\0\0\x01a", "not an idx file"),
        (b"\0\0\x08\0", "not an idx file"),
        (b"\0\0\x08\x02\0\0\0\x01", "header ends after 4"),
        (b"\0\0\x08\x01\0\0\0\x03ab", "needs 3 bytes of data, found 2"),
        (b"\0\0\x08\x01\0\0\0\x01ab", "needs 1 bytes of data, found more"),
        (b"\0\0\x0e\x02\xff\xff\xff\xff\xff\xff\xff\xff", "more than"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x03abc")[:-9], "cannot be read"),
        (b"\x1f\x8bnonsense", "cannot be read"),
    ],
)
def test_idx_refuses(tmp_path: Path, raw: bytes, message: str) -> None:
    path = tmp_path / "broken"
    path.write_bytes(raw)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


@given(st.binary(max_size=64))
def test_idx_never_fails_otherwise(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("idx") / "any"
    path.write_bytes(raw)
    with contextlib.suppress(DataError):
        read_idx(path)


def test_mnist_parts(tmp_path: Path) -> None:
    written = write_mnist(tmp_path / "mnist")
    loaded = data.load("mnist", tmp_path)
    assert (len(loaded.train), len(loaded.validation), loaded.features) == (90, 10, 784)
    test = loaded.open_test()
    expected = written["t10k"].reshape(20, 784).astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(test.inputs[0].reshape(-1, 784), expected)
    rows = np.concatenate([loaded.train.inputs[0], loaded.validation.inputs[0]]).reshape(-1, 784)
    order = np.lexsort(rows.T)
    source = written["train"].reshape(100, 784).astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(rows[order], source[np.lexsort(source.T)])


def test_mnist_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRUNE_DATA", raising=False)
    with pytest.raises(DataError, match="set PRUNE_DATA"):
        data.load("mnist")
    with pytest.raises(DataError, match="no such folder"):
        data.load("mnist", tmp_path)
    write_mnist(tmp_path / "mnist")
    labels = tmp_path / "mnist" / "train-labels-idx1-ubyte"
    labels.write_bytes(idx_bytes(np.zeros(7, np.uint8)))
    with pytest.raises(DataError, match=r"100 train images but labels \[7\]"):
        data.load("mnist", tmp_path)
    os.unlink(labels)
    with pytest.raises(DataError, match="neither"):
        data.load("mnist", tmp_path)


def test_digits_split_is_fixed_and_disjoint() -> None:
    first, second = data.load("digits"), data.load("digits")
    np.testing.assert_array_equal(first.train.inputs[0], second.train.inputs[0])
    parts = [first.train, first.validation, first.open_test()]
    assert [len(part) for part in parts] == [1079, 359, 359]
    assert first.features == 64 and first.classes == 10
    assert max(part.inputs[0].max() for part in parts) == 1.0


def test_digits_are_those_of_scikit_learn() -> None:
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn has the digits, too")
    found, wanted = np.load(Path(data.__file__).with_name("digits.npz")), datasets.load_digits()
    np.testing.assert_array_equal(found["x"], wanted.images)
    np.testing.assert_array_equal(found["y"], wanted.target)


def test_test_part_opens_once(blobs: data.Dataset) -> None:
    assert len(blobs.open_test()) == 200
    with pytest.raises(RuntimeError, match="only once"):
        blobs.open_test()


def test_npz_both_layouts(tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((50, 3, 2)).astype(np.float64)
    y = np.arange(50) % 3
    np.savez(tmp_path / "one.npz", x=x, y=y)
    one = data.load(str(tmp_path / "one.npz"))
    assert (len(one.train), len(one.validation), len(one.open_test())) == (30, 10, 10)
    assert one.train.inputs[0].dtype == np.float32 and one.features == 6 and one.classes == 3
    np.savez(tmp_path / "two.npz", x_train=x, y_train=y, x_test=x[:20], y_test=y[:20])
    two = data.load(str(tmp_path / "two.npz"))
    assert (len(two.train), len(two.validation), len(two.open_test())) == (45, 5, 20)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.zeros(3)}, "expected x and y"),
        ({"x": np.zeros((20, 2)), "y": np.zeros(19, int)}, r"y is \[19\], expected \[20\]"),
        ({"x": np.zeros(20), "y": np.zeros(20, int)}, "expected numbers"),
        ({"x": np.zeros((20, 2)), "y": np.zeros(20)}, "class numbers"),
        ({"x": np.zeros((20, 2)), "y": np.full(20, -1)}, "class numbers"),
        ({"x": np.full((20, 2), np.nan), "y": np.zeros(20, int)}, "not finite"),
    ],
)
def test_npz_refuses(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    path = tmp_path / "bad.npz"
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=message):
        data.load(str(path))


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04 not a zip", b"\x93NUMPY"])
def test_npz_broken_file(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(raw)
    with pytest.raises(InputError, match="npz"):
        data.load(str(path))


def test_npz_of_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    np.savez(path, x=np.array([{"code": 1}], object), y=np.zeros(1, int))
    with pytest.raises(InputError, match="npz"):
        data.load(str(path))


def test_rows_keep_their_shape(tmp_path: Path) -> None:
    write_mnist(tmp_path / "mnist")
    loaded = data.load("mnist", tmp_path)
    assert loaded.shapes == ((1, 28, 28),) == loaded.open_test().shapes
    x = np.random.default_rng(0).random((50, 3, 4, 2))
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(50) % 3)
    assert data.load(str(tmp_path / "a.npz")).shapes == ((3, 4, 2),)
    assert data.Split(np.zeros((2, 6), np.float32), np.zeros(2, np.int32)).shapes == ((6,),)
    with pytest.raises(DataError, match=r"'input' \[2, 6\] and labels \[3\] do not fit"):
        data.Split(np.zeros((2, 6), np.float32), np.zeros(3, np.int32))


@pytest.mark.parametrize("test_part", ["t10k", "test"])
def test_any_idx_folder(tmp_path: Path, test_part: str) -> None:
    rng = np.random.default_rng(1)
    for part, rows in (("train", 40), (test_part, 6)):
        images = rng.integers(0, 256, (rows, 3, 5, 4), np.uint8)
        (tmp_path / f"{part}-images-idx4-ubyte").write_bytes(idx_bytes(images))
        labels = np.arange(rows, dtype=np.uint8) % 7
        (tmp_path / f"{part}-labels.idx1-ubyte.gz").write_bytes(gzip.compress(idx_bytes(labels)))
    loaded = data.load(f"idx:{tmp_path}")
    assert (len(loaded.train), len(loaded.validation), loaded.classes) == (36, 4, 7)
    assert loaded.shapes == ((3, 5, 4),)
    assert len(loaded.open_test()) == 6
    with pytest.raises(DataError, match="no such folder"):
        data.load(f"idx:{tmp_path / 'missing'}")


def write_cifar(folder: Path, name: str, rows: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    records = rng.integers(0, 256, (rows, 3073), np.uint8)
    records[:, 0] %= 10
    folder.mkdir(parents=True, exist_ok=True)
    raw = records.tobytes()
    (folder / name).write_bytes(lzma.compress(raw) if name.endswith(".xz") else raw)
    return records


def test_cifar_records(tmp_path: Path) -> None:
    folder = tmp_path / "cifar10"
    first = write_cifar(folder, "data_batch_1.bin", 30, 0)
    second = write_cifar(folder, "data_batch_2.bin.xz", 20, 1)
    test = write_cifar(folder, "test-7.bin.xz", 7, 2)
    loaded = data.load("cifar10", tmp_path)
    assert (len(loaded.train), len(loaded.validation)) == (45, 5)
    assert (loaded.shapes, loaded.classes) == (((3, 32, 32),), 10)
    labels = np.concatenate([loaded.train.labels, loaded.validation.labels])
    written = np.concatenate([first, second])[:, 0]
    np.testing.assert_array_equal(np.sort(labels), np.sort(written))
    part = loaded.open_test()
    np.testing.assert_array_equal(part.labels, test[:, 0])
    pixels = test[:, 1:].reshape(7, 3, 1024).transpose(0, 2, 1) / 255.0
    expected = (pixels - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    found = part.inputs[0].reshape(7, 3, 1024).transpose(0, 2, 1)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_cifar_refuses(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        data.load("cifar10", tmp_path)
    folder = tmp_path / "cifar10"
    folder.mkdir()
    with pytest.raises(DataError, match=r"no train\*.bin"):
        data.load("cifar10", tmp_path)
    (folder / "train.bin").write_bytes(bytes(3072))
    with pytest.raises(DataError, match="3072 bytes are not whole records"):
        data.load("cifar10", tmp_path)
    (folder / "train.bin").write_bytes(bytes([10]) + bytes(3072))
    with pytest.raises(DataError, match="class 10 in a record"):
        data.load("cifar10", tmp_path)
    (folder / "train.bin").unlink()
    (folder / "train.bin.xz").write_bytes(b"not xz")
    with pytest.raises(DataError, match="cannot be read"):
        data.load("cifar10", tmp_path)


def test_unknown_name_gets_a_hint() -> None:
    with pytest.raises(DataError, match="did you mean 'digits'"):
        data.load("digit")
