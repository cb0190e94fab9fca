//===- Activation.h - Activations after a primitive -------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_ACTIVATION_H
#define PRUNE_RUNTIME_KERNELS_ACTIVATION_H

#include <cstdint>

namespace prune_rt {

/// c = max(c, 0) in place over [rows, columns]; a NaN stays a NaN. It follows
/// primitives, whose own relu makes zero of a NaN.
void applyRelu(float *c, int64_t rows, int64_t columns, int64_t stride);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_ACTIVATION_H
