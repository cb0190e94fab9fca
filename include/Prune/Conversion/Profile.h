//===- Profile.h - What profiled modules define -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_CONVERSION_PROFILE_H
#define PRUNE_CONVERSION_PROFILE_H

#include "mlir/Support/LLVM.h"

namespace mlir::prune {

/// Global with the counters of all sites, prune_rt_profile_site each.
inline constexpr StringLiteral kProfileCounters = "prune_profile_counters";

/// Constant with one line per site: function, kind, name and label between
/// tabulators.
inline constexpr StringLiteral kProfileNames = "prune_profile_names";

} // namespace mlir::prune

#endif // PRUNE_CONVERSION_PROFILE_H
