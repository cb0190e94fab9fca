//===- SegmentEmitter.cpp - Code of a tile and a range --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The values of a tile are sorted by input. An input is loaded once and
// multiplied into the sums of the rows that read it, with weights from memory:
// 7 bytes of code with AVX-512, while the distance from the pointer fits in 8
// bits. So the pointers of inputs and weights move on every so often.
//
// Sums of a tile are kept in the result between ranges of inputs. Where those
// of all its rows need more registers than there are, some rows follow others:
// the inputs of a panel stay in the first cache between them.
//
// Where all weights of a segment fit in registers beside the sums, they are
// loaded before the loop over panels. If the panels lie side by side as well,
// inputs that lie within 16 of each other are a window: only its last one is
// loaded, and the others are lanes of this and of what the panel before loaded.
// Most loads that cross a line of the cache, which cost twice, are saved so.
//
//===----------------------------------------------------------------------===//

#include "SegmentEmitter.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::prune::assembly;

/// Bytes of a line of the cache.
static constexpr int64_t kLineBytes = 64;

void SegmentEmitter::loadPanel() {
  movsxd(x, dword[panel + kPanelInput]);
  lea(x, ptr[input + x * 4]);
  movsxd(y, dword[panel + kPanelOutput]);
  lea(y, ptr[output + y * 4]);
  vectors->loadMasks({panel});
  if (!product.hasRest)
    return;
  movsxd(rest, dword[panel + kPanelRestOutput]);
  lea(rest, ptr[output + rest * 4]);
}

/// Where the results of the rows lie in the current panel.
ResultRows SegmentEmitter::getResults(const Rows &rows) const {
  ResultRows results{y, rest, {}};
  for (int64_t row = rows.begin; row < rows.end; ++row)
    results.bytes.push_back(product.outputs[row] *
                            static_cast<int32_t>(sizeof(float)));
  return results;
}

/// Equal parts of a tile.
llvm::SmallVector<SegmentEmitter::Rows, 1>
SegmentEmitter::cutRows(const Tile &tile, llvm::ArrayRef<Term> terms) const {
  int64_t count = tile.end - tile.begin;
  auto parts =
      static_cast<int64_t>(llvm::divideCeil(count, getMostRows(options.set)));
  llvm::SmallVector<Rows, 1> result;
  llvm::SmallVector<int64_t, 32> partOfRow;
  for (int64_t i = 0; i < parts; ++i) {
    int64_t begin = count * i / parts, end = count * (i + 1) / parts;
    result.push_back({tile.begin + begin, tile.begin + end, {}});
    partOfRow.append(end - begin, i);
  }
  for (Term term : terms) {
    Rows &rows = result[partOfRow[term.row]];
    term.row -= static_cast<int32_t>(rows.begin - tile.begin);
    rows.terms.push_back(term);
  }
  return result;
}

/// Takes what picks every other input from the front of the stream.
void SegmentEmitter::loadPattern(llvm::SmallVectorImpl<float> &stream) {
  firstWeight = 0;
  if (product.inputStep == 1)
    return;
  llvm::ArrayRef<float> pattern = vectors->loadPattern({values});
  firstWeight = static_cast<int64_t>(pattern.size());
  llvm::append_range(stream, pattern);
}

/// Sums begin with the bias, what is there, both or zero, or go on.
void SegmentEmitter::start(const Rows &rows, Ends ends,
                           llvm::SmallVectorImpl<float> &stream) {
  bool hasBias = ends.addBias(product);
  bool isLoaded = ends.areLoaded(product);
  if (isLoaded)
    vectors->loadResults({panel}, getResults(rows), 0);
  for (int64_t row = 0; row < rows.getNumRows(); ++row) {
    if (!isLoaded && !hasBias)
      vectors->zero(row);
    if (!hasBias)
      continue;
    Place bias{weight, weights.reach(stream.size() * sizeof(float), true)};
    stream.push_back(product.bias[rows.begin + row]);
    if (isLoaded)
      vectors->addBroadcast(row, bias);
    else
      vectors->broadcast(row, bias);
  }
}

/// Moving costs as much code as two long distances.
bool SegmentEmitter::paysToMove(const Cursor &cursor,
                                llvm::ArrayRef<Term> terms) const {
  int64_t unit = vectors->inputUnit;
  int64_t bytes = int64_t(terms.front().input) * sizeof(float);
  if (unit == 0 || cursor.isNear(bytes) || bytes % unit != 0)
    return false;
  int64_t loads = 0;
  int32_t last = -1;
  for (const Term &term : terms) {
    int64_t distance = (int64_t(term.input) - terms.front().input) * 4;
    if (distance < 0 || distance > 255 * unit || loads > 3)
      break;
    if (term.input != last && distance % unit == 0)
      ++loads;
    last = term.input;
  }
  return loads > 3;
}

/// True when term `i` reads what a neighbor reads.
static bool isShared(llvm::ArrayRef<Term> terms, size_t i, size_t neighbor) {
  return neighbor < terms.size() && terms[i].hasSameInput(terms[neighbor]);
}

void SegmentEmitter::multiply(const Rows &rows,
                              llvm::SmallVectorImpl<float> &stream) {
  llvm::ArrayRef<Term> terms = rows.terms;
  fetchedRows = 0;
  Cursor inputs(*this, x, std::max<int64_t>(vectors->inputUnit, 1));
  for (size_t i = 0; i < terms.size(); ++i) {
    const Term &term = terms[i];
    // Spread evenly: many at a time wait for each other, and sums for them.
    prefetchUntil(lines * doneTerms++ / allTerms);
    prefetchResults(rows, rows.getNumRows() * i / terms.size());
    Place from{x};
    bool isFirst = i == 0 || !isShared(terms, i, i - 1);
    if (isFirst)
      from.byte = inputs.reach(int64_t(term.input) * sizeof(float),
                               paysToMove(inputs, terms.drop_front(i)));
    Place factor{weight, weights.reach(stream.size() * sizeof(float), true)};
    stream.push_back(term.value);
    if (isFirst && term.mask == 0 && !isShared(terms, i, i + 1) &&
        vectors->multiplyOnce(term.row, from, factor))
      continue;
    if (isFirst)
      vectors->loadInput(from, term.mask);
    vectors->multiplyLoaded(term.row, factor);
  }
  prefetchResults(rows, rows.getNumRows());
}

/// Loads all weights once, into the registers behind those of the sums.
void SegmentEmitter::keepWeights(llvm::ArrayRef<Term> terms,
                                 llvm::SmallVectorImpl<float> &stream) {
  for (auto [i, term] : llvm::enumerate(terms)) {
    int64_t place = firstWeight + static_cast<int64_t>(i);
    vectors->loadWeight(firstKept + i,
                        {values, place * static_cast<int64_t>(sizeof(float))});
    stream.push_back(term.value);
  }
}

/// The same products. An input that one row reads is an operand in memory.
void SegmentEmitter::multiplyKept(llvm::ArrayRef<Term> terms) {
  for (auto [i, term] : llvm::enumerate(terms)) {
    Place from{x, int64_t(term.input) * static_cast<int64_t>(sizeof(float))};
    bool isFirst = i == 0 || !isShared(terms, i, i - 1);
    auto kept = firstKept + static_cast<int64_t>(i);
    if (isFirst && product.inputStep == 1 && term.mask == 0 &&
        !isShared(terms, i, i + 1)) {
      vectors->multiply(term.row, from, kept);
      continue;
    }
    if (isFirst)
      vectors->loadInput(from, term.mask);
    vectors->multiply(term.row, vectors->loaded, kept);
  }
}

void SegmentEmitter::finish(const Rows &rows, Ends ends) {
  if (ends.isLast && product.hasRelu) {
    vectors->zero(vectors->loaded);
    for (int64_t row = 0; row < rows.getNumRows(); ++row)
      vectors->max(row, vectors->loaded);
  }
  vectors->storeResults({panel}, getResults(rows), 0);
}

/// Lines of the next segment's code to fetch for each panel: it is about as
/// long as this one's, perhaps a quarter longer.
int64_t SegmentEmitter::countPrefetches(llvm::ArrayRef<Term> terms) const {
  if (options.panels == 0)
    return 0;
  constexpr int64_t kMost = 128, kRowBytes = 20;
  int64_t bytes =
      estimateBytes(terms, options.set) + options.tileRows * kRowBytes;
  int64_t lines = llvm::divideCeil(bytes + bytes / 4, kLineBytes);
  return std::min<int64_t>(llvm::divideCeil(lines, options.panels), kMost);
}

/// Fetches lines until there are `count`.
void SegmentEmitter::prefetchUntil(int64_t count) {
  for (; fetched < count; ++fetched)
    prefetcht1(ptr[ahead + fetched * kLineBytes]);
}

/// Fetches where rows of the next panel go, until there are `count`.
void SegmentEmitter::prefetchResults(const Rows &rows, int64_t count) {
  for (; product.resultStep != 0 && fetchedRows < count; ++fetchedRows) {
    int64_t row = rows.begin + fetchedRows;
    int64_t place = product.outputs[row] + product.resultStep;
    prefetchw(ptr[y + place * int64_t(sizeof(float))]);
  }
}

/// What the panel before the first one would have loaded.
void SegmentEmitter::loadWindows(llvm::ArrayRef<Window> windows) {
  loadPanel();
  for (auto [i, window] : llvm::enumerate(windows)) {
    if (window.getLength() == 0)
      continue;
    int64_t place = int64_t(window.getLast()) - kLanes;
    vectors->loadLast(firstBefore + static_cast<int64_t>(i),
                      {x, place * static_cast<int64_t>(sizeof(float))},
                      window.getLength());
  }
}

/// The products of a window, whose weights are kept from the `first` on.
void SegmentEmitter::multiplyWindow(const Window &window, int64_t before,
                                    int64_t first) {
  Place last{x, int64_t(window.getLast()) * int64_t(sizeof(float))};
  if (window.terms.size() == 1 && window.terms.front().mask == 0)
    return vectors->multiply(window.terms.front().row, last, first);
  vectors->loadInput(last, 0);
  int64_t lanes = vectors->loaded;
  for (auto [i, term] : llvm::enumerate(window.terms)) {
    if (i == 0 || !term.hasSameInput(window.terms[i - 1]))
      lanes = vectors->shift(before, window.getLast() - term.input, term.mask);
    vectors->multiply(term.row, lanes, first + static_cast<int64_t>(i));
  }
  if (window.getLength() > 0)
    vectors->copy(before, vectors->loaded);
}

/// Lets weights stay in registers where there is room. Returns the windows, if
/// there is room for these, too.
llvm::SmallVector<Window>
SegmentEmitter::keepTerms(const Rows &rows,
                          llvm::SmallVectorImpl<float> &stream) {
  firstKept = rows.getNumRows() * vectors->registersOfVector;
  firstBefore = firstKept + int64_t(rows.terms.size());
  isKept = firstBefore <= vectors->freeRegisters;
  llvm::SmallVector<Window> windows;
  if (!isKept)
    return windows;
  keepWeights(rows.terms, stream);
  if (product.isContiguous && vectors->hasWindows)
    windows = makeWindows(rows.terms);
  if (firstBefore + int64_t(windows.size()) > vectors->mostSums)
    windows.clear();
  return windows;
}

/// Multiplies in the cheapest of three ways.
void SegmentEmitter::emitLoop(llvm::ArrayRef<Rows> parts, Ends ends,
                              llvm::SmallVectorImpl<float> &stream) {
  llvm::SmallVector<Window> windows;
  loadPattern(stream);
  isKept = false;
  if (parts.size() == 1)
    windows = keepTerms(parts.front(), stream);
  if (!windows.empty())
    loadWindows(windows);
  Xbyak::Label loop;
  align(16);
  L(loop);
  fetched = 0;
  loadPanel();
  int64_t reach = 128 * vectors->weightUnit;
  lea(weight, ptr[values + reach]);
  weights.position = static_cast<int64_t>(streamBegin * sizeof(float)) + reach;
  int64_t first = firstKept;
  for (const Rows &rows : parts) {
    start(rows, ends, stream);
    for (auto [i, window] : llvm::enumerate(windows)) {
      multiplyWindow(window, firstBefore + static_cast<int64_t>(i), first);
      first += static_cast<int64_t>(window.terms.size());
    }
    if (!isKept)
      multiply(rows, stream);
    else if (windows.empty())
      multiplyKept(rows.terms);
    finish(rows, ends);
  }
  prefetchUntil(lines);
  if (fetched > 0)
    add(ahead, static_cast<uint32_t>(fetched * kLineBytes));
  add(panel, kPanelBytes);
  cmp(panel, end);
  jb(loop, T_NEAR);
}

void SegmentEmitter::emitSegment(const Tile &tile, llvm::ArrayRef<Term> terms,
                                 Ends ends,
                                 llvm::SmallVectorImpl<float> &stream) {
  Xbyak::Label next;
  streamBegin = stream.size();
  vectors->findTables();
  if (product.hasRest)
    push(rest);
  vectors->enter();
  if (options.panels)
    lea(ahead, ptr[rip + next]);
  lines = countPrefetches(terms);
  allTerms = static_cast<int64_t>(terms.size()), doneTerms = 0;
  emitLoop(cutRows(tile, terms), ends, stream);
  vectors->leave();
  if (product.hasRest)
    pop(rest);
  vzeroupper();
  ret();
  L(next);
}
