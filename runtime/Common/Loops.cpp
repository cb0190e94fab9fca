//===- Loops.cpp - Products as plain loops --------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The oracle: every element is a sum in double precision in ascending order of
// the inner index, rounded once.
//
//===----------------------------------------------------------------------===//

#include "Runtime.h"

#include <cmath>

using namespace prune_rt;

double prune_rt::activate(double value, int64_t activation) {
  switch (activation) {
  case PRUNE_RT_ACTIVATION_RELU:
    // A NaN stays one, as in the kernels that are compared with this.
    return value < 0.0 ? 0.0 : value;
  case PRUNE_RT_ACTIVATION_SIGMOID:
    return 1.0 / (1.0 + std::exp(-value));
  case PRUNE_RT_ACTIVATION_TANH:
    return std::tanh(value);
  default:
    return value;
  }
}

void prune_rt::runLoops(const MatmulCall &call) {
  bool transposedA = call.has(PRUNE_RT_TRANSPOSE_A);
  bool transposedB = call.has(PRUNE_RT_TRANSPOSE_B);
  int64_t rowA = transposedA ? 1 : call.lda,
          innerA = transposedA ? call.lda : 1;
  int64_t innerB = transposedB ? 1 : call.ldb;
  int64_t columnB = transposedB ? call.ldb : 1;
  for (int64_t i = 0; i < call.m; ++i) {
    for (int64_t j = 0; j < call.n; ++j) {
      float &target = call.c[i * call.ldc + j];
      double sum = call.bias ? call.bias[j] : 0.0;
      if (call.has(PRUNE_RT_ACCUMULATE))
        sum += target;
      for (int64_t l = 0; l < call.k; ++l)
        sum += double(call.a[i * rowA + l * innerA]) *
               call.b[l * innerB + j * columnB];
      target = static_cast<float>(activate(sum, call.activation));
    }
  }
}

void prune_rt::runLoops(const SampledCall &call) {
  for (int64_t i = 0; i < call.m; ++i) {
    for (int64_t p = call.pointers[i]; p < call.pointers[i + 1]; ++p) {
      double sum = 0.0;
      for (int64_t l = 0; l < call.k; ++l)
        sum += double(call.a[i * call.lda + l]) *
               call.b[call.indices[p] * call.ldb + l];
      call.values[p] = static_cast<float>(sum);
    }
  }
}

void prune_rt::runLoops(const CsrCall &call) {
  for (int64_t i = 0; i < call.m; ++i) {
    for (int64_t j = 0; j < call.n; ++j) {
      double sum = call.bias ? call.bias[i] : 0.0;
      for (int64_t p = call.pointers[i]; p < call.pointers[i + 1]; ++p)
        sum += double(call.values[p]) * call.x[call.indices[p] * call.ldx + j];
      call.y[i * call.ldy + j] =
          static_cast<float>(activate(sum, call.activation));
    }
  }
}
