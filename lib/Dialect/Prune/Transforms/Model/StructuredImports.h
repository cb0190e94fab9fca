//===- StructuredImports.h - Generic operations by name ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_STRUCTUREDIMPORTS_H
#define PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_STRUCTUREDIMPORTS_H

#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

namespace mlir::prune {

/// Adds patterns that bring generic operations into the form that named ones
/// have: fills, broadcasts into what contractions start from and transpositions
/// of what they read get their names, and element-wise operations leave the
/// bodies of contractions. `numSplit` counts the latter.
void populateStructuredImportPatterns(RewritePatternSet &patterns,
                                      Pass::Statistic &numSplit);

} // namespace mlir::prune

#endif // PRUNE_LIB_DIALECT_PRUNE_TRANSFORMS_MODEL_STRUCTUREDIMPORTS_H
