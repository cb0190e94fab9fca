//===- Streams.h - Sparse products that are read from a stream --*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_STREAMS_H
#define PRUNE_RUNTIME_KERNELS_STREAMS_H

#include "../Common/Runtime.h"

namespace prune_rt {

/// Runs a plan with `segment` in place of its code, or with its code for null.
void runGenerated(const prune_rt_generated &plan, const float *x, float *y,
                  prune_rt_segment *segment);

/// Runs one segment for panels from `begin` to before `end`; see
/// prune_rt_streamed_f32.
void runStream(const float *x, float *y, const float *stream,
               const prune_rt_panel *begin, const prune_rt_panel *end);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_STREAMS_H
