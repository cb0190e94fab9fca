//===- CompressedPattern.cpp - Patterns in compressed rows ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Elements are brought into their rows by counting, which keeps their order
// within a row. Places ascend there already unless dimensions behind the first
// one are exchanged.
//
//===----------------------------------------------------------------------===//

#include "CompressedPattern.h"

#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::prune;

static DenseResourceElementsAttr
createIndices(MLIRContext *context, StringRef name, ArrayRef<int32_t> numbers) {
  auto type = RankedTensorType::get({static_cast<int64_t>(numbers.size())},
                                    IntegerType::get(context, 32));
  ArrayRef<char> data(reinterpret_cast<const char *>(numbers.data()),
                      numbers.size() * sizeof(int32_t));
  return createResource(type, name, data);
}

/// Where each row begins when row `i` has `counts[i + 1]` elements.
static void addUp(MutableArrayRef<int32_t> counts) {
  for (size_t i = 1; i < counts.size(); ++i)
    counts[i] += counts[i - 1];
}

namespace {

/// Where an element is among the rows, and in the compressed vector.
struct Element {
  int32_t row, index, place;
};

/// Finds row and index of elements by their coordinates.
class Locator {
public:
  Locator(ArrayRef<int64_t> shape, ArrayRef<int64_t> dims)
      : shape(shape), factors(shape.size(), 0), rowDim(dims.front()) {
    int64_t factor = 1;
    for (int64_t dim : llvm::reverse(dims.drop_front())) {
      factors[dim] = factor;
      factor *= shape[dim];
    }
  }
  int64_t countRows() const { return shape[rowDim]; }

  Element locate(int64_t element, int64_t place) const {
    int64_t row = 0, index = 0;
    for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
      int64_t coordinate = element % shape[dim];
      element /= shape[dim];
      index += coordinate * factors[dim];
      if (dim == rowDim)
        row = coordinate;
    }
    return {static_cast<int32_t>(row), static_cast<int32_t>(index),
            static_cast<int32_t>(place)};
  }

private:
  ArrayRef<int64_t> shape;
  SmallVector<int64_t> factors;
  int64_t rowDim;
};

} // namespace

/// The elements row by row, by ascending index; `pointers` says where rows
/// begin.
static SmallVector<Element, 0> sortByRows(ArrayRef<int32_t> elements,
                                          const Locator &locator,
                                          MutableArrayRef<int32_t> pointers) {
  for (int32_t element : elements)
    ++pointers[locator.locate(element, 0).row + 1];
  addUp(pointers);
  SmallVector<int32_t, 0> next(pointers.begin(), pointers.end());
  SmallVector<Element, 0> sorted(elements.size());
  for (auto [place, index] : llvm::enumerate(elements)) {
    Element element = locator.locate(index, place);
    sorted[next[element.row]++] = element;
  }
  auto precedes = [](const Element &a, const Element &b) {
    return a.index < b.index;
  };
  for (size_t row = 0; row + 1 < pointers.size(); ++row) {
    auto *begin = sorted.begin() + pointers[row];
    auto *end = sorted.begin() + pointers[row + 1];
    if (!std::is_sorted(begin, end, precedes))
      std::sort(begin, end, precedes);
  }
  return sorted;
}

static CompressedPattern compress(MLIRContext *context,
                                  ArrayRef<int32_t> elements,
                                  const Locator &locator) {
  SmallVector<int32_t, 0> pointers(locator.countRows() + 1, 0);
  SmallVector<Element, 0> sorted = sortByRows(elements, locator, pointers);
  SmallVector<int32_t, 0> indices, order, inverse(sorted.size());
  for (auto [position, element] : llvm::enumerate(sorted)) {
    indices.push_back(element.index);
    order.push_back(element.place);
    inverse[element.place] = position;
  }
  CompressedPattern result = {
      createIndices(context, "pattern.indices", indices),
      createIndices(context, "pattern.pointers", pointers),
      {},
      {}};
  if (!llvm::is_sorted(order)) {
    result.order = createIndices(context, "pattern.order", order);
    result.inverse = createIndices(context, "pattern.inverse", inverse);
  }
  return result;
}

CompressedPattern PatternCache::get(ElementsAttr pattern, Type weight,
                                    ArrayRef<int64_t> dims) {
  MLIRContext *context = weight.getContext();
  Key key = {{pattern, weight}, DenseI64ArrayAttr::get(context, dims)};
  auto [found, isNew] = known.try_emplace(key);
  if (isNew) {
    Locator locator(cast<RankedTensorType>(weight).getShape(), dims);
    // The verifier of the operation has read the pattern before.
    found->second = compress(context, *getPatternIndices(pattern), locator);
  }
  return found->second;
}

Value prune::createGather(ImplicitLocOpBuilder &builder, Value values,
                          ElementsAttr order) {
  if (!order)
    return values;
  Value places = arith::ConstantOp::create(builder, order);
  auto type = cast<RankedTensorType>(values.getType());
  Value empty =
      tensor::EmptyOp::create(builder, type.getShape(), type.getElementType());
  AffineMap map = builder.getMultiDimIdentityMap(1);
  auto gather = linalg::GenericOp::create(
      builder, type, places, empty, ArrayRef<AffineMap>{map, map},
      utils::IteratorType::parallel,
      [&](OpBuilder &inner, Location loc, ValueRange args) {
        Value place = arith::IndexCastOp::create(
            inner, loc, inner.getIndexType(), args.front());
        Value value = tensor::ExtractOp::create(inner, loc, values, place);
        linalg::YieldOp::create(inner, loc, value);
      });
  return gather.getResult(0);
}

CompressedRows prune::createRows(ImplicitLocOpBuilder &builder,
                                 const CompressedPattern &pattern) {
  Value indices = arith::ConstantOp::create(builder, pattern.indices);
  Value pointers = arith::ConstantOp::create(builder, pattern.pointers);
  return {Value(), indices, pointers};
}

CompressedRows prune::createRows(ImplicitLocOpBuilder &builder,
                                 DecompressOp decompress,
                                 ArrayRef<int64_t> dims,
                                 PatternCache &patterns) {
  CompressedPattern pattern =
      patterns.get(decompress.getPattern(), decompress.getType(), dims);
  Value values = createGather(builder, decompress.getValues(), pattern.order);
  CompressedRows rows = createRows(builder, pattern);
  rows.values = values;
  return rows;
}
