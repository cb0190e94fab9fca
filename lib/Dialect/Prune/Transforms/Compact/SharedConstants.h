//===- SharedConstants.h - Constants of several operations ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_SHAREDCONSTANTS_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_SHAREDCONSTANTS_H

#include "Prune/Analysis/ChannelState.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::prune {

/// Makes one of the copies of a parameter that have the same name, attributes
/// and elements, and of vectors without a name that are equal.
void mergeEqualConstants(Block &block);

/// Elements of all tensor constants that take memory: a splat without a name
/// takes none.
int64_t countElements(Block &block);

/// Remarks on weights that keep neurons because operations that share them lose
/// different ones.
void remarkSharedWeights(FunctionOpInterface function, ChannelOptions options,
                         StringRef category);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_SHAREDCONSTANTS_H
