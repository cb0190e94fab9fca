# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Holds the C++ code to the rooms of layers.txt; prints each breach and fails.

A file includes, and a library links to, its own room and lower ones only. A header
below lib/ is private to its folder. Folders that no room holds are a breach too, so
that the map stays complete. Some targets may not link some libraries at all, not even
through others.

usage: check_layers.py ROOT
"""

import re
import sys
from fnmatch import fnmatch
from pathlib import Path

SOURCES = {".cpp", ".h", ".td"}
_NO_LINKS = {"add_llvm_library", "nanobind_add_module"}
_TARGETS = _NO_LINKS | {
    "prune_add_library",
    "prune_add_tool",
    "target_link_libraries",
    "mlir_target_link_libraries",
}


class Rooms:
    """Which room a path below lib/ or include/Prune/ is in."""

    def __init__(self, text: str) -> None:
        self.names: list[str] = []
        self.folders: list[tuple[str, int]] = []
        self.forbidden: dict[str, list[str]] = {}
        for line in text.splitlines():
            words = line.split()
            if not words or line.startswith("#"):
                continue
            if words[0] == "never":
                self.forbidden[words[1]] = words[2:]
                continue
            self.folders += [(folder, len(self.names)) for folder in words[1:]]
            self.names.append(words[0])

    def find(self, path: str) -> int | None:
        """Number of the room, lowest 0; of nested folders the longest counts."""
        fitting = [
            (len(folder), room)
            for folder, room in self.folders
            if path == folder or path.startswith((f"{folder}/", f"{folder}."))
        ]
        return max(fitting)[1] if fitting else None


def sources(root: Path) -> dict[str, Path]:
    """Files by their path below lib/ or include/Prune/; headers and code of one name differ."""
    found = {}
    for base in ("lib", "include/Prune"):
        for path in sorted((root / base).rglob("*")):
            if path.suffix in SOURCES or path.name == "CMakeLists.txt":
                found[f"{base}:{path.relative_to(root / base)}"] = path
    return found


def libraries(files: dict[str, Path]) -> dict[str, str]:
    """The path of the CMakeLists.txt that makes each library."""
    found = {}
    for key, path in files.items():
        if path.name == "CMakeLists.txt" and key.startswith("lib:"):
            for name in re.findall(r"prune_add\w*library\((\w+)", path.read_text(encoding="utf-8")):
                found[name] = key.split(":")[1]
    return found


def links(text: str) -> list[str]:
    """Our libraries that a CMakeLists.txt links to."""
    blocks = re.findall(r"LINK_LIBS((?:\s+\w+)+)", text)
    words = [word for block in blocks for word in block.split()]
    return [word for word in words if word.startswith(("MLIRPrune", "MLIROneDNN"))]


def link_graph(root: Path) -> dict[str, set[str]]:
    """What each target links itself, ours and others', by all CMakeLists.txt files."""
    graph: dict[str, set[str]] = {}
    for base in ("lib", "tools", "python"):
        for path in sorted((root / base).rglob("CMakeLists.txt")):
            text = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
            for command, arguments in re.findall(r"(\w+)\(((?:[^()]|\([^()]*\))*)\)", text):
                if command not in _TARGETS:
                    continue
                name, *words = arguments.split()
                before = len(words) if command in _NO_LINKS else 0
                if command in ("prune_add_library", "prune_add_tool"):
                    before = next((i for i, w in enumerate(words) if w.endswith("_LIBS")), len(words))
                graph.setdefault(name, set()).update(words[before:])
    return graph


def link_closure(graph: dict[str, set[str]], target: str) -> dict[str, str]:
    """All that a target links, each with the target that names it."""
    found: dict[str, str] = {}
    waiting = [target]
    while waiting:
        name = waiting.pop()
        for linked in sorted(graph.get(name, ())):
            if linked not in found:
                found[linked] = name
                waiting.append(linked)
    return found


def check_links(root: Path, rooms: Rooms) -> list[str]:
    """Breaches of the `never` lines."""
    graph = link_graph(root)
    breaches = []
    for target, patterns in rooms.forbidden.items():
        if target not in graph:
            breaches.append(f"layers.txt: there is no target {target}")
        for linked, by in link_closure(graph, target).items():
            if any(fnmatch(linked, pattern) for pattern in patterns):
                breaches.append(f"{target}: may not link {linked}, which {by} does")
    return breaches


def check_private_headers(root: Path) -> list[str]:
    """Includes that are neither public, of a generated file, nor of a header beside the file."""
    breaches = []
    for base in ("lib", "tools", "python/native"):
        for path in sorted((root / base).rglob("*")):
            if path.suffix not in (".cpp", ".h"):
                continue
            for name in re.findall(r'#include "([^"]+)"', path.read_text(encoding="utf-8")):
                is_foreign = name.startswith(("Prune/", "Prune-c/", "mlir/", "llvm/")) or name.endswith(".inc")
                if is_foreign or name in ("prune_runtime.h", "prune_network.h"):
                    continue
                if "/" in name or not (path.parent / name).is_file():
                    breaches.append(f"{path}: {name} is no header of this folder or below include/")
    return breaches


def check_rooms(root: Path, rooms: Rooms) -> list[str]:
    """Includes and links of a higher room."""
    files = sources(root)
    made_by = libraries(files)
    breaches = []
    for key, path in files.items():
        place = key.split(":")[1]
        text = path.read_text(encoding="utf-8")
        if path.name == "CMakeLists.txt":
            used = [(name, made_by[name]) for name in links(text) if name in made_by]
        else:
            used = [
                (name, name) for name in re.findall(r'(?:#include|include) "Prune/([^"]+)"', text)
            ]
        room = rooms.find(place)
        if room is None:
            if "/" in place:
                breaches.append(f"{path}: in no room of layers.txt")
            continue
        for name, target in used:
            other = rooms.find(target)
            if other is not None and other > room:
                breaches.append(
                    f"{path}: {rooms.names[room]} may not use {rooms.names[other]} ({name})"
                )
    return breaches


def check(root: Path, rooms: Rooms) -> list[str]:
    """All breaches, each as `file: message`."""
    return check_rooms(root, rooms) + check_private_headers(root) + check_links(root, rooms)


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
    rooms = Rooms((Path(__file__).parent / "layers.txt").read_text(encoding="utf-8"))
    breaches = check(root, rooms)
    for breach in breaches:
        print(breach, file=sys.stderr)
    if not breaches:
        print(f"{len(rooms.names)} rooms use lower ones only")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
