# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels of a network's layers that are measured instead of predicted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlir_prune import tuning
from mlir_prune.cli import main
from mlir_prune.models import Mlp
from mlir_prune.native import native, parse

WIDTHS = (64, 48, 16)


def network(batch: int = 4, seed: int = 0, share: float = 0.7) -> Any:
    """Two layers with random zeros."""
    model = Mlp(WIDTHS)
    module = parse(model.text(batch))
    rng = np.random.default_rng(seed)
    values = dict(model.init(rng))
    for name in model.weights():
        values[name] = np.where(rng.random(values[name].shape) < share, 0, values[name])
        values[name] = values[name].astype(np.float32)
    module.bind(values)
    return module


def kernels(module: Any) -> list[str]:
    """The kernels that the module's layers have, in order."""
    parts = str(module).split("#prune.kernel<")[1:]
    return [re.split("[,>]", part)[0] for part in parts]


def test_every_layer_is_measured_and_gets_its_fastest_kernel() -> None:
    module = network()
    plain = str(module)
    layers = tuning.measure(module, seconds=0.01)
    assert str(module) == plain
    assert [layer.rows for layer in layers] == [48, 16]
    for layer in layers:
        assert set(layer.us) >= {"dense", "csr", "lanes"}
        assert all(0 < time < 1e6 for time in layer.us.values())
        assert layer.us[layer.kernel] == min(layer.us.values())
    tuned = tuning.tune(module, seconds=0.01)
    assert kernels(module) == [layer.kernel for layer in tuned]


def test_a_file_goes_before_predictions_and_only_for_its_layers(tmp_path: Path) -> None:
    layers = tuning.measure(network(), seconds=0)
    for layer, kernel in zip(layers, ("csr", "dense"), strict=True):
        layer.kernel = kernel
    path = tmp_path / "with a space.json"
    tuning.write(path, layers, threads=1)
    assert tuning.read(path, threads=1) == layers
    assert tuning.read(path, threads=2) is None
    module = network()
    tuning.apply(module, path)
    assert kernels(module) == ["csr", "dense"]
    # Another number of zeros, and another batch, are other layers.
    for other in (network(seed=1), network(batch=8)):
        assert not tuning.fits(other, layers)
        predicted = other.clone()
        predicted.run("builtin.module(prune-select-kernels)")
        tuning.apply(other, path)
        assert kernels(other) == kernels(predicted)


@pytest.mark.parametrize("kernel", tuning.all_kernels())
def test_the_same_bits_as_the_kernel_alone(kernel: str, tmp_path: Path) -> None:
    x = np.random.default_rng(1).standard_normal((4, WIDTHS[0])).astype(np.float32)
    forced, tuned = network(), network()
    forced.run(f"builtin.module(prune-select-kernels{{kernel={kernel}}})")
    layers = tuning.measure(network(), seconds=0)
    for layer in layers:
        layer.kernel = kernel if kernel in layer.us else "dense"
    tuning.write(tmp_path / "tuned.json", layers, threads=1)
    tuning.apply(tuned, tmp_path / "tuned.json")
    one, two = (m.compile().call("forward", {"input": x}) for m in (forced, tuned))
    for name, array in one.items():
        np.testing.assert_array_equal(array, two[name])


BROKEN = {
    "missing": None,
    "empty": "",
    "no JSON": "\0",
    "a list": "[]",
    "another version": '{"version": 2, "layers": []}',
    "no layers": '{"version": 1}',
    "a number for a layer": '{"version": 1, "layers": [1]}',
    "no size": '{"version": 1, "layers": [{"name": "a", "kernel": "csr"}]}',
    "no kernel": '{"version": 1, "layers": [{"name": "a", "rows": 1, "inner": 1, "columns": 1, '
    '"non_zeros": 1, "kernel": "other"}]}',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_one_error(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "tuned.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(native().PruneError, match="cannot use the tuned kernels"):
        tuning.apply(network(), path)
    assert tuning.read(path, threads=1) is None


def test_a_table_has_predictions_where_there_are_some() -> None:
    from rich.console import Console

    layer = tuning.Layer("fc", 4, 8, 64, 10, "csr", {"csr": 1.5, "lanes": 3.25}, {"csr": 2.0})
    console = Console(width=100)
    with console.capture() as capture:
        console.print(tuning.make_table([layer]))
    (row,) = [line for line in capture.get().splitlines() if "4x8" in line]
    assert "1.5 (2)" in row
    assert "3.25 " in row
    assert "(0" not in row
    assert "68.8%" in row


def test_the_command_keeps_what_it_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, kept = tmp_path / "net.mlir", tmp_path / "net.tuned.json"
    source.write_text(str(network()))
    command = ["compile", str(source), "-o", str(tmp_path / "net.so"), "--tune", "--standalone"]
    assert main(command) == 0
    assert "kernels were measured" in capsys.readouterr().out
    layers = json.loads(kept.read_text())["layers"]
    assert {layer["kernel"] for layer in layers} <= set(tuning.STANDALONE)
    first, written = kept.read_bytes(), (tmp_path / "net.so").read_bytes()
    assert main(command) == 0
    assert "kernels were measured" not in capsys.readouterr().out
    assert kept.read_bytes() == first
    assert (tmp_path / "net.so").read_bytes() == written
    # An archive has the same kernels; with those of oneDNN it is another question.
    assert main([*command[:3], str(tmp_path / "net.a"), "--tune"]) == 0
    assert "kernels were measured" not in capsys.readouterr().out
    assert main(command[:-1]) == 0
    assert "kernels were measured" in capsys.readouterr().out
    assert all("dense" in layer["us"] for layer in json.loads(kept.read_text())["layers"])
    # Other weights are measured anew.
    source.write_text(str(network(seed=1)))
    assert main(command) == 0
    assert "kernels were measured" in capsys.readouterr().out
    assert main([*command, "--isa", "base"]) == 1
    assert capsys.readouterr().err.startswith("prune: error: --tune measures this computer")


def test_every_kernel_of_the_table_is_offered_and_documented() -> None:
    with pytest.raises(native().PruneError, match="expected kernel to be 'auto'") as told:
        parse("module {}").run("builtin.module(prune-select-kernels{kernel=none})")
    listed = str(told.value).partition("'auto', ")[2].partition(", got")[0]
    names = re.findall(r"'(\w+)'", listed)
    assert sorted(names) == sorted(tuning.all_kernels())
    docs = Path(__file__).parents[2] / "docs"
    for page in ("Status.md", "Kernels.md"):
        text = (docs / page).read_text(encoding="utf-8")
        for name in names:
            assert f"\n| `{name}`" in text, f"docs/{page} has no row for {name}"
