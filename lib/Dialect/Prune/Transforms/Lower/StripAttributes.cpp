//===- StripAttributes.cpp - Modules for tools that do not know us --------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h"

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::prune {
#define GEN_PASS_DEF_STRIPATTRIBUTESPASS
#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

static bool isOurs(NamedAttribute attribute) {
  return isa_and_nonnull<PruneDialect>(attribute.getNameDialect());
}

/// The attributes of other dialects.
static DictionaryAttr getOthers(MLIRContext *context,
                                ArrayRef<NamedAttribute> attributes) {
  SmallVector<NamedAttribute> others(attributes);
  llvm::erase_if(others, isOurs);
  return DictionaryAttr::getWithSorted(context, others);
}

static void strip(FunctionOpInterface function) {
  MLIRContext *context = function.getContext();
  for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i)
    function.setArgAttrs(i, getOthers(context, function.getArgAttrs(i)));
  for (unsigned i = 0, e = function.getNumResults(); i < e; ++i)
    function.setResultAttrs(i, getOthers(context, function.getResultAttrs(i)));
}

namespace {
struct StripAttributesPass final
    : prune::impl::StripAttributesPassBase<StripAttributesPass> {
  using StripAttributesPassBase::StripAttributesPassBase;

  void runOnOperation() override {
    WalkResult result = getOperation().walk([&](Operation *op) {
      Dialect *dialect = op->getDialect();
      StringRef name = dialect ? dialect->getNamespace() : StringRef();
      if (llvm::is_contained({"prune", "kernel", "onednn"}, name)) {
        op->emitOpError("is left, expected operations of MLIR alone "
                        "(convert-prune-to-linalg)");
        return WalkResult::interrupt();
      }
      for (NamedAttribute attribute :
           llvm::to_vector(op->getDiscardableAttrs()))
        if (isOurs(attribute))
          op->removeDiscardableAttr(attribute.getName());
      if (auto function = dyn_cast<FunctionOpInterface>(op))
        strip(function);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
