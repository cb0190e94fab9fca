# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""torch-mlir's pipelines on modules of its torch dialect, with their reasons.

The functions here need torch_mlir but not torch; they run in the worker process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from .extrema import keep_nans

STAGE = "torch-mlir converts the network"
_TO_LINALG = "torch-backend-to-linalg-on-tensors-backend-pipeline"
PIPELINES = {
    "onnx": ("torch-onnx-to-torch-backend-pipeline", _TO_LINALG),
    "torch": (
        "func.func(torch-match-quantized-custom-ops),"
        "torchdynamo-export-to-torch-backend-pipeline{extra-library=}",
        f"{_TO_LINALG}{{allow-non-finites=true}}",
    ),
}


def announce(folder: Path, stage: str) -> None:
    """Says what comes next, for the case that it does not end."""
    (folder / "stage").write_text(stage)


def lower(module: Any, source: str, kinds: Mapping[str, str] | None = None) -> str:
    """The text in linalg on tensors of a module of torch operations.

    `kinds` are the operations of the framework by the names of nodes.
    """
    from torch_mlir import ir, passmanager

    signs = _signs(module)
    _check_unsigned(module)
    with module.context as context:
        context.emit_error_diagnostics = False
        for pipeline in PIPELINES[source]:
            try:
                passmanager.PassManager.parse(f"builtin.module({pipeline})").run(module)
            except ir.MLIRError as error:
                raise InputError(f"torch-mlir cannot convert {explain(error, kinds or {})}") from error
        _refuse_foreign(module)
        keep_nans(module)
        _check_signature(module)
        return _text_with_signs(module, signs)


def _refuse_foreign(module: Any) -> None:
    """torch-mlir writes sorting, scans and scattering in a dialect of its own."""

    from torch_mlir import ir

    found = []

    def look(op: Any) -> Any:
        if op.operation.name.startswith("tm_tensor.") and op.operation.regions:
            found.append((_label(op.operation.location), op.operation.name))
        return ir.WalkResult.ADVANCE

    module.walk(look)
    for label, name in found:
        raise InputError(
            f"torch-mlir converts{label or ' an operation'} to '{name}', which is not supported"
        )


def lower_file(folder: Path, source: str) -> dict[str, Any]:
    """Lowers `raw.mlirbc` to `module.mlir`."""
    module = _read(folder)
    announce(folder, STAGE)
    (folder / "module.mlir").write_text(lower(module, source))
    return {}


def write_raw(folder: Path, module: Any, source: str) -> None:
    """Keeps a module as it is before lowering, for `lower_file` and `probe`."""
    (folder / "source").write_text(source)
    with open(folder / "raw.mlirbc", "wb") as file:
        module.write_bytecode(file)


def make_context() -> Any:
    """A context with the torch dialect."""
    from torch_mlir import ir
    from torch_mlir.dialects import torch as dialect

    context = ir.Context()
    dialect.register_dialect(context)
    return context


def _read(folder: Path) -> Any:
    from torch_mlir import ir

    with make_context():
        return ir.Module.parse((folder / "raw.mlirbc").read_bytes()).operation


# Reasons

# An operation that a message quotes; the name says enough.
_QUOTED = re.compile(r": (?:%[\w:, %]+ = )?\"(?:torch|builtin|tensor|linalg)\.")
_ONNX_NAME = re.compile(r'"?torch\.operator"?\s*(?:\([^)]*\)\s*<\{name = )?"onnx\.(\w+)"')
_TORCH_NAME = re.compile(r'"?torch\.((?:aten|prims|quantized|torchvision)\.[\w.]+)"?')
_LOCATION = re.compile(r'^loc\("([^"]*)"(?:\(|\))')


def explain(error: Any, kinds: Mapping[str, str]) -> str:
    """The operation and the reason in the diagnostics of a pass that failed."""
    for diagnostic in error.error_diagnostics:
        text = "\n".join([diagnostic.message, *(note.message for note in diagnostic.notes)])
        reason, label = _first(diagnostic.message), _label(diagnostic.location)
        name = kinds.get(label.strip(" '")) or _name_in(text)
        if name:
            return f"{name}{label}: {reason}"
        return f"the network{' at' + label if label else ''}: {reason}"
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"the network: {lines[-1].strip() if lines else type(error).__name__}"


def _label(location: Any) -> str:
    """The name of an operation in ONNX, out of its location; empty for places in files."""
    found = _LOCATION.match(str(location))
    return f" '{found[1]}'" if found and found[1] and not found[1].endswith((".py", ".mlir")) else ""


def _name_in(text: str) -> str:
    found = _ONNX_NAME.search(text) or _TORCH_NAME.search(text)
    return found[1] if found else ""


def _first(message: str) -> str:
    line = next((line.strip() for line in message.splitlines() if line.strip()), "no reason given")
    line = _QUOTED.split(line)[0].removesuffix(" that was explicitly marked illegal")
    return line if len(line) <= 300 else line[:300] + " ..."


# Which operation it is


def probe(folder: Path) -> dict[str, Any]:
    """Converts each operation alone, after announcing it; fails or ends at the culprit."""
    source = (folder / "source").read_text()
    module = _read(folder)
    for function in module.regions[0].blocks[0].operations:
        for op in function.operation.regions[0].blocks[0].operations:
            if _is_part(op):
                continue
            announce(folder, describe(op))
            try:
                lower(_alone(function, op), source)
            except InputError:
                continue  # The whole network did not end with a mere error.
    return {}


def _is_tensor(value: Any) -> bool:
    return str(value.type).startswith("!torch.vtensor")


def _is_part(op: Any) -> bool:
    """True for constants and lists, which come with the operations that use them."""
    name, results = op.operation.name, list(op.operation.results)
    if name == "torch.operator":
        return "onnx.Constant" in str(op.operation.attributes["name"])
    return not results or name == "torch.vtensor.literal" or not any(map(_is_tensor, results))


def describe(op: Any) -> str:
    """An operation by its name in the framework, and its own name if it has one."""
    name = op.operation.name.strip('"').removeprefix("torch.")
    if name == "operator":
        name = str(op.operation.attributes["name"]).strip('"').removeprefix("onnx.")
    return name + _label(op.operation.location)


def _alone(function: Any, op: Any) -> Any:
    """A module with one function of one operation; tensors are its arguments."""
    from torch_mlir import ir

    with function.operation.context, ir.Location.unknown():
        module = ir.Module.create()
        needed: list[Any] = []
        arguments: list[Any] = []
        _collect(op.operation, needed, arguments)
        types = [value.type for value in arguments]
        results = [value.type for value in op.operation.results]
        kind = ir.TypeAttr.get(ir.FunctionType.get(types, results))
        known = function.operation.attributes
        attributes = {name: known[name] for name in known if name.startswith("torch.")}
        attributes |= {"function_type": kind, "sym_name": ir.StringAttr.get("forward")}
        copy = ir.Operation.create(
            "func.func", attributes=attributes, regions=1, ip=ir.InsertionPoint(module.body)
        )
        block = copy.regions[0].blocks.append(*types)
        values = list(zip(arguments, block.arguments, strict=True))
        with ir.InsertionPoint(block):
            for part in needed:
                clone = part.clone()
                for index, operand in enumerate(part.operands):
                    clone.operands[index] = next(new for old, new in values if old == operand)
                values += zip(part.results, clone.results, strict=True)
            ir.Operation.create("func.return", operands=list(clone.results))
    return module.operation


def _collect(op: Any, needed: list[Any], arguments: list[Any]) -> None:
    """The operation behind its constants and lists; its tensors are arguments."""
    from torch_mlir import ir

    for operand in op.operands:
        owner = operand.owner
        if isinstance(owner, ir.Block) or not _is_part(owner):
            if all(operand != known for known in arguments):
                arguments.append(operand)
        elif all(owner.operation != part for part in needed):
            _collect(owner.operation, needed, arguments)
    needed.append(op)


# Signatures

_ELEMENTS = ("f32", "f64", "i1", "i8", "i32", "i64")


def _types(module: Any) -> Iterator[tuple[str, str]]:
    """What the arguments and results of the public functions are, as messages call them."""
    from torch_mlir import ir

    for function in module.regions[0].blocks[0].operations:
        attributes = function.operation.attributes
        kind = ir.FunctionType(ir.TypeAttr(attributes["function_type"]).value)
        for what, types in (("input", kind.inputs), ("result", kind.results)):
            for index, entry in enumerate(types):
                yield f"{what} {index}", str(entry)


def _check_unsigned(module: Any) -> None:
    """Of unsigned numbers only bytes can be told apart from those with a sign."""
    for what, text in _types(module):
        found = re.search(r",ui(16|32|64)>", text)
        if found:
            raise InputError(f"{what} has elements of uint{found[1]}, which are not supported")


def _check_signature(module: Any) -> None:
    """Compiled code has static shapes and few types."""
    for what, text in _types(module):
        body = text.removeprefix("tensor<").removesuffix(">").split(",")[0]
        *extents, element = body.split("x")
        if "?" in extents or "*" in body:
            raise InputError(f"{what} has type {text}; its shape depends on values")
        if element not in _ELEMENTS:
            raise InputError(
                f"{what} has type {text}, expected elements of {', '.join(_ELEMENTS)}"
            )


# Signs

_UNSIGNED = "prune.unsigned"


def _signs(module: Any) -> dict[str, tuple[list[bool], list[bool]]]:
    """Which arguments and results of each function are of unsigned bytes."""
    from torch_mlir import ir

    signs = {}
    for function in module.regions[0].blocks[0].operations:
        kind = ir.FunctionType(ir.TypeAttr(function.operation.attributes["function_type"]).value)
        sides = (kind.inputs, kind.results)
        name = ir.StringAttr(function.operation.attributes["sym_name"]).value
        signs[name] = tuple([",ui8>" in str(entry) for entry in side] for side in sides)
    return signs  # type: ignore[return-value]


def _text_with_signs(module: Any, signs: dict[str, tuple[list[bool], list[bool]]]) -> str:
    """The text, with `prune.unsigned` where a type has lost its sign.

    The attribute belongs to a dialect that torch-mlir does not know.
    """
    from torch_mlir import ir

    module.context.allow_unregistered_dialects = True
    mark, none = ir.DictAttr.get({_UNSIGNED: ir.UnitAttr.get()}), ir.DictAttr.get({})
    for function in module.regions[0].blocks[0].operations:
        name = ir.StringAttr(function.operation.attributes["sym_name"]).value
        for key, flags in zip(("arg_attrs", "res_attrs"), signs.get(name, ()), strict=False):
            if any(flags):
                entries = [mark if flag else none for flag in flags]
                function.operation.attributes[key] = ir.ArrayAttr.get(entries)
    return str(module.get_asm())
