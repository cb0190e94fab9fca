//===- Depthwise.h - Convolutions of single channels ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_DEPTHWISE_H
#define PRUNE_RUNTIME_KERNELS_DEPTHWISE_H

#include "../Common/ConvolutionShape.h"

namespace prune_rt {

/// Whether each output channel reads the input channel of its number, and
/// channels lie side by side.
bool isDepthwise(const ConvolutionShape &shape);

/// The weights [window][channels], the channels filled up to whole vectors with
/// zeros.
Buffer packDepthwise(const ConvolutionCall &call);

/// The convolution on packed weights; each element is summed in the order of
/// the window by one thread.
void runDepthwise(const ConvolutionCall &call, const Buffer &weights,
                  int64_t threads);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_DEPTHWISE_H
