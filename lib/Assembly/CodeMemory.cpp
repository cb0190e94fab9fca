//===- CodeMemory.cpp - Machine code that can be called -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Assembly/CodeMemory.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir::prune::assembly;

llvm::Expected<CodeMemory>
CodeMemory::load(llvm::ArrayRef<llvm::ArrayRef<uint8_t>> pieces) {
  using llvm::sys::Memory;
  size_t size = 0;
  for (llvm::ArrayRef<uint8_t> piece : pieces)
    size += llvm::alignTo(piece.size(), kAlignment);
  CodeMemory result;
  if (size == 0) {
    result.places.resize(pieces.size(), nullptr);
    return result;
  }
  std::error_code error;
  result.memory = llvm::sys::OwningMemoryBlock(Memory::allocateMappedMemory(
      size, nullptr, Memory::MF_READ | Memory::MF_WRITE, error));
  if (error)
    return llvm::createStringError(error, "no memory for generated code");
  auto *place = static_cast<uint8_t *>(result.memory.base());
  for (llvm::ArrayRef<uint8_t> piece : pieces) {
    llvm::copy(piece, place);
    result.places.push_back(place);
    place += llvm::alignTo(piece.size(), kAlignment);
  }
  error = Memory::protectMappedMemory(result.memory.getMemoryBlock(),
                                      Memory::MF_READ | Memory::MF_EXEC);
  if (error)
    return llvm::createStringError(error, "cannot make code executable");
  return result;
}
