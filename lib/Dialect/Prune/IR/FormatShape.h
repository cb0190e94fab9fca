//===- FormatShape.h - Shapes in diagnostics --------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_IR_FORMATSHAPE_H
#define PRUNE_LIB_DIALECT_PRUNE_IR_FORMATSHAPE_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace mlir::prune {

/// Renders a shape as 300x784 for a diagnostic; a scalar shape as "scalar".
inline std::string formatShape(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleave(shape, stream, "x");
  return text;
}

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_IR_FORMATSHAPE_H
