//===- Matmul.cpp - Dense product without oneDNN --------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A constant b is packed by the first call of a site; any other in each call.
//
//===----------------------------------------------------------------------===//

#include "../Kernels/CallSite.h"
#include "../Kernels/DenseLoops.h"

using namespace prune_rt;

namespace {

struct PackedVariant final : Variant {
  using Variant::Variant;

  Buffer panels;
};

/// Products below which a fork costs more than it gains.
constexpr int64_t kMinParallelWork = int64_t(1) << 18;

} // namespace

/// The packed b of the slot, which the first call makes.
static const Buffer &getPanels(void **slot, const MatmulCall &call) {
  Key key = {call.n, call.k, call.ldb, call.has(PRUNE_RT_TRANSPOSE_B)};
  auto *variant = static_cast<PackedVariant *>(findVariant(slot, key, call.b));
  if (!variant) {
    variant = new PackedVariant(key);
    variant->constant = call.b;
    variant->panels = packPanels(call);
    addVariant(slot, variant);
  }
  return variant->panels;
}

void prune_rt_matmul_f32(void **slot, const float *a, const float *b,
                         const float *bias, float *c, int64_t m, int64_t n,
                         int64_t k, int64_t lda, int64_t ldb, int64_t ldc,
                         int64_t flags, int64_t activation) {
  MatmulCall call{a, b, bias, c, m, n, k, lda, ldb, ldc, flags, activation};
  check(call);
  if (m == 0 || n == 0)
    return;
  DenormalScope denormals;
  int64_t threads =
      m * n * k < kMinParallelWork ? 1 : prune_rt_get_num_threads();
  if (call.has(PRUNE_RT_CONSTANT_B))
    return runPanels(call, getPanels(slot, call), threads);
  addLoops(slot);
  runPanels(call, packPanels(call), threads);
}
