# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The process that runs torch-mlir, onnx and ONNX Runtime on one request.

    python -m mlir_prune.importing.worker FOLDER
"""

from __future__ import annotations

import json
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

from ..errors import InputError


def serve(folder: Path) -> None:
    """Handles the request of a folder; errors become a reply, too."""
    request = json.loads((folder / "request.json").read_text())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reply = _handle(folder, request)
    except InputError as error:
        reply = {"error": str(error)}
    except ImportError as error:
        reply = {"error": missing(error, ("torch_mlir", "onnx"))}
    except MemoryError:
        reply = {"error": "cannot import the network: out of memory"}
    except Exception as error:  # onnx and torch-mlir raise errors of many types
        reply = {"error": f"cannot import the network: {first_line(error)}"}
    partial = folder / "reply.partial"
    partial.write_text(json.dumps(reply))
    os.replace(partial, folder / "reply.json")


def _handle(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    kind = request.pop("kind")
    if kind == "onnx":
        from .onnx_import import convert

        return convert(folder, **request)
    if kind == "stablehlo":
        from .stablehlo import lower_file

        return lower_file(folder, **request)
    from . import lowering

    return {"lower": lowering.lower_file, "probe": lowering.probe}[kind](folder, **request)


_VERSIONS = {"torch": "torch==2.13.0", "torch_mlir": "torch-mlir", "onnx": "onnx"}


def missing(error: ImportError, names: tuple[str, ...]) -> str:
    """How to install what is missing."""
    wanted = dict.fromkeys(_VERSIONS.get(name.split(".")[0], name) for name in names)
    return (
        f"the import needs a package that is not there ({error}); pip install {' '.join(wanted)}"
    )


def first_line(error: BaseException) -> str:
    """The first line of a message that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _limit_memory() -> None:
    """A request for more memory than the machine has left fails, here and alone."""
    import resource

    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in file}
        limit = sizes["MemAvailable"] + sizes.get("SwapFree", 0)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    except (OSError, KeyError, ValueError):
        return  # No such file or limit on this system: the machine's own rule holds.


def main() -> None:
    """Handles one request and ends."""
    # Should the parent be killed, its file descriptors tell nothing: end by the signal.
    _end_with_parent()
    _limit_memory()
    serve(Path(sys.argv[1]))
    # Threads and destructors of the packages have nothing left to do.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _end_with_parent() -> None:
    import ctypes

    set_parent_death_signal = 1
    try:
        ctypes.CDLL(None).prctl(set_parent_death_signal, int(signal.SIGKILL))
    except (OSError, AttributeError):
        return  # Not Linux.


if __name__ == "__main__":
    main()
