# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs what the pages below docs/start tell a reader to do, in order, in an empty folder.

A comment before a block of a page says what it is for: ``<!-- file: NAME -->`` saves it,
``<!-- run -->`` runs it (sh or python), ``<!-- output -->`` holds lines that the output of
the run before it contains, in this order. Other blocks are only to be read.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlir_prune.native import native

PAGES = Path(__file__).parents[2] / "docs" / "start"
BUILD = Path(native().__file__).parents[2]
BLOCK = re.compile(r"<!-- (file: (\S+)|run|output) -->\n```(\w+)\n(.*?)```\n", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of a page that does something."""

    purpose: str
    file: str
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [Block(what.split(":")[0], name, language, text) for what, name, language, text in found]


def environment() -> dict[str, str]:
    """The tools of the build, those of LLVM, and the environment's Python first on the path."""
    path = [str(BUILD / "bin"), str(Path(sys.executable).parent), "/usr/lib/llvm-22/bin"]
    return {
        **os.environ,
        "PATH": os.pathsep.join([*path, os.environ["PATH"]]),
        "PYTHONPATH": str(BUILD / "python"),
    }


def run(block: Block, folder: Path) -> str:
    """Output and errors of a block; the test fails where it does."""
    command = ["bash", "-euo", "pipefail", "-c", block.text]
    if block.language == "python":
        command = [sys.executable, "-c", block.text]
    done = subprocess.run(
        command, cwd=folder, env=environment(), text=True, check=False, timeout=600,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, f"{block.text}\n{done.stdout}"
    return done.stdout


def contains_in_order(output: str, lines: list[str]) -> str:
    """The first of `lines` that `output` does not hold after those before it; else nothing."""
    position = 0
    for line in lines:
        position = output.find(line.strip(), position)
        if position < 0:
            return line
        position += len(line.strip())
    return ""


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_page(page: Path, tmp_path: Path) -> None:
    needed = re.findall(r"<!-- needs: (\w+) -->", page.read_text(encoding="utf-8"))
    for module in needed:
        pytest.importorskip(module)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "dev").symlink_to(BUILD)
    output = ""
    found = blocks(page)
    assert any(block.purpose == "run" for block in found)
    for block in found:
        if block.purpose == "file":
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
        elif block.purpose == "run":
            output = run(block, tmp_path)
        else:
            missing = contains_in_order(output, block.text.splitlines())
            assert not missing, f"expected '{missing}' in:\n{output}"
