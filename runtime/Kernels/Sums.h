//===- Sums.h - Sums of gradients -------------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_SUMS_H
#define PRUNE_RUNTIME_KERNELS_SUMS_H

#include <cstdint>

namespace prune_rt {

/// target += source, element by element.
void addTo(float *target, const float *source, int64_t size);

/// The first of `count` rows of `size` elements becomes their sum, added in
/// order, in the columns from `begin` to before `end`.
void addRows(float *rows, int64_t count, int64_t size, int64_t begin,
             int64_t end);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_SUMS_H
