# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Figures of this computer: measured once, kept, found again, and never a surprise."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune.calibration import calibrate, calibrate_once
from mlir_prune.cli import main
from mlir_prune.forms import run_with_remarks, with_kernels
from mlir_prune.models import Mlp
from mlir_prune.native import native, parse

needs_fast = pytest.mark.skipif(
    native().runtime_name() == "naive", reason="the runtime is the naive one"
)
EIGHT = (24, 8)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for caches that nobody has used, and no figures named."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PRUNE_COST_MODEL", raising=False)
    return tmp_path / "cache"


def builtin() -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(native().find_cost_model("builtin").text)
    return figures


def key(threads: int = 1) -> dict[str, Any]:
    """What figures of this computer say of it."""
    text = native().machine_key(threads)
    found: dict[str, Any] = json.loads(text)
    return found


def figures_for(kernel: str, threads: int = 1) -> str:
    """Figures of this computer by which one kernel is fast and the others are slow."""
    figures = builtin() | {"key": key(threads)}
    for name, known in figures["kernels"].items():
        time = 0.0 if name in (kernel, "turn") else 1e9
        known.update(dict.fromkeys(known, time))
    return json.dumps(figures)


def network(batch: int = 1) -> Any:
    """A layer with half of its weights zero."""
    model = Mlp(EIGHT)
    module = parse(model.text(batch))
    values = dict(model.init(np.random.default_rng(0)))
    for name in model.weights():
        values[name] = values[name].copy()
        values[name][::2] = 0
    module.bind(values)
    return module


def chosen(threads: int = 1) -> tuple[str, list[str]]:
    """The kernel of the layer, and the remarks about figures."""
    _, remarks = with_kernels(network(), threads)
    (kernel,) = [r["arguments"]["Kernel"] for r in remarks if r["name"] == "KernelChosen"]
    return kernel, [r["message"] for r in remarks if r["name"] == "CostModelIgnored"]


def test_kept_figures_choose_and_no_others(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    usual, _ = chosen()
    for kernel in ("csr", "lanes", "dense"):
        path = native().keep_cost_model(figures_for(kernel), 1)
        assert Path(path).parent == home / "mlir-prune"
        assert chosen() == (kernel, [])
    monkeypatch.setenv("PRUNE_COST_MODEL", "builtin")
    assert chosen() == (usual, [])
    file = home / "with a space.json"
    file.write_text(figures_for("csr"))
    monkeypatch.setenv("PRUNE_COST_MODEL", str(file))
    assert chosen() == ("csr", [])


def test_compile_takes_the_figures_that_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    native().keep_cost_model(figures_for("dense"), 1)

    def calls(**options: str) -> bool:
        path = Path(os.environ["XDG_CACHE_HOME"]) / "code.s"
        network(8).compile(dump_asm=path, **options)
        return "prune_rt_matmul" in path.read_text()

    assert calls()
    assert calls(cost_model="machine")
    assert not calls(cost_model="builtin")
    monkeypatch.setenv("PRUNE_COST_MODEL", "builtin")
    assert not calls()
    with pytest.raises(native().PruneError, match=r"cannot use the cost model 'no\.json'"):
        network().compile(cost_model="no.json")


def test_one_thread_serves_several_until_they_are_measured() -> None:
    native().keep_cost_model(figures_for("csr"), 1)
    assert chosen(threads=2) == ("csr", [])
    native().keep_cost_model(figures_for("lanes", threads=2), 2)
    assert chosen(threads=2) == ("lanes", [])
    assert chosen(threads=1) == ("csr", [])


def change(**members: Any) -> Callable[[dict[str, Any]], str]:
    return lambda figures: json.dumps(figures | members)


DAMAGE: dict[str, Callable[[dict[str, Any]], str]] = {
    "empty": lambda figures: "",
    "cut": lambda figures: json.dumps(figures)[:-40],
    "no JSON": lambda figures: "\0\1\2",
    "a list": lambda figures: "[]",
    "no UTF-8": lambda figures: json.dumps(figures).replace("one", "\udcff"),
    "another version": change(version=999),
    "no key": lambda figures: json.dumps({k: v for k, v in figures.items() if k != "key"}),
    "another processor": lambda f: json.dumps(f | {"key": f["key"] | {"processor": "other"}}),
    "other caches": lambda f: json.dumps(f | {"key": f["key"] | {"caches": [1, 2, 3]}}),
    "other threads": lambda f: json.dumps(f | {"key": f["key"] | {"threads": 7}}),
    "no cache": change(cache_bytes=None),
    "negative": change(cache_bytes=-1),
    "no term": lambda f: json.dumps(f | {"kernels": {"dense": {"call": 1}}}),
    "unknown kernel": change(kernels={"other": {}}),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_figures_are_ignored_with_a_remark(damage: Callable[..., str]) -> None:
    usual, _ = chosen()
    path = Path(native().keep_cost_model(figures_for("csr"), 1))
    text = damage(json.loads(path.read_text()))
    path.write_bytes(text.encode(errors="surrogateescape"))
    kernel, (remark,) = chosen()
    assert kernel == usual
    assert f"cannot use the figures in '{path}': " in remark
    network().compile()


def test_a_folder_in_the_place_of_figures() -> None:
    path = Path(native().cost_model_path())
    path.mkdir(parents=True)
    assert len(chosen()[1]) == 1


@pytest.mark.parametrize("text", ["", "{}", json.dumps({"version": 1})])
def test_what_is_no_cost_model_is_not_kept(text: str) -> None:
    with pytest.raises(native().PruneError):
        native().keep_cost_model(text, 1)
    with pytest.raises(native().PruneError, match="another machine"):
        native().keep_cost_model(json.dumps(builtin()), 1)
    assert not Path(native().cost_model_path()).exists()


@needs_fast
def test_the_command_measures_once(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert main(["calibrate", "--show"]) == 0
    assert "built-in figures" in capsys.readouterr().out
    assert not home.exists()
    assert main(["calibrate", "--seconds", "0"]) == 0
    (path,) = (home / "mlir-prune").iterdir()
    assert capsys.readouterr().out == f"measured and kept in {path}\n"
    first = path.stat()
    assert main(["calibrate", "--seconds", "0"]) == 0
    assert "kept already" in capsys.readouterr().out
    assert path.stat().st_mtime_ns == first.st_mtime_ns
    assert main(["calibrate", "--seconds", "0", "--force"]) == 0
    assert path.stat().st_mtime_ns > first.st_mtime_ns
    capsys.readouterr()
    assert main(["calibrate", "--show"]) == 0
    shown = capsys.readouterr().out
    assert str(path) in shown
    assert key()["processor"] in shown
    for kernel in json.loads(path.read_text())["kernels"]:
        assert kernel in shown


@needs_fast
def test_measured_figures_know_every_kernel_of_this_computer() -> None:
    figures = json.loads(calibrate(seconds=0).read_text())
    kernels = set(figures["kernels"])
    assert kernels >= {"dense", "convolution", "csr", "lanes", "turn"}
    isa = figures["key"]["isa"]
    assert ("straight_line" in kernels) == (isa == "avx512")
    assert ("straight_line_avx2" in kernels) == (isa == "avx2")
    assert ("straight_line_portable" in kernels) == (isa == "base")
    # A call takes time on any computer, and so does a multiplication.
    dense = figures["kernels"]["dense"]
    assert 1 < dense["call"] < 1e6
    assert 1e-4 < dense["multiply"] + dense["multiply_rounded"] < 10


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--threads", "0"], "threads is positive, got 0"),
        (["--seconds", "-1"], "seconds is a number from 0 to 3600, got -1"),
        (["--seconds", "nan"], "seconds is a number from 0 to 3600, got nan"),
    ],
)
def test_bad_options(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", *argv]) == 1
    assert capsys.readouterr().err == f"prune: error: {message}\n"


@needs_fast
def test_a_home_that_takes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert main(["calibrate", "--seconds", "0"]) == 1
    assert capsys.readouterr().err.startswith("prune: error: ")
    calibrate_once()
    assert capsys.readouterr().err.startswith("prune: note: kernels are chosen by built-in")


@needs_fast
def test_compile_measures_with_a_word_and_only_for_this_computer(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    source = tmp_path / "net.mlir"
    source.write_text(str(network()))
    command = ["compile", str(source), "-o", str(tmp_path / "net.so"), "--isa", "host"]
    for quiet in (["--isa", "base"], ["--cost-model", "builtin"], ["--cost-model", "machine"]):
        assert main([*command, *quiet]) == 0
        assert capsys.readouterr().err == ""
    monkeypatch.setenv("PRUNE_COST_MODEL", "builtin")
    assert main(command) == 0
    assert capsys.readouterr().err == ""
    assert not home.exists()
    monkeypatch.delenv("PRUNE_COST_MODEL")
    assert main(command) == 0
    assert "measuring this computer" in capsys.readouterr().err
    assert Path(native().cost_model_path()).exists()
    assert main(command) == 0
    assert capsys.readouterr().err == ""


def test_compile_takes_named_figures_for_any_instructions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "net.mlir"
    model.write_text(str(network()))
    monkeypatch.setenv("PRUNE_COST_MODEL", str(tmp_path / "missing.json"))
    command = ["compile", str(model), "-o", str(tmp_path / "net.so"), "--isa", "base"]
    assert main(command) == 1
    said = capsys.readouterr().err
    assert f"cannot use the cost model '{tmp_path}/missing.json'" in said
    assert not (tmp_path / "net.so").exists()


def test_a_shared_object_of_named_instructions_ignores_this_computer(tmp_path: Path) -> None:
    def written(name: str, **options: str) -> bytes:
        network().write_shared_object(str(tmp_path / name / "net.so"), isa="avx512", **options)
        return (tmp_path / name / "net.so").read_bytes()

    for name in "abc":
        (tmp_path / name).mkdir()
    before = written("a")
    native().keep_cost_model(figures_for("lanes"), 1)
    lanes = written("b", cost_model="machine")
    native().keep_cost_model(figures_for("straight_line"), 1)
    assert written("a") == before
    assert written("c", cost_model="machine") != lanes


def test_rows_whose_inputs_leave_the_caches_are_not_compressed() -> None:
    """Generated code for AVX2 takes half the time of compressed rows on these layers."""
    built = Mlp((768, 3072, 768))
    module = parse(built.text(128))
    generator = np.random.default_rng(0)
    values = dict(built.init(generator))
    for name in built.weights():
        values[name] = np.where(generator.random(values[name].shape) < 0.7, 0, values[name])
    module.bind(values)
    remarks = run_with_remarks(
        module, "builtin.module(prune-select-kernels{model=builtin isa=avx2})"
    )
    kernels = [r["arguments"]["Kernel"] for r in remarks if r["name"] == "KernelChosen"]
    assert kernels == ["straight_line", "straight_line"]
