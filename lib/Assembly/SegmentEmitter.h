//===- SegmentEmitter.h - Code of a tile and a range ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_ASSEMBLY_SEGMENTEMITTER_H
#define PRUNE_LIB_ASSEMBLY_SEGMENTEMITTER_H

#include "Cursor.h"
#include "Ends.h"
#include "Tiles.h"
#include "Vectors.h"
#include "Windows.h"

namespace mlir::prune::assembly {

/// Emits straight-line code, see SegmentEmitter.cpp.
class SegmentEmitter : public Xbyak::CodeGenerator {
public:
  /// `bytes` bound the code.
  SegmentEmitter(const PanelProduct &product,
                 const StraightLineOptions &options, size_t bytes)
      : CodeGenerator(bytes, Xbyak::DontSetProtectRWE), product(product),
        options(options),
        vectors(Vectors::create(options.set, *this, product)) {
    vectors->emitTables();
  }

  void emitSegment(const Tile &tile, llvm::ArrayRef<Term> terms, Ends ends,
                   llvm::SmallVectorImpl<float> &stream);
  Vectors &getVectors() { return *vectors; }

private:
  /// Rows whose sums fit in registers, and their terms.
  struct Rows {
    int64_t begin, end;
    llvm::SmallVector<Term, 0> terms;

    int64_t getNumRows() const { return end - begin; }
  };
  llvm::SmallVector<Rows, 1> cutRows(const Tile &tile,
                                     llvm::ArrayRef<Term> terms) const;
  void loadPanel();
  ResultRows getResults(const Rows &rows) const;
  void loadPattern(llvm::SmallVectorImpl<float> &stream);
  void start(const Rows &rows, Ends ends, llvm::SmallVectorImpl<float> &stream);
  void multiply(const Rows &rows, llvm::SmallVectorImpl<float> &stream);
  llvm::SmallVector<Window> keepTerms(const Rows &rows,
                                      llvm::SmallVectorImpl<float> &stream);
  void keepWeights(llvm::ArrayRef<Term> terms,
                   llvm::SmallVectorImpl<float> &stream);
  void multiplyKept(llvm::ArrayRef<Term> terms);
  void loadWindows(llvm::ArrayRef<Window> windows);
  void multiplyWindow(const Window &window, int64_t before, int64_t first);
  void emitLoop(llvm::ArrayRef<Rows> parts, Ends ends,
                llvm::SmallVectorImpl<float> &stream);
  void finish(const Rows &rows, Ends ends);
  int64_t countPrefetches(llvm::ArrayRef<Term> terms) const;
  void prefetchUntil(int64_t count);
  void prefetchResults(const Rows &rows, int64_t count);
  bool paysToMove(const Cursor &cursor, llvm::ArrayRef<Term> terms) const;

  const PanelProduct &product;
  const StraightLineOptions &options;
  std::unique_ptr<Vectors> vectors;
  // Arguments of a segment.
  Xbyak::Reg64 input = rdi, output = rsi, values = rdx, panel = rcx, end = r8;
  // Of the current panel.
  Xbyak::Reg64 x = rax, y = r10, weight = r11, ahead = r9, rest = rbx;
  /// Floats of the segment's stream before this one.
  size_t streamBegin = 0;
  /// And those of it before the weights.
  int64_t firstWeight = 0;
  /// Registers of the first weight and of what the panel before loaded for the
  /// first window.
  int64_t firstKept = 0, firstBefore = 0;
  /// Weights are kept in registers.
  bool isKept = false;
  /// Lines of code to fetch during a panel, and those that are fetched; terms
  /// of the segment, and those that are multiplied.
  int64_t lines = 0, fetched = 0, allTerms = 0, doneTerms = 0;
  /// Rows of the next panel's results that are fetched.
  int64_t fetchedRows = 0;
  Cursor weights{*this, weight, vectors->weightUnit};
};

} // namespace mlir::prune::assembly

#endif // PRUNE_LIB_ASSEMBLY_SEGMENTEMITTER_H
