//===- Origin.h - What operations were before lowering ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_PROFILING_ORIGIN_H
#define PRUNE_LIB_PROFILING_ORIGIN_H

#include "mlir/IR/Location.h"

namespace mlir::prune {

/// What an operation was before it was lowered, as its location tells.
struct Origin {
  /// `prune.sgd_update`; empty when it is not known.
  StringRef operation;
  /// Parameter, or name that the location had before; may be empty.
  StringRef label;
};

/// The location with the name around it.
Location nameLocation(Location location, Origin origin);

/// The name in a location. That of a location which prune-name-operations has
/// not seen has no operation.
Origin getOrigin(Location location);

} // namespace mlir::prune

#endif // PRUNE_LIB_PROFILING_ORIGIN_H
