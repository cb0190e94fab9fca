//===- ChannelText.h - What is known about channels as text -----*- C++ -*-===//
//-*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------*- C++
//-*-===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_CHANNELTEXT_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_CHANNELTEXT_H

#include "Prune/Analysis/ChannelState.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::prune {

/// Indices in order as a list of ranges: ` 0-2 5`.
void printIndices(ArrayRef<int64_t> indices, raw_ostream &os);

/// Prints to standard error, for each function of a module, a title with its
/// name and what `print` says of its channels. The analysis runs on a copy
/// whose constants are not shared, as elimination runs it.
void printChannels(
    ModuleOp module, StringRef title,
    function_ref<void(Block &, const ChannelState &, raw_ostream &)> print);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_COMPACT_CHANNELTEXT_H
