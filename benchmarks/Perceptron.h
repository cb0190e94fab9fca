//===- Perceptron.h - Networks to measure -----------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_BENCHMARKS_PERCEPTRON_H
#define PRUNE_BENCHMARKS_PERCEPTRON_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <string>

namespace mlir::prune::bench {

/// Text of a network `@forward` in the model form: fully connected layers of
/// the given widths, input first, with ReLU between them.
std::string makePerceptron(llvm::ArrayRef<int64_t> widths, int64_t batch);

} // namespace mlir::prune::bench

#endif // PRUNE_BENCHMARKS_PERCEPTRON_H
