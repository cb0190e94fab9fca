//===- GroupScores.cpp - Scores of the groups of a weight -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Reads weights in pieces that stay in the cache, so that scoring needs no
// memory beside the scores of groups of several elements. The elements of a
// group are added up in row-major order, whatever the number of threads.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/GroupScores.h"

#include "Prune/Dialect/Prune/Utils/Criteria.h"
#include "llvm/Support/ThreadPool.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace mlir::prune;

/// Elements that are read at a time.
static constexpr int64_t kPiece = 2048;

void mlir::prune::forEachTask(unsigned threads, unsigned count,
                              function_ref<void(unsigned)> body) {
  if (threads <= 1 || count <= 1) {
    for (unsigned task = 0; task < count; ++task)
      body(task);
    return;
  }
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(threads));
  for (unsigned task = 0; task < count; ++task)
    pool.async([body, task] { body(task); });
  pool.wait();
}

GroupScores::GroupScores(ConstantView weight, std::optional<ConstantView> mask,
                         std::optional<ConstantView> evidence,
                         CriterionAttr criterion, GranularityAttr granularity,
                         unsigned threads)
    : weight(std::move(weight)), mask(std::move(mask)),
      evidence(std::move(evidence)), criterion(criterion),
      layout(granularity, this->weight.getShape()),
      isMagnitude(criterion.getKind() == CriterionKind::Magnitude) {
  if (!layout.isSingle())
    computeGroups(threads);
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// Elements of a view in row-major order.
static void readElements(const ConstantView &view, int64_t first,
                         MutableArrayRef<double> values) {
  if (values.empty())
    return;
  if (view.getElementType().isF32()) {
    if (std::optional<ArrayRef<char>> raw = view.getRawData()) {
      const char *data = raw->data() + first * sizeof(float);
      for (double &value : values) {
        float number;
        std::memcpy(&number, data, sizeof(number));
        value = number;
        data += sizeof(number);
      }
      return;
    }
  }
  // A splat has strides of zero, and no other constant is not row-major.
  bool isSplat =
      llvm::all_of(view.getStrides(), [](int64_t s) { return s == 0; });
  for (auto [i, value] : llvm::enumerate(values))
    value = view.load(isSplat ? 0 : first + static_cast<int64_t>(i));
}

void GroupScores::readMask(int64_t first, MutableArrayRef<char> kept) const {
  if (!mask) {
    llvm::fill(kept, 1);
    return;
  }
  std::optional<ArrayRef<char>> raw = mask->getRawData();
  for (auto [i, bit] : llvm::enumerate(kept))
    bit = raw ? (*raw)[first + i] != 0 : mask->load(0) != 0.0;
}

std::optional<ArrayRef<char>> GroupScores::getRawMagnitudes() const {
  if (isKept || !isMagnitude || mask || !weight.getElementType().isF32())
    return std::nullopt;
  return weight.getRawData();
}

void GroupScores::readValues(int64_t first,
                             MutableArrayRef<double> values) const {
  readElements(weight, first, values);
  if (!mask)
    return;
  SmallVector<char, 0> kept(values.size());
  readMask(first, kept);
  for (auto [value, isKept] : llvm::zip_equal(values, kept))
    value = isKept ? value : 0.0;
}

void GroupScores::readEvidence(int64_t first,
                               MutableArrayRef<double> numbers) const {
  ArrayRef<int64_t> shape = layout.getShape();
  SmallVector<int64_t> strides(evidence->getStrides());
  for (auto [stride, extent] : llvm::zip_equal(strides, evidence->getShape()))
    stride = extent == 1 ? 0 : stride;
  SmallVector<int64_t> index(shape.size());
  int64_t offset = 0;
  for (int64_t dim = static_cast<int64_t>(shape.size()) - 1, rest = first;
       dim >= 0; --dim) {
    index[dim] = rest % shape[dim];
    rest /= shape[dim];
    offset += index[dim] * strides[dim];
  }
  for (double &number : numbers) {
    number = evidence->load(offset);
    for (int64_t dim = static_cast<int64_t>(shape.size()) - 1; dim >= 0;
         --dim) {
      offset += strides[dim];
      if (++index[dim] < shape[dim])
        break;
      offset -= strides[dim] * shape[dim];
      index[dim] = 0;
    }
  }
}

int64_t GroupScores::countInEffect() const {
  if (!mask)
    return getNumElements();
  int64_t count = 0;
  SmallVector<char, 0> kept(kPiece);
  for (int64_t first = 0; first < getNumElements(); first += kPiece) {
    MutableArrayRef<char> piece = MutableArrayRef(kept).take_front(
        std::min(kPiece, getNumElements() - first));
    readMask(first, piece);
    count += std::accumulate(piece.begin(), piece.end(), int64_t(0));
  }
  return count;
}

double GroupScores::computeStd() const {
  int64_t count = getNumElements();
  if (count == 0)
    return 0.0;
  SmallVector<double, 0> values(kPiece);
  auto addUp = [&](function_ref<double(double)> term) {
    double sum = 0.0;
    for (int64_t first = 0; first < count; first += kPiece) {
      auto piece =
          MutableArrayRef(values).take_front(std::min(kPiece, count - first));
      readValues(first, piece);
      for (double value : piece)
        sum += term(value);
    }
    return sum;
  };
  double mean = addUp([](double value) { return value; }) / double(count);
  double variance =
      addUp([&](double value) { return (value - mean) * (value - mean); });
  return std::sqrt(variance / double(count));
}

void GroupScores::computeElementScores(int64_t first,
                                       MutableArrayRef<double> elements) const {
  readValues(first, elements);
  bool isSingle = layout.isSingle();
  if (isMagnitude && isSingle) {
    for (double &value : elements)
      value = std::fabs(value);
    return;
  }
  SmallVector<double, 0> numbers(evidence ? elements.size() : 0);
  if (evidence)
    readEvidence(first, numbers);
  for (auto [i, value] : llvm::enumerate(elements)) {
    std::optional<ScalarNumber> known;
    if (evidence)
      known = ScalarNumber(numbers[i]);
    value = getElementScore(criterion, isSingle, ScalarNumber(value), known)
                .getValue();
  }
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

/// Adds consecutive elements to the scores of their groups.
void GroupScores::addGroups(int64_t first, int64_t count,
                            MutableArrayRef<char> inEffect) {
  SmallVector<double, 0> elements(kPiece);
  SmallVector<int64_t, 0> groups(kPiece);
  SmallVector<char, 0> kept(kPiece);
  for (int64_t end = first + count; first < end; first += kPiece) {
    int64_t size = std::min(kPiece, end - first);
    computeElementScores(first, MutableArrayRef(elements).take_front(size));
    layout.getGroups(first, MutableArrayRef(groups).take_front(size));
    readMask(first, MutableArrayRef(kept).take_front(size));
    for (int64_t i = 0; i < size; ++i) {
      scores[groups[i]] += elements[i];
      inEffect[groups[i]] |= kept[i];
    }
  }
}

void GroupScores::computeGroups(unsigned threads) {
  isKept = true;
  scores.assign(getNumGroups(), 0.0);
  SmallVector<char, 0> inEffect(getNumGroups(), 0);
  // Slabs of the first dimension have no group in common.
  ArrayRef<int64_t> shape = layout.getShape();
  int64_t step = shape.empty() ? 1 : layout.getStep(0);
  int64_t slabs = shape.empty() ? 1 : llvm::divideCeil(shape[0], step);
  int64_t slab =
      shape.empty()
          ? 1
          : step * (getNumElements() / std::max<int64_t>(shape[0], 1));
  unsigned tasks = std::min<int64_t>(threads, slabs);
  forEachTask(threads, tasks, [&](unsigned task) {
    int64_t first = slabs * task / tasks * slab;
    int64_t end = std::min(slabs * (task + 1) / tasks * slab, getNumElements());
    addGroups(first, end - first, inEffect);
  });
  for (auto [group, score] : llvm::enumerate(scores)) {
    double total = score;
    if (criterion.isMean())
      total /= static_cast<double>(layout.getSize(group));
    ScalarNumber whole =
        getGroupScore(criterion, /*isSingle=*/false, ScalarNumber(total));
    score = inEffect[group] ? whole.getValue() : -1.0;
  }
}

void GroupScores::read(int64_t first, MutableArrayRef<double> found) const {
  if (isKept) {
    llvm::copy(ArrayRef(scores).slice(first, found.size()), found.begin());
    return;
  }
  computeElementScores(first, found);
  if (isMagnitude && !mask)
    return;
  SmallVector<char, 0> kept(found.size());
  readMask(first, kept);
  for (auto [score, isIn] : llvm::zip_equal(found, kept)) {
    ScalarNumber whole =
        getGroupScore(criterion, /*isSingle=*/true, ScalarNumber(score));
    score = isIn ? whole.getValue() : -1.0;
  }
}

double GroupScores::getScore(int64_t group) const {
  double score;
  read(group, score);
  return score;
}

void GroupScores::rescaleByLamp() {
  SmallVector<double, 0> found(getNumGroups());
  read(0, found);
  SmallVector<int64_t, 0> order(found.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](int64_t a, int64_t b) {
    return std::pair(getRankKey(found[a]), a) <
           std::pair(getRankKey(found[b]), b);
  });
  double total = 0.0;
  for (int64_t group : llvm::reverse(order)) {
    if (found[group] < 0.0)
      continue;
    double square = found[group] * found[group];
    total += square;
    found[group] = square == 0.0 ? 0.0 : square / total;
  }
  scores = std::move(found);
  isKept = true;
}
