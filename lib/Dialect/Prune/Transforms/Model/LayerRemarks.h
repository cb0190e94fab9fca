//===- LayerRemarks.h - Parameters that no layer is known for ---*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_LAYERREMARKS_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_LAYERREMARKS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::prune {

/// Says of a constant that became the buffer `name` whether a layer reads it.
void remarkBuffer(arith::ConstantOp constant, StringRef name);

/// Says of a parameter that stays a scale that something reads it like a weight
/// does: its name does not say what it is for.
void remarkScale(BlockArgument argument, StringRef name);

/// Says which weights other passes do not find from the layer that reads them:
/// they are neither listed nor pruned.
void remarkWeights(func::FuncOp target, ArrayRef<Value> weights);

/// Says which operations other passes do not know, as they are of no dialect of
/// the model form.
void remarkUnknown(func::FuncOp target);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_LAYERREMARKS_H
