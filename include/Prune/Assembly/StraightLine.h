//===- StraightLine.h - Sparse products as machine code ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sparse weight as straight-line code: each weight that is not zero is one
// instruction, and nothing says which weights are zero. The code works on
// panels: 16 results of each row side by side, of 16 images or of 16 positions.
// A tile of up to 30 rows keeps its sums in registers, with AVX2 those of six
// after six, and each input is loaded once for these. A few weights stay in
// registers from panel to panel.
//
// Where each four rows read the same inputs, as after pruning in blocks along
// output channels, the weights are a stream that one loop reads instead: there
// is no code to fetch, and a weight takes part in up to six panels at once.
//
// Groups of rows may read channels of their own. Their code differs in nothing
// but what it is called with, so that groups with the same zeros share it.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ASSEMBLY_STRAIGHTLINE_H
#define PRUNE_ASSEMBLY_STRAIGHTLINE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <cstdint>

namespace mlir::prune::assembly {

/// Floats of a panel's row.
inline constexpr int64_t kLanes = 16;

/// Where the 16 lanes of a panel go.
enum class StoreKind {
  /// Side by side: all are results, or memory for them is there.
  All,
  /// Those that are results side by side, the others nowhere.
  Packed,
  /// Side by side, with zeros for those that are no results.
  Zeroed,
  /// Those of `places` side by side, those of `rest` alike from another place
  /// on, with zeros for those that are no results.
  Parts
};

/// Masks of a panel that say which lanes have an input.
inline constexpr int64_t kMaxMasks = 4;

/// A weight in compressed rows, with the places of its operands in memory.
struct PanelProduct {
  /// Row `i` has the values `pointers[i]` to `pointers[i + 1] - 1`.
  llvm::ArrayRef<int32_t> pointers;
  /// For each value, where its input lies: floats from the start of the panel.
  llvm::ArrayRef<int32_t> inputs;
  llvm::ArrayRef<float> values;
  /// For each row, where its results lie: floats from the start of the panel.
  llvm::ArrayRef<int32_t> outputs;
  /// One element per row, or empty.
  llvm::ArrayRef<float> bias;
  /// The results are added to what lies in their places.
  bool accumulates = false;
  /// Negative results become zero; a NaN stays one.
  bool hasRelu = false;
  StoreKind store = StoreKind::All;
  /// As many rows each. Where inputs and results lie is from the start of the
  /// group's, and its panels lie alike.
  int64_t groups = 1;
  /// Each panel's inputs lie 16 floats behind those of the one before.
  bool isContiguous = false;
  /// Floats from the input of a lane to that of the next: 1 or 2. Of a pair the
  /// second one is read, too.
  int64_t inputStep = 1;
  /// For StoreKind::Parts: some panels have a rest.
  bool hasRest = false;
  /// For each value, which of the masks of a panel its input has, from 1 on: it
  /// is zero in other lanes. 0 for inputs that have none. Empty when none has.
  llvm::ArrayRef<uint8_t> masks = {};
  int64_t numMasks = 0;
  /// Floats that inputs with a mask may lie beside what is there.
  int64_t maskReach = 0;
  /// Floats from a panel's results to those of the next one, which are fetched
  /// meanwhile; 0 where caches have them.
  int64_t resultStep = 0;
  /// For each value, the rank of its input in the order of the sum, ascending
  /// within a row; empty where that is the order of the inputs themselves.
  llvm::ArrayRef<int32_t> ranks = {};

  int64_t getNumRows() const { return outputs.size(); }
};

/// Instruction sets of the code. With AVX2 a vector is two registers. Portable
/// has no code, but a stream for a loop of the runtime.
enum class VectorSet { Avx512, Avx2, Portable };

/// Most rows whose sums fit in registers beside an input.
constexpr int64_t getMostRows(VectorSet set) {
  return set == VectorSet::Avx2 ? 6 : 30;
}

/// How the code is cut.
struct StraightLineOptions {
  VectorSet set = VectorSet::Avx512;
  /// Rows of a tile, at most 30.
  int64_t tileRows = 30;
  /// Bytes of code that stay in the instruction cache while panels stream by.
  int64_t segmentBytes = 24 << 10;
  /// Panels that one call of a segment works on, for the distance of
  /// prefetches; 0 for no prefetches.
  int64_t panels = 0;
  /// Rows that read the same inputs, four by four, take a loop over blocks.
  bool blocks = true;
};

/// A piece of code: a tile of rows and a range of inputs.
struct Segment {
  /// Bytes from the start of the code.
  int64_t code;
  /// Floats from the start of the stream.
  int64_t stream;
  /// Values that it multiplies.
  int64_t values;
};

/// Machine code. Each segment is a function
///
///     void(const float *x, float *y, const float *stream,
///          const Panel *begin, const Panel *end)
///
/// of the System V convention, to be called in order, each for all panels of
/// its caller before the next; `stream` is already advanced to the segment's
/// part. Panel is prune_rt_panel of prune_runtime.h.
struct StraightLineCode {
  llvm::SmallVector<uint8_t, 0> code;
  llvm::SmallVector<float, 0> stream;
  llvm::SmallVector<Segment, 0> segments;
  /// Tiles of a group: its segments are those of all tiles for the first range
  /// of inputs, then for the next.
  int64_t tiles = 0;
};

/// Fails where a distance does not fit in 32 bits, and for streams where masked
/// inputs lie further beside a panel than a vector is long. Linear in the
/// values but for sorting those of a tile.
llvm::Expected<StraightLineCode>
emitStraightLine(const PanelProduct &product,
                 const StraightLineOptions &options);

} // namespace mlir::prune::assembly

#endif // PRUNE_ASSEMBLY_STRAIGHTLINE_H
