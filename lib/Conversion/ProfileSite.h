//===- ProfileSite.h - Descriptions of measured operations ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CONVERSION_PROFILESITE_H
#define PRUNE_LIB_CONVERSION_PROFILESITE_H

#include "mlir/IR/Operation.h"

#include <string>

namespace mlir::prune {

/// An operation that is measured.
struct ProfileSite {
  /// What it is, or for a loop nest what it was: `onednn.matmul`,
  /// `prune.sgd_update`.
  std::string kind;
  /// `matmul 100x300x784 fc1.weight`, `loop 300x784 (3 in, 2 out) sgd_update
  /// fc1.weight`.
  std::string name;
};

/// Describes an operation on memory.
ProfileSite describeSite(Operation *op);

} // namespace mlir::prune

#endif // PRUNE_LIB_CONVERSION_PROFILESITE_H
