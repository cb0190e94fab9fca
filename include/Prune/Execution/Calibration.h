//===- Calibration.h - Measuring the figures of the cost model --*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_EXECUTION_CALIBRATION_H
#define PRUNE_EXECUTION_CALIBRATION_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::prune {

/// How a machine is measured.
struct CalibrationOptions {
  /// Time for all layers together. What makes them takes as long again, and
  /// large ones are measured a few times whatever that takes.
  double seconds = 2.0;
  /// Threads of a call.
  int64_t threads = 1;
  /// Description for readers of the file.
  std::string machine = "this machine";
};

/// Times the kernels of the runtime library on this machine and returns a cost
/// model with the machine's key, as JSON. Fails without the oneDNN runtime,
/// next to which there is nothing to choose.
llvm::Expected<std::string> calibrate(const CalibrationOptions &options = {});

} // namespace mlir::prune

#endif // PRUNE_EXECUTION_CALIBRATION_H
