//===- ConstantData.h - Constants beside compiled code ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_EXECUTION_CONSTANTDATA_H
#define PRUNE_LIB_EXECUTION_CONSTANTDATA_H

#include "Prune/Assembly/CodeMemory.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <cstdlib>
#include <memory>

namespace mlir::prune {

/// The large constants of a module, and those that are machine code. LLVM never
/// sees their bytes: it takes seconds to optimize and write 100 MB of them. The
/// module declares each as a symbol, and the bytes lie apart.
class ConstantData {
public:
  /// Bytes from which on a constant is large. Smaller ones stay in the module,
  /// where LLVM may use their values.
  static constexpr int64_t kLargeBytes = 1024;
  /// Alignment of the bytes of each constant.
  static constexpr int64_t kAlignment = 64;

  /// A constant that was taken out of a module.
  struct Piece {
    std::string symbol;
    /// In the context of the module.
    ArrayRef<char> bytes;
    /// Is machine code.
    bool isCode;
  };

  /// Takes the bytes of every large constant out of a module in the LLVM
  /// dialect, and leaves a declaration. A constant whose elements are all
  /// equal, or are no whole bytes, stays.
  void extract(ModuleOp module);

  /// What was taken out, in the order of the module.
  ArrayRef<Piece> getPieces() const { return pieces; }

  /// Copies the bytes to memory of this process, aligned. Machine code can be
  /// executed, not written. Fails when there is no memory for it. Linear in the
  /// bytes.
  llvm::Error load();

  /// Address of the bytes by symbol, when they were loaded.
  llvm::StringMap<void *> getSymbols() const;

private:
  struct Free {
    void operator()(void *data) const { std::free(data); }
  };
  llvm::Error loadCode();

  std::vector<Piece> pieces;
  llvm::StringMap<std::unique_ptr<void, Free>> data;
  /// Where all machine code lies.
  assembly::CodeMemory code;
  llvm::StringMap<void *> codeSymbols;
};

} // namespace mlir::prune

#endif // PRUNE_LIB_EXECUTION_CONSTANTDATA_H
