//===- PanelCopies.h - Inputs of generated code -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Copies an image to where generated code reads it. Lanes that are no position
// of the result hold any number.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_PANELCOPIES_H
#define PRUNE_RUNTIME_KERNELS_PANELCOPIES_H

#include "../Common/Runtime.h"

namespace prune_rt {

/// Copies the inputs of `panels` panels from `panel` on: for each the 16
/// positions of all channels. Nothing at `end`, where the batch ends, or beyond
/// is read.
void copyPanels(const prune_rt_generated &plan, const float *image,
                const float *end, int64_t panel, int64_t panels, float *to);

/// Copies the planes of some channels, with zeros around and 16 after the last.
void copyPlanes(const prune_rt_generated &plan, const float *from,
                const float *end, int64_t channels, float *to);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_PANELCOPIES_H
