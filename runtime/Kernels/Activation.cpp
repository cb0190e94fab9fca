//===- Activation.cpp - Bias and activation in one pass -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The pass after products that take no post-operations. Loops that the compiler
// vectorizes for each instruction set, chosen at load; exp is Cody and Waite's
// reduction with a polynomial, within 2 units in the last place.
//
//===----------------------------------------------------------------------===//

#include "Activation.h"

#include "../Common/Lanes.h"
#include "../Common/Runtime.h"

#include <cstring>

using namespace prune_rt;

/// exp(x) for |x| up to 88; beyond, the value at the border.
static inline __attribute__((always_inline)) float exponential(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  // Adding 1.5 * 2^23 rounds to an integer in the low bits.
  float rounded = x * 1.44269504f + 12582912.0f;
  int32_t bits;
  std::memcpy(&bits, &rounded, sizeof(bits));
  float whole = rounded - 12582912.0f;
  float r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t scaleBits =
      static_cast<int32_t>(static_cast<uint32_t>(bits) << 23) + 0x3f800000;
  float scale;
  std::memcpy(&scale, &scaleBits, sizeof(scale));
  return p * scale;
}

static inline __attribute__((always_inline)) float sigmoid(float x) {
  return 1.0f / (1.0f + exponential(-x));
}

/// tanh by exp away from zero and by its odd series near it, where the
/// difference of two close numbers would lose digits.
static inline __attribute__((always_inline)) float hyperbolicTangent(float x) {
  float e = exponential(2.0f * x);
  float far = 1.0f - 2.0f / (e + 1.0f);
  float s = x * x;
  float p = -5.70498872745e-3f;
  p = p * s + 2.06390887954e-2f;
  p = p * s - 5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s - 3.33332819422e-1f;
  float near = p * s * x + x;
  return s < 0.390625f ? near : far;
}

template <typename Function>
static inline __attribute__((always_inline)) void
mapRow(float *row, int64_t columns, float rowBias, const float *columnBias,
       Function function) {
  if (columnBias)
    for (int64_t j = 0; j < columns; ++j)
      row[j] = function(row[j] + rowBias + columnBias[j]);
  else
    for (int64_t j = 0; j < columns; ++j)
      row[j] = function(row[j] + rowBias);
}

PRUNE_RT_CLONES
static void mapIdentity(float *row, int64_t columns, float rowBias,
                        const float *columnBias) {
  mapRow(row, columns, rowBias, columnBias, [](float x) { return x; });
}

PRUNE_RT_CLONES
static void mapRelu(float *row, int64_t columns, float rowBias,
                    const float *columnBias) {
  mapRow(row, columns, rowBias, columnBias,
         [](float x) { return x < 0.0f ? 0.0f : x; });
}

PRUNE_RT_CLONES
static void mapSigmoid(float *row, int64_t columns, float rowBias,
                       const float *columnBias) {
  mapRow(row, columns, rowBias, columnBias, sigmoid);
}

PRUNE_RT_CLONES
static void mapTanh(float *row, int64_t columns, float rowBias,
                    const float *columnBias) {
  mapRow(row, columns, rowBias, columnBias, hyperbolicTangent);
}

/// `max(0, x)`, with the operands in the order in which a NaN stays one.
PRUNE_RT_CLONES
static void clampRow(float *row, int64_t columns) {
  for (int64_t j = 0; j < columns; ++j)
    row[j] = row[j] < 0.0f ? 0.0f : row[j];
}

void prune_rt::applyRelu(float *c, int64_t rows, int64_t columns,
                         int64_t stride) {
  if (stride == columns)
    return clampRow(c, rows * columns);
  for (int64_t i = 0; i < rows; ++i)
    clampRow(c + i * stride, columns);
}

void prune_rt::addBiasAndActivate(float *c, int64_t rows, int64_t columns,
                                  int64_t stride, const float *rowBias,
                                  const float *columnBias, int64_t activation) {
  static constexpr decltype(&mapRelu) maps[] = {mapIdentity, mapRelu,
                                                mapSigmoid, mapTanh};
  for (int64_t i = 0; i < rows; ++i)
    maps[activation](c + i * stride, columns, rowBias ? rowBias[i] : 0.0f,
                     columnBias);
}
