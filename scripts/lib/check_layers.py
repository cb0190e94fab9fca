# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Holds the C++ code to the rooms of layers.txt; prints each breach and fails.

A file includes, and a library links to, its own room and lower ones only. Folders
that no room holds are a breach too, so that the map stays complete.

usage: check_layers.py ROOT
"""

import re
import sys
from pathlib import Path

class Rooms:
    """Which room a path below lib/ or include/Prune/ is in."""

    def __init__(self, text: str) -> None:
        self.names: list[str] = []
        self.folders: list[tuple[str, int]] = []
        for line in text.splitlines():
            words = line.split()
            if words and not line.startswith("#"):
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
            if path.suffix in (".cpp", ".h", ".td") or path.name == "CMakeLists.txt":
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


def check(root: Path, rooms: Rooms) -> list[str]:
    """All breaches, each as `file: message`."""
    files = sources(root)
    made_by = libraries(files)
    breaches = []
    for key, path in files.items():
        place = key.split(":")[1]
        text = path.read_text(encoding="utf-8")
        if path.name == "CMakeLists.txt":
            used = [(name, made_by[name]) for name in links(text) if name in made_by]
        else:
            used = [(name, name) for name in re.findall(r'(?:#include|include) "Prune/([^"]+)"', text)]
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


def main() -> int:
    root = Path(sys.argv[1])
    rooms = Rooms((Path(__file__).parent / "layers.txt").read_text(encoding="utf-8"))
    breaches = check(root, rooms)
    for breach in breaches:
        print(breach, file=sys.stderr)
    if not breaches:
        print(f"{len(rooms.names)} rooms use lower ones only")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
