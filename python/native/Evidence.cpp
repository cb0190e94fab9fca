//===- Evidence.cpp - What is known of parameters, in Python --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Evidence becomes a constant with `prune.evidence` at the entry of every
// function that has the parameter.
//
//===----------------------------------------------------------------------===//

#include "Module.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>

using namespace mlir;
using namespace mlir::prune;
using namespace mlir::prune::python;
namespace nb = nanobind;

namespace {
using EvidenceValues = llvm::MapVector<EvidenceAttr, ElementsAttr>;
} // namespace

/// Reads a dict from pairs of name and kind to arrays.
static EvidenceValues readValues(MLIRContext &context, nb::dict arrays) {
  EvidenceValues values;
  for (auto [key, array] : arrays) {
    std::pair<std::string, std::string> pair;
    if (!nb::try_cast(key, pair))
      throw nb::type_error(
          "expected keys of the name of a parameter and a "
          "kind of evidence, like ('fc.weight', 'input_norm')");
    auto [name, text] = pair;
    std::optional<EvidenceKind> kind = symbolizeEvidenceKind(text);
    if (!kind || name.empty())
      throw nb::value_error(
          ("expected the name of a parameter and a kind of evidence, got ('" +
           name + "', '" + text + "')")
              .c_str());
    values[EvidenceAttr::get(&context, name, *kind)] =
        makeValue(context, name + "." + text, array);
  }
  return values;
}

/// Checks that evidence broadcasts to its parameter.
static LogicalResult verifyShape(Value parameter, EvidenceAttr evidence,
                                 ElementsAttr value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (EvidenceAttr::broadcasts(type, parameter.getType()))
    return success();
  return emitError(parameter.getLoc())
         << "evidence about parameter '" << evidence.getName() << "' has type "
         << type << ", which does not broadcast to " << parameter.getType();
}

/// Puts a constant at the entry, in place of one of its kind.
static void insertConstant(func::FuncOp function, EvidenceAttr evidence,
                           ElementsAttr value) {
  Block &block = function.getBody().front();
  for (Operation &op : block)
    if (op.getAttr(PruneDialect::kEvidenceAttrName) == evidence &&
        op.use_empty()) {
      op.erase();
      break;
    }
  OpBuilder builder = OpBuilder::atBlockBegin(&block);
  auto constant = arith::ConstantOp::create(builder, function.getLoc(),
                                            cast<TypedAttr>(value));
  constant->setAttr(PruneDialect::kEvidenceAttrName, evidence);
}

static LogicalResult insertEvidence(ModuleOp module,
                                    const EvidenceValues &values) {
  for (auto &[evidence, value] : values) {
    bool isKnown = false;
    for (auto function : module.getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      for (const Parameter &parameter : getParameters(function)) {
        if (parameter.attribute.getName() != evidence.getName())
          continue;
        if (failed(verifyShape(parameter.value, evidence, value)))
          return failure();
        insertConstant(function, evidence, value);
        isKnown = true;
        break;
      }
    }
    if (!isKnown)
      return module.emitError("no parameter is called '")
             << evidence.getName() << "'";
  }
  return success();
}

static void setEvidence(Module &module, nb::dict arrays) {
  EvidenceValues values = readValues(module.getContext()->context, arrays);
  module.access([&](ModuleOp op) { return insertEvidence(op, values); });
}

void python::bindEvidence(nb::class_<Module> &type) {
  type.def("set_evidence", &setEvidence, nb::arg("values"),
           "Tells what is known of parameters, for criteria to judge them by: "
           "from pairs of a parameter's name and a kind (`#prune.evidence`) to "
           "arrays whose shapes broadcast to those of the parameters. "
           "`prune-score` reads it; `prune-select-masks` takes away what was "
           "read.");
}
