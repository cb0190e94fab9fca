//===- Channels.h - Registration of channel knowledge -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_IMPLEMENTATIONS_CHANNELS_H
#define PRUNE_IMPLEMENTATIONS_CHANNELS_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::prune {

/// Attaches PrunableOpInterface to the structured operations of linalg.
void registerLinalgPrunableModels(DialectRegistry &registry);

/// Attaches ChannelOpInterface to the structured operations of linalg, to
/// reshapes and empty tensors, and to padding, slices and concatenations.
void registerLinalgChannelModels(DialectRegistry &registry);
void registerTensorChannelModels(DialectRegistry &registry);
void registerSliceChannelModels(DialectRegistry &registry);

/// Attaches ChannelOpInterface to batch normalization.
void registerPruneChannelModels(DialectRegistry &registry);

/// All of the above.
void registerChannelModels(DialectRegistry &registry);

} // namespace mlir::prune

#endif // PRUNE_IMPLEMENTATIONS_CHANNELS_H
