//===- OrdersTest.cpp - Generated code on images in several orders --------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads and writes panels, planes, and images in lanes. The naive convolution
// on images in nchw says what is right.
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

/// Sets whose code adds the inputs of a sum in the same order whatever is in
/// the lanes. Streams add the inputs with a mask last.
class OrdersOfSums : public CodeTest {};
FOR_EACH_CODE(OrdersOfSums);
} // namespace

/// A grid with room for `before` places in front of the first and at least
/// `after` from there on.
static ImageGrid makeGrid(ImageOrder order, int64_t columns, int64_t height,
                          int64_t width, int64_t before, int64_t after) {
  ImageGrid grid{order, columns};
  if (order == ImageOrder::Images) {
    grid.lead = before;
    grid.plane = before + std::max((height - 1) * columns + width, after);
  }
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
  return {images,       channels,  height,     width,
          grid.columns, grid.lead, grid.plane, grid.getNumTogether()};
}

/// Images in an order.
static std::vector<float> reorder(const Runtime &runtime,
                                  const std::vector<float> &plain,
                                  const ImageGrid &grid,
                                  const std::vector<int64_t> &shape) {
  if (!grid.isOrdered())
    return plain;
  std::vector<float> result(
      shape[0] / grid.getNumTogether() *
          getImageSize(grid, shape[1], shape[2], shape[3]),
      NAN);
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
    const ImageOrder all[] = {ImageOrder::Panels, ImageOrder::Planes,
                              ImageOrder::Images};
    ImageOrder order = all[i % 3];
    if (order == ImageOrder::Images)
      n *= 16;
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

/// A grid of images in lanes for what a window reads or writes.
static ImageGrid drawLaneGrid(int64_t height, int64_t width, int64_t before,
                              int64_t columns, int64_t after,
                              std::mt19937 &generator) {
  return makeGrid(ImageOrder::Images, columns, height, width,
                  before + generator() % 3, after + generator() % 3);
}

static PlanOrders drawLaneOrders(const Window &w, const ConvolutionShape &shape,
                                 std::mt19937 &generator) {
  int64_t columns = getMinLaneColumns(shape) + generator() % 3;
  PlanOrders orders;
  orders.in = drawLaneGrid(w.h, w.w, getReadBegin(shape, columns), columns,
                           getLaneReadEnd(shape, columns), generator);
  orders.out =
      drawLaneGrid(w.oh(), w.ow(), 0, w.ow() + generator() % 3, 0, generator);
  return orders;
}

/// Nobody writes or reads what follows the channels of a place.
static void clearSpareChannels(std::vector<float> &images,
                               const ImageGrid &grid, int64_t channels) {
  int64_t all = getPlaceChannels(channels);
  for (size_t i = 0; i < images.size(); ++i)
    if (int64_t(i) / 16 % all >= channels)
      images[i] = 0.0f;
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
    for (int64_t threads : {1, 2, 5}) {
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
      if (orders.out.order == ImageOrder::Images)
        clearSpareChannels(found, orders.out, w.f);
      if (orders.out.order == ImageOrder::Planes ||
          orders.out.order == ImageOrder::Images) {
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
    for (int i = 0; i < 6; ++i) {
      Example example = makeExample(window, 0.7, i);
      // Threads that share the rows have unequal shares of them.
      if (i % 2)
        std::fill_n(example.w.begin(), example.w.size() / 3, 0.0f);
      expectEqual(example, drawOrders(window, getShape(window), generator),
                  GetParam());
    }
}

TEST(ImageLanes, NeedWholeVectorsAndPlacesOf32Bits) {
  ConvolutionShape shape{16, 64, 56, 56, 64, 56, 56, 3, 3, 1, 1, 1, 1, 1, 1};
  EXPECT_TRUE(canHaveImageLanes(shape));
  shape.n = 24;
  EXPECT_FALSE(canHaveImageLanes(shape));
  shape.n = 32, shape.c = 1 << 15;
  EXPECT_FALSE(canHaveImageLanes(shape));
  shape.c = 64, shape.f = 1 << 15;
  EXPECT_FALSE(canHaveImageLanes(shape));
}

/// A convolution of 16 or 32 images.
static Window drawLaneWindow(std::mt19937 &generator) {
  Window window = drawWindow(generator);
  window.n = 16 * drawExtent(2, generator);
  window.f = drawExtent(40, generator);
  if (generator() % 3 == 0) {
    window.groups = drawExtent(6, generator);
    window.c = window.groups * drawExtent(3, generator);
    window.f = window.groups * drawExtent(3, generator);
  }
  if (window.kh == 1 && window.kw == 1)
    window.top = window.left = window.bottom = window.right = 0;
  return window;
}

TEST_P(Orders, ComputesImagesInLanes) {
  SKIP_UNLESS_RUNNABLE();
  std::mt19937 generator = makeGenerator(41);
  for (int i = 0, e = getNumExamples(100); i < e; ++i) {
    Window window = drawLaneWindow(generator);
    ConvolutionShape shape = getShape(window);
    ASSERT_TRUE(canHaveImageLanes(shape));
    double zeros = std::vector<double>{0.0, 0.5, 0.9, 1.0}[generator() % 4];
    expectEqual(makeExample(window, zeros, i),
                drawLaneOrders(window, shape, generator), GetParam());
  }
}

/// What is in the lanes changes no sum.
TEST_P(OrdersOfSums, HaveSameBitsWithImagesInLanes) {
  SKIP_UNLESS_RUNNABLE();
  std::mt19937 generator = makeGenerator(43);
  const Runtime &runtime = getFast();
  for (int i = 0, e = getNumExamples(60); i < e; ++i) {
    Window w = drawLaneWindow(generator);
    ConvolutionShape shape = getShape(w);
    Example example = makeExample(w, 0.7, i);
    PlanOrders lanes = drawLaneOrders(w, shape, generator), plain;
    if (isStridedDepthwise(shape)) {
      int64_t columns = getMinInputColumns(shape);
      plain.in =
          makeGrid(ImageOrder::Planes, columns, w.h, w.w,
                   getReadBegin(shape, columns), getReadEnd(shape, columns));
    }
    auto run = [&](const PlanOrders &orders) {
      std::vector<int64_t> in = getGridShape(orders.in, w.n, w.c, w.h, w.w);
      std::vector<int64_t> out =
          getGridShape(orders.out, w.n, w.f, w.oh(), w.ow());
      Example ordered = example;
      ordered.x = reorder(runtime, example.x, orders.in, in);
      ordered.y = reorder(runtime, example.y, orders.out, out);
      std::vector<float> found =
          runGenerated(ordered, runtime, Guard::Behind, GetParam(), orders);
      return restore(runtime, found, orders.out, out);
    };
    SCOPED_TRACE(testing::Message() << w);
    EXPECT_EQ(run(lanes), run(plain));
  }
}
