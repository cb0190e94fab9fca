//===- TensorAdjoint.cpp - Reverse-mode rules of tensor -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Operations that move elements: the adjoint moves them back, and what the
// forward operation dropped receives zero. Indices and sizes are no values that
// a gradient could reach.
//
//===----------------------------------------------------------------------===//

#include "AdjointModel.h"

#include "Prune/Dialect/Prune/Utils/StructuredBuilder.h"
#include "Prune/Implementations/Adjoint.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::prune;

namespace {

struct CastModel : UnaryAdjointModel<CastModel, tensor::CastOp> {
  static Value build(tensor::CastOp op, Value adjoint, FloatBuilder &b) {
    return tensor::CastOp::create(b, op.getSource().getType(), adjoint);
  }
};

struct CollapseShapeModel
    : UnaryAdjointModel<CollapseShapeModel, tensor::CollapseShapeOp> {
  static Value build(tensor::CollapseShapeOp op, Value adjoint,
                     FloatBuilder &b) {
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, op.getLoc(), op.getSrc());
    return tensor::ExpandShapeOp::create(b, op.getSrcType(), adjoint,
                                         op.getReassociationIndices(), sizes);
  }
};

struct ExpandShapeModel
    : AdjointModel<ExpandShapeModel, tensor::ExpandShapeOp> {
  static LogicalResult build(tensor::ExpandShapeOp op, Value adjoint,
                             FloatBuilder &b, ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    inputs[0] = tensor::CollapseShapeOp::create(b, op.getSrcType(), adjoint,
                                                op.getReassociationIndices());
    return success();
  }
};

/// Places the adjoint of a slice into zeros.
struct ExtractSliceModel
    : AdjointModel<ExtractSliceModel, tensor::ExtractSliceOp> {
  static LogicalResult build(tensor::ExtractSliceOp op, Value adjoint,
                             FloatBuilder &b, ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    Value zeros = createFilledLike(b, op.getLoc(), op.getSource(), 0.0);
    inputs[0] =
        tensor::InsertSliceOp::create(b, adjoint, zeros, op.getMixedOffsets(),
                                      op.getMixedSizes(), op.getMixedStrides());
    return success();
  }
};

struct InsertSliceModel
    : AdjointModel<InsertSliceModel, tensor::InsertSliceOp> {
  static LogicalResult build(tensor::InsertSliceOp op, Value adjoint,
                             FloatBuilder &b, ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    if (needed[0])
      inputs[0] = tensor::ExtractSliceOp::create(
          b, op.getSourceType(), adjoint, op.getMixedOffsets(),
          op.getMixedSizes(), op.getMixedStrides());
    if (needed[1]) {
      Value zeros = createFilledLike(b, op.getLoc(), op.getSource(), 0.0);
      inputs[1] = tensor::InsertSliceOp::create(
          b, zeros, adjoint, op.getMixedOffsets(), op.getMixedSizes(),
          op.getMixedStrides());
    }
    return success();
  }
};

struct ConcatModel : AdjointModel<ConcatModel, tensor::ConcatOp> {
  static LogicalResult build(tensor::ConcatOp op, Value adjoint,
                             FloatBuilder &b, ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    if (!op.getResultType().hasStaticShape())
      return op.emitError("no reverse-mode rule for a concatenation of dynamic "
                          "shape");
    unsigned axis = op.getDim();
    int64_t position = 0;
    for (auto [i, input] : llvm::enumerate(op.getInputs())) {
      auto type = cast<RankedTensorType>(input.getType());
      SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0));
      SmallVector<OpFoldResult> strides(type.getRank(), b.getIndexAttr(1));
      offsets[axis] = b.getIndexAttr(position);
      position += type.getDimSize(axis);
      if (needed[i])
        inputs[i] = tensor::ExtractSliceOp::create(
            b, type, adjoint, offsets,
            getAsIndexOpFoldResult(b.getContext(), type.getShape()), strides);
    }
    return success();
  }
};

/// The padding itself is a constant or a value of the region, which no
/// gradient reaches.
struct PadModel : AdjointModel<PadModel, tensor::PadOp> {
  static LogicalResult build(tensor::PadOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, op.getLoc(), op.getSource());
    SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
    inputs[0] = tensor::ExtractSliceOp::create(
        b, op.getSourceType(), adjoint, op.getMixedLowPad(), sizes, strides);
    return success();
  }
};

struct ExtractModel : AdjointModel<ExtractModel, tensor::ExtractOp> {
  static LogicalResult build(tensor::ExtractOp op, Value adjoint,
                             FloatBuilder &b, ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    Value tensor = op.getTensor();
    if (op.getIndices().empty()) {
      inputs[0] = tensor::FromElementsOp::create(b, tensor.getType(), adjoint);
      return success();
    }
    Value zeros = createFilledLike(b, op.getLoc(), tensor, 0.0);
    inputs[0] = tensor::InsertOp::create(b, adjoint, zeros, op.getIndices());
    return success();
  }
};

struct InsertModel : AdjointModel<InsertModel, tensor::InsertOp> {
  static LogicalResult build(tensor::InsertOp op, Value adjoint,
                             FloatBuilder &b, ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    if (needed[0])
      inputs[0] = tensor::ExtractOp::create(b, adjoint, op.getIndices());
    if (needed[1]) {
      Value zero = b.constant(op.getScalar().getType(), 0.0);
      inputs[1] = tensor::InsertOp::create(b, zero, adjoint, op.getIndices());
    }
    return success();
  }
};

struct FromElementsModel
    : AdjointModel<FromElementsModel, tensor::FromElementsOp> {
  static LogicalResult build(tensor::FromElementsOp op, Value adjoint,
                             FloatBuilder &b, ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    ArrayRef<int64_t> shape = op.getType().getShape();
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!needed[i])
        continue;
      // Elements are listed in row-major order.
      SmallVector<Value> indices(shape.size());
      int64_t rest = i;
      for (int64_t axis = shape.size() - 1; axis >= 0; --axis) {
        indices[axis] = arith::ConstantIndexOp::create(b, rest % shape[axis]);
        rest /= shape[axis];
      }
      inputs[i] = tensor::ExtractOp::create(b, adjoint, indices);
    }
    return success();
  }
};

struct SplatModel : AdjointModel<SplatModel, tensor::SplatOp> {
  static LogicalResult build(tensor::SplatOp op, Value adjoint, FloatBuilder &b,
                             ArrayRef<bool> needed,
                             MutableArrayRef<Value> inputs) {
    auto dimensions =
        llvm::to_vector(llvm::seq<int64_t>(0, op.getType().getRank()));
    Value sum = createSum(b, op.getLoc(), adjoint, dimensions);
    inputs[0] = tensor::ExtractOp::create(b, sum, ValueRange());
    return success();
  }
};

} // namespace

void mlir::prune::registerTensorAdjointModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    context->loadDialect<arith::ArithDialect, linalg::LinalgDialect>();
    tensor::CastOp::attachInterface<CastModel>(*context);
    tensor::CollapseShapeOp::attachInterface<CollapseShapeModel>(*context);
    tensor::ConcatOp::attachInterface<ConcatModel>(*context);
    tensor::ExpandShapeOp::attachInterface<ExpandShapeModel>(*context);
    tensor::ExtractOp::attachInterface<ExtractModel>(*context);
    tensor::ExtractSliceOp::attachInterface<ExtractSliceModel>(*context);
    tensor::FromElementsOp::attachInterface<FromElementsModel>(*context);
    tensor::InsertOp::attachInterface<InsertModel>(*context);
    tensor::InsertSliceOp::attachInterface<InsertSliceModel>(*context);
    tensor::PadOp::attachInterface<PadModel>(*context);
    tensor::SplatOp::attachInterface<SplatModel>(*context);
  });
}
