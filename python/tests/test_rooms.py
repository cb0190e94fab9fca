# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The check that holds the C++ code to its rooms finds what it should."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = "low  Low\nhigh High Deep/High\nlow2 Deep\n"


@pytest.fixture(scope="module")
def layers() -> ModuleType:
    path = ROOT / "scripts" / "lib" / "check_layers.py"
    spec = importlib.util.spec_from_file_location("check_layers", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_the_project_keeps_to_its_rooms(layers: ModuleType) -> None:
    text = (ROOT / "scripts" / "lib" / "layers.txt").read_text(encoding="utf-8")
    assert layers.check(ROOT, layers.Rooms(text)) == []


def test_an_include_upwards(layers: ModuleType, tmp_path: Path) -> None:
    write(tmp_path, {
        "lib/Low/A.cpp": '#include "Prune/High/B.h"\n#include "Prune/Low/A.h"\n',
        "include/Prune/Low/A.td": 'include "Prune/Deep/High/C.td"\n',
        "lib/High/B.cpp": '#include "Prune/Low/A.h"\n',
    })  # fmt: skip
    breaches = layers.check(tmp_path, layers.Rooms(ROOMS))
    assert [b.split(": ")[1] for b in breaches] == [
        "low may not use high (High/B.h)",
        "low may not use high (Deep/High/C.td)",
    ]


def test_a_link_upwards(layers: ModuleType, tmp_path: Path) -> None:
    write(tmp_path, {
        "lib/Low/CMakeLists.txt":
            "prune_add_library(MLIRPruneLow A.cpp LINK_LIBS MLIRPruneHigh\n MLIR_LIBS MLIRIR)",
        "lib/High/CMakeLists.txt": "prune_add_library(MLIRPruneHigh LINK_LIBS MLIRPruneLow)",
    })  # fmt: skip
    breaches = layers.check(tmp_path, layers.Rooms(ROOMS))
    assert len(breaches) == 1 and "low may not use high (MLIRPruneHigh)" in breaches[0]


def test_a_folder_in_no_room(layers: ModuleType, tmp_path: Path) -> None:
    write(tmp_path, {"lib/New/A.cpp": "", "lib/InitAll.cpp": ""})
    breaches = layers.check(tmp_path, layers.Rooms(ROOMS))
    assert len(breaches) == 1 and "lib/New/A.cpp: in no room" in breaches[0]
