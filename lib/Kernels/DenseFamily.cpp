//===- DenseFamily.cpp - Dense products and convolutions ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CostTerms.h"

using namespace mlir;
using namespace mlir::prune;

static constexpr StringLiteral kProductTerms[] = {
    "call",        "multiply", "multiply_rounded", "weights",   "weights_near",
    "weights_far", "values",   "values_near",      "values_far"};
static constexpr StringLiteral kConvolutionTerms[] = {
    "call",        "multiply",      "few_multiply", "group_multiply",
    "result_row",  "strided_value", "weights",      "weights_near",
    "weights_far", "values",        "values_near",  "values_far"};

static SmallVector<double> getDense(const ProductSize &size, double cache) {
  double weights = roundUp(size.rows, kLanes) * size.inner;
  SmallVector<double> terms = {1.0, weights * size.columns,
                               weights * roundUp(size.columns, 4)};
  addMemory(terms, getWeightBytes(size), cache);
  addMemory(terms, getValueBytes(size), cache);
  return terms;
}

static SmallVector<double> getConvolution(const ProductSize &size,
                                          double cache) {
  const assembly::ConvolutionShape &shape = *size.convolution;
  double rows = roundUp(size.rows, kLanes);
  // Up to three channels, those of a first layer, have kernels of their own.
  bool hasGroups = shape.groups > 1, isFew = !hasGroups && shape.c <= 3;
  double multiplies = rows * size.inner * size.columns;
  bool isStrided = shape.isOneByOne() && shape.strideH * shape.strideW > 1;
  SmallVector<double> terms = {1.0,
                               hasGroups || isFew ? 0.0 : multiplies,
                               isFew ? multiplies : 0.0,
                               hasGroups ? multiplies : 0.0,
                               double(shape.n) * shape.oh * rows * shape.kh *
                                   (hasGroups ? 1.0 : roundUp(shape.c, kLanes)),
                               isStrided ? getValueBytes(size) / sizeof(float)
                                         : 0.0};
  addMemory(terms, getWeightBytes(size), cache);
  addMemory(terms, getValueBytes(size), cache);
  return terms;
}

static constexpr CostFormula kProduct = {"dense", kProductTerms, getDense};
static constexpr CostFormula kConvolution = {"convolution", kConvolutionTerms,
                                             getConvolution};

const KernelFamily prune::kDenseFamily = {
    KernelKind::Dense,
    /*runsProducts=*/true,
    /*runsConvolutions=*/true,
    /*isGenerated=*/false,
    /*turnsProducts=*/false,
    [](const ProductSize &size) {
      return size.convolution ? &kConvolution : &kProduct;
    },
    "oneDNN, or loops of our own where it was not built in"};
