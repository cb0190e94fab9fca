# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Maxima and minima of torch-mlir that keep a NaN, as those of PyTorch and ONNX do.

torch-mlir writes `clamp`, `maximum` and `minimum` as a comparison and a selection of the
compared values, in one body, and the selection takes the bound or the other operand for a
NaN. A selection that a network itself makes by a comparison stays as it is: its comparison
is a loop of its own.
"""

from __future__ import annotations

from typing import Any

# The predicates of arith.cmpf by which the first value is above the second, and below.
_ABOVE, _BELOW = (2, 3, 9, 10), (4, 5, 11, 12)


def keep_nans(module: Any) -> None:
    """Makes the selections of extrema maximumf and minimumf."""
    from torch_mlir import ir

    found: list[tuple[Any, str]] = []

    def look(op: Any) -> Any:
        kind = _extremum(op.operation)
        if kind:
            found.append((op.operation, kind))
        return ir.WalkResult.ADVANCE

    module.walk(look)
    for op, kind in found:
        _, one, other = op.operands
        new = ir.Operation.create(
            kind,
            results=[one.type],
            operands=[one, other],
            loc=op.location,
            ip=ir.InsertionPoint(op),
        )
        op.results[0].replace_all_uses_with(new.results[0])
        op.erase()


def _extremum(op: Any) -> str:
    """The operation of arith that a selection is, empty for all others."""
    from torch_mlir import ir

    if op.name != "arith.select" or op.parent.name != "linalg.generic":
        return ""
    comparison = op.operands[0].owner
    if getattr(comparison, "name", "") != "arith.cmpf" or len(op.parent.results) != 1:
        return ""
    predicate = ir.IntegerAttr(comparison.attributes["predicate"]).value
    chosen, compared = list(op.operands)[1:], list(comparison.operands)
    if predicate not in _ABOVE + _BELOW or chosen not in (compared, compared[::-1]):
        return ""
    is_maximum = (predicate in _ABOVE) == (chosen == compared)
    return "arith.maximumf" if is_maximum else "arith.minimumf"
