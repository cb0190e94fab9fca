//===- Profile.h - Times of operations in compiled code ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_PROFILING_PROFILE_H
#define PRUNE_PROFILING_PROFILE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

struct prune_rt_profile_site;

namespace mlir::prune {

/// Global of a profiled module: the counters of all sites,
/// prune_rt_profile_site each.
inline constexpr StringLiteral kProfileCounters = "prune_profile_counters";

/// Constant of a profiled module: one line per site, function, kind, name and
/// label between tabulators.
inline constexpr StringLiteral kProfileNames = "prune_profile_names";

/// What an operation of a function took since the counters were reset.
struct ProfileEntry {
  std::string function;
  /// What it is, or for a loop what it comes from: `prune.sgd_update`.
  std::string kind;
  /// With shapes: `matmul 100x300x784`.
  std::string name;
  /// The parameter that it works on, `fc1.weight`, where there is one.
  std::string label;
  int64_t calls = 0;
  double seconds = 0;
};

/// The counters that prune-profile-functions put into a module.
class Profile {
public:
  /// Reads the names of the sites from a module in the LLVM dialect; there are
  /// none when it was not profiled.
  explicit Profile(ModuleOp module);

  /// Finds the counters in the compiled module; `lookup` gives the address of
  /// a symbol.
  llvm::Error
  attach(function_ref<llvm::Expected<void *>(StringRef symbol)> lookup);

  /// One entry per site, in the order of the code.
  std::vector<ProfileEntry> getEntries() const;

  /// Sets all counters to zero.
  void reset();

private:
  /// Without counts.
  std::vector<ProfileEntry> sites;
  prune_rt_profile_site *counters = nullptr;
};

} // namespace mlir::prune

#endif // PRUNE_PROFILING_PROFILE_H
