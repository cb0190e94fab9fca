//===- Npz.h - Arrays in files of numpy -------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_TOOLS_PRUNE_RUN_NPZ_H
#define PRUNE_TOOLS_PRUNE_RUN_NPZ_H

#include "Prune/Support/ElementKind.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::prune {

/// An array of numpy: elements in C order without gaps, aligned for vectors.
struct NpyArray {
  NpyArray(std::string name, ElementKind element,
           llvm::ArrayRef<int64_t> shape);

  int64_t getNumElements() const;
  int64_t getNumBytes() const;
  char *getData() const { return data.get(); }

  std::string name;
  ElementKind element;
  llvm::SmallVector<int64_t> shape;

private:
  std::unique_ptr<char, void (*)(void *)> data;
};

/// Reads all arrays of an `.npz` archive, compressed or not, in its order.
/// Fails, naming file and array, on anything but little-endian f4, f8, i1, i4,
/// i8 and b1 in C order.
llvm::Expected<std::vector<NpyArray>> readNpz(llvm::StringRef path);

/// Writes arrays as `numpy.savez` does, into a temporary file that then takes
/// the place of `path`.
llvm::Error writeNpz(llvm::StringRef path, llvm::ArrayRef<NpyArray> arrays);

} // namespace mlir::prune

#endif // PRUNE_TOOLS_PRUNE_RUN_NPZ_H
