//===- StraightLine.cpp - Sparse products as machine code -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Segments of straight-line code or of blocks, one after the other. Groups with
// the same zeros share their code.
//
//===----------------------------------------------------------------------===//

#include "Prune/Assembly/StraightLine.h"

#include "Blocks.h"
#include "SegmentEmitter.h"
#include "Streams.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir::prune::assembly;

using SegmentFunction =
    llvm::function_ref<void(const Tile &, llvm::ArrayRef<Term>, Ends)>;

/// All tiles for the first range of inputs, then for the next.
static void forEachSegment(const Group &group, SegmentFunction body) {
  llvm::SmallVector<size_t> done(group.tiles.size(), 0);
  for (auto [range, cut] : llvm::enumerate(group.cuts)) {
    Ends ends{range == 0, range + 1 == group.cuts.size()};
    auto isInRange = [cut = cut](const Term &term) { return term.rank < cut; };
    for (auto [tile, first] : llvm::zip_equal(group.tiles, done)) {
      llvm::ArrayRef<Term> terms =
          llvm::ArrayRef(tile.terms).drop_front(first).take_while(isInRange);
      first += terms.size();
      body(tile, terms, ends);
    }
  }
}

namespace {

/// Emits segments and finds those that are the same.
class SegmentWriter {
public:
  SegmentWriter(const PanelProduct &product, const StraightLineOptions &options,
                size_t bytes)
      : product(product), emitter(product, options, bytes) {}

  void write(const Tile &tile, llvm::ArrayRef<Term> terms, Ends ends);
  llvm::Expected<StraightLineCode> finish();

private:
  int64_t writeStraightLine(const Tile &tile, llvm::ArrayRef<Term> terms,
                            Ends ends);
  int64_t writeBlocks(Ends ends);

  const PanelProduct &product;
  SegmentEmitter emitter;
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
    emitBlocks(emitter, emitter.getVectors(), product, ends);
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
  // Those that find tables differ where they are.
  bytes = bytes.drop_front(emitter.getVectors().getTableBytes());
  auto [place, isNew] = places.try_emplace(bytes, begin);
  if (!isNew)
    emitter.setSize(begin);
  return place->second;
}

void SegmentWriter::write(const Tile &tile, llvm::ArrayRef<Term> terms,
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

llvm::Expected<StraightLineCode> SegmentWriter::finish() {
  if (int error = Xbyak::GetError())
    return llvm::createStringError(Xbyak::ConvertErrorToString(error));
  result.code.assign(emitter.getCode(), emitter.getCurr());
  return std::move(result);
}

static llvm::Error checkReach(const PanelProduct &product, VectorSet set) {
  auto isFar = [](int32_t place) {
    return std::abs(int64_t(place)) >= (int64_t(1) << 29);
  };
  if (llvm::any_of(product.inputs, isFar) ||
      llvm::any_of(product.outputs, isFar))
    return llvm::createStringError(
        "a panel is larger than 32-bit distances reach");
  // The loop loads whole vectors, of which masks leave lanes out.
  if (set == VectorSet::Portable && product.maskReach > kLanes)
    return llvm::createStringError("a window reaches beyond its panel by more "
                                   "than a vector");
  return llvm::Error::success();
}

/// Streams of all segments.
static StraightLineCode writeStreams(const PanelProduct &product,
                                     llvm::ArrayRef<Group> groups) {
  StraightLineCode result;
  // What a segment names of the code is there.
  result.code.push_back(0);
  auto write = [&](const Tile &tile, llvm::ArrayRef<Term> terms, Ends ends) {
    auto begin = static_cast<int64_t>(result.stream.size());
    appendStream(product, tile, terms, ends, result.stream);
    result.segments.push_back(
        {/*code=*/0, begin, static_cast<int64_t>(terms.size())});
  };
  for (const Group &group : groups)
    forEachSegment(group, write);
  return result;
}

/// Most bytes that the code takes: long distances, starts and ends of all rows
/// in each range, loops and tables.
static size_t boundBytes(const PanelProduct &product,
                         llvm::ArrayRef<Group> groups, VectorSet set) {
  bool isHalf = set == VectorSet::Avx2;
  size_t ofValue = isHalf ? 96 : 32, ofRow = isHalf ? 320 : 40;
  size_t ranges = groups.front().cuts.size();
  size_t segments = groups.size() * groups.front().tiles.size() * ranges;
  return 65536 + segments * 1024 + product.values.size() * ofValue +
         product.outputs.size() * ranges * ofRow;
}

/// Code of all segments.
static llvm::Expected<StraightLineCode>
writeCode(const PanelProduct &product, const StraightLineOptions &options,
          llvm::ArrayRef<Group> groups) {
  SegmentWriter writer(product, options,
                       boundBytes(product, groups, options.set));
  auto write = [&](const Tile &tile, llvm::ArrayRef<Term> terms, Ends ends) {
    writer.write(tile, terms, ends);
  };
  for (const Group &group : groups)
    forEachSegment(group, write);
  return writer.finish();
}

llvm::Expected<StraightLineCode>
mlir::prune::assembly::emitStraightLine(const PanelProduct &product,
                                        const StraightLineOptions &options) {
  if (llvm::Error error = checkReach(product, options.set))
    return std::move(error);
  llvm::SmallVector<Group, 0> groups = makeGroups(product, options);
  llvm::Expected<StraightLineCode> code =
      options.set == VectorSet::Portable ? writeStreams(product, groups)
                                         : writeCode(product, options, groups);
  if (code)
    code->tiles = static_cast<int64_t>(groups.front().tiles.size());
  return code;
}
