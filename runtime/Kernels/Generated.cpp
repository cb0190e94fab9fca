//===- Generated.cpp - Running generated sparse code ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Work is cut into pieces: some images, some panels of one, some groups of one,
// or some tiles of rows. The inputs of a piece are copied together, then each
// segment of the code runs over all its panels, so that the code is fetched
// once for many panels and the inputs stay in the second cache. Each result is
// computed the same way however the work is cut.
//
//===----------------------------------------------------------------------===//

#include "../Common/Lanes.h"
#include "../Common/Runtime.h"
#include "PanelCopies.h"
#include "Streams.h"
#include "Threads.h"

#include <algorithm>
#include <cstring>

using namespace prune_rt;

namespace {

/// Panels that pay for fetching the code, and floats that stay in a cache.
constexpr int64_t kPiecePanels = 64, kPieceFloats = 1 << 17;

/// Products of vectors that pay for another thread: it takes some microseconds
/// to begin and to wait for it.
constexpr int64_t kThreadProducts = 1 << 14;

/// Part of the work: everything of several images, or a part of one.
struct Piece {
  int64_t image, images, panel, panels, group, groups, tile, tiles;
};

/// Parts into which each extent is cut.
struct Cuts {
  int64_t images, panels, groups, tiles;
};

/// The run of a plan on one input.
class Run {
public:
  Run(const prune_rt_generated &plan, const float *x, float *y,
      prune_rt_segment *streamed)
      : plan(plan), x(x), y(y), streamed(streamed) {}

  void run(int64_t threads);

private:
  bool isOneByOne() const {
    return plan.tap_rows == 1 && plan.tap_columns == 1;
  }
  /// The input lies in the order in which the code reads it.
  bool isDirect() const { return plan.in_group > 0; }
  /// Pieces may be some groups: what these read lies together.
  bool isCutByGroups() const { return plan.groups > 1 && !isOneByOne(); }
  int64_t floatsOfGroup() const;
  int64_t floatsOfImage(const Piece &piece) const;
  Piece getPieceSize(int64_t threads) const;
  Cuts getCuts(const Piece &size, int64_t threads) const;
  int64_t getTileSize(int64_t tile) const;
  int64_t findTile(int64_t part, int64_t parts) const;
  void runPiece(const Piece &piece, float *copy) const;
  void runSegments(const Piece &piece, const float *from, int64_t ofImage,
                   int64_t ofGroup) const;
  void copyInputs(const Piece &piece, float *to) const;
  void clearMargins(const Piece &piece) const;
  void clearPlaces(const Piece &piece) const;

  const prune_rt_generated &plan;
  const float *x;
  float *y;
  /// Runs all segments; null where they are code.
  prune_rt_segment *streamed;
};

} // namespace

/// Floats of a group's inputs, of a panel where they are copied one by one.
int64_t Run::floatsOfGroup() const {
  if (isDirect())
    return plan.in_group;
  int64_t ofChannel =
      isOneByOne() ? kLanes
                   : plan.stride_h * plan.stride_w * plan.rows * plan.columns;
  return plan.channels / plan.groups * ofChannel;
}

/// Floats of a piece's copy of an image. The last panel reads past the last
/// plane.
int64_t Run::floatsOfImage(const Piece &piece) const {
  if (isDirect())
    return 0;
  int64_t floats = piece.groups * floatsOfGroup();
  return isOneByOne() ? piece.panels * floats : floats + kLanes;
}

void Run::copyInputs(const Piece &piece, float *to) const {
  Source source(plan);
  const float *end = x + plan.images * source.image;
  int64_t channel = piece.group * (plan.channels / plan.groups);
  int64_t channels = piece.groups * (plan.channels / plan.groups);
  for (int64_t i = 0; i < piece.images; ++i, to += floatsOfImage(piece)) {
    const float *image = x + (piece.image + i) * source.image;
    if (isOneByOne() && plan.in_image > 0)
      gatherPanels(plan, image, piece.panel, piece.panels, to);
    else if (isOneByOne())
      copyPanels(plan, image, end, piece.panel, piece.panels, to);
    else
      copyPlanes(plan, source, image + channel * source.channel, end, channels,
                 to);
  }
}

/// Zeros in front of the places of planes and behind them, which no panel
/// writes.
void Run::clearMargins(const Piece &piece) const {
  int64_t channels = plan.out_image / plan.out_plane / plan.groups;
  for (int64_t i = 0; i < piece.images; ++i) {
    float *plane = y + (piece.image + i) * plan.out_image +
                   piece.group * channels * plan.out_plane;
    for (int64_t c = 0; c < piece.groups * channels; ++c) {
      prune_rt::clearMargins(plane, plan.out_lead, plan.out_end,
                             plan.out_plane);
      plane += plan.out_plane;
    }
  }
}

/// The same where images are lanes: places in front, behind and at the ends of
/// rows.
void Run::clearPlaces(const Piece &piece) const {
  for (int64_t i = 0; i < piece.images; ++i) {
    float *places = y + (piece.image + i) * plan.out_image;
    auto clear = [&](int64_t begin, int64_t end) {
      std::memset(places + begin * plan.out_place, 0,
                  (end - begin) * plan.out_place * sizeof(float));
    };
    clear(0, plan.out_lead);
    int64_t row = plan.out_lead + plan.out_width;
    for (; row < plan.out_end; row += plan.out_columns)
      clear(row, row + plan.out_columns - plan.out_width);
    clear(plan.out_end, plan.out_plane);
  }
}

/// Runs the code of a piece whose first input, as panels see it, lies at
/// `from`.
void Run::runSegments(const Piece &piece, const float *from, int64_t ofImage,
                      int64_t ofGroup) const {
  const prune_rt_panel *begin = plan.panels + piece.panel;
  int64_t segments = plan.segment_count / plan.groups;
  for (int64_t s = 0; s < piece.groups * segments; ++s) {
    int64_t group = s / segments, tile = s % plan.tiles;
    if (tile < piece.tile || tile >= piece.tile + piece.tiles)
      continue;
    const prune_rt_segment_place &place =
        plan.segments[piece.group * segments + s];
    auto *segment =
        streamed ? streamed
                 : reinterpret_cast<prune_rt_segment *>(
                       reinterpret_cast<uintptr_t>(plan.code) + place.code);
    float *to = y + piece.image * plan.out_image +
                (piece.group + group) * plan.out_group;
    for (int64_t i = 0; i < piece.images; ++i)
      segment(from + group * ofGroup + i * ofImage, to + i * plan.out_image,
              plan.stream + place.stream, begin, begin + piece.panels);
  }
}

void Run::runPiece(const Piece &piece, float *copy) const {
  bool isFirst = piece.panel == 0 && piece.tile == 0;
  if (isFirst && piece.group == 0 && plan.out_place > 0)
    clearPlaces(piece);
  else if (isFirst && plan.out_place == 0 && plan.out_plane > 0)
    clearMargins(piece);
  if (isDirect())
    return runSegments(
        piece, x + piece.image * plan.in_image + piece.group * plan.in_group,
        plan.in_image, plan.in_group);
  copyInputs(piece, copy);
  // Panels say where they lie in an image of which all panels are copied.
  int64_t skipped =
      isOneByOne() ? piece.panel * piece.groups * floatsOfGroup() : 0;
  runSegments(piece, copy - skipped, floatsOfImage(piece), floatsOfGroup());
}

static int64_t divideCeil(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Whether the largest of the shares is at most an eighth above their mean.
static bool isEven(int64_t total, int64_t shares) {
  return 8 * divideCeil(total, shares) * shares <= 9 * total;
}

/// As much as pays for the code and stays in the cache, but something for each
/// thread.
Piece Run::getPieceSize(int64_t threads) const {
  Piece size = {0, 1, 0, plan.panel_count, 0, plan.groups, 0, plan.tiles};
  // Threads for one image.
  int64_t shares = threads > plan.images ? threads : 1;
  if (isCutByGroups()) {
    int64_t groups = std::min(kPieceFloats / floatsOfGroup(),
                              divideCeil(plan.groups, shares));
    size.groups = std::max<int64_t>(groups, 1);
    return size;
  }
  int64_t most = std::max<int64_t>(plan.images / threads, 1);
  int64_t wanted = divideCeil(kPiecePanels, plan.panel_count);
  int64_t ofImage = isDirect() ? plan.in_image : floatsOfImage(size);
  int64_t fitting = std::max<int64_t>(kPieceFloats / ofImage, 1);
  size.images = std::min({most, wanted, fitting});
  if ((isOneByOne() || isDirect()) && size.images == 1) {
    // Where images are lanes, a panel reads no input of the next one's, and
    // what a range of inputs reads stays in the cache.
    int64_t ranges = plan.out_place > 0
                         ? plan.segment_count / (plan.groups * plan.tiles)
                         : 1;
    int64_t panels = std::max(ranges * kPieceFloats / (plan.channels * kLanes),
                              kPiecePanels / 4);
    size.panels = std::min(panels, plan.panel_count);
    // Threads that share one image read all of it and a part of the code each,
    // where nothing is copied for them and the parts are about as large.
    if (divideCeil(plan.panel_count, size.panels) >= shares)
      return size;
    if (isDirect() && isEven(plan.tiles, shares))
      size.tiles = divideCeil(plan.tiles, shares);
    else
      size.panels = divideCeil(plan.panel_count, shares);
  } else if (!isOneByOne() && !isDirect()) {
    size.panels = divideCeil(plan.panel_count, shares);
  }
  return size;
}

/// A whole number of pieces for each thread, where there is so much.
static int64_t balance(int64_t pieces, int64_t threads, int64_t most) {
  return std::min(divideCeil(pieces, threads) * threads, most);
}

Cuts Run::getCuts(const Piece &size, int64_t threads) const {
  Cuts cuts = {divideCeil(plan.images, size.images),
               divideCeil(plan.panel_count, size.panels),
               divideCeil(plan.groups, size.groups),
               divideCeil(plan.tiles, size.tiles)};
  if (threads <= plan.images)
    cuts.images = balance(cuts.images, threads, plan.images);
  else if (isCutByGroups())
    cuts.groups = balance(cuts.groups, threads, plan.groups);
  else if (cuts.panels > 1)
    cuts.panels = balance(cuts.panels, threads, plan.panel_count);
  return cuts;
}

/// Bytes of a tile's code and stream.
int64_t Run::getTileSize(int64_t tile) const {
  int64_t bytes = 0;
  // Nothing says where the last segment ends: it is not counted.
  for (int64_t s = tile; s + 1 < plan.segment_count; s += plan.tiles) {
    const prune_rt_segment_place *place = plan.segments + s;
    bytes += place[1].code - place[0].code +
             (place[1].stream - place[0].stream) * int64_t(sizeof(float));
  }
  return bytes;
}

/// The first tile of a part, where each has at least one and about as many
/// weights.
int64_t Run::findTile(int64_t part, int64_t parts) const {
  if (part == 0 || part == parts)
    return part == 0 ? 0 : plan.tiles;
  const prune_rt_segment_place *last = plan.segments + plan.segment_count - 1;
  int64_t total =
      last->code - plan.segments->code +
      (last->stream - plan.segments->stream) * int64_t(sizeof(float));
  int64_t tile = 0;
  for (int64_t sum = 0; tile < plan.tiles - (parts - part); ++tile) {
    int64_t next = sum + getTileSize(tile);
    if (tile >= part && (sum + next) / 2 >= total * part / parts)
      break;
    sum = next;
  }
  return tile;
}

void Run::run(int64_t threads) {
  if (plan.images == 0 || plan.panel_count == 0)
    return;
  int64_t products = plan.weights * plan.panel_count * plan.images;
  threads = std::clamp<int64_t>(products / kThreadProducts, 1, threads);
  Piece size = getPieceSize(threads);
  Cuts cuts = getCuts(size, threads);
  // The largest piece; all others have as much or one less.
  size.images = divideCeil(plan.images, cuts.images);
  size.panels = divideCeil(plan.panel_count, cuts.panels);
  size.groups = divideCeil(plan.groups, cuts.groups);
  // Whole pages, so that threads share none, with what masks leave out of a
  // vector in front and behind.
  int64_t wanted = size.images * floatsOfImage(size) + 2 * kLanes;
  int64_t floats = divideCeil(wanted, 1024) * 1024;
  int64_t count = cuts.images * cuts.panels * cuts.groups * cuts.tiles;
  threads = std::min(threads, count);
  Buffer copies(threads * floats * sizeof(float));
  forEach(count, threads, [&](int64_t index, int64_t thread) {
    Piece piece;
    piece.tile = findTile(index % cuts.tiles, cuts.tiles);
    piece.tiles = findTile(index % cuts.tiles + 1, cuts.tiles) - piece.tile;
    index /= cuts.tiles;
    auto take = [&](int64_t total, int64_t parts, int64_t &begin,
                    int64_t &extent) {
      int64_t part = index % parts;
      begin = total * part / parts;
      extent = total * (part + 1) / parts - begin;
      index /= parts;
    };
    take(plan.groups, cuts.groups, piece.group, piece.groups);
    take(plan.panel_count, cuts.panels, piece.panel, piece.panels);
    take(plan.images, cuts.images, piece.image, piece.images);
    runPiece(piece, copies.floats() + thread * floats + kLanes);
  });
}

void prune_rt::runGenerated(const prune_rt_generated &plan, const float *x,
                            float *y, prune_rt_segment *segment) {
  DenormalScope denormals;
  Run(plan, x, y, segment).run(prune_rt_get_num_threads());
}

void prune_rt_generated_f32(const prune_rt_generated *plan, const float *x,
                            float *y) {
  runGenerated(*plan, x, y, /*segment=*/nullptr);
}
