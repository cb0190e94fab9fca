# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recipes for networks with several inputs, and with a result for each position."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

needs = "pip install torch==2.13.0 torch-mlir to run the tests of the front end"
pytest.importorskip("torch", reason=needs)
pytest.importorskip("torch_mlir", reason=needs)

from mlir_prune.cli import main  # noqa: E402
from mlir_prune.compress import compress  # noqa: E402
from mlir_prune.data import load  # noqa: E402
from mlir_prune.imported import load_network  # noqa: E402
from mlir_prune.native import parse  # noqa: E402
from mlir_prune.progress import Progress  # noqa: E402
from mlir_prune.recipe import from_dict, load_recipe  # noqa: E402
from mlir_prune.training.trainer import Trainer  # noqa: E402
from position_networks import CASES, Arrays, write  # noqa: E402

STAGES = """\
stages:
  - {name: dense, epochs: 25, learning_rate: 1e-2, keep: best}
  - {name: prune, kind: prune, trials: {sparsity: [0.5, 0.6], epochs: 2}}
  - {name: finetune, epochs: 8, learning_rate: 5e-3, keep: best, distill: {weight: 0.3}}
  - {name: filters, kind: prune, sparsity: 0.2, granularity: 'channel:0', ignore: LAST}
  - {name: small, kind: compact}
  - {name: last, epochs: 4, learning_rate: 5e-3, keep: best}
"""


def model(folder: Path, name: str) -> str:
    """The network of a case as a line of a recipe."""
    axis = ", class_dimension: 1" if name == "signal" else ""
    return f"model: {{file: {folder}/net.mlir{axis}}}\n"


def kind(folder: Path) -> str:
    """The case that a folder of pytest is of."""
    return folder.name.rstrip("0123456789")


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network, its rows and a recipe."""
    folder = tmp_path_factory.mktemp(request.param)
    write(folder, request.param)
    statistics = "  - {kind: statistics}\n" if request.param == "segment" else ""
    stages = STAGES.replace("LAST", f"'{CASES[request.param].last}'")
    (folder / "recipe.yaml").write_text(
        f"dataset: {folder}/data.npz\nbatch: 16\n{model(folder, request.param)}"
        f"{stages}{statistics}bench: {{batches: [1, 5], rounds: 1, min_seconds: 1e-4}}\n"
    )
    return folder


@pytest.fixture(scope="module")
def report(case: Path) -> dict[str, Any]:
    """The report of ``prune compress``, at one thread."""
    assert main(["compress", str(case / "recipe.yaml"), "--out", str(case / "c"), "--quiet"]) == 0
    found: dict[str, Any] = json.loads((case / "c" / "report.json").read_text())
    return found


def reference_accuracy(folder: Path, name: str) -> float:
    """Share of right positions of the test rows, by the compact network on the plain loops."""
    test = load(str(folder / "data.npz")).open_test()
    module = parse((folder / "c" / name).read_bytes())
    module.run(f"builtin.module(prune-set-batch-size{{batch={len(test)}}})")
    executable = module.compile(reference=True)
    function = next(f for f in executable.functions() if f.name == "forward")
    inputs = test.inputs
    logits = np.asarray(executable("forward", *inputs)[0])
    assert [a.kind for a in function.arguments] == ["input"] * len(inputs)
    return 100.0 * float((logits.argmax(axis=CASES[kind(folder)].axis) == test.labels).mean())


def test_compress_reports_the_accuracy_of_positions(case: Path, report: dict[str, Any]) -> None:
    expected = CASES[kind(case)].positions
    assert report["positions"] == expected
    for part in ("test", "validation"):
        assert report[part]["dense"]["rows"] == 60
        assert report[part]["pruned"]["accuracy"] >= 90.0
    for network, name in (("dense", "dense.mlirbc"), ("pruned", "compact.mlirbc")):
        found = reference_accuracy(case, name)
        assert report["test"][network]["accuracy"] == pytest.approx(found, abs=1e-9)
    assert report["reference"]["relative_error"] <= 1e-5
    assert report["totals"]["compression"] > 2.0
    assert report["totals"]["neurons_removed"] > 0
    told = " ".join((case / "c" / "report.txt").read_text().replace("│", " ").split())
    if expected > 1:
        assert f"60 rows of {expected} positions" in told and "one position is" in told
    else:
        assert "points on 60 rows that no choice used; one row is 1.67" in told


def test_the_same_bits_with_two_threads_and_when_resumed(
    case: Path, report: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "t"
    command = ["train", str(case / "recipe.yaml"), "--out", str(out), "--quiet", "--threads", "2"]
    assert main(command) == 0
    assert "60 rows" in capsys.readouterr().out
    first, second = np.load(case / "c" / "values.npz"), np.load(out / "values.npz")
    assert first.files == second.files
    assert all(first[name].tobytes() == second[name].tobytes() for name in first.files)
    assert main([*command, "--resume"]) == 0
    again = np.load(out / "values.npz")
    assert all(first[name].tobytes() == again[name].tobytes() for name in first.files)
    capsys.readouterr()
    assert main(["table", str(out)]) == 0 and "net.mlir" in capsys.readouterr().out
    assert main(["bench", str(case / "c"), "--batch", "3"]) == 0


def test_other_commands_take_the_recipe(
    case: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    recipe = str(case / "recipe.yaml")
    assert main(["train", recipe, "--dry-run"]) == 0
    assert main(["profile", recipe, "--steps", "1"]) == 0
    assert main(["pipeline", recipe, "-o", str(tmp_path / "n.mlir")]) == 0
    assert capsys.readouterr().err == ""


METHODS: dict[str, dict[str, Any]] = {
    "gradual": {"gradual": {"final": 0.5, "frequency": 2}},
    "rigl": {"rigl": {"sparsity": 0.5, "frequency": 2}},
    "straight through": {"straight_through": {"sparsity": 0.5}},
    "admm": {"admm": {"sparsity": 0.5}},
    "gates": {"gates": {"strength": 1e-4, "relative": True}},
    "gates on two levels": {"gates": {"strength": 1e-4, "bilevel": True, "macs": 0.9}},
    "joint gates": {"gates": {"strength": 1e-4, "joint": True}},
    "soft labels with rigl": {"rigl": {"sparsity": 0.5, "frequency": 2}, "distill": {"weight": 1}},
    "mean": {"keep": "mean", "optimizer": "sgd", "regularize": {"kind": "l1", "strength": 1e-4}},
}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns(case: Path, method: str, tmp_path: Path) -> None:
    tree = {
        "batch": 16,
        "model": {"file": str(case / "net.mlir"),
                  "class_dimension": 1 if kind(case) == "signal" else None},
        "splits": {"gates": 0.3},
        "stages": [{"epochs": 2, "learning_rate": 1e-2},
                   {"epochs": 2, "learning_rate": 1e-2, **METHODS[method]}],
    }  # fmt: skip
    trainer = Trainer(from_dict(tree), load(str(case / "data.npz")), tmp_path)
    trainer.run()
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    # Chance is a third at best.
    assert lines[-1]["validation"]["accuracy"] > 40.0


def changed(folder: Path, target: Path, change: Any) -> str:
    """A recipe on the rows of `folder` as `change` makes them."""
    arrays = change(dict(np.load(folder / "data.npz")))
    np.savez(target / "data.npz", **arrays)
    text = (folder / "recipe.yaml").read_text()
    path = target / "recipe.yaml"
    path.write_text(text.replace(f"{folder}/data.npz", f"{target}/data.npz"))
    return str(path)


def without(name: str) -> Any:
    return lambda arrays: {key: array for key, array in arrays.items() if key != name}


def renamed(**names: str) -> Any:
    table = {f"x/{old}": f"x/{new}" for old, new in names.items()}
    return lambda arrays: {table.get(key, key): array for key, array in arrays.items()}


def replaced(name: str, change: Any) -> Any:
    return lambda arrays: {**arrays, name: change(arrays[name])}


FAULTS: list[tuple[str, Any, str]] = [
    ("pair", without("x/right"), "reads 2 inputs, 'left', 'right', but 'data.npz' holds x/left; "
     "expected x/left and x/right"),
    ("pair", renamed(left="first"), "holds x/first, x/right, but not x/left"),
    ("pair", replaced("x/right", lambda x: x[:-1]), "x/right is [299, 1, 3, 3], expected 300 rows "
     "as of x/left"),
    ("pair", replaced("x/left", lambda x: x[:, :5]), "input 'left' of the network reads 6 "
     "features, but rows of x/left of 'data.npz' have 5"),
    ("pair", lambda a: {**a, "x": a["x/left"]}, "holds x and x/left, expected one"),
    ("pair", replaced("y", lambda y: np.stack([y, y], 1)), "labels of 'data.npz' are [rows, 2], "
     "expected [rows]"),
    ("segment", replaced("y", lambda y: y[:, 0]), "labels of 'data.npz' are [rows, 6], expected "
     "[rows, 5, 6] with one for each position"),
    ("segment", replaced("y", lambda y: y[:, :, :5]), "are [rows, 5, 5], expected [rows, 5, 6]"),
    ("segment", replaced("y", lambda y: y[:-1]), "y is [299, 5, 6], expected [300], or [300, ...]"),
    ("segment", replaced("y", lambda y: y + 1), "has 3 outputs, but 'data.npz' has 4 classes"),
    ("segment", replaced("y", lambda y: y - 1), "labels must be class numbers from 0"),
    ("tag", replaced("y", lambda y: y[:, 0]), "labels of 'data.npz' are [rows], expected "
     "[rows, 7]"),
    ("signal", replaced("y", lambda y: y[:, :3]), "labels of 'data.npz' are [rows, 3], expected "
     "[rows, 9]"),
    ("tag", replaced("x", lambda x: x + 0.5), "the network reads int64, but rows of 'data.npz' "
     "hold float32"),
    ("tag", replaced("x", lambda x: np.where(x == 10, 11, x)), "rows of 'data.npz' hold 11 for the "
     "input 'input', with which the network reads place 11 of a table that has 11"),
    ("tag", replaced("x", lambda x: x - 1), "hold -1 for the input 'input'"),
    ("tag", lambda a: {"x_train": a["x"], "y_train": a["y"], "x_test": a["x"] + 2**40,
                       "y_test": a["y"]}, "a table that has 11"),
    ("tag", lambda a: {"x_train": a["x"], "y_train": a["y"], "x_test": a["x"],
                       "y_test": a["y"][:, :6]}, "test rows: labels of a row have shape [6]"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "message"), FAULTS)
def test_a_fault_is_one_line_before_the_training(
    name: str, change: Any, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    networks: dict[str, Path],
) -> None:  # fmt: skip
    recipe = changed(networks[name], tmp_path, change)
    for command in (["train", recipe, "--dry-run"], ["compress", recipe]):
        assert main([*command, "--out", str(tmp_path / "o"), "--quiet"]) == 1
        said = capsys.readouterr().err
        assert message in said and said.count("\n") == 1
        assert not (tmp_path / "o" / "checkpoint.npz").exists()


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of all cases with a short recipe."""
    found = {}
    for name in CASES:
        folder = found[name] = tmp_path_factory.mktemp(f"short-{name}")
        write(folder, name)
        (folder / "recipe.yaml").write_text(
            f"dataset: {folder}/data.npz\nbatch: 16\n{model(folder, name)}"
            "stages: [{epochs: 1}]\n"
        )
    return found


def test_the_dimension_of_the_classes_is_checked(
    networks: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = str(networks["signal"] / "recipe.yaml")
    for axis, message in (("3", "dimension 3 of the result, which is [4, 3, 9]"),
                          ("2", "are [rows, 9], expected [rows, 3]"),
                          ("0", "model.class_dimension")):  # fmt: skip
        changes = ["--set", f"model.class_dimension={axis}"]
        assert main(["train", recipe, "--dry-run", *changes]) == 1
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("names", [("right", "left"), ("input1", "input0"), ("a", "b")])
def test_inputs_go_together_by_name_else_in_order(
    names: tuple[str, str], networks: dict[str, Path], tmp_path: Path
) -> None:
    """The order of the file counts only where no name is one of the network's, or a number."""

    def change(arrays: Arrays) -> Arrays:
        left, right = arrays["x/left"], arrays["x/right"]
        if names[0] in ("input1", "right"):
            left, right = right, left
        return {f"x/{names[0]}": left, f"x/{names[1]}": right, "y": arrays["y"]}

    recipe = load_recipe(changed(networks["pair"], tmp_path, change))
    data = load(recipe.dataset)
    found = Trainer(recipe, data, tmp_path / "o").data.train
    expected = load(str(networks["pair"] / "data.npz")).train
    assert found.names == ("left", "right")
    for mine, other in zip(found.inputs, expected.inputs, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_names_of_a_network_count_before_the_order(
    networks: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A network takes members of its names in any order, and no others beside them."""
    text = (networks["pair"] / "net.mlir").read_text()
    expected = load(str(networks["pair"] / "data.npz")).train

    def recipe(change: Any, first: str = "left") -> str:
        named = text.replace('"left"', f'"{first}"')
        (tmp_path / "net.mlir").write_text(named)
        path = Path(changed(networks["pair"], tmp_path, change))
        path.write_text(path.read_text().replace(str(networks["pair"]), str(tmp_path)))
        return str(path)

    turned = load_recipe(recipe(lambda a: dict(reversed(a.items()))))
    found = Trainer(turned, load(turned.dataset), tmp_path / "o").data.train
    assert found.names == ("left", "right")
    np.testing.assert_array_equal(found.inputs[0], expected.arrays["left"])
    load_network.cache_clear()
    for change, first, message in (
        (renamed(right="other"), "left", "holds x/left, x/other, but not x/right"),
        (renamed(left="labels"), "labels", "an input is named 'labels', which a training step"),
        (renamed(left="strength1"), "strength1", "an input is named 'strength1'"),
    ):
        load_network.cache_clear()
        assert main(["train", recipe(change, first), "--dry-run"]) == 1
        assert message in capsys.readouterr().err


def test_the_test_part_opens_once_whatever_form_the_rows_have(
    networks: dict[str, Path], tmp_path: Path
) -> None:
    data = load(str(networks["tag"] / "data.npz"))
    tree = {"batch": 16, "model": {"file": str(networks["tag"] / "net.mlir")},
            "stages": [{"epochs": 1}],
            "bench": {"batches": [1], "rounds": 1, "min_seconds": 1e-4}}  # fmt: skip
    compress(from_dict(tree), data, tmp_path, Progress())
    with pytest.raises(RuntimeError, match="only once"):
        data.open_test()
