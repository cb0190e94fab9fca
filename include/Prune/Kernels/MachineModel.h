//===- MachineModel.h - Figures of this machine -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_MACHINEMODEL_H
#define PRUNE_KERNELS_MACHINEMODEL_H

#include "Prune/Kernels/CostModel.h"

#include "llvm/Support/JSON.h"

namespace mlir::prune {

/// What tells machines apart that need figures of their own.
struct MachineKey {
  std::string processor;
  /// The widest vectors that there are kernels for.
  std::string isa;
  /// Bytes of the data caches, first to third level; 0 where it is not known.
  SmallVector<int64_t, 3> caches;
  /// Threads of a call.
  int64_t threads = 1;

  /// The key of this computer.
  static MachineKey getHost(int64_t threads);

  llvm::json::Object toJson() const;

  /// File of the key's figures in the folder for caches: `mlir-prune` below
  /// $XDG_CACHE_HOME, or below ~/.cache. Empty where there is no such folder.
  std::string getPath() const;
};

/// A cost model, and where it came from.
struct FoundCostModel {
  CostModel model;
  /// The JSON text.
  std::string text;
  /// The file; empty when the figures are the built-in ones.
  std::string path;
  /// Why kept figures were not used, where there were any.
  std::string note;
};

/// Finds a cost model by its name: empty or `builtin` are the figures built in,
/// `machine` those that are kept of this computer for a number of threads, else
/// for one thread, else the built-in ones; any other name is a file. Fails when
/// a file that was named cannot be used.
llvm::Expected<FoundCostModel> findCostModel(StringRef name,
                                             int64_t threads = 1);

/// The name that users who name none mean: the environment variable
/// PRUNE_COST_MODEL, else `machine`.
std::string getDefaultCostModel();

/// Writes figures of this computer where findCostModel looks, in one step, and
/// returns the path. Fails when they are no cost model of this computer, and
/// when the file cannot be written.
llvm::Expected<std::string> keepCostModel(StringRef text, int64_t threads);

} // namespace mlir::prune

#endif // PRUNE_KERNELS_MACHINEMODEL_H
