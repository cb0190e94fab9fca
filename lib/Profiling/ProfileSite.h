//===- ProfileSite.h - Descriptions of measured operations ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_PROFILING_PROFILESITE_H
#define PRUNE_LIB_PROFILING_PROFILESITE_H

#include "mlir/IR/Operation.h"

#include <string>

namespace mlir::prune {

/// An operation that is measured.
struct ProfileSite {
  /// What it is, or for a loop nest what it was: `onednn.matmul`,
  /// `prune.sgd_update`.
  std::string kind;
  /// With shapes: `matmul 100x300x784`, `loop 300x784 (3 in, 2 out)
  /// sgd_update`.
  std::string name;
  /// The parameter that it works on, or what its location is called; may be
  /// empty.
  std::string label;
};

/// Describes an operation on memory.
ProfileSite describeSite(Operation *op);

} // namespace mlir::prune

#endif // PRUNE_LIB_PROFILING_PROFILESITE_H
