# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The scripts around the tests: they fail where they have to."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SUITE = '<testsuites><testsuite name="s">{}</testsuite></testsuites>'
PASSED = '<testcase classname="a" name="b"/>'
FAILED = '<testcase classname="a" name="b"><failure message="no">no</failure></testcase>'
SKIPPED = '<testcase classname="a" name="b"><skipped message="{}">{}</skipped></testcase>'
# As pytest writes a module that importorskip left.
MODULE = SKIPPED.format(
    "collection skipped", "('/x/test_a.py', 7, &quot;Skipped: could not import '{}'&quot;)"
)
ONEDNN = SKIPPED.format("Missing required feature(s): onednn", "")


def script(name: str) -> ModuleType:
    """A module of scripts/lib."""
    path = ROOT / "scripts" / "lib" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("configuration", "suite", "cases", "code"),
    [
        ("dev", "pytest", [PASSED], 0),
        ("dev", "pytest", [PASSED, FAILED], 1),
        ("dev", "pytest", [], 1),
        ("dev", "pytest", [PASSED, MODULE.format("torch")], 0),
        ("dev", "pytest", [PASSED, MODULE.format("onnxruntime")], 0),
        ("dev", "pytest", [PASSED, MODULE.format("mlir_prune._native")], 1),
        ("dev", "pytest", [PASSED, MODULE.format("sklearn")], 1),
        ("dev", "pytest", [PASSED, SKIPPED.format("set PRUNE_DATA for it", "")], 0),
        ("dev", "pytest", [PASSED, SKIPPED.format("no time", "")], 1),
        ("dev", "pytest", [PASSED, '<testcase name="b" status="notrun"/>'], 1),
        ("dev", "lit", [PASSED, ONEDNN], 1),
        ("no-onednn", "lit", [PASSED, ONEDNN], 0),
        ("asan", "lit", [PASSED, SKIPPED.format("Unsupported configuration", "")], 0),
        ("dev", "lit", [PASSED, SKIPPED.format("Unsupported configuration", "")], 1),
    ],
)
def test_only_listed_reasons_may_skip(
    tmp_path: Path, configuration: str, suite: str, cases: list[str], code: int
) -> None:
    (tmp_path / configuration).mkdir()
    text = SUITE.format("".join(cases))
    (tmp_path / configuration / f"{suite}.xml").write_text(text, encoding="utf-8")
    assert script("sum_results").main(str(tmp_path), []) == code


def test_skips_are_counted_by_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dev" / "task").mkdir(parents=True)
    for name in ("one", "two"):
        text = SUITE.format(PASSED + MODULE.format("torch") + SKIPPED.format("no time", ""))
        (tmp_path / "dev" / "task" / f"{name}.xml").write_text(text, encoding="utf-8")
    assert script("sum_results").main(str(tmp_path), ["dev/docs"]) == 1
    out = capsys.readouterr().out
    assert "dev task: 2 passed, 0 failed, 4 skipped" in out
    assert "  skipped 2: could not import 'torch'  [NOT ALLOWED]" in out
    assert "  skipped 2: no time  [NOT ALLOWED]" in out
    assert "failed suites: dev/docs, dev/task (skips)" in out
    assert out.endswith("2 passed, 2 failed, 4 skipped\n")


def test_suites_without_cases_can_pass(tmp_path: Path) -> None:
    """Formatting and documents write no file."""
    assert script("sum_results").main(str(tmp_path), []) == 0
    assert script("sum_results").main(str(tmp_path), ["dev/format"]) == 1


def test_without_the_native_module_the_suite_fails(tmp_path: Path) -> None:
    """Not one test is skipped for it: nothing is collected, and pytest says how to build."""
    command = [sys.executable, "-m", "pytest", "-q", str(ROOT / "python/tests/test_native.py")]
    environment = {"PYTHONPATH": str(ROOT / "python"), "PATH": "/usr/bin"}
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert "the native module of mlir_prune cannot be loaded" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_check_of_the_wheel_holds_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it expects of an installed package, it finds in the build tree."""
    wheel = script("check_wheel")
    wheel.check_numbers()
    monkeypatch.setattr(wheel, "TOLERANCE", 0.0)
    with pytest.raises(SystemExit, match="relative error"):
        wheel.check_numbers()


def test_every_configuration_is_a_preset() -> None:
    """scripts/test asan and the like name presets and suites that are there."""
    text = (ROOT / "scripts/lib/configurations.txt").read_text(encoding="utf-8")
    suites = (ROOT / "scripts/lib/suites.sh").read_text(encoding="utf-8")
    presets = (ROOT / "CMakePresets.json").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    assert lines
    for _, preset, _, *names in lines:
        assert f'"name": "{preset}"' in presets
        assert names
        for suite in names:
            assert re.search(rf"^run_{suite}\(\)", suites, re.M), suite


def test_large_files_are_refused(tmp_path: Path) -> None:
    """A package that came into a commit by chance, say."""
    path = tmp_path / "package.whl"
    check = script("check_sources").check
    path.write_bytes(bytes(1 << 20))
    assert check(path, set()) == []
    path.write_bytes(bytes((1 << 20) + 1))
    assert check(path, set()) == [f"{path}:1: more than 1 MB"]


def test_lit_tests_ask_whether_a_build_has_statistics(tmp_path: Path) -> None:
    """A build without assertions has none."""
    path = tmp_path / "pass.mlir"
    check = script("check_sources").check
    command = "prune-opt %s \\\n// RUN:   --prune-pass-statistics | FileCheck %s"
    path.write_text(f"// RUN: {command}\n", encoding="utf-8")
    assert len(check(path, set())) == 1
    path.write_text(f"// RUN: %if statistics %{{ {command} %}}\n", encoding="utf-8")
    assert check(path, set()) == []
