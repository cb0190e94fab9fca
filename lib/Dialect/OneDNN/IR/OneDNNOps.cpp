//===- OneDNNOps.cpp - oneDNN dialect -------------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Effects.h"
#include "Operands.h"

#include "Prune/Support/Renames.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::onednn;

#include "Prune/Dialect/OneDNN/IR/OneDNNDialect.cpp.inc"
#include "Prune/Dialect/OneDNN/IR/OneDNNEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "Prune/Dialect/OneDNN/IR/OneDNNAttributes.cpp.inc"

#define GET_OP_CLASSES
#include "Prune/Dialect/OneDNN/IR/OneDNNOps.cpp.inc"

void OneDNNDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Prune/Dialect/OneDNN/IR/OneDNNAttributes.cpp.inc"
      >();
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

LogicalResult mlir::onednn::verifyOperandKinds(DestinationStyleOpInterface op) {
  bool isTensor = isa<RankedTensorType>(op.getDpsInits().front().getType());
  for (Value operand : op->getOperands())
    if (isa<RankedTensorType>(operand.getType()) != isTensor)
      return op->emitOpError(
          "expected operands that are all tensors or all memrefs");
  if (isTensor != (op->getNumResults() == 1))
    return op->emitOpError(
        "expected one result on tensors and none on memrefs");
  if (isTensor &&
      op->getResult(0).getType() != op.getDpsInits().front().getType())
    return op->emitOpError("expected a result of the type of the destination");
  for (Value operand : op->getOperands()) {
    auto memref = dyn_cast<MemRefType>(operand.getType());
    if (!memref)
      continue;
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(memref.getStridesAndOffset(strides, offset)) ||
        strides.back() != 1)
      return op->emitOpError()
             << "expected memrefs with an innermost stride of one, got "
             << memref;
  }
  return success();
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

void SpmmOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}

LogicalResult SpmmOp::verify() {
  if (failed(verifyOperandKinds(*this)))
    return failure();
  int64_t m = getExtent(getOutput(), 0), n = getExtent(getOutput(), 1);
  int64_t pointers = getExtent(getPointers(), 0);
  // spmm_c2
  if (!mayAgree(getExtent(getValues(), 0), getExtent(getIndices(), 0)))
    return emitOpError("expected as many indices as values");
  if (!ShapedType::isDynamic(pointers) && !mayAgree(m, pointers - 1))
    return emitOpError() << "expected one pointer more than the " << m
                         << " rows, got " << pointers;
  if (!mayAgree(n, getExtent(getX(), 1)))
    return emitOpError() << "expected " << n << " columns in x, got "
                         << getX().getType();
  if (getBias() && !mayAgree(m, getExtent(getBias(), 0)))
    return emitOpError() << "expected a bias of " << m << " elements, got "
                         << getBias().getType();
  return success();
}
