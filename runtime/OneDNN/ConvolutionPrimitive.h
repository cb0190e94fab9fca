//===- ConvolutionPrimitive.h - Convolutions of oneDNN ----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_ONEDNN_CONVOLUTIONPRIMITIVE_H
#define PRUNE_RUNTIME_ONEDNN_CONVOLUTIONPRIMITIVE_H

#include "../Common/ConvolutionShape.h"
#include "../Kernels/CallSite.h"
#include "Arguments.h"

namespace prune_rt {

/// What decides the primitive of a convolution.
struct ConvolutionRequest {
  Direction direction;
  ConvolutionShape shape;
  bool hasBias = false;
  int64_t flags = 0, activation = PRUNE_RT_ACTIVATION_NONE;
  /// The layout of the weights; null leaves the choice to oneDNN.
  const_dnnl_memory_desc_t weights = nullptr;

  /// The key of the request for `images` images.
  Key key() const;
};

/// A convolution of a fixed number of images on one thread.
struct ConvolutionPrimitive {
  PrimitiveDesc desc;
  Primitive primitive;
  size_t scratchpadBytes = 0;

  /// The layout of the weights or of their gradient.
  const_dnnl_memory_desc_t weights() const;
  /// Memory objects for one call: x, weights, y (or their gradients), the
  /// scratchpad, and the bias where there is one.
  Arguments makeArguments() const;
  void run(Arguments &arguments, const void *x, const void *weights,
           const void *y, const void *bias) const;
  explicit operator bool() const { return primitive != nullptr; }

  Direction direction = Direction::Forward;
};

/// The primitive of a request; empty when oneDNN has only scalar loops or loops
/// around a general product for it.
ConvolutionPrimitive makeConvolution(const ConvolutionRequest &request);

/// The layout [groups, f / groups, c / groups, kh, kw] as the caller stores it.
MemoryDesc describeWeights(const ConvolutionShape &shape);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_ONEDNN_CONVOLUTIONPRIMITIVE_H
