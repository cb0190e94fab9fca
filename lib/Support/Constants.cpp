//===- Constants.cpp - Values of constant tensors -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Reads the two kinds of constants that weights and masks come in, and makes
// new ones. Everything that reads values goes through one strided view, so that
// a splat, a transposed weight and a plain one look alike.
//
//===----------------------------------------------------------------------===//

#include "Prune/Support/Constants.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Value.h"

#include <cstring>

using namespace mlir;
using namespace mlir::prune;

int64_t mlir::prune::getElementBytes(Type elementType) {
  return llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8);
}

bool mlir::prune::advance(MutableArrayRef<int64_t> index,
                          ArrayRef<int64_t> shape) {
  for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
    if (++index[dim] < shape[dim])
      return true;
    index[dim] = 0;
  }
  return false;
}

static SmallVector<int64_t, 4> getRowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t, 4> strides(shape.size(), 1);
  for (int64_t dim = static_cast<int64_t>(shape.size()) - 2; dim >= 0; --dim)
    strides[dim] = strides[dim + 1] * shape[dim + 1];
  return strides;
}

/// Bytes of the elements of a dense attribute; one element for a splat. Masks
/// that are packed to bits are unpacked into `owned`.
static ArrayRef<char>
getDenseData(DenseElementsAttr dense,
             std::shared_ptr<SmallVector<char, 0>> &owned) {
  if (!dense.getElementType().isInteger(1))
    return dense.getRawData();
  owned = std::make_shared<SmallVector<char, 0>>();
  if (dense.isSplat()) {
    owned->push_back(dense.getSplatValue<bool>());
    return *owned;
  }
  owned->reserve(dense.getNumElements());
  for (bool bit : dense.getValues<bool>())
    owned->push_back(bit);
  return *owned;
}

std::optional<ConstantView> ConstantView::get(Attribute value) {
  auto elements = dyn_cast_or_null<ElementsAttr>(value);
  if (!elements)
    return std::nullopt;
  auto type = dyn_cast<RankedTensorType>(elements.getShapedType());
  if (!type || !type.hasStaticShape())
    return std::nullopt;
  Type elementType = type.getElementType();
  // Numbers are read as doubles, which hold no wider type.
  bool isFloat =
      isa<FloatType>(elementType) && elementType.getIntOrFloatBitWidth() <= 64;
  if (!isFloat && !elementType.isInteger(1))
    return std::nullopt;

  ConstantView view;
  view.elementType = elementType;
  view.shape = SmallVector<int64_t, 4>(type.getShape());
  view.strides = getRowMajorStrides(type.getShape());
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    ArrayRef<char> bytes = getDenseData(dense, view.owned);
    view.data = bytes.data();
    if (dense.isSplat())
      view.strides.assign(type.getRank(), 0);
    return view;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  if (!resource)
    return std::nullopt;
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  int64_t bytes = type.getNumElements() * getElementBytes(elementType);
  if (!blob || static_cast<int64_t>(blob->getData().size()) != bytes)
    return std::nullopt;
  view.data = blob->getData().data();
  return view;
}

std::optional<ConstantView> ConstantView::get(Value value) {
  Attribute attribute;
  if (!matchPattern(value, m_Constant(&attribute)))
    return std::nullopt;
  return get(attribute);
}

int64_t ConstantView::getNumElements() const {
  return ShapedType::getNumElements(shape);
}

double ConstantView::load(int64_t offset) const {
  if (elementType.isF32()) {
    float value;
    std::memcpy(&value, data + offset * sizeof(value), sizeof(value));
    return value;
  }
  if (elementType.isF64()) {
    double value;
    std::memcpy(&value, data + offset * sizeof(value), sizeof(value));
    return value;
  }
  if (elementType.isInteger(1))
    return data[offset] ? 1.0 : 0.0;
  auto type = cast<FloatType>(elementType);
  int64_t bytes = getElementBytes(type);
  APInt bits(type.getWidth(), 0);
  uint64_t word = 0;
  std::memcpy(&word, data + offset * bytes, std::min<int64_t>(bytes, 8));
  bits = APInt(type.getWidth(), word, /*isSigned=*/false,
               /*implicitTrunc=*/true);
  return APFloat(type.getFloatSemantics(), bits).convertToDouble();
}

double ConstantView::at(ArrayRef<int64_t> index) const {
  int64_t offset = 0;
  for (auto [position, stride] : llvm::zip_equal(index, strides))
    offset += position * stride;
  return load(offset);
}

ConstantView ConstantView::transpose(ArrayRef<int64_t> permutation) const {
  ConstantView result = *this;
  for (auto [to, from] : llvm::enumerate(permutation)) {
    result.shape[to] = shape[from];
    result.strides[to] = strides[from];
  }
  return result;
}

ConstantView ConstantView::reverse(unsigned dim) const {
  ConstantView result = *this;
  if (shape[dim] == 0)
    return result;
  result.data += (shape[dim] - 1) * strides[dim] * getElementBytes(elementType);
  result.strides[dim] = -strides[dim];
  return result;
}

SmallVector<double, 0> ConstantView::toVector() const {
  SmallVector<double, 0> values;
  values.reserve(getNumElements());
  if (getNumElements() == 0)
    return values;
  SmallVector<int64_t> index(shape.size(), 0);
  do {
    values.push_back(at(index));
  } while (advance(index, shape));
  return values;
}

std::optional<ArrayRef<char>> ConstantView::getRawData() const {
  if (ArrayRef<int64_t>(strides) !=
      ArrayRef<int64_t>(getRowMajorStrides(shape)))
    return std::nullopt;
  return ArrayRef<char>(data, getNumElements() * getElementBytes(elementType));
}

/// Bits of an element of a resource, as an attribute of its type.
static Attribute readElement(Type type, const char *data) {
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  if (width > 64)
    return {};
  uint64_t word = 0;
  std::memcpy(&word, data, llvm::divideCeil(width, 8));
  APInt bits(width, word, /*isSigned=*/false, /*implicitTrunc=*/true);
  if (auto floatType = dyn_cast<FloatType>(type))
    return FloatAttr::get(type, APFloat(floatType.getFloatSemantics(), bits));
  return IntegerAttr::get(type, bits);
}

Attribute mlir::prune::getConstantElement(Attribute value, int64_t position) {
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    if (!dense.getElementType().isIntOrIndexOrFloat())
      return {};
    return dense.isSplat() ? dense.getSplatValue<Attribute>()
                           : dense.getValues<Attribute>()[position];
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  if (!resource || !resource.getElementType().isIntOrIndexOrFloat())
    return {};
  Type type = resource.getElementType();
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  int64_t bytes = type.isIndex() ? 8 : getElementBytes(type);
  if (!blob || static_cast<int64_t>(blob->getData().size()) !=
                   bytes * resource.getNumElements())
    return {};
  return readElement(type, blob->getData().data() + position * bytes);
}

//===----------------------------------------------------------------------===//
// New constants
//===----------------------------------------------------------------------===//

/// Alignment of the values: what every buffer that bytecode is read from has.
static constexpr size_t kAlignment = 16;

DenseResourceElementsAttr mlir::prune::createResource(RankedTensorType type,
                                                      StringRef name,
                                                      AsmResourceBlob blob) {
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

DenseResourceElementsAttr mlir::prune::createResource(RankedTensorType type,
                                                      StringRef name,
                                                      ArrayRef<char> data) {
  AsmResourceBlob blob =
      HeapAsmResourceBlob::allocateAndCopyWithAlign(data, kAlignment);
  return createResource(type, name, std::move(blob));
}

/// Appends `value`, rounded to the element type, to `bytes`.
static void appendElement(SmallVectorImpl<char> &bytes, Type elementType,
                          double value) {
  if (elementType.isInteger(1)) {
    bytes.push_back(value != 0.0);
    return;
  }
  auto type = cast<FloatType>(elementType);
  APFloat number(value);
  bool losesInfo = false;
  number.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
  uint64_t word = number.bitcastToAPInt().getRawData()[0];
  const char *begin = reinterpret_cast<const char *>(&word);
  bytes.append(begin, begin + getElementBytes(type));
}

DenseResourceElementsAttr mlir::prune::createResource(RankedTensorType type,
                                                      StringRef name,
                                                      ArrayRef<double> values) {
  SmallVector<char, 0> bytes;
  Type elementType = type.getElementType();
  bytes.reserve(values.size() * getElementBytes(elementType));
  for (double value : values)
    appendElement(bytes, elementType, value);
  return createResource(type, name, ArrayRef<char>(bytes));
}

DenseResourceElementsAttr mlir::prune::toResource(ElementsAttr value,
                                                  StringRef name) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    return resource;
  std::optional<ConstantView> view = ConstantView::get(value);
  if (!view)
    return {};
  auto type = cast<RankedTensorType>(value.getShapedType());
  if (std::optional<ArrayRef<char>> raw = view->getRawData())
    return createResource(type, name, *raw);
  SmallVector<double, 0> values = view->toVector();
  return createResource(type, name, ArrayRef<double>(values));
}

TypedAttr mlir::prune::reshapeConstant(Attribute value, RankedTensorType type) {
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(value))
    return dense.reshape(type);
  if (auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(value))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  return {};
}

DenseResourceElementsAttr
mlir::prune::sliceToResource(const ConstantView &view,
                             ArrayRef<SmallVector<int64_t>> kept,
                             StringRef name) {
  SmallVector<int64_t> shape;
  for (const SmallVector<int64_t> &positions : kept)
    shape.push_back(positions.size());
  auto type = RankedTensorType::get(shape, view.getElementType());
  SmallVector<double, 0> values;
  values.reserve(type.getNumElements());
  SmallVector<int64_t> index(shape.size(), 0), source(shape.size(), 0);
  if (type.getNumElements() != 0) {
    do {
      for (auto [dim, position] : llvm::enumerate(index))
        source[dim] = kept[dim][position];
      values.push_back(view.at(source));
    } while (advance(index, shape));
  }
  return createResource(type, name, ArrayRef<double>(values));
}
