# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The check of what documents and comments name finds what is not there."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "lib" / "check_references.py"
NAMES = ["docs/Page.md", "docs/other/Page.md", "lib/A/B/C.cpp", "recipes/demo.yaml", "README.md"]


@pytest.fixture(scope="module")
def references() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_references", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_the_project_names_exists() -> None:
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    done = subprocess.run(
        [sys.executable, SCRIPT, *files], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "all files and sections that are named exist\n")


@pytest.mark.parametrize(
    "text",
    [
        "`lib/A/B/C.cpp`, `A/B`, `B/C.cpp`, `C.cpp`, `lib/A/`, `docs/Page.md`",
        "see docs/Page.md.",
        "`out/new.txt`, `a/b`, `prune.mask`, `x.shape`, `--flag`, `1/2`",
        "```sh\ncat `lib/gone.cpp`\n```",
        "<!-- file: first.py -->\nSave it as `first.py`.",
    ],
)
def test_names_that_are_right(references: ModuleType, text: str) -> None:
    assert references.check(Path("README.md"), text, references.Tree(NAMES)) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("`lib/A/C.cpp`", "there is no lib/A/C.cpp"),
        ("`docs/Gone.md`", "there is no docs/Gone.md"),
        ("as docs/Gone.md says", "there is no docs/Gone.md"),
        ("`gone.py`", "there is no gone.py"),
        ("`lib/Gone/`", "there is no lib/Gone/"),
        ("`recipes/gone.yaml`", "there is no recipes/gone.yaml"),
    ],
)
def test_names_of_what_is_gone(references: ModuleType, text: str, message: str) -> None:
    found = references.check(Path("README.md"), f"One\n{text}\n", references.Tree(NAMES))
    assert found == [f"README.md:2: {message}"]


def test_sections(references: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "Page.md").write_text("# Title\n\n## Where does it go?\n", encoding="utf-8")
    tree = references.Tree(NAMES)
    page = tmp_path / "README.md"
    right = '[Page.md](Page.md), "Where does\nit go?", and [it](Page.md), section "Title"'
    assert references.check(page, right, tree) == []
    found = references.check(page, '[Page.md](Page.md), "Gone"', tree)
    assert found == [f'{page}:1: Page.md has no section "Gone"']
