//===- MatmulPrimitive.h - Cached primitives --------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_ONEDNN_MATMULPRIMITIVE_H
#define PRUNE_RUNTIME_ONEDNN_MATMULPRIMITIVE_H

#include "../Kernels/CallSite.h"
#include "Arguments.h"

#include <memory>

namespace prune_rt {

/// A dense product, ready to run; shared by all call sites of one key.
struct MatmulPrimitive {
  PrimitiveDesc desc;
  Primitive primitive;
  /// How the caller stores b; the primitive's own layout is in `desc`.
  MemoryDesc plainB;
  size_t scratchpadBytes = 0;
  bool repacksB = false; ///< the primitive wants b in another layout
};

/// The key of a call at a number of threads.
Key getKey(const MatmulCall &call, int64_t threads);

/// The primitive of the key, made when it is not in the cache; null when oneDNN
/// has no batch-reduce kernel for it.
std::shared_ptr<const MatmulPrimitive> getMatmulPrimitive(const Key &key);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_ONEDNN_MATMULPRIMITIVE_H
