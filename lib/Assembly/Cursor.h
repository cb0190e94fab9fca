//===- Cursor.h - A register that walks over memory -------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_ASSEMBLY_CURSOR_H
#define PRUNE_LIB_ASSEMBLY_CURSOR_H

#include <cstdint>

#define XBYAK_NO_EXCEPTION
#include <xbyak/xbyak.h>

namespace mlir::prune::assembly {

/// A register that walks over memory. Distances of instructions fit in 8 bits
/// of `unit` bytes from it, which the register is moved for.
class Cursor {
public:
  Cursor(Xbyak::CodeGenerator &code, const Xbyak::Reg64 &base, int64_t unit)
      : code(code), base(base), unit(unit) {}

  /// Distance from the register to a byte. Moves the register when `moves`
  /// says that it pays and the distance is too long.
  int64_t reach(int64_t byte, bool moves) {
    if (moves && !isNear(byte)) {
      int64_t next = byte + 128 * unit;
      code.add(base, static_cast<uint32_t>(next - position));
      position = next;
    }
    return byte - position;
  }
  bool isNear(int64_t byte) const {
    int64_t distance = byte - position;
    return distance % unit == 0 && distance >= -128 * unit &&
           distance <= 127 * unit;
  }
  /// Where the register is, in bytes.
  int64_t position = 0;

private:
  Xbyak::CodeGenerator &code;
  Xbyak::Reg64 base;
  int64_t unit;
};

} // namespace mlir::prune::assembly

#endif // PRUNE_LIB_ASSEMBLY_CURSOR_H
