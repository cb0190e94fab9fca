//===- PruneToLinalg.h - Lowering of prune to linalg ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_CONVERSION_PRUNETOLINALG_H
#define PRUNE_CONVERSION_PRUNETOLINALG_H

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace mlir::prune {

/// Patterns that replace every operation of the prune dialect by `linalg`,
/// `tensor`, `arith`, `math` and `scf`, a ranking by `kernel.select_groups`. An
/// operation that has no run-time form (a ranking of scores of more than 32
/// bits) is left alone.
void populatePruneToLinalgPatterns(RewritePatternSet &patterns);

/// The parts of `populatePruneToLinalgPatterns`, by what they lower.
void populateBatchNormLoweringPatterns(RewritePatternSet &patterns);
void populateMaxPoolLoweringPatterns(RewritePatternSet &patterns);
void populateMaskLoweringPatterns(RewritePatternSet &patterns);
void populateCompressLoweringPatterns(RewritePatternSet &patterns);
void populateScoreLoweringPatterns(RewritePatternSet &patterns);
void populateSelectionLoweringPatterns(RewritePatternSet &patterns);
void populateRegularizerLoweringPatterns(RewritePatternSet &patterns);
void populateGroupRegularizerLoweringPatterns(RewritePatternSet &patterns);
void populateLossLoweringPatterns(RewritePatternSet &patterns);
void populateUpdateLoweringPatterns(RewritePatternSet &patterns);
void populateProximalLoweringPatterns(RewritePatternSet &patterns);

} // namespace mlir::prune

#endif // PRUNE_CONVERSION_PRUNETOLINALG_H
