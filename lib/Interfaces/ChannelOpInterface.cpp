//===- ChannelOpInterface.cpp - How channels move through operations ------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Interfaces/ChannelOpInterface.h"

using namespace mlir;
using namespace mlir::prune;

#include "Prune/Interfaces/ChannelOpInterface.cpp.inc"

void ChannelTies::tieMerged(Value flat, unsigned flatDim, Value parts,
                            ArrayRef<unsigned> dims) {
  auto type = cast<RankedTensorType>(parts.getType());
  auto isWide = [&](unsigned dim) { return type.getDimSize(dim) != 1; };
  const unsigned *wide = llvm::find_if(dims, isWide);
  unsigned chosen = wide == dims.end() ? dims.front() : *wide;
  int64_t inner = 1;
  for (unsigned dim : dims)
    if (dim > chosen)
      inner *= type.getDimSize(dim);
  tieBlocks(flat, flatDim, parts, chosen, inner);
  for (unsigned dim : dims)
    if (dim != chosen)
      pin(parts, dim, "inside a flattened block");
}
