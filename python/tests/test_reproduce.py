# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The reproduction script: what it would run, and that its runs can share a dense stage."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from mlir_prune.errors import InputError
from mlir_prune.recipe import load_recipe
from mlir_prune.recipe.schema import Train
from mlir_prune.training.reuse import check_shared

ROOT = Path(__file__).parents[2]
RECIPES = sorted(p.stem for p in (ROOT / "recipes").glob("lenet*.yaml"))


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = str(ROOT / "scripts" / "reproduce")
    loader = importlib.machinery.SourceFileLoader("reproduce", path)
    spec = importlib.util.spec_from_loader("reproduce", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_shares_the_dense_stage(script: ModuleType, name: str) -> None:
    """Else the script would stop at it, after hours perhaps."""
    recipe, source = load_recipe(name), script.shared(name)
    assert isinstance(recipe.stages[0], Train)
    if source is not None:
        check_shared(recipe, load_recipe(source), "dense", Path("run"))
    elif name not in script.FIRST.values():
        with pytest.raises(InputError, match="its network"):
            check_shared(recipe, load_recipe(name.split("-")[0] + "-han"), "dense", Path("run"))


def test_runs_wait_for_the_dense_stage_and_go_on(script: ModuleType, tmp_path: Path) -> None:
    first = tmp_path / "lenet5-han-seed2"
    assert script.ready(tmp_path, "lenet5-han", 2)
    assert not script.ready(tmp_path, "lenet5-l1", 2)
    first.mkdir()
    (first / "result.json").write_text("{}")
    assert script.ready(tmp_path, "lenet5-l1", 2)
    assert script.command(tmp_path, "lenet5-l1", 2)[-2:] == ["--reuse", str(first)]
    assert "--reuse" not in script.command(tmp_path, "lenet5-han", 2)
    (first / "checkpoint.npz").write_bytes(b"")
    assert script.command(tmp_path, "lenet5-han", 2)[-1] == "--resume"
