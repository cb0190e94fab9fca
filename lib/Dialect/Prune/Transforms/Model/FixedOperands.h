//===- FixedOperands.h - Operands that are no parameters --------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_FIXEDOPERANDS_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_FIXEDOPERANDS_H

#include "llvm/ADT/StringRef.h"

namespace mlir::prune {

/// Marks a `prune.batch_norm` whose scale is a constant of the network and no
/// parameter: it gets no name and is not trained.
constexpr llvm::StringLiteral kFixedScaleAttrName = "fixed_scale";
/// The same for the bias.
constexpr llvm::StringLiteral kFixedBiasAttrName = "fixed_bias";

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_FIXEDOPERANDS_H
