# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The gate for speed: what it calls slower, and whom it blames."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import sys
from argparse import Namespace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]


def load(name: str) -> ModuleType:
    """A script of benchmarks/."""
    loader = importlib.machinery.SourceFileLoader(
        f"benchmark_{name.removesuffix('.py')}", str(ROOT / "benchmarks" / name)
    )
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


check = load("check")


class Fake:
    """A build that takes the given time for each case, on a machine that gets slower."""

    clock = 1.0
    times: dict[str, dict[str, float]] = {}  # noqa: RUF012

    def __init__(self, build: Path) -> None:
        self.seconds = self.times[str(build)]
        self.cases = list(self.seconds)

    def measure(self, case: str) -> float:
        Fake.clock *= 1.01
        return self.seconds[case] * Fake.clock

    def close(self) -> None:
        pass


def options(**changes: Any) -> Namespace:
    values = {"commit": "HEAD", "parent": None, "builds": [Path("old"), Path("new")],
              "rounds": 3, "limit": 10.0, "cases": [], "json": None}  # fmt: skip
    return Namespace(**{**values, **changes})


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, float]]:
    monkeypatch.setattr(check, "Worker", Fake)
    monkeypatch.setattr(check, "source_of", lambda build: ROOT)
    monkeypatch.setattr(check, "git", lambda *arguments: "abc1234 Make it slow")
    monkeypatch.setattr(Fake, "times", {"old": {"a": 1.0, "b": 2.0, "gone": 1.0}})
    return Fake.times


@pytest.mark.parametrize(("after", "code"), [(0.5, 0), (1.0, 0), (1.08, 0), (1.13, 1), (2.0, 1)])
def test_a_tenth_counts(
    builds: dict[str, dict[str, float]], after: float, code: int, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Although the machine gets slower by a percent with every measurement."""
    builds["new"] = {"a": after, "b": 2.0, "added": 9.0}
    assert check.run(options(json=tmp_path / "rows.json")) == code
    found = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert [row["case"] for row in found["rows"]] == ["a", "b"]
    assert found["rows"][0]["ratio"] == pytest.approx(after, rel=0.02)
    assert found["slower"] == (["a"] if code else [])
    out = capsys.readouterr().out
    assert ("since abc1234 Make it slow" in out) == bool(code)
    assert out.count("  slower") == code


def test_one_bad_measurement_does_not_count(
    builds: dict[str, dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What seems slower is measured again."""
    builds["new"] = {"a": 1.0, "b": 2.0}
    calls: list[int] = []
    true = Fake.measure

    def measure(self: Fake, case: str) -> float:
        calls.append(1)
        first = self.seconds is builds["new"] and len(calls) <= 4 * 3
        return true(self, case) * (1.5 if first else 1.0)

    monkeypatch.setattr(Fake, "measure", measure)
    assert check.run(options()) == 0


@given(st.integers(1, 40), st.data())
def test_bisection_names_the_first(count: int, data: st.DataObject) -> None:
    guilty = data.draw(st.integers(0, count - 1))
    asked: list[int] = []

    def is_slower(commit: str) -> bool:
        asked.append(1)
        return int(commit) >= guilty

    assert check.first_slower([str(i) for i in range(count)], is_slower) == str(guilty)
    assert len(asked) <= count.bit_length()


def test_errors_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for argv, message in [
        (["--builds", str(tmp_path), str(tmp_path)], "not a build with the fast runtime"),
        (["no-such-commit"], "no-such-commit"),
    ]:
        sys_argv, sys.argv = sys.argv, ["check", *argv]
        try:
            assert check.main() == 2
        finally:
            sys.argv = sys_argv
        assert message in capsys.readouterr().err


def test_cases_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cheap cases run here; all names differ."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    work = load("check_work.py")
    monkeypatch.setattr(work, "SECONDS", 0.001)
    cases = work.make_cases()
    assert len(cases) == 11
    for name in ("inference sparse batch 1", "compile inference"):
        assert 0 < cases[name]()() < 60
