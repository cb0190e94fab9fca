//===- Generated.cpp - Running generated sparse code ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Work is cut into pieces: some images, or some panels of one. The inputs of a
// piece are copied together, then each segment of the code runs over all its
// panels, so that the code is fetched once for many panels and the inputs stay
// in the second cache. Each result is computed the same way however the work is
// cut.
//
//===----------------------------------------------------------------------===//

#include "../Common/Lanes.h"
#include "../Common/Runtime.h"
#include "PanelCopies.h"
#include "Threads.h"

#include <algorithm>

using namespace prune_rt;

namespace {

/// Panels that pay for fetching the code, and floats that stay in a cache.
constexpr int64_t kPiecePanels = 64, kPieceFloats = 1 << 17;

/// Part of the work: all panels of several images, or panels of one.
struct Piece {
  int64_t image, images, panel, panels;
};

/// The run of a plan on one input.
class Run {
public:
  Run(const prune_rt_generated &plan, const float *x, float *y)
      : plan(plan), x(x), y(y) {}

  void run(int64_t threads);

private:
  bool isOneByOne() const {
    return plan.tap_rows == 1 && plan.tap_columns == 1;
  }
  int64_t floatsOfPanel() const { return plan.channels * kLanes; }
  int64_t floatsOfImage() const;
  Piece getPieceSize(int64_t threads) const;
  void runPiece(const Piece &piece, float *copy) const;
  void copyInputs(const Piece &piece, float *to) const;

  const prune_rt_generated &plan;
  const float *x;
  float *y;
};

} // namespace

/// Floats of a copied image. The last panel reads past the last plane.
int64_t Run::floatsOfImage() const {
  if (isOneByOne())
    return plan.panel_count * floatsOfPanel();
  return plan.channels * plan.stride_h * plan.stride_w * plan.rows *
             plan.columns +
         kLanes;
}

void Run::copyInputs(const Piece &piece, float *to) const {
  int64_t size = plan.channels * plan.height * plan.width;
  const float *end = x + plan.images * size;
  for (int64_t i = 0; i < piece.images; ++i) {
    const float *image = x + (piece.image + i) * size;
    if (isOneByOne())
      copyPanels(plan, image, end, piece.panel, piece.panels,
                 to + i * piece.panels * floatsOfPanel());
    else
      copyPlanes(plan, image, end, to + i * floatsOfImage());
  }
}

void Run::runPiece(const Piece &piece, float *copy) const {
  copyInputs(piece, copy);
  int64_t step =
      isOneByOne() ? piece.panels * floatsOfPanel() : floatsOfImage();
  // Panels say where they lie in an image of which all panels are copied.
  int64_t skipped = isOneByOne() ? piece.panel * floatsOfPanel() : 0;
  const prune_rt_panel *begin = plan.panels + piece.panel;
  for (int64_t s = 0; s < plan.segment_count; ++s) {
    const prune_rt_segment_place &place = plan.segments[s];
    auto *segment = reinterpret_cast<prune_rt_segment *>(
        reinterpret_cast<uintptr_t>(plan.code) + place.code);
    for (int64_t i = 0; i < piece.images; ++i)
      segment(copy + i * step - skipped, y + (piece.image + i) * plan.out_image,
              plan.stream + place.stream, begin, begin + piece.panels);
  }
}

/// As much as pays for the code and stays in the cache, but something for each
/// thread.
Piece Run::getPieceSize(int64_t threads) const {
  Piece size = {0, 1, 0, plan.panel_count};
  int64_t most = std::max<int64_t>(plan.images / threads, 1);
  int64_t wanted = (kPiecePanels + plan.panel_count - 1) / plan.panel_count;
  int64_t fitting = std::max<int64_t>(kPieceFloats / floatsOfImage(), 1);
  size.images = std::min({most, wanted, fitting});
  if (isOneByOne() && size.images == 1) {
    int64_t panels = std::max(kPieceFloats / floatsOfPanel(), kPiecePanels / 4);
    int64_t shares = threads > plan.images ? threads : 1;
    panels = std::min(panels, (plan.panel_count + shares - 1) / shares);
    size.panels = std::max<int64_t>(panels, 1);
  } else if (!isOneByOne() && plan.images < threads) {
    size.panels = (plan.panel_count + threads - 1) / threads;
  }
  return size;
}

void Run::run(int64_t threads) {
  if (plan.images == 0 || plan.panel_count == 0)
    return;
  Piece size = getPieceSize(threads);
  int64_t rows = (plan.images + size.images - 1) / size.images;
  int64_t columns = (plan.panel_count + size.panels - 1) / size.panels;
  int64_t floats = isOneByOne() ? size.images * size.panels * floatsOfPanel()
                                : size.images * floatsOfImage();
  // Whole pages, so that threads share none.
  floats = (floats + 1023) / 1024 * 1024;
  threads = std::min(threads, rows * columns);
  Buffer copies(threads * floats * sizeof(float));
  forEach(rows * columns, threads, [&](int64_t index, int64_t thread) {
    int64_t image = index / columns * size.images;
    int64_t panel = index % columns * size.panels;
    Piece piece = {image, std::min(size.images, plan.images - image), panel,
                   std::min(size.panels, plan.panel_count - panel)};
    runPiece(piece, copies.floats() + thread * floats);
  });
}

void prune_rt_generated_f32(const prune_rt_generated *plan, const float *x,
                            float *y) {
  DenormalScope denormals;
  Run(*plan, x, y).run(prune_rt_get_num_threads());
}
