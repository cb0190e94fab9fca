//===- OrdersTest.cpp - Generated code on images in several orders --------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads and writes panels and planes. The naive convolution on images in nchw
// says what is right.
//
//===----------------------------------------------------------------------===//

#include "Examples.h"
#include "Features.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir::prune::assembly;
using namespace prune_test;

namespace {
class Orders : public CodeTest {};
FOR_EACH_SET(Orders);
} // namespace

/// A grid with room for `before` places in front of the first and at least
/// `after` from there on.
static ImageGrid makeGrid(ImageOrder order, int64_t columns, int64_t height,
                          int64_t width, int64_t before, int64_t after) {
  ImageGrid grid{order, columns};
  if (order == ImageOrder::Planes) {
    grid.lead = (before + 15) / 16 * 16;
    grid.plane = grid.lead + std::max(getNumPanels(grid, height, width) * 16,
                                      (after + 15) / 16 * 16);
  }
  return grid;
}

static std::vector<int64_t> getGridShape(const ImageGrid &grid, int64_t images,
                                         int64_t channels, int64_t height,
                                         int64_t width) {
  return {images, channels, height, width, grid.columns, grid.lead, grid.plane};
}

/// Images in an order.
static std::vector<float> reorder(const Runtime &runtime,
                                  const std::vector<float> &plain,
                                  const ImageGrid &grid,
                                  const std::vector<int64_t> &shape) {
  if (!grid.isOrdered())
    return plain;
  std::vector<float> result(
      shape[0] * getImageSize(grid, shape[1], shape[2], shape[3]), NAN);
  PRUNE_RT(runtime, prune_rt_reorder_f32)
  (plain.data(), result.data(), shape.data(), /*reverse=*/0);
  return result;
}

static std::vector<float> restore(const Runtime &runtime,
                                  const std::vector<float> &ordered,
                                  const ImageGrid &grid,
                                  const std::vector<int64_t> &shape) {
  if (!grid.isOrdered())
    return ordered;
  std::vector<float> result(shape[0] * shape[1] * shape[2] * shape[3], NAN);
  PRUNE_RT(runtime, prune_rt_reorder_f32)
  (ordered.data(), result.data(), shape.data(), /*reverse=*/1);
  return result;
}

TEST(Reorder, IsUndone) {
  std::mt19937 generator = makeGenerator(3);
  for (int i = 0, e = getNumExamples(60); i < e; ++i) {
    int64_t n = drawExtent(3, generator), c = drawExtent(20, generator);
    int64_t h = drawExtent(20, generator), w = drawExtent(40, generator);
    ImageOrder order = i % 2 ? ImageOrder::Panels : ImageOrder::Planes;
    ImageGrid grid = makeGrid(order, w + generator() % 4, h, w,
                              generator() % 40, generator() % 40);
    std::vector<int64_t> shape = getGridShape(grid, n, c, h, w);
    std::vector<float> plain = makeRandom(n * c * h * w, generator);
    for (const Runtime *runtime : {&getNaive(), &getFast()}) {
      std::vector<float> ordered = reorder(*runtime, plain, grid, shape);
      EXPECT_EQ(restore(*runtime, ordered, grid, shape), plain);
      // All else is zero.
      EXPECT_EQ(
          llvm::count_if(ordered, [](float value) { return value != 0.0f; }),
          llvm::count_if(plain, [](float value) { return value != 0.0f; }));
    }
  }
}

/// The orders of a window's input and result that `generator` draws.
static PlanOrders drawOrders(const Window &w, const ConvolutionShape &shape,
                             std::mt19937 &generator) {
  const ImageOrder all[] = {ImageOrder::Nchw, ImageOrder::Panels,
                            ImageOrder::Planes};
  ImageOrder in = all[generator() % 3], out = all[generator() % 3];
  if (!canRead(shape, in))
    in = ImageOrder::Planes;
  int64_t spare = generator() % 3;
  // With places to spare at the ends of rows and without.
  int64_t inColumns = getMinInputColumns(shape) + spare;
  int64_t outColumns = getMinColumns(shape) + spare;
  // A kernel that copies nothing has one number of columns.
  bool isDirect = in != ImageOrder::Nchw && in == getDirectOrder(shape);
  if (isDirect && w.stride == 1)
    inColumns = outColumns = std::max(inColumns, outColumns);
  PlanOrders orders;
  if (in != ImageOrder::Nchw)
    orders.in =
        makeGrid(in, inColumns, w.h, w.w, getReadBegin(shape, inColumns),
                 getReadEnd(shape, inColumns));
  if (out != ImageOrder::Nchw)
    orders.out = makeGrid(out, outColumns, w.oh(), w.ow(), generator() % 20,
                          generator() % 20);
  return orders;
}

static void expectEqual(const Example &example, const PlanOrders &orders,
                        VectorSet set) {
  const Window &w = example.window;
  SCOPED_TRACE(testing::Message() << w << ", orders " << int(orders.in.order)
                                  << " " << int(orders.out.order));
  std::vector<int64_t> in = getGridShape(orders.in, w.n, w.c, w.h, w.w);
  std::vector<int64_t> out = getGridShape(orders.out, w.n, w.f, w.oh(), w.ow());
  std::vector<float> expected = runOracle(example);
  for (const Runtime *runtime : {&getNaive(), &getFast()})
    for (int64_t threads : {1, 3}) {
      PRUNE_RT(*runtime, prune_rt_set_num_threads)(threads);
      Example ordered = example;
      ordered.x = reorder(*runtime, example.x, orders.in, in);
      ordered.y = reorder(*runtime, example.y, orders.out, out);
      // What no panel writes is written all the same.
      if (!example.accumulates)
        ordered.y.assign(ordered.y.size(), NAN);
      std::vector<float> found =
          runGenerated(ordered, *runtime, Guard::Behind, set, orders);
      expectNear(restore(*runtime, found, orders.out, out), expected,
                 w.terms());
      if (orders.out.order == ImageOrder::Planes) {
        EXPECT_EQ(found,
                  reorder(*runtime, restore(*runtime, found, orders.out, out),
                          orders.out, out));
      }
    }
  PRUNE_RT(getFast(), prune_rt_set_num_threads)(1);
  PRUNE_RT(getNaive(), prune_rt_set_num_threads)(1);
}

TEST_P(Orders, ComputesRandomConvolutions) {
  SKIP_UNLESS_RUNNABLE();
  std::mt19937 generator = makeGenerator(31);
  for (int i = 0, e = getNumExamples(150); i < e; ++i) {
    Window window = drawWindow(generator);
    window.f = drawExtent(70, generator);
    // Mostly those that copy nothing.
    if (generator() % 4) {
      window.stride = 1;
      window.bottom = window.dilation * (window.kh - 1) - window.top;
      window.right = window.dilation * (window.kw - 1) - window.left;
    }
    if (generator() % 3 == 0) {
      window.groups = drawExtent(20, generator);
      window.c = window.groups * drawExtent(3, generator);
      window.f = window.groups * drawExtent(3, generator);
    }
    // Those that read every other column where it lies.
    if (generator() % 4 == 0) {
      window.stride = 2;
      window.c = window.groups = drawExtent(20, generator);
      window.f = window.groups * drawExtent(3, generator);
    }
    if (window.kh == 1 && window.kw == 1)
      window.top = window.left = window.bottom = window.right = 0;
    double zeros = std::vector<double>{0.0, 0.5, 0.9, 1.0}[generator() % 4];
    expectEqual(makeExample(window, zeros, i),
                drawOrders(window, getShape(window), generator), GetParam());
  }
}

TEST_P(Orders, ComputesBlocksBesidePadding) {
  SKIP_UNLESS_RUNNABLE();
  std::mt19937 generator = makeGenerator(37);
  const Window windows[] = {{2, 64, 7, 7, 64, 3, 3, 1, 1, 1, 1, 1, 1},
                            {1, 40, 9, 6, 36, 5, 5, 1, 1, 2, 2, 2, 2}};
  for (const Window &window : windows)
    for (int i = 0; i < 6; ++i)
      expectEqual(makeExample(window, 0.7, i),
                  drawOrders(window, getShape(window), generator), GetParam());
}
