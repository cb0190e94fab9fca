//===- Streams.h - Sparse products without code -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where no code is generated the weights of a segment are a stream that a loop
// of the runtime reads, runtime/Kernels/Streams.cpp: for each row where the
// inputs lie, and the weights, eight bytes together.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_ASSEMBLY_STREAMS_H
#define PRUNE_LIB_ASSEMBLY_STREAMS_H

#include "Ends.h"
#include "Tiles.h"

namespace mlir::prune::assembly {

/// Appends what the loop reads of a tile and a range of inputs, as
/// prune_rt_stream of prune_runtime.h says.
void appendStream(const PanelProduct &product, const Tile &tile,
                  llvm::ArrayRef<Term> terms, Ends ends,
                  llvm::SmallVectorImpl<float> &to);

} // namespace mlir::prune::assembly

#endif // PRUNE_LIB_ASSEMBLY_STREAMS_H
