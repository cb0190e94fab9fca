# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parameters with any names that files of networks have: slashes and colons, as TensorFlow's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mlir_prune._native", reason="the native module is not built")

from conftest import make_blobs
from mlir_prune.cli import main
from mlir_prune.files import read_arrays
from mlir_prune.forms import bound
from mlir_prune.models import Mlp
from mlir_prune.search.netadapt import Proposal, Training
from mlir_prune.search.subject import Subject

WIDTHS = (8, 16, 12, 4)
NAMES = {
    "fc1.weight": "dense/kernel:0", "fc1.bias": "dense/bias:0",
    "fc2.weight": "dense/kernel_0", "fc2.bias": "x:dense/kernel_0",
    "fc3.weight": "w?", "fc3.bias": "b*[0]",
}  # fmt: skip
WEIGHTS = [name for before, name in NAMES.items() if before.endswith("weight")]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network of such names and rows."""
    folder = tmp_path_factory.mktemp("names")
    mlp = Mlp(WIDTHS)
    text = str(bound(mlp, 1, mlp.init(np.random.default_rng(0))))
    (folder / "plain.mlir").write_text(text)
    for before, after in NAMES.items():
        assert f'"{before}"' in text
        text = text.replace(f'"{before}"', f'"{after}"')
    (folder / "net.mlir").write_text(text)
    blobs = make_blobs().train
    np.savez(folder / "rows.npz", x=blobs.inputs[0], y=blobs.labels)
    return folder


def test_names_change_no_bit_of_the_training(files: Path, tmp_path: Path) -> None:
    found = {}
    for net in ("net", "plain"):
        recipe, out = tmp_path / "r.yaml", tmp_path / net
        recipe.write_text(
            f"dataset: {files / 'rows.npz'}\nbatch: 20\nmodel: {{file: {files / net}.mlir}}\n"
            "stages:\n  - {name: p, kind: prune, sparsity: 0.75}\n"
            "  - {name: t, epochs: 2, learning_rate: 1e-2}\n"
        )
        assert main(["train", str(recipe), "--quiet", "--out", str(out)]) == 0
        found[net] = read_arrays(out / "values.npz")
    for before, after in NAMES.items():
        one, two = found["plain"][f"pruned/{before}"], found["net"][f"pruned/{after}"]
        assert one.tobytes() == two.tobytes(), after
        assert before.endswith("bias") or np.count_nonzero(two) == two.size // 4


def test_networks_of_a_search_are_files_of_their_own() -> None:
    training = Training(Subject(""), "folder", 1, 1)
    keys = [Proposal(1, name, (), "").key for name in (*WEIGHTS, "dense/kernel 0", "a" * 300, "a" * 301)]
    names = {training.path(key).name for key in keys}
    assert len(names) == len(keys) and all(len(name) < 200 for name in names)
    assert training.path("1 fc1.weight").name == "1_fc1.weight.npz"


def test_values_of_a_search_are_read_again(files: Path, tmp_path: Path) -> None:
    """Steps without training prune alone."""
    net, rows = str(files / "net.mlir"), str(files / "rows.npz")
    out = tmp_path / "netadapt"
    assert main(["netadapt", net, "--dataset", rows, "--target", "macs=0.5", "--first", "0.3",
                 "--steps", "0", "--epochs", "1", "--out", str(out)]) == 0  # fmt: skip
    values = read_arrays(out / "values.npz")
    assert set(values) == set(NAMES.values())
    left = sum(np.count_nonzero(values[name]) for name in WEIGHTS)
    assert left <= 0.5 * sum(values[name].size for name in WEIGHTS)
    assert main(["sensitivity", net, "--values", str(out / "values.npz"), "--dataset", rows,
                 "--sparsity", "0.5", "--out", str(tmp_path / "scan")]) == 0  # fmt: skip
