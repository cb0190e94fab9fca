//===- Im2colWeights.h - Gradient of weights by our own loops ---*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_IM2COLWEIGHTS_H
#define PRUNE_RUNTIME_KERNELS_IM2COLWEIGHTS_H

#include "../Common/ConvolutionShape.h"

namespace prune_rt {

/// dw, dbias (+)= gradients of the weights and the bias, by Im2col.h; the same
/// bits on any number of threads.
void runIm2colWeights(const BackwardWeightsCall &call, int64_t threads);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_IM2COLWEIGHTS_H
