//===- KernelPlan.h - How a kernel runs a layer -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The plan in `#prune.kernel`. It is decided with the kernel and obeyed where
// code is generated.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_KERNELPLAN_H
#define PRUNE_KERNELS_KERNELPLAN_H

#include "Prune/Kernels/KernelFamily.h"

namespace mlir::prune {

/// A kernel with the plan for a layer.
KernelAttr planKernel(MLIRContext *context, KernelKind kind,
                      const ProductSize &size);

/// Why the plan is none of its kernel: a name that it does not know, or a
/// number out of range; empty when it is one.
std::string checkPlan(KernelAttr kernel);

/// A number of a plan that was checked; nothing where the kernel decides.
std::optional<int64_t> getSetting(KernelAttr kernel, StringRef name);

} // namespace mlir::prune

#endif // PRUNE_KERNELS_KERNELPLAN_H
