# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Installs a build, moves what was installed, and builds and runs the examples on it.

    check_install.py BUILD WORK

Nothing of the build or of the first place may be needed: the first place is gone when the
examples are built.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
COMPRESS = "prune-compress-pipeline{threshold=0.2}"


def run(*command: object, stdin: Path | None = None) -> str:
    """Output of a command; what it said is shown where it fails."""
    hidden = ("LD_LIBRARY_PATH", "PYTHONPATH")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    with open(stdin or os.devnull) as source:
        done = subprocess.run(
            [str(part) for part in command], stdin=source, capture_output=True, text=True,
            env=environment,
        )  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed with {done.returncode}:\n"
                 f"{done.stdout[-3000:]}{done.stderr[-3000:]}")  # fmt: skip
    return done.stdout


def expect(text: str, pattern: str, what: str) -> None:
    if not re.search(pattern, text):
        sys.exit(f"{what}: expected '{pattern}' in\n{text[-3000:]}")
    print(f"{what}: as expected", flush=True)


def install(build: Path, work: Path) -> Path:
    """The tree that was installed, at its second place."""
    first, moved = work / "first", work / "moved"
    for folder in (first, moved):
        shutil.rmtree(folder, ignore_errors=True)
    run("cmake", "--install", build, "--prefix", first)
    first.rename(moved)
    return moved


def built(name: str, moved: Path, work: Path) -> Path:
    """Folder in which an example was built on the installed tree."""
    folder = work / name
    shutil.rmtree(folder, ignore_errors=True)
    options = [f"-DCMAKE_PREFIX_PATH={moved}", "-DCMAKE_BUILD_TYPE=Release",
               "-DCMAKE_C_COMPILER=clang-22", "-DCMAKE_CXX_COMPILER=clang++-22"]  # fmt: skip
    if shutil.which("ccache"):
        options += ["-DCMAKE_C_COMPILER_LAUNCHER=ccache", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]
    run("cmake", "-G", "Ninja", "-S", EXAMPLES / name, "-B", folder, *options)
    run("cmake", "--build", folder, "-j2")
    return folder


def unpacked(build: Path, work: Path) -> Path:
    """What the Debian package of the tools holds."""
    packages, tree = work / "packages", work / "unpacked"
    for folder in (packages, tree):
        shutil.rmtree(folder, ignore_errors=True)
    run("cpack", "--config", build / "CPackConfig.cmake", "-B", packages)
    (package,) = packages.glob("mlir-prune_*.deb")
    run("dpkg-deb", "--extract", package, tree)
    depends = run("dpkg-deb", "--field", package, "Depends")
    expect(depends, r"\blibmlir-22\b", "what the package depends on")
    print(f"{package.name}: {package.stat().st_size // 1_000_000} MB")
    return tree / "usr"


def check_tools(prefix: Path, net: Path) -> None:
    small = run(prefix / "bin" / "prune-opt", net, f"--{COMPRESS.replace('{', '=').rstrip('}')}")
    expect(small, r"linalg.tanh.*tensor<8x2xf32>", "prune-opt")
    expect(run(prefix / "bin" / "prune-run", net, "--random-seed=1"), r"(?m)^y", "prune-run")


def main(build: Path, work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    moved = install(build, work)
    libraries = sorted(moved.rglob("*.so*"))
    if left := [str(p) for p in libraries if str(build) in run("readelf", "-d", p)]:
        sys.exit(f"run paths lead into the build: {', '.join(left)}")
    net = EXAMPLES / "net.mlir"

    check_tools(moved, net)
    check_tools(unpacked(build, work), net)

    text = run(EXAMPLES / "plugin" / "run.sh", moved, net)
    expect(text, r"linalg.tanh.*tensor<8x2xf32>", "plugin")

    folder = built("embedding", moved, work)
    texts = [run(folder / name, net, COMPRESS) for name in ("embedding", "embedding-shared")]
    expect(texts[0], r"linalg.tanh.*tensor<8x2xf32>", "embedding")
    expect(texts[0], r"(?m)(^-?[0-9.]+\n){16}", "embedding, what was computed")
    if texts[0] != texts[1]:
        sys.exit(f"static and shared libraries differ:\n{texts[0]}\n{texts[1]}")

    folder = built("c-api", moved, work)
    text = run(folder / "prune-in-c", COMPRESS, stdin=net)
    expect(text, r"linalg.tanh.*tensor<8x2xf32>", "C API")

    folder = built("own-dialect", moved, work)
    text = run(folder / "acme-opt", EXAMPLES / "own-dialect" / "net.mlir",
               f"--pass-pipeline=builtin.module({COMPRESS})")  # fmt: skip
    expect(text, r"acme.swish.*tensor<8x2xf32>", "own dialect")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
