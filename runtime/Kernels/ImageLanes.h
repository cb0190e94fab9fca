//===- ImageLanes.h - Images in the lanes of vectors ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_IMAGELANES_H
#define PRUNE_RUNTIME_KERNELS_IMAGELANES_H

#include <cstdint>

namespace prune_rt {

/// prune_rt_reorder_f32 of a shape whose images lie 16 together.
void reorderImageLanes(const float *x, float *y, const int64_t *shape,
                       bool reverse);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_IMAGELANES_H
