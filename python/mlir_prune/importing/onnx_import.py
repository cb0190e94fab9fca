# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An ONNX file as text in linalg on tensors and the values of its parameters.

Runs in the worker process. The file is brought to forms that torch-mlir converts
as ONNX defines them (`onnx_rewrites`), its parameters become inputs, and torch-mlir
does the rest. What the network computes by ONNX Runtime on random inputs comes
with it, made from the file before any of that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.inliner
import onnx.reference
import onnx.version_converter

from ..errors import InputError
from ..onnx_graph import (
    Graph,
    constants_to_initializers,
    infer_shapes,
    inner_graphs,
)
from . import lowering, onnx_half, onnx_reference, onnx_rewrites
from .onnx_extents import Shapes, fix_extents

_OLDEST_OPSET = 14
_UPGRADED_OPSET = 17


def convert(
    folder: Path, path: str, batch: int | None, check: bool, inner: bool = False,
    shapes: Shapes | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Writes `module.mlir`, `values.npz` and, to be compared, `expected.npz`.

    With `inner` the values inside the network are results, too, in their order.
    """
    lowering.announce(folder, "onnx reads and checks the file")
    try:
        model = _load(path)
    except Exception as error:  # protobuf and onnx raise errors of many types
        raise InputError(f"cannot be read as an ONNX network ({_reason(error)})") from error
    _check_domains(model)
    fix_extents(model, batch, shapes)
    onnx_half.to_single(model)
    if inner:
        _return_all(model)
    reply: dict[str, Any] = {
        "not_compared": "" if check else "it was not asked for",
        "results": [value.name for value in model.graph.output],
        "coarse": onnx_reference.is_discontinuous(model),
    }
    if check:
        lowering.announce(folder, "ONNX Runtime runs the network")
        reply["not_compared"] = onnx_reference.run(model, folder / "expected.npz")
    constants = frozenset(
        name for node in model.graph.node if node.op_type == "Constant" for name in node.output
    )
    model = prepare(folder, model)
    graph = Graph(onnx, model, constants)
    inputs = [value.name for value in model.graph.input]
    values = graph.parameters_to_inputs()
    lowering.announce(folder, "torch-mlir reads the network")
    module = import_module(graph.infer_shapes())
    lowering.write_raw(folder, module, "onnx")
    lowering.announce(folder, lowering.STAGE)
    kinds = {node.name: node.op_type for g in inner_graphs(model.graph) for node in g.node}
    (folder / "module.mlir").write_text(lowering.lower(module, "onnx", kinds))
    np.savez(folder / "values.npz", **{f"v{i}": array for i, array in enumerate(values.values())})
    return {**reply, "names": list(values), "buffers": graph.buffers, "inputs": inputs}


def _load(path: str) -> Any:
    """The model of a file, checked; a result need not say its shape."""
    model = onnx.load(path)
    types = [value.type for value in model.graph.output]
    if all(t.tensor_type.HasField("shape") for t in types if t.HasField("tensor_type")):
        # By its path, as a model of several gigabytes cannot be checked otherwise.
        onnx.checker.check_model(path)
    else:
        onnx.checker.check_model(onnx.shape_inference.infer_shapes(model))
    return model


def _return_all(model: Any) -> None:
    """Makes every tensor that a node gives a result."""
    inferred = infer_shapes(onnx, model)
    known = {value.name: value for value in [*inferred.graph.value_info, *inferred.graph.output]}
    names = [name for node in model.graph.node for name in node.output if name in known]
    del model.graph.output[:]
    model.graph.output.extend(
        known[name] for name in names if known[name].type.HasField("tensor_type")
    )


def prepare(folder: Path, model: Any) -> Any:
    """The model in operations and forms that torch-mlir converts rightly."""
    lowering.announce(folder, "onnx brings the network to another opset")
    if model.functions:
        model = onnx.inliner.inline_local_functions(model, convert_version=True)
    model = _upgrade(model)
    constants_to_initializers(onnx, model)
    lowering.announce(folder, "the network is rewritten")
    return onnx_rewrites.rewrite(model)


def import_module(model: Any) -> Any:
    """The model as operations of the torch dialect."""
    from torch_mlir.extras import onnx_importer

    info = onnx_importer.ModelInfo(model)
    module = info.create_module(context=lowering.make_context()).operation
    try:
        onnx_importer.NodeImporter.define_function(info.main_graph, module).import_all()
    except onnx_importer.OnnxImportError as error:
        raise InputError(f"torch-mlir cannot read the network: {_reason(error)}") from error
    return module


def _reason(error: BaseException) -> str:
    """A message of onnx without its context lines."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:300] + " ..."


def _check_domains(model: Any) -> None:
    local = {(function.domain, function.name) for function in model.functions}
    for node in model.graph.node:
        if node.domain in ("", "ai.onnx") or (node.domain, node.op_type) in local:
            continue
        raise InputError(
            f"{node.op_type}{onnx_rewrites.label(node)} is of the domain '{node.domain}'; only "
            "the operations of ONNX itself are supported"
        )


# Operations of which onnx takes a form before this opset for the later one.
_MISREAD_BEFORE = {"Scan": 9}


def _refuse_misread(model: Any, opset: int) -> None:
    for graph in inner_graphs(model.graph):
        for node in graph.node:
            if opset < _MISREAD_BEFORE.get(node.op_type, 0):
                raise InputError(
                    f"{node.op_type}{onnx_rewrites.label(node)} is not supported: its form before "
                    f"opset {_MISREAD_BEFORE[node.op_type]}"
                )


def _upgrade(model: Any) -> Any:
    """The model at an opset that torch-mlir knows all forms of."""
    opsets = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    if opsets and opsets[0] < _OLDEST_OPSET:
        _refuse_misread(model, opsets[0])
        try:
            return onnx.version_converter.convert_version(model, _UPGRADED_OPSET)
        except Exception as error:  # the converter raises errors of many types
            raise InputError(
                f"the network is of opset {opsets[0]} and onnx cannot bring it to opset "
                f"{_UPGRADED_OPSET} ({_reason(error)}); export it with opset {_OLDEST_OPSET} or "
                "later"
            ) from error
    return model
