//===- ConstantOffsets.h - Adding to constants ------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_IMPLEMENTATIONS_CONSTANTOFFSETS_H
#define PRUNE_LIB_IMPLEMENTATIONS_CONSTANTOFFSETS_H

#include "mlir/IR/Value.h"

namespace mlir::prune {

/// Adds `offsets[i]` to all elements at index `i` of dimension `dim` of
/// `value` by changing the constant it comes from. The constant must serve this
/// value alone. Fails, without a change, when the value comes from elsewhere.
LogicalResult addToConstantSource(Value value, unsigned dim,
                                  ArrayRef<double> offsets);

} // namespace mlir::prune

#endif // PRUNE_LIB_IMPLEMENTATIONS_CONSTANTOFFSETS_H
