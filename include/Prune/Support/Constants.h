//===- Constants.h - Values of constant tensors -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_SUPPORT_CONSTANTS_H
#define PRUNE_SUPPORT_CONSTANTS_H

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/APFloat.h"

#include <memory>
#include <optional>

namespace mlir::prune {

/// Read-only, strided view of the elements of a constant tensor. It refers to
/// the storage of the attribute, which lives as long as its context; only
/// bit-packed masks are copied. A splat has strides of zero.
class ConstantView {
public:
  /// View of a dense or dense_resource attribute of float or i1 elements (one
  /// byte per element in a resource); nothing when the attribute is of another
  /// kind or its resource is missing or of the wrong size.
  static std::optional<ConstantView> get(Attribute value);

  /// View of the constant that defines `value`, if it is one.
  static std::optional<ConstantView> get(Value value);

  ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return shape.size(); }
  int64_t getNumElements() const;
  Type getElementType() const { return elementType; }

  /// Element at a position, as a double (exact for f64 and narrower; 0 or 1 for
  /// i1).
  double at(ArrayRef<int64_t> index) const;

  /// Element at a distance from the first, in elements; see `getStrides`.
  double load(int64_t offset) const;
  ArrayRef<int64_t> getStrides() const { return strides; }

  /// The same elements with dimension `i` of the result being dimension
  /// `permutation[i]` of this view. O(rank).
  ConstantView transpose(ArrayRef<int64_t> permutation) const;

  /// The same elements with a dimension in reverse order. O(rank).
  ConstantView reverse(unsigned dim) const;

  /// All elements in row-major order, as doubles. O(elements).
  SmallVector<double, 0> toVector() const;

  /// The storage as it is when it is dense and row-major, else nothing.
  std::optional<ArrayRef<char>> getRawData() const;

private:
  Type elementType;
  SmallVector<int64_t, 4> shape;
  SmallVector<int64_t, 4> strides;
  const char *data = nullptr;
  std::shared_ptr<SmallVector<char, 0>> owned;
};

/// The element at `position`, in row-major order, of a dense or dense_resource
/// attribute of integers, indices or floats, as an attribute of its type. Null
/// when the attribute is of another kind or its resource is missing or of the
/// wrong size.
Attribute getConstantElement(Attribute value, int64_t position);

/// Bytes that one element takes in a resource: one for i1, else its width.
int64_t getElementBytes(Type elementType);

/// Creates a dense_resource attribute over a copy of row-major `data`, 16-byte
/// aligned, as bytecode in memory need not be aligned to more. The key of the
/// resource is `name`, made unique when it is taken.
DenseResourceElementsAttr createResource(RankedTensorType type, StringRef name,
                                         ArrayRef<char> data);

/// Creates a dense_resource attribute that owns `blob` without a copy.
DenseResourceElementsAttr createResource(RankedTensorType type, StringRef name,
                                         AsmResourceBlob blob);

/// Creates a dense_resource attribute of float or i1 elements, rounding each
/// value to the element type.
DenseResourceElementsAttr createResource(RankedTensorType type, StringRef name,
                                         ArrayRef<double> values);

/// The same elements as a dense_resource attribute; a resource stays itself.
/// Nothing when the elements cannot be read.
DenseResourceElementsAttr toResource(ElementsAttr value, StringRef name);

/// The same elements in another shape; null when the attribute is neither dense
/// nor dense_resource.
TypedAttr reshapeConstant(Attribute value, RankedTensorType type);

/// Keeps, of every dimension, the positions listed in `kept`, in their order.
/// The result has the element type of `view`. O(elements kept).
DenseResourceElementsAttr sliceToResource(const ConstantView &view,
                                          ArrayRef<SmallVector<int64_t>> kept,
                                          StringRef name);

/// Advances a row-major index over `shape`; false after the last position.
bool advance(MutableArrayRef<int64_t> index, ArrayRef<int64_t> shape);

} // namespace mlir::prune

#endif // PRUNE_SUPPORT_CONSTANTS_H
