//===- CodeMemory.h - Machine code that can be called -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ASSEMBLY_CODEMEMORY_H
#define PRUNE_ASSEMBLY_CODEMEMORY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/Memory.h"

namespace mlir::prune::assembly {

/// Copies of pieces of machine code that can be executed, not written. They lie
/// together: few pages, and one change of their protection.
class CodeMemory {
public:
  /// Alignment of each piece in bytes.
  static constexpr size_t kAlignment = 64;

  /// Holds no code.
  CodeMemory() = default;
  /// Fails when there is no memory. Linear in the bytes.
  static llvm::Expected<CodeMemory>
  load(llvm::ArrayRef<llvm::ArrayRef<uint8_t>> pieces);

  /// Where a piece lies.
  void *get(size_t piece = 0) const { return places[piece]; }

  /// The function at an offset in bytes into the first piece.
  template <typename Function>
  Function *getFunction(int64_t offset) const {
    return reinterpret_cast<Function *>(reinterpret_cast<uintptr_t>(get()) +
                                        offset);
  }

private:
  llvm::sys::OwningMemoryBlock memory;
  llvm::SmallVector<void *, 1> places;
};

} // namespace mlir::prune::assembly

#endif // PRUNE_ASSEMBLY_CODEMEMORY_H
