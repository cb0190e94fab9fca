//===- Runtime.h - Shared parts of the runtimes -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_COMMON_RUNTIME_H
#define PRUNE_RUNTIME_COMMON_RUNTIME_H

#include "prune_runtime.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace prune_rt {

/// Prints the message on the standard error stream and ends the process.
[[noreturn]] void fail(const char *function, const char *message);

/// fail() unless the condition holds.
inline void expect(bool condition, const char *function, const char *message) {
  if (!condition)
    fail(function, message);
}

bool isActivation(int64_t activation);

/// Flushes sub-normals to zero in the calling thread while it lives. OpenMP
/// workers take the state over from the thread that forks them.
class DenormalScope {
public:
  DenormalScope() : before(prune_rt_flush_denormals(1)) {}
  ~DenormalScope() { prune_rt_flush_denormals(before); }
  DenormalScope(const DenormalScope &) = delete;
  DenormalScope &operator=(const DenormalScope &) = delete;

private:
  int64_t before;
};

/// Memory of the runtime's own allocator, owned; null when empty.
class Buffer {
public:
  Buffer() = default;
  explicit Buffer(size_t bytes)
      : pointer(bytes ? _mlir_memref_to_llvm_alloc(bytes) : nullptr),
        size(bytes) {}
  Buffer(Buffer &&other) : pointer(other.pointer), size(other.size) {
    other.pointer = nullptr;
    other.size = 0;
  }
  Buffer &operator=(Buffer &&other) {
    std::swap(pointer, other.pointer);
    std::swap(size, other.size);
    return *this;
  }
  ~Buffer() {
    if (pointer)
      _mlir_memref_to_llvm_free(pointer);
  }
  void *data() const { return pointer; }
  float *floats() const { return static_cast<float *>(pointer); }
  size_t bytes() const { return size; }

private:
  void *pointer = nullptr;
  size_t size = 0;
};

/// Arguments of prune_rt_matmul_f32 without the slot.
struct MatmulCall {
  const float *a, *b, *bias;
  float *c;
  int64_t m, n, k, lda, ldb, ldc, flags, activation;

  bool has(int64_t flag) const { return flags & flag; }
};

/// Arguments of prune_rt_spmm_f32.
struct CsrCall {
  const float *values;
  const int32_t *indices, *pointers;
  const float *x, *bias;
  float *y;
  int64_t m, n, k, ldx, ldy, activation;
};

/// Arguments of prune_rt_sddmm_f32.
struct SampledCall {
  const int32_t *indices, *pointers;
  const float *a, *b;
  float *values;
  int64_t m, n, k, lda, ldb;
};

/// Arguments of prune_rt_transpose_f32.
struct TransposeCall {
  const float *x;
  float *y;
  int64_t m, n, ldx, ldy;
};

/// Arguments of prune_rt_lane_permute_f32.
struct LanePermuteCall {
  const float *values;
  const prune_rt_lane_step *steps;
  const prune_rt_lane_group *groups;
  const int32_t *rows;
  const float *x, *bias;
  float *y;
  int64_t m, n, k, ldx, ldy, activation;
};

/// Ends the process when extents, leading dimensions, flags or pointers are
/// impossible.
void check(const MatmulCall &call);
void check(const CsrCall &call);
void check(const SampledCall &call);
void check(const TransposeCall &call);
void check(const LanePermuteCall &call);

/// The activation in double precision.
double activate(double value, int64_t activation);

/// Plain loops, accumulating in double precision.
void runLoops(const MatmulCall &call);
void runLoops(const CsrCall &call);
void runLoops(const SampledCall &call);

/// Runs a call that was checked. Each runtime has functions of its own; the
/// interface in Compressed.cpp calls them.
void run(const CsrCall &call);
void run(const SampledCall &call);

/// c = activation(c + column bias (+ row bias)) in place over [rows, columns];
/// a null bias is not added.
void addBiasAndActivate(float *c, int64_t rows, int64_t columns, int64_t stride,
                        const float *rowBias, const float *columnBias,
                        int64_t activation);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_COMMON_RUNTIME_H
