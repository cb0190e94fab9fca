# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""House rules that no formatter checks; prints each breach and fails.

* Every source file carries the SPDX line.
* No operation is created inside the argument list of another creation: C++ leaves
  the order of arguments open, so the printed IR would depend on the compiler.
* Every pass of a *Passes.td has a lit test named after its flag.
* No source file outside test/ has more than 500 lines.
* A lit test asks for statistics only where these are built in.
* Remarks are named by a thing and what happened to it, such as `MaskNotFolded`.
* No file is large: packages and data belong elsewhere.

usage: check_sources.py FILE...   (paths relative to the root of the project)
"""

import re
import sys
from pathlib import Path

SPDX = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
SOURCE = {".cpp", ".h", ".td", ".py"}
MAX_LINES = 500
MAX_BYTES = 1 << 20


def nested_creations(text: str) -> list[int]:
    """Lines where `X::create(` stands inside the arguments of another creation."""
    lines = []
    for match in re.finditer(r"\b\w+::create\(", text):
        depth, position = 1, match.end()
        while position < len(text) and depth:
            char = text[position]
            if char == "{":  # a lambda body is a statement list, its order is fixed
                position = skip_braces(text, position)
                continue
            depth += {"(": 1, ")": -1}.get(char, 0)
            if re.match(r"\b\w*Op::create\(", text[position:]) and text[position - 1] != ":":
                lines.append(text.count("\n", 0, position) + 1)
            position += 1
    return sorted(set(lines))


def skip_braces(text: str, position: int) -> int:
    """Position after the brace pair that opens at `position`."""
    depth = 0
    for index in range(position, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    return len(text)


def pass_flags(text: str) -> list[str]:
    """Flags of the passes that a Passes.td defines."""
    return re.findall(r'def\s+\w+\s*:\s*(?:Pass|InterfacePass)<\s*"([^"]+)"', text)


def unguarded_statistics(text: str) -> bool:
    """True when a command of a lit test asks for statistics without asking whether a
    build has them: one without assertions does not."""
    commands = re.findall(r"RUN:((?:.*\\\n)*.*)", text)
    return any("pass-statistics" in line and "%if statistics" not in line for line in commands)


def check(path: Path, tests: set[str]) -> list[str]:
    """Breaches in one file, each as `file:line: message`."""
    if path.stat().st_size > MAX_BYTES:
        return [f"{path}:1: more than {MAX_BYTES >> 20} MB"]
    if path.suffix == ".mlir" and unguarded_statistics(path.read_text(encoding="utf-8")):
        return [f"{path}:1: expected '%if statistics %{{ ... %}}' around a command that needs it"]
    if path.suffix not in SOURCE:
        return []
    text = path.read_text(encoding="utf-8")
    breaches = []
    if SPDX not in text[:1200]:
        breaches.append(f"{path}:1: expected the line '{SPDX}'")
    if path.suffix in {".cpp", ".h"}:
        for line in nested_creations(text):
            breaches.append(f"{path}:{line}: bind the created operation to a local first")
        for name in re.findall(r'RemarkOpts::name\("([^"]*)"', text):
            if not re.fullmatch(r"([A-Z][a-z0-9]+){2,}", name):
                breaches.append(f"{path}:1: remark '{name}' is no name like MaskNotFolded")
    if path.name.endswith("Passes.td"):
        for flag in pass_flags(text):
            if not {flag, flag.removeprefix("prune-")} & tests:
                breaches.append(f"{path}:1: expected a lit test named after pass {flag}")
    if text.count("\n") > MAX_LINES and path.parts[0] != "test":
        breaches.append(f"{path}:1: more than {MAX_LINES} lines")
    return breaches


def main(names: list[str]) -> int:
    paths = [Path(name) for name in names]
    tests = {path.stem for path in paths if path.suffix == ".mlir" and path.parts[0] == "test"}
    breaches = [breach for path in paths if path.exists() for breach in check(path, tests)]
    print("\n".join(breaches) or f"{len(paths)} files follow the house rules")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
