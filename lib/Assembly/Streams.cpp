//===- Streams.cpp - Sparse products without code -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Streams.h"

#include "prune_runtime.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

#include <algorithm>

using namespace mlir::prune::assembly;

static_assert(int(StoreKind::All) == PRUNE_RT_STREAM_ALL &&
              int(StoreKind::Packed) == PRUNE_RT_STREAM_PACKED &&
              int(StoreKind::Zeroed) == PRUNE_RT_STREAM_ZEROED &&
              int(StoreKind::Parts) == PRUNE_RT_STREAM_PARTS);

static prune_rt_stream makeHead(const PanelProduct &product, const Tile &tile,
                                llvm::ArrayRef<Term> terms, Ends ends) {
  prune_rt_stream head = {};
  head.rows = static_cast<int32_t>(tile.end - tile.begin);
  if (ends.areLoaded(product))
    head.flags |= PRUNE_RT_STREAM_LOADED;
  if (ends.addBias(product))
    head.flags |= PRUNE_RT_STREAM_BIAS;
  if (ends.isLast && product.hasRelu)
    head.flags |= PRUNE_RT_STREAM_RELU;
  head.store = static_cast<int32_t>(product.store);
  head.masks = static_cast<int32_t>(product.numMasks);
  // Numbers in a stream of floats are never those of a NaN: none is negative.
  if (!terms.empty())
    head.before = std::max(-terms.front().input, 0);
  head.step = static_cast<int32_t>(product.inputStep);
  return head;
}

void mlir::prune::assembly::appendStream(const PanelProduct &product,
                                         const Tile &tile,
                                         llvm::ArrayRef<Term> terms, Ends ends,
                                         llvm::SmallVectorImpl<float> &to) {
  auto append = [&](int64_t number) {
    to.push_back(llvm::bit_cast<float>(static_cast<int32_t>(number)));
  };
  prune_rt_stream head = makeHead(product, tile, terms, ends);
  for (int32_t number :
       {head.rows, head.flags, head.store, head.masks, head.before, head.step})
    append(number);
  // By row and mask; those of each are in the order of the sum.
  llvm::SmallVector<Term, 0> sorted(terms);
  llvm::sort(sorted, [](const Term &a, const Term &b) {
    return std::tie(a.row, a.mask, a.rank) < std::tie(b.row, b.mask, b.rank);
  });
  llvm::ArrayRef<Term> rest = sorted;
  for (int32_t row = 0; row < head.rows; ++row) {
    append(product.outputs[tile.begin + row]);
    if (ends.addBias(product))
      to.push_back(product.bias[tile.begin + row]);
    for (int32_t mask = 0; mask <= head.masks; ++mask) {
      llvm::ArrayRef<Term> part = rest.take_while([&](const Term &term) {
        return term.row == row && term.mask == mask;
      });
      rest = rest.drop_front(part.size());
      append(static_cast<int64_t>(part.size()));
      for (const Term &term : part) {
        append(int64_t(term.input) + head.before);
        to.push_back(term.value);
      }
    }
  }
}
