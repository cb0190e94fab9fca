//===- PruneLayerOps.cpp - Layers and the loss ----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormatShape.h"
#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::prune;

//===----------------------------------------------------------------------===//
// DropoutOp and SoftmaxCrossEntropyOp
//===----------------------------------------------------------------------===//

LogicalResult DropoutOp::verify() {
  double rate = getRate().convertToDouble();
  if (!(rate >= 0.0 && rate < 1.0)) // dropout_c1
    return emitOpError() << "expected a rate in [0, 1), got " << rate;
  return success();
}

OpFoldResult DropoutOp::fold(FoldAdaptor adaptor) {
  if (getRate().isZero())
    return getInput();
  return {};
}

LogicalResult SoftmaxCrossEntropyOp::verify() {
  auto logits = cast<RankedTensorType>(getLogits().getType());
  auto labels = cast<RankedTensorType>(getLabels().getType());
  // softmax_cross_entropy_c1
  if (isa<FloatType>(labels.getElementType())) {
    if (logits.getRank() != 2 || labels != logits)
      return emitOpError() << "expected shares of the classes of the type of "
                              "logits [batch, classes], got "
                           << labels << " and " << logits;
    return success();
  }
  if (logits.getRank() != 2 || labels.getRank() != 1 ||
      logits.getDimSize(0) != labels.getDimSize(0))
    return emitOpError()
           << "expected logits [batch, classes] and labels [batch], got "
           << formatShape(logits.getShape()) << " and "
           << formatShape(labels.getShape());
  return success();
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// Checks that `scale`, and with it all values of its type, has one element per
/// channel of the input (batch_norm_c1), and epsilon (batch_norm_c2).
template <typename OpTy>
static LogicalResult verifyBatchNorm(OpTy op) {
  auto type = cast<RankedTensorType>(op.getInput().getType());
  if (type.getRank() < 2)
    return op.emitOpError()
           << "expected an input of at least two dimensions, got " << type;
  auto expected =
      RankedTensorType::get(type.getDimSize(1), type.getElementType());
  if (op.getScale().getType() != expected)
    return op.emitOpError() << "expected one element per channel, " << expected
                            << ", got " << op.getScale().getType();
  if (!(op.getEpsilon().convertToDouble() > 0.0))
    return op.emitOpError("expected a positive epsilon");
  return success();
}

LogicalResult BatchNormOp::verify() { return verifyBatchNorm(*this); }

LogicalResult BatchNormTrainingOp::verify() { return verifyBatchNorm(*this); }

LogicalResult BatchNormGradientOp::verify() { return verifyBatchNorm(*this); }

LogicalResult MaxPoolGradientOp::verify() {
  auto input = cast<RankedTensorType>(getInput().getType());
  auto output = cast<RankedTensorType>(getOutput().getType());
  if (input.getRank() != 4 || output.getRank() != 4 ||
      input.getShape().take_front(2) != output.getShape().take_front(2) ||
      input.getElementType() != output.getElementType()) // max_pool_gradient_c1
    return emitOpError() << "expected input and output [n, c, h, w] of one "
                            "batch, channels and element type, got "
                         << input << " and " << output;
  auto isPair = [](ArrayRef<int64_t> values) {
    return values.size() == 2 && values[0] > 0 && values[1] > 0;
  };
  // max_pool_gradient_c2
  if (!isPair(getWindow()) || !isPair(getStrides()) || !isPair(getDilations()))
    return emitOpError("expected two positive numbers each for window, strides "
                       "and dilations");
  for (unsigned i = 0; i < 2; ++i) {
    int64_t reach = (getWindow()[i] - 1) * getDilations()[i] + 1;
    int64_t room = input.getDimSize(i + 2) - reach;
    int64_t extent = room < 0 ? 0 : room / getStrides()[i] + 1;
    if (output.getDimSize(i + 2) != extent)
      return emitOpError() << "expected extent " << extent << " in dimension "
                           << i + 2 << " of the output, got "
                           << output.getDimSize(i + 2);
  }
  return success();
}
