//===- KernelRivals.cpp - Kernels of one layer, to be compared ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelRivals.h"

#include "Prune/Assembly/Isa.h"
#include "Prune/Assembly/LanePermute.h"
#include "Prune/Assembly/LoadedKernel.h"
#include "Prune/Kernels/CostModel.h"

#include "prune_runtime.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/DynamicLibrary.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#ifdef PRUNE_HAVE_EIGEN
#include <Eigen/Core>
#include <Eigen/SparseCore>
#endif

using namespace mlir::prune;
using namespace mlir::prune::assembly;
using namespace mlir::prune::bench;

/// [rows, columns] to [columns, rows].
static void transpose(llvm::ArrayRef<float> from, float *to, int64_t rows,
                      int64_t columns) {
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      to[column * rows + row] = from[row * columns + column];
}

/// Both layers' grid where nothing is copied: windows of more than one element
/// read planes, with as many zeros around the places as they reach.
static PlanOrders getOrdersInPlace(const ConvolutionShape &shape) {
  ImageGrid grid{getDirectOrder(shape), getMinColumns(shape)};
  if (grid.order == ImageOrder::Planes) {
    int64_t before = shape.padTop * grid.columns + shape.padLeft;
    grid.lead = llvm::alignTo(before, kLanes);
    grid.plane = 2 * grid.lead + getNumPanels(grid, shape.h, shape.w) * kLanes;
    // An odd number of cache lines, so that channels share no set.
    if (grid.plane / kLanes % 2 == 0)
      grid.plane += kLanes;
  }
  return {grid, grid};
}

/// Floats of images in an order.
static int64_t countFloats(const ImageGrid &grid, int64_t images,
                           int64_t channels, int64_t height, int64_t width) {
  return images * (grid.isOrdered()
                       ? getImageSize(grid, channels, height, width)
                       : channels * height * width);
}

static int64_t countResults(const ConvolutionShape &s, const ImageGrid &grid) {
  return countFloats(grid, s.n, s.f, s.oh, s.ow);
}

namespace {

/// Weights, [rows, inner], as blocks of one column and `rows` rows, the last
/// ones of fewer.
struct Blocks {
  llvm::MutableArrayRef<float> weights;
  int64_t inner, rows;

  int64_t count() const {
    return llvm::divideCeil(int64_t(weights.size()) / inner, rows) * inner;
  }
  template <typename Fn>
  void forEach(int64_t block, Fn visit) const {
    int64_t begin = block / inner * rows * inner + block % inner;
    int64_t end = std::min(int64_t(weights.size()), begin + rows * inner);
    for (int64_t i = begin; i < end; i += inner)
      visit(weights[i]);
  }
};

} // namespace

static std::vector<int64_t> drawBlocks(const Blocks &blocks, double share,
                                       unsigned seed) {
  std::mt19937 random(seed);
  std::bernoulli_distribution isDrawn(share);
  std::vector<int64_t> drawn;
  for (int64_t block = 0, e = blocks.count(); block < e; ++block)
    if (isDrawn(random))
      drawn.push_back(block);
  return drawn;
}

/// Blocks of the smallest sums of sizes.
static std::vector<int64_t> findSmallBlocks(const Blocks &blocks,
                                            double share) {
  std::vector<double> sizes(blocks.count(), 0.0);
  for (int64_t block = 0, e = blocks.count(); block < e; ++block)
    blocks.forEach(block,
                   [&](float value) { sizes[block] += std::fabs(value); });
  std::vector<int64_t> order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](int64_t a, int64_t b) {
    return std::pair(sizes[a], a) < std::pair(sizes[b], b);
  });
  order.resize(std::llround(share * double(order.size())));
  return order;
}

RivalProblem::RivalProblem(const ConvolutionShape &shape, bool isProduct,
                           double zeros, int64_t blockRows, unsigned seed,
                           llvm::ArrayRef<float> trained)
    : shape(shape), isProduct(isProduct), weights(shape.f * getInner(), seed),
      input(shape.n * shape.c * shape.h * shape.w, seed + 1),
      inputRows(shape.n * shape.c * shape.h * shape.w),
      result(std::max(countResults(shape, {}),
                      countResults(shape, getOrdersInPlace(shape).out))) {
  int64_t places = shape.h * shape.w, image = shape.c * places;
  for (int64_t i = 0; i < shape.n; ++i)
    transpose(input.get().slice(i * image, image), inputRows.data() + i * image,
              shape.c, places);
  if (!trained.empty())
    llvm::copy(trained, weights.data());
  int64_t inner = getInner();
  float *weight = weights.data();
  Blocks blocks{weights.get(), inner, blockRows};
  for (int64_t block : trained.empty() ? drawBlocks(blocks, zeros, seed)
                                       : findSmallBlocks(blocks, zeros))
    blocks.forEach(block, [](float &value) { value = 0.0f; });
  for (int64_t row = 0; row < shape.f; ++row) {
    for (int64_t column = 0; column < inner; ++column) {
      float value = weight[row * inner + column];
      if (value == 0.0f)
        continue;
      columns.push_back(static_cast<int32_t>(column));
      values.push_back(value);
    }
    pointers.push_back(static_cast<int32_t>(values.size()));
  }
}

RivalProblem::Sums RivalProblem::compute(int64_t step) const {
  const ConvolutionShape &s = shape;
  Sums sums;
  for (int64_t i = 0; i < s.n * s.f * s.oh * s.ow; i += step) {
    int64_t column = i % s.ow, row = i / s.ow % s.oh;
    int64_t filter = i / (s.ow * s.oh) % s.f, image = i / (s.ow * s.oh * s.f);
    double sum = 0.0, size = 0.0;
    for (int32_t p = pointers[filter]; p < pointers[filter + 1]; ++p) {
      int64_t kx = columns[p] % s.kw, ky = columns[p] / s.kw % s.kh;
      int64_t channel = columns[p] / (s.kw * s.kh);
      int64_t y = row * s.strideH + ky - s.padTop;
      int64_t x = column * s.strideW + kx - s.padLeft;
      if (y < 0 || y >= s.h || x < 0 || x >= s.w)
        continue;
      double term = double(values[p]) *
                    input.get()[((image * s.c + channel) * s.h + y) * s.w + x];
      sum += term;
      size += std::fabs(term);
    }
    sums.results.push_back(sum);
    sums.sizes.push_back(size);
  }
  return sums;
}

void Rival::touchInput() {
  constexpr int64_t kLine = 64 / sizeof(float);
  volatile float *data = input.data();
  for (int64_t i = 0, e = input.size(); i < e; i += kLine)
    data[i] = data[i];
}

ColumnRival::ColumnRival(std::string name, const RivalProblem &problem)
    : Rival(std::move(name), problem.input.get(),
            problem.result.get().take_front(countResults(problem.shape, {}))),
      problem(problem) {}

namespace {

/// Input and result are rows: the channels of an image's position lie side by
/// side.
class RowRival : public Rival {
public:
  RowRival(std::string name, const RivalProblem &problem)
      : Rival(std::move(name), problem.inputRows.get(),
              problem.result.get().take_front(countResults(problem.shape, {}))),
        problem(problem), shape(problem.shape) {}
  ~RowRival() override {
    if (slot)
      prune_rt_release_slot(&slot);
  }
  std::vector<float> getResult() override {
    int64_t places = shape.oh * shape.ow, size = places * shape.f;
    std::vector<float> turned(result.size());
    for (int64_t i = 0; i < shape.n; ++i)
      transpose(result.slice(i * size, size), turned.data() + i * size, places,
                shape.f);
    return turned;
  }

protected:
  const RivalProblem &problem;
  const ConvolutionShape &shape;
  void *slot = nullptr;
};

class DenseRows final : public RowRival {
public:
  explicit DenseRows(const RivalProblem &problem)
      : RowRival("dense_rows", problem) {}
  void run() override {
    prune_rt_matmul_f32(&slot, input.data(), problem.weights.get().data(),
                        /*bias=*/nullptr, result.data(), shape.ow, shape.f,
                        shape.c, shape.c, shape.c, shape.f,
                        PRUNE_RT_TRANSPOSE_B | PRUNE_RT_CONSTANT_B,
                        PRUNE_RT_ACTIVATION_NONE);
  }
};

/// A convolution of oneDNN in either order.
template <typename Order>
class DenseConvolution final : public Order {
public:
  DenseConvolution(std::string name, const RivalProblem &problem,
                   int64_t layout)
      : Order(std::move(name), problem) {
    const ConvolutionShape &s = problem.shape;
    geometry = {s.n,       s.c,         s.h,         s.w,      s.f,
                s.oh,      s.ow,        s.kh,        s.kw,     s.strideH,
                s.strideW, s.dilationH, s.dilationW, s.padTop, s.padLeft,
                s.padTop,  s.padLeft,   s.groups,    layout};
  }
  ~DenseConvolution() override { prune_rt_release_slot(&own); }
  void run() override {
    prune_rt_convolution_f32(
        &own, this->input.data(), this->problem.weights.get().data(),
        /*bias=*/nullptr, this->result.data(), geometry.data(),
        PRUNE_RT_CONSTANT_B, PRUNE_RT_ACTIVATION_NONE);
  }

private:
  std::vector<int64_t> geometry;
  void *own = nullptr;
};

class CsrLoops final : public ColumnRival {
public:
  explicit CsrLoops(const RivalProblem &problem)
      : ColumnRival("csr", problem) {}
  void run() override {
    int64_t columns = problem.getColumns();
    prune_rt_spmm_f32(
        problem.values.data(), problem.columns.data(), problem.pointers.data(),
        input.data(), /*bias=*/nullptr, result.data(), problem.shape.f, columns,
        problem.getInner(), columns, columns, PRUNE_RT_ACTIVATION_NONE);
  }
};

class Lanes final : public RowRival {
public:
  Lanes(const RivalProblem &problem, LanePermuteWeight packed)
      : RowRival("lanes", problem), packed(std::move(packed)) {}
  void run() override {
    prune_rt_lane_permute_f32(
        packed.values.data(),
        reinterpret_cast<const prune_rt_lane_step *>(packed.steps.data()),
        reinterpret_cast<const prune_rt_lane_group *>(packed.groups.data()),
        packed.rows.data(), input.data(), /*bias=*/nullptr, result.data(),
        shape.f, shape.ow, shape.c, shape.c, shape.f, PRUNE_RT_ACTIVATION_NONE);
  }

private:
  LanePermuteWeight packed;
};

/// Generated code. In place, input and result lie as between two such layers of
/// a network; else they are copied.
class StraightLine final : public Rival {
public:
  StraightLine(std::string name, const RivalProblem &problem,
               const PlanOrders &orders, std::unique_ptr<LoadedKernel> kernel)
      : Rival(std::move(name), problem.input.get(),
              problem.result.get().take_front(
                  countResults(problem.shape, orders.out))),
        problem(problem), orders(orders), kernel(std::move(kernel)),
        ordered(countInputs(orders.in)) {
    if (!orders.in.isOrdered())
      return;
    const ConvolutionShape &s = problem.shape;
    reorder(input.data(), ordered.data(), orders.in, s.c, s.h, s.w,
            /*reverse=*/0);
    input = ordered.get();
  }
  void run() override {
    prune_rt_generated_f32(&kernel->get(), input.data(), result.data());
  }
  std::vector<float> getResult() override {
    if (!orders.out.isOrdered())
      return result.vec();
    const ConvolutionShape &s = problem.shape;
    std::vector<float> plain(s.f * problem.getColumns());
    reorder(result.data(), plain.data(), orders.out, s.f, s.oh, s.ow,
            /*reverse=*/1);
    return plain;
  }

private:
  int64_t countInputs(const ImageGrid &grid) const {
    const ConvolutionShape &s = problem.shape;
    return grid.isOrdered() ? countFloats(grid, s.n, s.c, s.h, s.w) : 0;
  }
  void reorder(const float *from, float *to, const ImageGrid &grid,
               int64_t channels, int64_t height, int64_t width,
               int64_t reverse) const {
    int64_t shape[PRUNE_RT_GRID_SIZE] = {
        problem.shape.n, channels,  height,    width,
        grid.columns,    grid.lead, grid.plane};
    prune_rt_reorder_f32(from, to, shape, reverse);
  }

  const RivalProblem &problem;
  PlanOrders orders;
  std::unique_ptr<LoadedKernel> kernel;
  /// The input in the order that the code reads.
  TimedFloats ordered;
};

/// The loops that MLIR's sparsifier makes, see spmm.mlir.
class SparsifierLoops final : public ColumnRival {
public:
  using Function = void(void *, void *, void *, void *, void *, void *);
  SparsifierLoops(const RivalProblem &problem, Function *function)
      : ColumnRival("mlir_sparsifier", problem), function(function),
        positions(describe(problem.pointers)),
        coordinates(describe(problem.columns)),
        values(describe(problem.values)),
        x(describe(input, problem.getInner())),
        y(describe(result, problem.shape.f)) {}
  void run() override {
    // The loops add.
    std::fill_n(result.data(), result.size(), 0.0f);
    Matrix same;
    function(&same, &positions, &coordinates, &values, &x, &y);
  }

private:
  struct Vector {
    const void *allocated, *aligned;
    int64_t offset, size, stride;
  };
  struct Matrix {
    const void *allocated, *aligned;
    int64_t offset, sizes[2], strides[2];
  };
  template <typename T>
  static Vector describe(const std::vector<T> &data) {
    return {data.data(), data.data(), 0, static_cast<int64_t>(data.size()), 1};
  }
  Matrix describe(llvm::MutableArrayRef<float> data, int64_t rows) const {
    int64_t columns = problem.getColumns();
    return {data.data(), data.data(), 0, {rows, columns}, {columns, 1}};
  }

  Function *function;
  Vector positions, coordinates, values;
  Matrix x, y;
};

#ifdef PRUNE_HAVE_EIGEN
class EigenProduct final : public ColumnRival {
public:
  explicit EigenProduct(const RivalProblem &problem)
      : ColumnRival("eigen", problem),
        weight(problem.shape.f, problem.getInner(),
               static_cast<int64_t>(problem.values.size()),
               problem.pointers.data(), problem.columns.data(),
               problem.values.data()),
        x(input.data(), problem.getInner(), problem.getColumns()),
        y(result.data(), problem.shape.f, problem.getColumns()) {}
  void run() override { y.noalias() = weight * x; }

private:
  using Dense =
      Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::Map<const Eigen::SparseMatrix<float, Eigen::RowMajor>> weight;
  Eigen::Map<Dense, Eigen::Aligned64> x, y;
};
#endif

} // namespace

using Rivals = std::vector<std::unique_ptr<Rival>>;

static llvm::Error addStraightLine(const RivalProblem &problem,
                                   std::string name, const PlanOrders &orders,
                                   Rivals &rivals) {
  llvm::ArrayRef<float> weights = problem.weights.get();
  size_t panels = planPanels(problem.shape, weights, orders).panels.size();
  StraightLineOptions options;
  options.panels = std::max<int64_t>(static_cast<int64_t>(panels), 4);
  auto kernel =
      LoadedKernel::create(problem.shape, weights, {}, options, orders);
  if (!kernel)
    return kernel.takeError();
  rivals.push_back(std::make_unique<StraightLine>(std::move(name), problem,
                                                  orders, std::move(*kernel)));
  return llvm::Error::success();
}

static llvm::Error addSparsifier(const RivalProblem &problem,
                                 llvm::StringRef path, Rivals &rivals) {
  std::string error;
  auto library = llvm::sys::DynamicLibrary::getPermanentLibrary(
      path.str().c_str(), &error);
  void *function = library.isValid()
                       ? library.getAddressOfSymbol("_mlir_ciface_spmm")
                       : nullptr;
  if (!function)
    return llvm::createStringError("no loops of MLIR in '" + path + "' " +
                                   error);
  rivals.push_back(std::make_unique<SparsifierLoops>(
      problem, reinterpret_cast<SparsifierLoops::Function *>(function)));
  return llvm::Error::success();
}

/// Compressed rows and lanes, for products alone.
static llvm::Error addProducts(const RivalProblem &problem, int64_t threads,
                               llvm::StringRef sparsifier, Rivals &rivals) {
  rivals.push_back(makeOneDnnCsr(problem, threads));
  rivals.push_back(std::make_unique<CsrLoops>(problem));
  if (problem.getColumns() <= kMaxLaneColumns) {
    auto packed = packLanePermute({problem.pointers, problem.columns,
                                   problem.values, problem.getInner()});
    if (!packed)
      return packed.takeError();
    rivals.push_back(std::make_unique<Lanes>(problem, std::move(*packed)));
  }
  // Those that have one thread only.
  if (threads > 1)
    return llvm::Error::success();
#ifdef PRUNE_HAVE_EIGEN
  rivals.push_back(std::make_unique<EigenProduct>(problem));
#endif
  if (sparsifier.empty())
    return llvm::Error::success();
  return addSparsifier(problem, sparsifier, rivals);
}

std::unique_ptr<Rival>
mlir::prune::bench::makeDense(const RivalProblem &problem) {
  if (problem.isProduct)
    return std::make_unique<DenseRows>(problem);
  return std::make_unique<DenseConvolution<RowRival>>("dense_rows", problem,
                                                      PRUNE_RT_LAYOUT_NHWC);
}

llvm::Expected<Rivals>
mlir::prune::bench::makeRivals(const RivalProblem &problem, int64_t threads,
                               llvm::StringRef sparsifier) {
  prune_rt_set_num_threads(threads);
  Rivals rivals;
  rivals.push_back(makeDense(problem));
  if (problem.isProduct) {
    rivals.push_back(makeDenseColumns(problem, threads));
    if (llvm::Error error = addProducts(problem, threads, sparsifier, rivals))
      return std::move(error);
  } else {
    rivals.push_back(std::make_unique<DenseConvolution<ColumnRival>>(
        "dense_columns", problem, PRUNE_RT_LAYOUT_NCHW));
  }
  if (getIsa("host")->empty())
    return rivals;
  if (llvm::Error error = addStraightLine(problem, "straight_line", {}, rivals))
    return std::move(error);
  if (llvm::Error error =
          addStraightLine(problem, "straight_line_in_place",
                          getOrdersInPlace(problem.shape), rivals))
    return std::move(error);
  return rivals;
}
