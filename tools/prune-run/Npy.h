//===- Npy.h - Headers of .npy files ----------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_TOOLS_PRUNE_RUN_NPY_H
#define PRUNE_TOOLS_PRUNE_RUN_NPY_H

#include "Npz.h"

namespace mlir::prune {

/// What the header of an `.npy` file says.
struct NpyHeader {
  ElementKind element;
  llvm::SmallVector<int64_t> shape;
  /// Bytes of the file in front of the elements.
  size_t size;
};

/// Reads the header of an `.npy` file that has `bytes` in all, of which `start`
/// holds at least the header. Checks that the elements fill the rest.
llvm::Expected<NpyHeader> parseNpyHeader(llvm::StringRef start, uint64_t bytes);

/// Header of an `.npy` file for an array.
std::string makeNpyHeader(const NpyArray &array);

} // namespace mlir::prune

#endif // PRUNE_TOOLS_PRUNE_RUN_NPY_H
