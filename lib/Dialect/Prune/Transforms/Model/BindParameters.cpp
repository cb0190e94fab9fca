//===- BindParameters.cpp - Parameter arguments to constants --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Replaces each parameter argument by a constant at the entry of its function.
// Values are shared as resources, so the cost is that of the signature alone.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Support/Constants.h"
#include "Prune/Support/Npz.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-bind-parameters"

namespace mlir::prune {
#define GEN_PASS_DEF_BINDPARAMETERSPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// True for training steps and gradient functions, whose parameters change from
/// call to call.
static bool isTrainingFunction(FunctionOpInterface function) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (function.getArgAttr(i, PruneDialect::kStateAttrName))
      return true;
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (function.getResultAttr(i, PruneDialect::kGradOfAttrName))
      return true;
  return false;
}

/// Element type of an array in a file; null for a kind that no parameter has.
static Type getElementType(MLIRContext *context, ElementKind kind) {
  Builder builder(context);
  switch (kind) {
  case ElementKind::F32:
    return builder.getF32Type();
  case ElementKind::F64:
    return builder.getF64Type();
  case ElementKind::Bool:
    return builder.getI1Type();
  case ElementKind::I8:
  case ElementKind::U8:
  case ElementKind::I32:
  case ElementKind::I64:
    return {};
  }
  llvm_unreachable("unknown element kind");
}

/// Reads the arrays of a file that could be values of parameters.
static FailureOr<llvm::StringMap<ElementsAttr>> readValues(ModuleOp module,
                                                           StringRef path) {
  llvm::StringMap<ElementsAttr> values;
  llvm::Expected<std::vector<NpyArray>> arrays = readNpz(path);
  if (!arrays)
    return module.emitError() << llvm::toString(arrays.takeError());
  for (const NpyArray &array : *arrays) {
    Type elementType = getElementType(module.getContext(), array.element);
    if (!elementType)
      continue;
    auto type = RankedTensorType::get(array.shape, elementType);
    ArrayRef<char> data(array.getData(), array.getNumBytes());
    values[array.name] = createResource(type, array.name, data);
  }
  return values;
}

namespace {
struct BindParametersPass final
    : prune::impl::BindParametersPassBase<BindParametersPass> {
  using BindParametersPassBase::BindParametersPassBase;

  bool isChosen(FunctionOpInterface function) {
    if (functions.empty())
      return !isTrainingFunction(function);
    return llvm::is_contained(functions, function.getName().str());
  }

  void runOnOperation() override {
    llvm::StringMap<ElementsAttr> found;
    if (!values.empty()) {
      FailureOr<llvm::StringMap<ElementsAttr>> read =
          readValues(getOperation(), values);
      if (failed(read))
        return signalPassFailure();
      found = std::move(*read);
    }
    for (auto function : getOperation().getOps<FunctionOpInterface>()) {
      if (!isChosen(function))
        continue;
      unsigned before = function.getNumArguments();
      if (failed(bindParameters(function, found)))
        return signalPassFailure();
      LDBG() << function.getName() << ": bound "
             << before - function.getNumArguments() << " parameters";
      numParametersBound += before - function.getNumArguments();
    }
  }
};
} // namespace
