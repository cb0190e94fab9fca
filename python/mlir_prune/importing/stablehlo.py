# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""StableHLO, as JAX exports it, to linalg on tensors by the passes that torch-mlir brings.

Runs in the worker process. JAX writes functions of its own for activations, and attributes of
dialects that nobody else has.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..errors import InputError
from .lowering import STAGE, announce, make_context

SOURCE = "source.mlir"

_PASSES = (
    "builtin.module(inline,symbol-dce,"
    "stablehlo-legalize-to-linalg{enable-primitive-ops=true},canonicalize,cse)"
)

# This pass is run on nothing: contexts get the dialects that it may make.
_LOADS = "builtin.module(func.func(convert-torch-to-stablehlo))"


def is_stablehlo(message: str) -> bool:
    """Whether a parser's message is about a dialect of StableHLO."""
    return re.search(r"[Dd]ialect [`'\"](?:stablehlo|chlo|vhlo|mhlo)['\"`]", message) is not None


def lower_file(folder: Path) -> dict[str, Any]:
    """Lowers :data:`SOURCE` to ``module.mlir``."""
    from torch_mlir import ir, passmanager

    with make_context() as context:
        passmanager.PassManager.parse(_LOADS).run(ir.Module.parse("module {}").operation)
        context.emit_error_diagnostics = False
        announce(folder, STAGE)
        try:
            module = ir.Module.parse((folder / SOURCE).read_bytes())
            passmanager.PassManager.parse(_PASSES).run(module.operation)
        except ir.MLIRError as error:
            told = [diagnostic.message for diagnostic in error.error_diagnostics]
            raise InputError(f"StableHLO cannot be converted: {' '.join(told[:1])}") from error
        _refuse_left(module)
        _strip(module)
        (folder / "module.mlir").write_text(str(module))
    return {}


def _refuse_left(module: Any) -> None:
    """An operation that the passes do not know stays as it is."""
    from torch_mlir import ir

    left: list[str] = []

    def look(op: Any) -> Any:
        if op.operation.name.split(".")[0] in ("stablehlo", "chlo", "vhlo"):
            left.append(op.operation.name)
        return ir.WalkResult.ADVANCE

    module.operation.walk(look)
    if left:
        raise InputError(f"the passes of StableHLO do not convert '{left[0]}'")


def _strip(module: Any) -> None:
    """Removes attributes of other dialects from the module, its functions and their values."""
    from torch_mlir import ir

    _strip_from(module.operation)
    for function in module.body.operations:
        _strip_from(function.operation)
        for name in ("arg_attrs", "res_attrs"):
            if name in function.attributes:
                given = [ir.DictAttr(each) for each in ir.ArrayAttr(function.attributes[name])]
                kept = [ir.DictAttr.get(_plain(each)) for each in given]
                function.attributes[name] = ir.ArrayAttr.get(kept)


def _plain(attributes: Any) -> dict[str, Any]:
    """Attributes that belong to no dialect, by name."""
    named = [attributes[place] for place in range(len(attributes))]
    return {each.name: each.attr for each in named if "." not in each.name}


def _strip_from(op: Any) -> None:
    names = [op.attributes[place].name for place in range(len(op.attributes))]
    for name in names:
        if "." in name:
            del op.attributes[name]
