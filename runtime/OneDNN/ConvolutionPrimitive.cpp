//===- ConvolutionPrimitive.cpp - Convolutions of oneDNN ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// x and y stay in the caller's layout, only the weights are in one of oneDNN's
// choice; im2col (NCHW) are copied to channels-last and back by oneDNN's own
// kernel. oneDNN keeps generated code by descriptor, so that equal layers share
// it.
//
// Where x and y were left to oneDNN too, it chose blocks of 16 channels. With
// the copies of x and y they were no faster, milliseconds on one thread for the
// forward direction, the gradient of x and that of w:
//   32 channels, 16x16, 3x3, batch 128   channels last 5.7 5.7 6.2,
//                                        blocked 5.2 5.2 5.8 (copies 0.2)
//   16 channels, 32x32, 3x3, batch 128   5.8 5.8 6.1, 7.7 6.4 8.5 (0.5)
//   20 to 50 channels, 5x5, batch 100    4.4 5.6 4.5, 6.1 6.1 6.8 (0.1)
//
//===----------------------------------------------------------------------===//

#include "ConvolutionPrimitive.h"

#include "../Kernels/Scratch.h"

#include <cstring>
#include <utility>

using namespace prune_rt;

Key ConvolutionRequest::key() const {
  return {2 + static_cast<int64_t>(direction),
          shape.n,
          shape.c,
          shape.h,
          shape.w,
          shape.f,
          shape.kh,
          shape.kw,
          shape.strideH,
          shape.strideW,
          shape.dilationH,
          shape.dilationW,
          shape.padTop,
          shape.padLeft,
          shape.padBottom,
          shape.padRight,
          shape.groups,
          shape.layout,
          flags,
          activation,
          hasBias};
}

const_dnnl_memory_desc_t ConvolutionPrimitive::weights() const {
  bool isGradient = direction == Direction::BackwardWeights;
  return dnnl_primitive_desc_query_md(
      desc.get(),
      isGradient ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
}

Arguments ConvolutionPrimitive::makeArguments() const {
  Arguments arguments;
  auto query = [&](dnnl_query_t what, int index) {
    return dnnl_primitive_desc_query_md(desc.get(), what, index);
  };
  bool isForward = direction == Direction::Forward;
  bool isWeights = direction == Direction::BackwardWeights;
  if (direction == Direction::BackwardData)
    arguments.add(DNNL_ARG_DIFF_SRC,
                  makeMemory(query(dnnl_query_diff_src_md, 0)));
  else
    arguments.add(DNNL_ARG_SRC, makeMemory(query(dnnl_query_src_md, 0)));
  arguments.add(isWeights ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS,
                makeMemory(weights()));
  if (isForward)
    arguments.add(DNNL_ARG_DST, makeMemory(query(dnnl_query_dst_md, 0)));
  else
    arguments.add(DNNL_ARG_DIFF_DST,
                  makeMemory(query(dnnl_query_diff_dst_md, 0)));
  arguments.add(DNNL_ARG_SCRATCHPAD,
                makeMemory(query(dnnl_query_scratchpad_md, 0)));
  const_dnnl_memory_desc_t bias =
      query(isWeights ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 1);
  if (bias && dnnl_memory_desc_get_size(bias) != 0)
    arguments.add(isWeights ? DNNL_ARG_DIFF_BIAS : DNNL_ARG_BIAS,
                  makeMemory(bias));
  return arguments;
}

void ConvolutionPrimitive::run(Arguments &arguments, const void *x,
                               const void *weights, const void *y,
                               const void *bias) const {
  arguments.bind(0, x);
  arguments.bind(1, weights);
  arguments.bind(2, y);
  arguments.bind(3, getScratchpad(scratchpadBytes));
  if (arguments.count == 5)
    arguments.bind(4, bias);
  expectSuccess(dnnl_primitive_execute(primitive.get(), arguments.stream.get(),
                                       arguments.count, arguments.list.data()),
                "the convolution failed");
}

static MemoryDesc makeDesc(int count, const dnnl_dims_t dims,
                           dnnl_format_tag_t tag) {
  dnnl_memory_desc_t desc = nullptr;
  expectSuccess(
      dnnl_memory_desc_create_with_tag(&desc, count, dims, dnnl_f32, tag),
      "cannot describe a tensor");
  return MemoryDesc(desc);
}

static MemoryDesc describeWeights(const ConvolutionShape &shape, bool isFree) {
  if (shape.groups == 1) {
    dnnl_dims_t dims = {shape.f, shape.c, shape.kh, shape.kw};
    return makeDesc(4, dims, isFree ? dnnl_format_tag_any : dnnl_oihw);
  }
  dnnl_dims_t dims = {shape.groups, shape.groupOutputs(), shape.groupInputs(),
                      shape.kh, shape.kw};
  return makeDesc(5, dims, isFree ? dnnl_format_tag_any : dnnl_goihw);
}

MemoryDesc prune_rt::describeWeights(const ConvolutionShape &shape) {
  return ::describeWeights(shape, /*isFree=*/false);
}

namespace {

/// The descriptors and geometry of one request, in oneDNN's terms.
struct Problem {
  explicit Problem(const ConvolutionRequest &request);

  PrimitiveDesc forward(const_dnnl_primitive_attr_t attributes) const;
  PrimitiveDesc backwardData(const_dnnl_primitive_desc_t hint,
                             const_dnnl_primitive_attr_t attributes) const;
  PrimitiveDesc backwardWeights(const_dnnl_primitive_desc_t hint,
                                const_dnnl_primitive_attr_t attributes) const;

  MemoryDesc x, freeWeights, bias, y;
  const_dnnl_memory_desc_t weights;
  dnnl_dims_t strides, dilations, before, after;
};

} // namespace

Problem::Problem(const ConvolutionRequest &request) {
  const ConvolutionShape &shape = request.shape;
  dnnl_format_tag_t tag = shape.isNhwc() ? dnnl_nhwc : dnnl_nchw;
  dnnl_dims_t xDims = {shape.n, shape.c, shape.h, shape.w};
  dnnl_dims_t yDims = {shape.n, shape.f, shape.oh, shape.ow};
  dnnl_dims_t biasDims = {shape.f};
  x = makeDesc(4, xDims, tag);
  y = makeDesc(4, yDims, tag);
  if (request.hasBias)
    bias = makeDesc(1, biasDims, dnnl_x);
  freeWeights = ::describeWeights(shape, /*isFree=*/true);
  weights = request.weights ? request.weights : freeWeights.get();
  auto set = [](dnnl_dims_t &target, int64_t first, int64_t second) {
    target[0] = first;
    target[1] = second;
  };
  set(strides, shape.strideH, shape.strideW);
  set(dilations, shape.dilationH - 1, shape.dilationW - 1);
  set(before, shape.padTop, shape.padLeft);
  set(after, shape.padBottom, shape.padRight);
}

PrimitiveDesc Problem::forward(const_dnnl_primitive_attr_t attributes) const {
  dnnl_primitive_desc_t desc = nullptr;
  dnnl_convolution_forward_primitive_desc_create(
      &desc, getEngine(), dnnl_forward_training, dnnl_convolution_direct,
      x.get(), weights, bias.get(), y.get(), strides, dilations, before, after,
      attributes);
  return PrimitiveDesc(desc);
}

PrimitiveDesc
Problem::backwardData(const_dnnl_primitive_desc_t hint,
                      const_dnnl_primitive_attr_t attributes) const {
  dnnl_primitive_desc_t desc = nullptr;
  dnnl_convolution_backward_data_primitive_desc_create(
      &desc, getEngine(), dnnl_convolution_direct, x.get(), weights, y.get(),
      strides, dilations, before, after, hint, attributes);
  return PrimitiveDesc(desc);
}

PrimitiveDesc
Problem::backwardWeights(const_dnnl_primitive_desc_t hint,
                         const_dnnl_primitive_attr_t attributes) const {
  dnnl_primitive_desc_t desc = nullptr;
  dnnl_convolution_backward_weights_primitive_desc_create(
      &desc, getEngine(), dnnl_convolution_direct, x.get(), weights, bias.get(),
      y.get(), strides, dilations, before, after, hint, attributes);
  return PrimitiveDesc(desc);
}

static PrimitiveDesc makeDirection(const ConvolutionRequest &request) {
  Problem problem(request);
  Attributes attributes = makeAttributes(request.flags, request.activation);
  if (request.direction == Direction::Forward)
    return problem.forward(attributes.get());
  // The hint may choose its own layout of the weights.
  Problem free(request);
  free.weights = free.freeWeights.get();
  PrimitiveDesc hint = free.forward(nullptr);
  if (!hint)
    return nullptr;
  return request.direction == Direction::BackwardData
             ? problem.backwardData(hint.get(), attributes.get())
             : problem.backwardWeights(hint.get(), attributes.get());
}

/// True for kernels to call. Others are scalar, or copy x for a general product
/// that this oneDNN was built without. Depth-wise ones for SSE read channels
/// that are not aligned as if they were (seen in 3.7.2).
static bool isKernel(const char *name) {
  return !std::strstr(name, "ref") && !std::strstr(name, "gemm") &&
         !std::strstr(name, "sse41");
}

/// True when some window holds a column of x; else every window lies in the
/// padding at the left and right.
static bool readsColumns(const ConvolutionShape &shape) {
  for (int64_t ox = 0; ox < shape.ow; ++ox)
    for (int64_t kx = 0; kx < shape.kw; ++kx) {
      int64_t column = shape.inputColumn(ox, kx);
      if (column >= 0 && column < shape.w)
        return true;
    }
  return false;
}

/// Shapes that go to our own loops, because oneDNN's kernels are wrong on them
/// (seen in 3.7.2, in brg_conv_fwd:avx512_core). It is decided by the shape
/// alone, as what oneDNN chooses depends on the processor.
///
/// * One channel of a group, an output of width one and windows that move on by
///   more than one column: of the rows of y only the first is computed, if
///   windows move on by one row.
/// * No window holds a column of x: the kernel reads what is not there.
static bool isFaulty(Direction direction, const ConvolutionShape &shape) {
  bool isColumn = direction == Direction::Forward && shape.groupInputs() == 1 &&
                  shape.ow == 1 && shape.strideW > 1;
  return isColumn || !readsColumns(shape);
}

ConvolutionPrimitive
prune_rt::makeConvolution(const ConvolutionRequest &request) {
  ConvolutionPrimitive result;
  if (isFaulty(request.direction, request.shape))
    return result;
  OneThreadScope scope;
  PrimitiveDesc desc = makeDirection(request);
  if (!desc || !isKernel(getKernelName(desc.get())))
    return result;
  dnnl_primitive_t primitive = nullptr;
  if (dnnl_primitive_create(&primitive, desc.get()) != dnnl_success)
    return result;
  result.primitive.reset(primitive);
  result.scratchpadBytes = dnnl_memory_desc_get_size(
      dnnl_primitive_desc_query_md(desc.get(), dnnl_query_scratchpad_md, 0));
  result.desc = std::move(desc);
  result.direction = request.direction;
  return result;
}
