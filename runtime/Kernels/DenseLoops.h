//===- DenseLoops.h - Vectorized dense product ------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_DENSELOOPS_H
#define PRUNE_RUNTIME_KERNELS_DENSELOOPS_H

#include "../Common/Runtime.h"

namespace prune_rt {

/// op(b) in panels of 16 columns, the last one filled with zeros:
/// [ceil(n / 16)][k][16].
Buffer packPanels(const MatmulCall &call);

/// The product on packed panels; each element is summed in ascending order of
/// the inner index by one thread.
void runPanels(const MatmulCall &call, const Buffer &panels, int64_t threads);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_DENSELOOPS_H
