//===- PruneCompressOps.cpp - Weights as the values they keep -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Patterns are read where they are stored. A constant folds while it is small:
// one in a resource stays there. Linear in the values, and for decompress in
// the elements of the result.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include <cstring>

using namespace mlir;
using namespace mlir::prune;

FailureOr<ArrayRef<int32_t>>
mlir::prune::getPatternIndices(ElementsAttr pattern) {
  ShapedType type = pattern.getShapedType();
  if (!type.getElementType().isInteger(32) || type.getRank() != 1 ||
      !type.hasStaticShape())
    return failure();
  ArrayRef<char> data;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(pattern)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      data = blob->getData();
  } else if (auto dense = dyn_cast<DenseIntElementsAttr>(pattern)) {
    data = dense.getRawData();
  }
  // A splat of several indices has one element in storage; it does not ascend.
  size_t count = type.getNumElements();
  if (data.size() != count * sizeof(int32_t))
    return failure();
  return ArrayRef<int32_t>(reinterpret_cast<const int32_t *>(data.data()),
                           count);
}

/// decompress_c1 to decompress_c3, compress_c1.
static LogicalResult verifyPattern(Operation *op, ElementsAttr pattern,
                                   Type compressed, Type dense) {
  auto values = cast<RankedTensorType>(compressed);
  auto elements = cast<RankedTensorType>(dense);
  if (values.getRank() != 1 ||
      values.getElementType() != elements.getElementType())
    return op->emitOpError() << "expected values that are a vector of "
                             << elements.getElementType() << ", got " << values;
  FailureOr<ArrayRef<int32_t>> indices = getPatternIndices(pattern);
  if (failed(indices) || indices->empty() ||
      static_cast<int64_t>(indices->size()) != values.getDimSize(0))
    return op->emitOpError() << "expected a pattern of " << values.getDimSize(0)
                             << " different indices of type i32, at least one, "
                                "got one of type "
                             << pattern.getShapedType();
  int64_t least = 0;
  for (int32_t index : *indices) {
    if (index < least || index >= elements.getNumElements())
      return op->emitOpError()
             << "expected indices that ascend and are below "
             << elements.getNumElements() << ", got " << index;
    least = int64_t(index) + 1;
  }
  return success();
}

/// The elements of a small constant, one in storage for a splat.
static std::optional<ArrayRef<char>> getSmallConstant(Attribute value) {
  auto dense = dyn_cast_or_null<DenseElementsAttr>(value);
  if (!dense || dense.getElementType().getIntOrFloatBitWidth() % 8 != 0)
    return std::nullopt;
  return dense.getRawData();
}

/// Copies elements of `size` bytes to or from the places of a pattern; a source
/// of one element stands for all.
static void copyElements(ArrayRef<int32_t> indices, size_t size,
                         ArrayRef<char> source, bool isSplat, bool scatters,
                         MutableArrayRef<char> target) {
  for (auto [p, index] : llvm::enumerate(indices)) {
    size_t from = isSplat ? 0 : scatters ? p : index;
    size_t to = scatters ? index : p;
    std::memcpy(target.data() + to * size, source.data() + from * size, size);
  }
}

/// The constant with its elements moved to or from the places of the pattern;
/// null when it is not small.
static Attribute foldConstant(Attribute value, ElementsAttr pattern,
                              RankedTensorType type, bool scatters) {
  std::optional<ArrayRef<char>> source = getSmallConstant(value);
  FailureOr<ArrayRef<int32_t>> indices = getPatternIndices(pattern);
  if (!source || failed(indices))
    return {};
  size_t size = type.getElementTypeBitWidth() / 8;
  SmallVector<char, 0> target(type.getNumElements() * size, 0);
  copyElements(*indices, size, *source,
               cast<DenseElementsAttr>(value).isSplat(), scatters, target);
  return DenseElementsAttr::getFromRawBuffer(type, target);
}

//===----------------------------------------------------------------------===//
// DecompressOp and CompressOp
//===----------------------------------------------------------------------===//

LogicalResult DecompressOp::verify() {
  return verifyPattern(*this, getPattern(), getValues().getType(), getType());
}

OpFoldResult DecompressOp::fold(FoldAdaptor adaptor) {
  // A pattern of all elements of a vector keeps everything in its place.
  if (getValues().getType() == getType())
    return getValues();
  return foldConstant(adaptor.getValues(), getPattern(),
                      cast<RankedTensorType>(getType()), /*scatters=*/true);
}

LogicalResult CompressOp::verify() {
  return verifyPattern(*this, getPattern(), getType(), getDense().getType());
}

OpFoldResult CompressOp::fold(FoldAdaptor adaptor) {
  if (getDense().getType() == getType())
    return getDense();
  auto decompress = getDense().getDefiningOp<DecompressOp>();
  if (decompress && decompress.getPattern() == getPattern())
    return decompress.getValues();
  return foldConstant(adaptor.getDense(), getPattern(),
                      cast<RankedTensorType>(getType()), /*scatters=*/false);
}
