//===- Elementwise.cpp - Builders of element-wise loops -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Utils/Elementwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::prune;

SmallVector<Value>
mlir::prune::createLoops(ImplicitLocOpBuilder &b, ValueRange inputs,
                         ValueRange outputs, ArrayRef<AffineMap> maps,
                         ArrayRef<utils::IteratorType> iterators,
                         ScalarsBody body) {
  SmallVector<Type> types(outputs.getTypes());
  auto generic = linalg::GenericOp::create(
      b, types, inputs, outputs, maps, iterators,
      [&](OpBuilder &inner, Location loc, ValueRange args) {
        ImplicitLocOpBuilder scalar(loc, inner);
        SmallVector<Value> results = body(scalar, args);
        linalg::YieldOp::create(scalar, results);
      });
  return llvm::to_vector_of<Value>(generic.getResults());
}

SmallVector<Value> mlir::prune::createMapped(ImplicitLocOpBuilder &b,
                                             ValueRange inputs,
                                             ArrayRef<AffineMap> inputMaps,
                                             ValueRange outputs,
                                             ScalarsBody body) {
  int64_t rank = cast<RankedTensorType>(outputs.front().getType()).getRank();
  SmallVector<AffineMap> maps(inputMaps);
  maps.append(outputs.size(), b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return createLoops(b, inputs, outputs, maps, iterators, body);
}

SmallVector<Value> mlir::prune::createElementwise(ImplicitLocOpBuilder &b,
                                                  ValueRange inputs,
                                                  ValueRange outputs,
                                                  ScalarsBody body) {
  int64_t rank = cast<RankedTensorType>(outputs.front().getType()).getRank();
  SmallVector<AffineMap> maps(inputs.size(), b.getMultiDimIdentityMap(rank));
  return createMapped(b, inputs, maps, outputs, body);
}

Value mlir::prune::createElementwise(ImplicitLocOpBuilder &b, ValueRange inputs,
                                     RankedTensorType type, ScalarsBody body) {
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  return createElementwise(b, inputs, ValueRange{empty}, body).front();
}

SmallVector<Value> mlir::prune::createZeroReduction(ImplicitLocOpBuilder &b,
                                                    ValueRange inputs,
                                                    AffineMap outputMap,
                                                    int64_t count,
                                                    ScalarsBody body) {
  auto type = cast<RankedTensorType>(inputs.front().getType());
  SmallVector<int64_t> shape;
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::reduction);
  for (AffineExpr result : outputMap.getResults()) {
    unsigned position = cast<AffineDimExpr>(result).getPosition();
    shape.push_back(type.getDimSize(position));
    iterators[position] = utils::IteratorType::parallel;
  }
  Value zero = createNumber(b, type.getElementType(), 0.0);
  SmallVector<Value> starts;
  for (int64_t i = 0; i < count; ++i) {
    Value empty = tensor::EmptyOp::create(b, shape, type.getElementType());
    auto start = linalg::FillOp::create(b, zero, empty);
    starts.push_back(start.getResult(0));
  }
  SmallVector<AffineMap> maps(inputs.size(),
                              b.getMultiDimIdentityMap(type.getRank()));
  maps.append(count, outputMap);
  return createLoops(b, inputs, starts, maps, iterators, body);
}

/// `number` in all elements of the given type.
static Value createConstant(ImplicitLocOpBuilder &b, Type type,
                            TypedAttr number) {
  if (auto shaped = dyn_cast<ShapedType>(type))
    number = SplatElementsAttr::get(shaped, Attribute(number));
  return arith::ConstantOp::create(b, number);
}

Value mlir::prune::createNumber(ImplicitLocOpBuilder &b, Type type,
                                double value) {
  TypedAttr number = b.getFloatAttr(getElementTypeOrSelf(type), value);
  return createConstant(b, type, number);
}

Value mlir::prune::createInteger(ImplicitLocOpBuilder &b, Type type,
                                 int64_t value) {
  Type element = getElementTypeOrSelf(type);
  APInt bits(element.getIntOrFloatBitWidth(), value, /*isSigned=*/true,
             /*implicitTrunc=*/true);
  return createConstant(b, type, b.getIntegerAttr(element, bits));
}

Value mlir::prune::extractScalar(ImplicitLocOpBuilder &b, Value tensor) {
  return tensor::ExtractOp::create(b, tensor, ValueRange());
}

Value mlir::prune::isGreater(ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
  return arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, lhs, rhs);
}
