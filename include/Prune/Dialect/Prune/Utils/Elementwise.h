//===- Elementwise.h - Builders of element-wise loops -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_UTILS_ELEMENTWISE_H
#define PRUNE_DIALECT_PRUNE_UTILS_ELEMENTWISE_H

#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::prune {

/// Scalars of one iteration (inputs, then destinations) to the values to yield.
using ScalarsBody =
    llvm::function_ref<SmallVector<Value>(ImplicitLocOpBuilder &, ValueRange)>;

/// A structured operation; `maps` are those of the inputs, then of the outputs.
/// Returns one tensor per output.
SmallVector<Value> createLoops(ImplicitLocOpBuilder &b, ValueRange inputs,
                               ValueRange outputs, ArrayRef<AffineMap> maps,
                               ArrayRef<utils::IteratorType> iterators,
                               ScalarsBody body);

/// A loop nest over all elements of `outputs` (one shape), in which `inputs`
/// are read through `inputMaps`; every loop is parallel. Returns one tensor per
/// output.
SmallVector<Value> createMapped(ImplicitLocOpBuilder &b, ValueRange inputs,
                                ArrayRef<AffineMap> inputMaps,
                                ValueRange outputs, ScalarsBody body);

/// `createMapped` for inputs of the shape of the outputs.
SmallVector<Value> createElementwise(ImplicitLocOpBuilder &b, ValueRange inputs,
                                     ValueRange outputs, ScalarsBody body);

/// `createElementwise` into one new tensor of the given type.
Value createElementwise(ImplicitLocOpBuilder &b, ValueRange inputs,
                        RankedTensorType type, ScalarsBody body);

/// A reduction of `inputs` (one shape, identity maps) over all dimensions that
/// `outputMap` drops, into `count` tensors that start at zero.
SmallVector<Value> createZeroReduction(ImplicitLocOpBuilder &b,
                                       ValueRange inputs, AffineMap outputMap,
                                       int64_t count, ScalarsBody body);

/// A constant of the given floating-point type; a splat for a tensor or vector.
Value createNumber(ImplicitLocOpBuilder &b, Type type, double value);

/// A constant of the given integer type; bits that the type lacks are cut off.
Value createInteger(ImplicitLocOpBuilder &b, Type type, int64_t value);

/// The scalar in a tensor of rank zero.
Value extractScalar(ImplicitLocOpBuilder &b, Value tensor);

/// `lhs > rhs`, false for NaN.
Value isGreater(ImplicitLocOpBuilder &b, Value lhs, Value rhs);

} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_UTILS_ELEMENTWISE_H
