//===- CodeMemory.h - Code that can be called -------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_UNITTESTS_ASSEMBLY_CODEMEMORY_H
#define PRUNE_UNITTESTS_ASSEMBLY_CODEMEMORY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Memory.h"
#include "llvm/TargetParser/Host.h"

namespace prune_test {

/// A copy of machine code that can be executed.
class CodeMemory {
public:
  explicit CodeMemory(llvm::ArrayRef<uint8_t> code) {
    using llvm::sys::Memory;
    std::error_code error;
    memory = llvm::sys::OwningMemoryBlock(Memory::allocateMappedMemory(
        code.size(), nullptr, Memory::MF_READ | Memory::MF_WRITE, error));
    llvm::copy(code, static_cast<uint8_t *>(memory.base()));
    (void)Memory::protectMappedMemory(memory.getMemoryBlock(),
                                      Memory::MF_READ | Memory::MF_EXEC);
  }

  const void *base() const { return memory.base(); }

  /// The function at an offset in bytes.
  template <typename Function>
  Function *get(int64_t offset) const {
    return reinterpret_cast<Function *>(
        reinterpret_cast<uintptr_t>(memory.base()) + offset);
  }

private:
  llvm::sys::OwningMemoryBlock memory;
};

inline bool hasAvx512() {
  static llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  return features.lookup("avx512f") && features.lookup("avx512vl");
}

} // namespace prune_test

#endif // PRUNE_UNITTESTS_ASSEMBLY_CODEMEMORY_H
