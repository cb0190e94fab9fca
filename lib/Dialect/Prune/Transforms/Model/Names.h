//===- Names.h - Names of constants before they are parameters --*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_NAMES_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_NAMES_H

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <string>

namespace mlir::prune {

/// The name that the location of a constant carries, or else the key of its
/// resource; empty when neither means anything.
StringRef getGivenName(arith::ConstantOp constant);

/// The name of the weight that a part of a reparametrization belongs to:
/// `fc.weight` for `fc.weight_orig`, `fc.weight_v`, `fc.weight_scale` or
/// `fc.parametrizations.weight.original0`.
std::string getReparametrizedName(StringRef part);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_NAMES_H
