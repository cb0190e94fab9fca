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


def test_a_header_of_another_folder(layers: ModuleType, tmp_path: Path) -> None:
    write(tmp_path, {
        "lib/Low/A.cpp":
            '#include "A.h"\n#include "mlir/IR/Value.h"\n#include "A.h.inc"\n',
        "lib/Low/A.h": "",
        "lib/High/B.cpp": '#include "A.h"\n#include "../Low/A.h"\n',
    })  # fmt: skip
    breaches = layers.check(tmp_path, layers.Rooms(ROOMS))
    assert [b.split(": ")[1].split()[0] for b in breaches] == ["A.h", "../Low/A.h"]
    assert all("lib/High/B.cpp" in b for b in breaches)


@pytest.mark.parametrize(
    ("forbidden", "message"),
    [
        ("never Plugin *ZIP*", "Plugin: may not link ${ZIP_LIBRARY}, which MLIRPruneLow does"),
        ("never Plugin MLIREngine*", "Plugin: may not link MLIREngineUtils, which MLIRPruneHigh does"),
        ("never Plugin MLIRPruneOther", None),
        ("never Gone *", "layers.txt: there is no target Gone"),
    ],
)
def test_a_link_through_others(
    layers: ModuleType, tmp_path: Path, forbidden: str, message: str | None
) -> None:
    write(tmp_path, {
        "lib/Low/CMakeLists.txt":
            "prune_add_library(MLIRPruneLow A.cpp)\n# target_link_libraries(MLIRPruneLow other)\n"
            "target_link_libraries(MLIRPruneLow PUBLIC ${ZIP_LIBRARY})\n",
        "lib/High/CMakeLists.txt":
            "prune_add_library(MLIRPruneHigh\n  LINK_LIBS MLIRPruneLow\n  MLIR_LIBS MLIREngineUtils)",
        "tools/plugin/CMakeLists.txt":
            "add_llvm_library(Plugin MODULE Plugin.cpp)\n"
            "target_link_libraries(Plugin PRIVATE MLIRPruneHigh)\n",
    })  # fmt: skip
    breaches = layers.check(tmp_path, layers.Rooms(f"{ROOMS}{forbidden}\n"))
    assert breaches == ([message] if message else [])
