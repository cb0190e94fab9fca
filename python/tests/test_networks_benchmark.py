# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The benchmark of whole networks: what it generates, measures, refuses and prints."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))

import network_models  # noqa: E402
import network_tables  # noqa: E402
import networks  # noqa: E402
from network_engines import difference  # noqa: E402
from network_turns import Engine, Row, Settings, Worker  # noqa: E402

import mlir_prune  # noqa: E402
from mlir_prune.errors import InputError  # noqa: E402

TINY = network_models.Network("tiny", (12,), (4,), network_models.perceptron(16, 5))
QUICK = Settings([max(os.sched_getaffinity(0))], seconds=0.01, rounds=2)
HERE = Engine("mlir_prune", "here", sys.executable)
REFERENCE = Engine("reference", "the reference execution", sys.executable)


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that the processes of engines find before all others."""
    folder = tmp_path / "packages"
    folder.mkdir()
    package = str(Path(mlir_prune.__file__).resolve().parents[1])
    found = os.environ.get("PYTHONPATH", package)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), found]))
    monkeypatch.setenv("PRUNE_COST_MODEL", "builtin")
    return folder


def fake(folder: Path, name: str, text: str) -> Engine:
    """An engine made of a few lines."""
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return Engine(name, networks.TITLES[name], sys.executable, "0.1")


def weights(name: str, batch: int, zeros: float, path: Path) -> dict[str, list[np.ndarray]]:
    """Weights of a generated network by the operation that has them."""
    network_models.NETWORKS[name].write(path, batch, zeros)
    graph = onnx.load(path).graph
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found: dict[str, list[np.ndarray]] = {}
    for node in graph.node:
        if node.op_type in ("Conv", "Gemm"):
            found.setdefault(node.op_type, []).append(values[node.input[1]])
    return found


@pytest.mark.parametrize(
    ("name", "convolutions", "parameters"),
    [("lenet5", 2, 430500), ("resnet20", 21, 270896), ("784-300-100-10", 0, 266200),
     ("mobilenet", 27, 4209088)],
)  # fmt: skip
def test_generated_networks(name: str, convolutions: int, parameters: int, tmp_path: Path) -> None:
    found = weights(name, 2, 0.9, tmp_path / "a.onnx")
    layers = [weight for kind in ("Conv", "Gemm") for weight in found.get(kind, [])]
    assert len(found.get("Conv", [])) == convolutions
    assert sum(weight.size for weight in layers) == parameters
    for index, weight in enumerate(layers):
        depthwise = weight.ndim == 4 and weight.shape[1] == 1
        first = index == 0 and name != "lenet5"
        dense = convolutions > 0 and (first or (depthwise and name != "lenet5"))
        zeros = 0 if dense else round(0.9 * weight.size)
        assert np.count_nonzero(weight == 0) == zeros, index


def test_weights_depend_on_the_seed_alone(tmp_path: Path) -> None:
    first, second = (weights("lenet5", batch, 0.7, tmp_path / f"{batch}.onnx") for batch in (1, 3))
    for kind, values in first.items():
        for one, other in zip(values, second[kind], strict=True):
            np.testing.assert_array_equal(one, other)


def test_engines_take_turns() -> None:
    row = Row(TINY, 4, QUICK, REFERENCE)
    times = row.measure([(HERE, 0), (HERE, 90)])
    assert row.failures == []
    assert [(time["engine"], time["zeros"]) for time in times] == [
        ("mlir_prune", 0),
        ("mlir_prune", 90),
    ]
    for taken in times:
        assert len(taken["rounds_ms"]) == 2 and taken["ms"] > 0 and taken["error"] < 1e-5


def test_an_engine_that_waits_is_stopped(tmp_path: Path) -> None:
    TINY.write(tmp_path / "tiny.onnx", 4, 0.5)
    np.save(tmp_path / "input.npy", np.ones((4, 12), np.float32))
    with Worker(HERE, tmp_path / "tiny.onnx", 50, QUICK) as worker:
        assert worker.measure(0.01) > 0
        status = Path(f"/proc/{worker.process.pid}/status")
        end = time.monotonic() + 10
        while "T (stopped)" not in status.read_text(encoding="utf-8"):
            assert time.monotonic() < end
            time.sleep(0.01)
        assert worker.measure(0.01) > 0
        assert np.load(worker.result).shape == (4, 5)


def test_a_wrong_result_is_a_failure(packages: Path) -> None:
    text = (
        "import numpy\n"
        "class Engine:\n"
        "    def run(self, inputs):\n"
        "        print('a word on standard output')\n"
        "        return [numpy.zeros((4, 5), numpy.float32)]\n"
        "def compile_model(path, batch_size, num_cores):\n"
        "    return Engine()\n"
    )
    row = Row(TINY, 4, QUICK, REFERENCE)
    times = row.measure([(fake(packages, "deepsparse", text), 70), (HERE, 70)])
    assert [time["engine"] for time in times] == ["mlir_prune"]
    assert row.failures == [
        "tiny, batch 4: DeepSparse, 70 % zeros: the result differs by 1 of the largest one, "
        "expected less than 0.0001"
    ]


def test_an_engine_that_refuses_is_a_failure(packages: Path) -> None:
    text = "def compile_model(path, batch_size, num_cores):\n    raise ValueError('too small')\n"
    row = Row(TINY, 4, QUICK, REFERENCE)
    assert row.measure([(fake(packages, "deepsparse", text), 70)]) == []
    assert row.failures == ["tiny, batch 4: DeepSparse, 70 % zeros: ValueError: too small"]


def test_an_engine_that_ends_is_a_failure(packages: Path) -> None:
    text = (
        "import os, sys, numpy\n"
        "class Engine:\n"
        "    called = 0\n"
        "    def run(self, inputs):\n"
        "        self.called += 1\n"
        "        if self.called > 1:\n"
        "            sys.stderr.write('out of something\\n')\n"
        "            os._exit(3)\n"
        "        return [numpy.load(EXPECTED)]\n"
        "def compile_model(path, batch_size, num_cores):\n"
        "    return Engine()\n"
    )
    result = packages / "expected.npy"
    TINY.write(packages / "tiny.onnx", 4, 0.7)
    x = np.random.default_rng(0).standard_normal((4, 12)).astype(np.float32)
    np.save(packages / "input.npy", x)
    with Worker(REFERENCE, packages / "tiny.onnx", 70, QUICK) as worker:
        np.save(result, np.load(worker.result))
    engine = fake(packages, "deepsparse", text.replace("EXPECTED", repr(str(result))))
    row = Row(TINY, 4, QUICK, REFERENCE)
    times = row.measure([(engine, 70), (HERE, 70)])
    assert [time["engine"] for time in times] == ["mlir_prune"]
    assert row.failures == ["tiny, batch 4: DeepSparse, 70 % zeros: out of something"]


def test_failures_are_errors(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(networks, "run", lambda options: FOUND)
    monkeypatch.setattr(sys, "argv", ["networks.py"])
    assert networks.main() == 1
    printed = capsys.readouterr()
    assert printed.err == "error: tiny, batch 1: it broke\n"
    assert "| tiny, 1 | 12.3 |" in printed.out


def test_the_command_without_other_engines(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    for name in ("onnxruntime", "openvino", "deepsparse"):
        fake(packages, name, f"raise ImportError('no {name} for this test')\n")
    out = tmp_path / "out"
    words = "--networks 784-300-100-10:3 --zeros 95 0 --rounds 1 --seconds 0.01 --json --out"
    monkeypatch.setattr(sys, "argv", ["networks.py", *words.split(), str(out)])
    assert networks.main() == 0
    printed = capsys.readouterr()
    assert "OpenVINO is left out: ImportError: no openvino for this test" in printed.err
    found = json.loads((out / "networks.json").read_text(encoding="utf-8"))
    assert json.loads(printed.out) == found
    assert list(found["engines"]) == ["mlir_prune"]
    assert list(found["left_out"]) == ["ONNX Runtime", "OpenVINO", "DeepSparse"]
    assert found["threads"] == 1 and found["zeros"] == [0, 95] and found["processor"]
    text = (out / "networks.md").read_text(encoding="utf-8")
    assert "\n| network, batch | dense | here, 0 % | here, 95 % |\n" in text
    assert "\n| 784-300-100-10, 3 | - | " in text
    assert "DeepSparse is left out: ImportError: no deepsparse for this test" in text
    assert "differ from those of the reference execution" in text
    assert not (out / "networks.png").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--networks resnet5", "unknown network 'resnet5'.*did you mean 'resnet50'"),
        ("--networks lenet5:0", "'lenet5:0': expected a batch from 1 to 4096"),
        ("--networks lenet5:", "'lenet5:': expected a batch"),
        ("--threads 100000", "100000 threads, expected 1 to "),
        ("--threads 0", "0 threads, expected 1 to "),
        ("--openvino-python /not/there", "OpenVINO cannot be used with /not/there: .*No such file"),
    ],
)
def test_what_the_command_refuses(words: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        networks.run(networks.parse(words.split()))


def line(engine: str, zeros: int, ms: float) -> dict[str, Any]:
    return {"engine": engine, "zeros": zeros, "ms": ms}


FOUND = {
    "processor": "a processor", "threads": 1, "rounds": 5, "zeros": [70, 90], "tolerance": 1e-4,
    "judge": "ONNX Runtime", "cost_model": "the built-in figures", "left_out": {},
    "engines": {"onnxruntime": {"title": "ONNX Runtime", "version": "1"},
                "openvino": {"title": "OpenVINO", "version": "2"},
                "deepsparse": {"title": "DeepSparse", "version": "3"},
                "mlir_prune": {"title": "here", "version": "4"}},
    "failures": ["tiny, batch 1: it broke"],
    "rows": [
        {"title": "tiny", "batch": 1, "times": [
            line("onnxruntime", 0, 12.34), line("openvino", 0, 1200.4),
            line("deepsparse", 70, 5.0), line("deepsparse", 90, 4.0),
            line("mlir_prune", 70, 4.0), line("mlir_prune", 90, 0.0123)]},
        {"title": "other", "batch": 16, "times": [
            line("openvino", 0, 1200.4), line("mlir_prune", 90, 600.2)]},
    ],
}  # fmt: skip


def test_the_table() -> None:
    assert network_tables.table(FOUND) == (
        "| network, batch | dense | DeepSparse, 70 and 90 % zeros | here, 70 % | here, 90 % |\n"
        "|---|---|---|---|---|\n"
        "| tiny, 1 | 12.3 | 5, 4 | 4 (3.08x) | 0.0123 (1003.25x) |\n"
        "| other, 16 | 1200 | -, - | - | 600 (2.00x) |"
    )
    text = network_tables.document(FOUND)
    assert '"Dense" is the faster of ONNX Runtime 1 and OpenVINO 2 on the network' in text
    assert "by less than 0.01 % of the largest one." in text
    assert text.endswith("\nFailures:\n\n* tiny, batch 1: it broke\n")


def test_the_picture() -> None:
    pytest.importorskip("matplotlib")
    picture = network_tables.plot(FOUND)
    assert picture is not None and picture.startswith(b"\x89PNG")
    assert network_tables.plot({**FOUND, "rows": []}) is None


def test_results_of_other_shapes_differ() -> None:
    one = np.ones(4, np.float32)
    assert difference(one, one) == 0
    assert difference(one.reshape(2, 2), one) == np.inf
    assert not difference(one * np.nan, one) < 1
