//===- PruneBytecode.h - Versions of bytecode -------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_IR_PRUNEBYTECODE_H
#define PRUNE_DIALECT_PRUNE_IR_PRUNEBYTECODE_H

#include "mlir/Bytecode/BytecodeImplementation.h"

namespace mlir::prune {

/// Version of the prune dialect that a bytecode file was written with.
///
/// * 0: before operations got their present names.
/// * 1: the present one. Files without a version are read as this.
///
/// Older files are brought to the present version when they are read; files of
/// a later one are refused. `BytecodeWriterConfig::setDialectVersion` writes a
/// number that is asked for; what is written does not change with it.
struct PruneVersion final : DialectVersion {
  static constexpr uint64_t kCurrent = 1;

  explicit PruneVersion(uint64_t number = kCurrent) : number(number) {}

  uint64_t number;
};

class PruneDialect;

/// Makes the dialect write and read its version.
void addBytecodeInterface(PruneDialect &dialect);

} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_IR_PRUNEBYTECODE_H
