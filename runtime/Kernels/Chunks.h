//===- Chunks.h - Images cut into chunks ------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// oneDNN chooses blocks, and for the gradient of the weights the parts of the
// sum, by the number of threads. So each convolution is cut by shape alone into
// chunks of images, every one of which is a primitive on one thread: the bits
// are the same however many threads share the chunks.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_CHUNKS_H
#define PRUNE_RUNTIME_KERNELS_CHUNKS_H

#include <algorithm>
#include <cstdint>

namespace prune_rt {

struct Chunks {
  /// At most `limit` chunks of `images` and at least half as many, where there
  /// are such without a remainder; best an even number of them, for two
  /// threads.
  Chunks(int64_t images, int64_t limit) : images(images) {
    limit = std::max<int64_t>(1, std::min(images, limit));
    int64_t least = (images + limit - 1) / limit;
    size = least;
    for (int64_t divisor : {2, 1}) {
      for (int64_t candidate = least; candidate < 2 * least; ++candidate) {
        if (images % (candidate * divisor) != 0)
          continue;
        size = candidate;
        count = images / size;
        return;
      }
    }
    count = (images + size - 1) / size;
  }

  int64_t begin(int64_t chunk) const { return chunk * size; }
  int64_t length(int64_t chunk) const {
    return std::min(size, images - begin(chunk));
  }
  /// Images of the last chunk when it is smaller than the others, else 0.
  int64_t rest() const { return images % size; }

  int64_t images, size, count;
};

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_CHUNKS_H
