//===- Destinations.h - Where results of functions go -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_UTILS_DESTINATIONS_H
#define PRUNE_DIALECT_PRUNE_UTILS_DESTINATIONS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::prune {

/// For each result of `function`, as it is before
/// prune-results-to-destinations, the number of the argument that receives it
/// afterwards: the argument of the same `prune.state`, or a new one behind the
/// existing arguments. Fails with a diagnostic when a state result has no
/// argument of its name and type, or when two results name one state. Linear in
/// arguments plus results.
FailureOr<SmallVector<unsigned>> getResultDestinations(func::FuncOp function);

} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_UTILS_DESTINATIONS_H
