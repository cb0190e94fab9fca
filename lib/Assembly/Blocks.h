//===- Blocks.h - Rows that read the same inputs ----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where four neighboring rows read the same inputs, each input is one block of
// four weights, and the blocks are a stream that one loop reads: the code is
// the same for all rows and stays in the instruction cache, and a weight costs
// five bytes instead of eleven. The loop multiplies up to six panels at once
// (with AVX2 one), so that a weight is broadcast once for all of them and an
// input is loaded once for four rows. Sums are those of straight-line code, bit
// by bit, but where inputs have masks: those come last.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_ASSEMBLY_BLOCKS_H
#define PRUNE_LIB_ASSEMBLY_BLOCKS_H

#include "Ends.h"
#include "Tiles.h"
#include "Vectors.h"

namespace mlir::prune::assembly {

/// Appends what the loop reads of a tile and a range of inputs.
void appendBlocks(const PanelProduct &product, const Tile &tile,
                  llvm::ArrayRef<Term> terms, Ends ends,
                  llvm::SmallVectorImpl<float> &to);

/// Emits a function for all segments with the same ends; see Segment.
void emitBlocks(Xbyak::CodeGenerator &code, Vectors &vectors,
                const PanelProduct &product, Ends ends);

} // namespace mlir::prune::assembly

#endif // PRUNE_LIB_ASSEMBLY_BLOCKS_H
