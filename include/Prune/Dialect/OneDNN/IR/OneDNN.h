//===- OneDNN.h - oneDNN dialect declarations -------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_ONEDNN_IR_ONEDNN_H
#define PRUNE_DIALECT_ONEDNN_IR_ONEDNN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "Prune/Dialect/OneDNN/IR/OneDNNDialect.h.inc"
#include "Prune/Dialect/OneDNN/IR/OneDNNEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "Prune/Dialect/OneDNN/IR/OneDNNAttributes.h.inc"

#define GET_OP_CLASSES
#include "Prune/Dialect/OneDNN/IR/OneDNNOps.h.inc"

namespace mlir::onednn {
/// The matrix of which `value` is computed as the transpose, or null.
Value getTransposedMatrix(Value value);
} // namespace mlir::onednn

#endif // PRUNE_DIALECT_ONEDNN_IR_ONEDNN_H
