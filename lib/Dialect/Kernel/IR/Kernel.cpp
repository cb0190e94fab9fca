//===- Kernel.cpp - kernel dialect ----------------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Kernel/IR/Kernel.h"

#include "Prune/Assembly/ImageGrid.h"

#include "Prune/Dialect/Kernel/IR/Effects.h"
#include "Prune/Dialect/Kernel/IR/Operands.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/Utils/MemRefUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::kernel;

#include "Prune/Dialect/Kernel/IR/KernelDialect.cpp.inc"
#include "Prune/Dialect/Kernel/IR/KernelEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "Prune/Dialect/Kernel/IR/KernelAttributes.cpp.inc"

#define GET_OP_CLASSES
#include "Prune/Dialect/Kernel/IR/KernelOps.cpp.inc"

void KernelDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Prune/Dialect/Kernel/IR/KernelAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Prune/Dialect/Kernel/IR/KernelOps.cpp.inc"
      >();
}

Value mlir::kernel::getTransposedMatrix(Value value) {
  if (auto transpose = value.getDefiningOp<linalg::TransposeOp>())
    return transpose.getPermutation() == ArrayRef<int64_t>{1, 0}
               ? transpose.getInput()
               : Value();
  auto generic = value.getDefiningOp<linalg::GenericOp>();
  if (!generic)
    return {};
  std::optional<SmallVector<int64_t>> permutation =
      linalg::isaTransposeOpInterface(generic);
  if (!permutation || *permutation != SmallVector<int64_t>{1, 0})
    return {};
  return generic.getDpsInputs().front();
}

bool mlir::kernel::isZero(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return matchPattern(fill.getInputs().front(), m_AnyZeroFloat());
  return matchPattern(value, m_AnyZeroFloat());
}

LogicalResult mlir::kernel::verifyOperandKinds(DestinationStyleOpInterface op) {
  bool isTensor = isa<RankedTensorType>(op.getDpsInits().front().getType());
  for (Value operand : op->getOperands())
    if (isa<RankedTensorType>(operand.getType()) != isTensor)
      return op->emitOpError(
          "expected operands that are all tensors or all memrefs");
  if (isTensor != (op->getNumResults() == 1))
    return op->emitOpError(
        "expected one result on tensors and none on memrefs");
  if (isTensor &&
      op->getResult(0).getType() != op.getDpsInits().front().getType())
    return op->emitOpError("expected a result of the type of the destination");
  for (Value operand : op->getOperands()) {
    auto memref = dyn_cast<MemRefType>(operand.getType());
    if (!memref)
      continue;
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(memref.getStridesAndOffset(strides, offset)) ||
        strides.back() != 1)
      return op->emitOpError()
             << "expected memrefs with an innermost stride of one, got "
             << memref;
  }
  return success();
}

void GeneratedOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, getAccumulate(), effects);
}

void ReorderOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, /*readsDestination=*/false, effects);
}

/// generated_c1, reorder_c1.
template <typename Op>
static LogicalResult verifyOperands(Op op) {
  bool isTensor = isa<RankedTensorType>(op.getOutput().getType());
  if (isa<RankedTensorType>(op.getX().getType()) != isTensor)
    return op.emitOpError("expected an input and a destination that are both "
                          "tensors or both memrefs");
  if (isTensor != (op->getNumResults() == 1) ||
      (isTensor && op->getResult(0).getType() != op.getOutput().getType()))
    return op.emitOpError("expected one result of the type of the destination "
                          "on tensors and none on memrefs");
  for (Value value : {op.getX(), op.getOutput()}) {
    auto type = cast<ShapedType>(value.getType());
    if (!type.hasStaticShape() || type.getRank() < 2 || type.getRank() > 4)
      return op.emitOpError()
             << "expected images or a matrix of static shape, got " << type;
    auto memref = dyn_cast<MemRefType>(type);
    if (memref && !memref::isStaticShapeAndContiguousRowMajor(memref))
      return op.emitOpError()
             << "expected a memref without gaps, got " << memref;
  }
  return success();
}

/// generated_c2.
static LogicalResult verifyShape(GeneratedOp op) {
  ArrayRef<int64_t> shape = op.getShape();
  if (shape.size() != GeneratedShapeSize)
    return op.emitOpError() << "expected " << unsigned(GeneratedShapeSize)
                            << " numbers in shape, got " << shape.size();
  if (llvm::any_of(shape, [](int64_t number) { return number < 0; }))
    return op.emitOpError("expected no negative numbers in shape");
  int64_t inputs =
      shape[Images] * shape[Channels] * shape[Height] * shape[Width];
  if (shape[InImage])
    inputs = shape[Images] * shape[InImage];
  int64_t found = cast<ShapedType>(op.getX().getType()).getNumElements();
  if (inputs != found)
    return op.emitOpError()
           << "expected an input of " << inputs << " elements, got " << found;
  int64_t results = shape[Images] * shape[OutImage];
  found = cast<ShapedType>(op.getOutput().getType()).getNumElements();
  if (results != found)
    return op.emitOpError() << "expected a destination of " << results
                            << " elements, got " << found;
  int64_t groups = shape[Groups], segments = op.getSegments().size() / 2;
  if (groups == 0 || shape[Channels] % groups ||
      (!shape[OutPlace] && shape[OutImage] % groups))
    return op.emitOpError()
           << "expected groups that divide channels and results, got "
           << groups;
  if (shape[Tiles] == 0 || segments % (groups * shape[Tiles]))
    return op.emitOpError()
           << "expected segments of " << groups << " groups and "
           << shape[Tiles] << " tiles, got " << segments;
  return success();
}

LogicalResult GeneratedOp::verify() {
  if (failed(verifyOperands(*this)) || failed(verifyShape(*this)))
    return failure();
  // generated_c3
  if (!getCode().getElementType().isInteger(8) ||
      !getStream().getElementType().isF32())
    return emitOpError("expected code of i8 and a stream of f32");
  ArrayRef<int64_t> segments = getSegments();
  if (segments.size() % 2 != 0 || getPanels().size() % kPanelNumbers != 0)
    return emitOpError() << "expected pairs in segments and " << kPanelNumbers
                         << " numbers for each of panels";
  int64_t code = getCode().getNumElements(),
          stream = getStream().getNumElements();
  for (size_t i = 0; i < segments.size(); i += 2)
    if (segments[i] < 0 || segments[i] >= code || segments[i + 1] < 0 ||
        segments[i + 1] > stream)
      return emitOpError() << "segment " << i / 2
                           << " lies outside of code or stream";
  return success();
}

/// reorder_c2.
LogicalResult ReorderOp::verify() {
  if (failed(verifyOperands(*this)))
    return failure();
  ArrayRef<int64_t> shape = getShape();
  if (shape.size() != GridShapeSize)
    return emitOpError() << "expected " << unsigned(GridShapeSize)
                         << " numbers in shape, got " << shape.size();
  if (llvm::any_of(shape.take_front(GridLead),
                   [](int64_t number) { return number < 1; }) ||
      shape[GridLead] < 0 || shape[GridPlane] < 0)
    return emitOpError("expected extents of at least 1 in shape");
  if (shape[GridColumns] < shape[GridWidth])
    return emitOpError("expected no fewer columns than width");
  int64_t together = shape[GridTogether];
  if ((together != 1 && together != 16) || shape[GridImages] % together ||
      (together == 16 && !shape[GridPlane]))
    return emitOpError()
           << "expected 1 image, or 16 that divide all and have a "
              "plane, to lie together, got "
           << together;
  int64_t places =
      (shape[GridHeight] - 1) * shape[GridColumns] + shape[GridWidth];
  if (together == 1)
    places = llvm::alignTo(places, 16);
  if (shape[GridPlane] && shape[GridPlane] < shape[GridLead] + places)
    return emitOpError() << "expected a plane of at least "
                         << shape[GridLead] + places << ", got "
                         << shape[GridPlane];
  int64_t plain = shape[GridImages] * shape[GridChannels] * shape[GridHeight] *
                  shape[GridWidth];
  int64_t ordered =
      shape[GridImages] *
      (together == 16 ? prune::assembly::getPlaceChannels(shape[GridChannels])
                      : shape[GridChannels]) *
      (shape[GridPlane] ? shape[GridPlane] : places);
  auto from = cast<ShapedType>(getX().getType());
  auto to = cast<ShapedType>(getOutput().getType());
  if (getReverse())
    std::swap(from, to);
  if (from.getNumElements() != plain || to.getNumElements() != ordered)
    return emitOpError() << "expected images of " << plain << " elements and "
                         << ordered << " in their order, got "
                         << from.getNumElements() << " and "
                         << to.getNumElements();
  return success();
}
