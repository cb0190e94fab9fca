//===- OneDNNOps.cpp - oneDNN dialect -------------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/OneDNN/IR/OneDNN.h"

#include "Prune/Dialect/Kernel/IR/Effects.h"
#include "Prune/Dialect/Kernel/IR/Operands.h"

#include "Prune/Support/Renames.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::kernel;
using namespace mlir::onednn;

#include "Prune/Dialect/OneDNN/IR/OneDNNDialect.cpp.inc"

#define GET_OP_CLASSES
#include "Prune/Dialect/OneDNN/IR/OneDNNOps.cpp.inc"

void OneDNNDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "Prune/Dialect/OneDNN/IR/OneDNNOps.cpp.inc"
      >();
}

std::optional<Dialect::ParseOpHook>
OneDNNDialect::getParseOperationHook(StringRef name) const {
  if (std::optional<ParseOpHook> hook = prune::getRenameHook(name))
    return hook;
  return Dialect::getParseOperationHook(name);
}

void MatmulOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, getAccumulate(), effects);
}

LogicalResult MatmulOp::verify() {
  if (failed(verifyOperandKinds(*this)))
    return failure();
  bool ta = getTransposeA(), tb = getTransposeB();
  int64_t m = getExtent(getA(), ta), ka = getExtent(getA(), !ta);
  int64_t kb = getExtent(getB(), tb), n = getExtent(getB(), !tb);
  // matmul_c2
  if (!mayAgree(ka, kb))
    return emitOpError() << "expected one inner extent, got " << ka << " and "
                         << kb;
  if (!mayAgree(m, getExtent(getOutput(), 0)) ||
      !mayAgree(n, getExtent(getOutput(), 1)))
    return emitOpError() << "expected a destination of shape " << m << "x" << n
                         << ", got " << getOutput().getType();
  if (getBias() && !mayAgree(n, getExtent(getBias(), 0)))
    return emitOpError() << "expected a bias of " << n << " elements, got "
                         << getBias().getType();
  return success();
}
