//===- StraightLine.cpp - Sparse products as machine code -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The values of a tile are sorted by input. An input is loaded into one
// register and multiplied into the sums of the rows that read it, with the
// weight as a broadcast operand in memory: 7 bytes while its distance from the
// pointer fits in 8 bits. So the pointers of inputs and weights move on every
// so often.
//
// Sums of a tile are kept in the result between ranges of inputs.
//
// Where all weights of a segment fit in registers beside the sums, they are
// loaded before the loop over panels. If the panels lie side by side as well,
// inputs that lie within 16 of each other are a window: only its last one is
// loaded, and the others are lanes of this and of what the panel before loaded.
// Most loads that cross a line of the cache, which cost twice, are saved so.
//
//===----------------------------------------------------------------------===//

#include "Prune/Assembly/StraightLine.h"

#include "Blocks.h"
#include "Cursor.h"
#include "PanelResults.h"
#include "Tiles.h"
#include "Windows.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>

using namespace mlir::prune::assembly;

/// Bytes of a line of the cache.
static constexpr int64_t kLineBytes = 64;

namespace {

class Avx512Emitter : public Xbyak::CodeGenerator {
public:
  Avx512Emitter(const PanelProduct &product, const StraightLineOptions &options,
                size_t bytes)
      : CodeGenerator(bytes, Xbyak::DontSetProtectRWE), product(product),
        options(options) {}

  void emitSegment(const Tile &tile, llvm::ArrayRef<Term> terms, Ends ends,
                   llvm::SmallVectorImpl<float> &stream);

private:
  Xbyak::Zmm getSum(int64_t row) const { return Xbyak::Zmm(row); }
  Xbyak::Zmm getKept(int64_t i) const { return Xbyak::Zmm(firstKept + i); }
  /// What the panel before loaded for a window.
  Xbyak::Zmm getBefore(int64_t i) const { return Xbyak::Zmm(firstBefore + i); }
  void loadPanel();
  /// Where the results of a row lie in the current panel.
  Xbyak::Address getResult(int64_t row) const {
    return zword[y + product.outputs[row] * int32_t(sizeof(float))];
  }
  Xbyak::Address getRest(int64_t row) const {
    return zword[rest + product.outputs[row] * int32_t(sizeof(float))];
  }
  void loadInput(int64_t byte, int32_t mask);
  Xbyak::Opmask getMask(int32_t mask) const {
    const Xbyak::Opmask masks[kMaxMasks] = {k5, k6, k7, k3};
    return masks[mask - 1];
  }
  void loadPattern(llvm::SmallVectorImpl<float> &stream);
  void start(const Tile &tile, Ends ends, llvm::SmallVectorImpl<float> &stream);
  void multiply(const Tile &tile, llvm::ArrayRef<Term> terms,
                llvm::SmallVectorImpl<float> &stream);
  void keepWeights(llvm::ArrayRef<Term> terms,
                   llvm::SmallVectorImpl<float> &stream);
  void multiplyKept(llvm::ArrayRef<Term> terms);
  void loadWindows(llvm::ArrayRef<Window> windows);
  void multiplyWindow(const Window &window, const Xbyak::Zmm &before,
                      int64_t first);
  void emitLoop(const Tile &tile, llvm::ArrayRef<Term> terms, Ends ends,
                llvm::SmallVectorImpl<float> &stream);
  void finish(const Tile &tile, Ends ends);
  int64_t countPrefetches(llvm::ArrayRef<Term> terms) const;
  void prefetchUntil(int64_t count);
  void prefetchResults(const Tile &tile, int64_t count);
  bool paysToMove(const Cursor &cursor, llvm::ArrayRef<Term> terms) const;

  const PanelProduct &product;
  const StraightLineOptions &options;
  PanelResults results{*this, product.store, product.hasRest};
  // Arguments of a segment.
  Xbyak::Reg64 input = rdi, output = rsi, values = rdx, panel = rcx, end = r8;
  // Of the current panel.
  Xbyak::Reg64 x = rax, y = r10, weight = r11, ahead = r9, rest = rbx;
  Xbyak::Zmm loaded = zmm31, shifted = zmm30;
  /// Which of 32 inputs are those of a step of two.
  Xbyak::Zmm pattern = zmm30;
  /// Lanes that the first panel's windows need of what is before it. A mask of
  /// the panel takes its place.
  Xbyak::Opmask needed = k3;
  /// Floats of the segment's stream before this one.
  size_t streamBegin = 0;
  /// And those of it before the weights.
  int64_t firstWeight = 0;
  int64_t firstKept = 0, firstBefore = 0;
  /// Lines of code that are fetched during the current panel, and rows of the
  /// next one's results.
  int64_t fetched = 0, fetchedRows = 0;
  Cursor weights{*this, weight, sizeof(float)};
};

} // namespace

void Avx512Emitter::loadPanel() {
  movsxd(x, dword[panel + kPanelInput]);
  lea(x, ptr[input + x * 4]);
  movsxd(y, dword[panel + kPanelOutput]);
  lea(y, ptr[output + y * 4]);
  results.loadLanes(panel);
  for (int32_t mask = 1; mask <= product.numMasks; ++mask)
    kmovw(getMask(mask), ptr[panel + kPanelMasks + (mask - 1) * 2]);
  if (!product.hasRest)
    return;
  movsxd(rest, dword[panel + kPanelRestOutput]);
  lea(rest, ptr[output + rest * 4]);
}

/// Loads the inputs of all lanes that have one.
void Avx512Emitter::loadInput(int64_t byte, int32_t mask) {
  Xbyak::Zmm to = mask ? loaded | getMask(mask) | T_z : loaded;
  if (product.inputStep == 1)
    return vmovups(to, zword[x + byte]);
  vmovups(loaded, zword[x + byte]);
  vpermt2ps(to, pattern, zword[x + byte + kLanes * sizeof(float)]);
}

/// Takes what picks every other input from the front of the stream.
void Avx512Emitter::loadPattern(llvm::SmallVectorImpl<float> &stream) {
  firstWeight = 0;
  if (product.inputStep == 1)
    return;
  firstWeight = kLanes;
  vmovups(pattern, zword[values]);
  for (int64_t lane = 0; lane < kLanes; ++lane)
    stream.push_back(llvm::bit_cast<float>(static_cast<int32_t>(2 * lane)));
}

/// Sums begin with the bias, what is there, both or zero, or go on.
void Avx512Emitter::start(const Tile &tile, Ends ends,
                          llvm::SmallVectorImpl<float> &stream) {
  bool hasBias = ends.addBias(product);
  bool isLoaded = ends.areLoaded(product);
  for (int64_t row = tile.begin; row < tile.end; ++row) {
    Xbyak::Zmm sum = getSum(row - tile.begin);
    if (isLoaded)
      results.load(sum, getResult(row), getRest(row));
    else if (!hasBias)
      vpxord(sum, sum, sum);
  }
  lea(weight, ptr[values + 128 * sizeof(float)]);
  weights.position = (streamBegin + 128) * sizeof(float);
  for (int64_t row = tile.begin; hasBias && row < tile.end; ++row) {
    Xbyak::Zmm sum = getSum(row - tile.begin);
    int64_t place = weights.reach(stream.size() * sizeof(float), true);
    stream.push_back(product.bias[row]);
    if (isLoaded)
      vaddps(sum, sum, zword_b[weight + place]);
    else
      vbroadcastss(sum, dword[weight + place]);
  }
}

/// Moving costs as much code as two long distances.
bool Avx512Emitter::paysToMove(const Cursor &cursor,
                               llvm::ArrayRef<Term> terms) const {
  int64_t bytes = int64_t(terms.front().input) * sizeof(float);
  if (bytes % 64 != 0)
    return false;
  int64_t loads = 0;
  int32_t last = -1;
  for (const Term &term : terms) {
    int64_t distance = (int64_t(term.input) - terms.front().input) * 4;
    if (distance > 255 * 64 || loads > 3)
      break;
    if (term.input != last && distance % 64 == 0)
      ++loads;
    last = term.input;
  }
  return loads > 3;
}

void Avx512Emitter::multiply(const Tile &tile, llvm::ArrayRef<Term> terms,
                             llvm::SmallVectorImpl<float> &stream) {
  int64_t rows = tile.end - tile.begin;
  Cursor inputs(*this, x, kLanes * sizeof(float));
  int64_t count = countPrefetches(terms);
  for (size_t i = 0; i < terms.size(); ++i) {
    const Term &term = terms[i];
    // Spread evenly: many at a time wait for each other, and sums for them.
    prefetchUntil(count * i / terms.size());
    prefetchResults(tile, rows * i / terms.size());
    if (i == 0 || !term.hasSameInput(terms[i - 1])) {
      int64_t byte = int64_t(term.input) * sizeof(float);
      bool moves =
          !inputs.isNear(byte) && paysToMove(inputs, terms.drop_front(i));
      loadInput(inputs.reach(byte, moves), term.mask);
    }
    int64_t place = weights.reach(stream.size() * sizeof(float), true);
    stream.push_back(term.value);
    vfmadd231ps(getSum(term.row), loaded, zword_b[weight + place]);
  }
  prefetchResults(tile, rows);
}

/// Loads all weights once, into the registers behind those of the sums.
void Avx512Emitter::keepWeights(llvm::ArrayRef<Term> terms,
                                llvm::SmallVectorImpl<float> &stream) {
  for (auto [i, term] : llvm::enumerate(terms)) {
    int64_t place = firstWeight + static_cast<int64_t>(i);
    vbroadcastss(getKept(i), dword[values + place * sizeof(float)]);
    stream.push_back(term.value);
  }
}

/// The same products. An input that one row reads is an operand in memory.
void Avx512Emitter::multiplyKept(llvm::ArrayRef<Term> terms) {
  auto isAt = [&](size_t i, const Term &term) {
    return i < terms.size() && terms[i].hasSameInput(term);
  };
  for (auto [i, term] : llvm::enumerate(terms)) {
    int64_t place = int64_t(term.input) * sizeof(float);
    bool isFirst = i == 0 || !isAt(i - 1, term);
    if (isFirst && product.inputStep == 1 && term.mask == 0 &&
        !isAt(i + 1, term)) {
      vfmadd231ps(getSum(term.row), getKept(i), zword[x + place]);
      continue;
    }
    if (isFirst)
      loadInput(place, term.mask);
    vfmadd231ps(getSum(term.row), getKept(i), loaded);
  }
}

void Avx512Emitter::finish(const Tile &tile, Ends ends) {
  bool hasRelu = ends.isLast && product.hasRelu;
  if (hasRelu)
    vpxord(loaded, loaded, loaded);
  for (int64_t row = tile.begin; row < tile.end; ++row) {
    Xbyak::Zmm sum = getSum(row - tile.begin);
    // The second operand is the result when one is a NaN.
    if (hasRelu)
      vmaxps(sum, loaded, sum);
    results.store(sum, getResult(row), getRest(row));
  }
}

/// Lines of the next segment's code to fetch for each panel: it is about as
/// long as this one's, perhaps a quarter longer.
int64_t Avx512Emitter::countPrefetches(llvm::ArrayRef<Term> terms) const {
  if (options.panels == 0)
    return 0;
  constexpr int64_t kMost = 128, kRowBytes = 20;
  int64_t bytes = estimateBytes(terms) + options.tileRows * kRowBytes;
  int64_t lines = llvm::divideCeil(bytes + bytes / 4, kLineBytes);
  return std::min<int64_t>(llvm::divideCeil(lines, options.panels), kMost);
}

/// Fetches lines until there are `count`.
void Avx512Emitter::prefetchUntil(int64_t count) {
  for (; fetched < count; ++fetched)
    prefetcht1(ptr[ahead + fetched * kLineBytes]);
}

/// Fetches where rows of the next panel go, until there are `count`.
void Avx512Emitter::prefetchResults(const Tile &tile, int64_t count) {
  for (; product.resultStep != 0 && fetchedRows < count; ++fetchedRows) {
    int64_t row = tile.begin + fetchedRows;
    int64_t place = product.outputs[row] + product.resultStep;
    prefetchw(ptr[y + place * int64_t(sizeof(float))]);
  }
}

/// What the panel before the first one would have loaded.
void Avx512Emitter::loadWindows(llvm::ArrayRef<Window> windows) {
  loadPanel();
  for (auto [i, window] : llvm::enumerate(windows)) {
    if (window.getLength() == 0)
      continue;
    mov(weight.cvt32(), 0xffff & (0xffff << (kLanes - window.getLength())));
    kmovw(needed, weight.cvt32());
    int64_t place = (int64_t(window.getLast()) - kLanes) * sizeof(float);
    vmovups(getBefore(i) | needed | T_z, zword[x + place]);
  }
}

/// The products of a window, whose weights are kept from the `first` on.
void Avx512Emitter::multiplyWindow(const Window &window,
                                   const Xbyak::Zmm &before, int64_t first) {
  Xbyak::Address last = zword[x + int64_t(window.getLast()) * sizeof(float)];
  if (window.terms.size() == 1 && window.terms.front().mask == 0)
    return vfmadd231ps(getSum(window.terms.front().row), getKept(first), last);
  vmovups(loaded, last);
  for (auto [i, term] : llvm::enumerate(window.terms)) {
    int32_t distance = window.getLast() - term.input;
    bool isNew = i == 0 || !term.hasSameInput(window.terms[i - 1]);
    Xbyak::Zmm to = term.mask ? shifted | getMask(term.mask) | T_z : shifted;
    if (isNew && distance > 0)
      valignd(to, loaded, before, kLanes - distance);
    else if (isNew && term.mask)
      vmovaps(to, loaded);
    vfmadd231ps(getSum(term.row), getKept(first + i),
                distance > 0 || term.mask ? shifted : loaded);
  }
  if (window.getLength() > 0)
    vmovaps(before, loaded);
}

/// Multiplies in the cheapest of three ways.
void Avx512Emitter::emitLoop(const Tile &tile, llvm::ArrayRef<Term> terms,
                             Ends ends, llvm::SmallVectorImpl<float> &stream) {
  llvm::SmallVector<Window> windows;
  firstKept = tile.end - tile.begin;
  firstBefore = firstKept + int64_t(terms.size());
  bool isKept =
      firstBefore <= (product.inputStep == 1 ? loaded : pattern).getIdx();
  if (isKept && product.isContiguous)
    windows = makeWindows(terms);
  if (firstBefore + int64_t(windows.size()) > shifted.getIdx())
    windows.clear();
  loadPattern(stream);
  if (isKept)
    keepWeights(terms, stream);
  if (!windows.empty())
    loadWindows(windows);
  Xbyak::Label loop;
  align(16);
  L(loop);
  fetched = fetchedRows = 0;
  loadPanel();
  start(tile, ends, stream);
  int64_t first = 0;
  for (auto [i, window] : llvm::enumerate(windows)) {
    multiplyWindow(window, getBefore(i), first);
    first += window.terms.size();
  }
  if (!isKept)
    multiply(tile, terms, stream);
  else if (windows.empty())
    multiplyKept(terms);
  finish(tile, ends);
  prefetchUntil(countPrefetches(terms));
  if (fetched > 0)
    add(ahead, static_cast<uint32_t>(fetched * kLineBytes));
  add(panel, kPanelBytes);
  cmp(panel, end);
  jb(loop, T_NEAR);
}

void Avx512Emitter::emitSegment(const Tile &tile, llvm::ArrayRef<Term> terms,
                                Ends ends,
                                llvm::SmallVectorImpl<float> &stream) {
  Xbyak::Label next;
  streamBegin = stream.size();
  if (product.hasRest)
    push(rest);
  if (options.panels)
    lea(ahead, ptr[rip + next]);
  emitLoop(tile, terms, ends, stream);
  if (product.hasRest)
    pop(rest);
  vzeroupper();
  ret();
  L(next);
}

namespace {

/// Emits segments and finds those that are the same.
class SegmentWriter {
public:
  SegmentWriter(const PanelProduct &product, const StraightLineOptions &options,
                size_t bytes)
      : product(product), emitter(product, options, bytes) {}

  void write(const Group &group);
  llvm::Expected<StraightLineCode> finish();

private:
  void writeSegment(const Tile &tile, llvm::ArrayRef<Term> terms, Ends ends);
  int64_t writeStraightLine(const Tile &tile, llvm::ArrayRef<Term> terms,
                            Ends ends);
  int64_t writeBlocks(Ends ends);

  const PanelProduct &product;
  Avx512Emitter emitter;
  StraightLineCode result;
  /// Where code begins, by its bytes.
  llvm::StringMap<int64_t> places;
  /// Where that of blocks begins, by ends.
  int64_t blocks[2][2] = {{-1, -1}, {-1, -1}};
};

} // namespace

int64_t SegmentWriter::writeBlocks(Ends ends) {
  int64_t &place = blocks[ends.isFirst][ends.isLast];
  if (place < 0) {
    place = emitter.getSize();
    emitBlocks(emitter, product, ends);
  }
  return place;
}

/// Where a segment's code begins.
int64_t SegmentWriter::writeStraightLine(const Tile &tile,
                                         llvm::ArrayRef<Term> terms,
                                         Ends ends) {
  auto begin = static_cast<int64_t>(emitter.getSize());
  emitter.emitSegment(tile, terms, ends, result.stream);
  if (product.groups == 1)
    return begin;
  llvm::StringRef bytes(reinterpret_cast<const char *>(emitter.getCode()) +
                            begin,
                        emitter.getSize() - begin);
  auto [place, isNew] = places.try_emplace(bytes, begin);
  if (!isNew)
    emitter.setSize(begin);
  return place->second;
}

void SegmentWriter::writeSegment(const Tile &tile, llvm::ArrayRef<Term> terms,
                                 Ends ends) {
  emitter.align(64);
  auto stream = static_cast<int64_t>(result.stream.size());
  if (tile.isBlocked)
    appendBlocks(product, tile, terms, ends, result.stream);
  int64_t begin =
      tile.isBlocked ? writeBlocks(ends) : writeStraightLine(tile, terms, ends);
  result.segments.push_back(
      {begin, stream, static_cast<int64_t>(terms.size())});
}

void SegmentWriter::write(const Group &group) {
  llvm::SmallVector<size_t> done(group.tiles.size(), 0);
  for (auto [range, cut] : llvm::enumerate(group.cuts)) {
    Ends ends{range == 0, range + 1 == group.cuts.size()};
    auto isInRange = [cut = cut](const Term &term) { return term.input < cut; };
    for (auto [tile, first] : llvm::zip_equal(group.tiles, done)) {
      llvm::ArrayRef<Term> terms =
          llvm::ArrayRef(tile.terms).drop_front(first).take_while(isInRange);
      first += terms.size();
      writeSegment(tile, terms, ends);
    }
  }
}

llvm::Expected<StraightLineCode> SegmentWriter::finish() {
  if (int error = Xbyak::GetError())
    return llvm::createStringError(Xbyak::ConvertErrorToString(error));
  result.code.assign(emitter.getCode(), emitter.getCurr());
  return std::move(result);
}

static llvm::Error checkReach(const PanelProduct &product) {
  auto isFar = [](int32_t place) {
    return std::abs(int64_t(place)) >= (int64_t(1) << 29);
  };
  if (llvm::any_of(product.inputs, isFar) ||
      llvm::any_of(product.outputs, isFar))
    return llvm::createStringError(
        "a panel is larger than 32-bit distances reach");
  return llvm::Error::success();
}

llvm::Expected<StraightLineCode>
mlir::prune::assembly::emitAvx512(const PanelProduct &product,
                                  const StraightLineOptions &options) {
  if (llvm::Error error = checkReach(product))
    return std::move(error);
  llvm::SmallVector<Group, 0> groups = makeGroups(product, options);
  // Long distances, starts and ends of all rows in each range, and loops.
  size_t segments = groups.size() * groups.front().tiles.size();
  size_t ranges = groups.front().cuts.size();
  size_t bytes = 65536 + segments * ranges * 1024 + product.values.size() * 32 +
                 product.outputs.size() * ranges * 40;
  SegmentWriter writer(product, options, bytes);
  for (const Group &group : groups)
    writer.write(group);
  llvm::Expected<StraightLineCode> code = writer.finish();
  if (code)
    code->tiles = static_cast<int64_t>(groups.front().tiles.size());
  return code;
}
