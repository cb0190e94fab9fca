//===- Prune.h - Prune dialect declarations ---------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_IR_PRUNE_H
#define PRUNE_DIALECT_PRUNE_IR_PRUNE_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

/// Lets number parameters (IEEE doubles) of attributes use the declarative
/// format.
template <>
struct mlir::FieldParser<llvm::APFloat> {
  static FailureOr<llvm::APFloat> parse(AsmParser &parser) {
    double value = 0.0;
    if (parser.parseFloat(value))
      return failure();
    return llvm::APFloat(value);
  }
};

namespace mlir::prune {
/// Type of the mask of a weight: its shape with elements of type i1.
Type getMaskType(Type weightType);

/// The indices of the pattern of `prune.decompress` and `prune.compress`, where
/// they are stored. Fails for anything but a vector of i32 whose elements are
/// in memory, each on its own.
FailureOr<ArrayRef<int32_t>> getPatternIndices(ElementsAttr pattern);
} // namespace mlir::prune

#include "Prune/Dialect/Prune/IR/PruneDialect.h.inc"
#include "Prune/Dialect/Prune/IR/PruneEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "Prune/Dialect/Prune/IR/PruneAttributes.h.inc"

#define GET_OP_CLASSES
#include "Prune/Dialect/Prune/IR/PruneOps.h.inc"

#endif // PRUNE_DIALECT_PRUNE_IR_PRUNE_H
