//===- SparseKernels.cpp - Sparse kernels and their rivals ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products and convolutions of known networks: our kernels, oneDNN's dense ones
// on packed weights, its product of compressed rows, Eigen's and MLIR's, by
// turns in one run. "cold" runs another dense layer of the same shape before
// each measured call and writes the input again, as the layer before does in a
// network; "hot" runs the call itself. All results are compared first.
// Prints a line of JSON for each layer; sparse_kernels.py sums them up.
//
//===----------------------------------------------------------------------===//

#include "KernelRivals.h"
#include "Timing.h"

#include "Prune/Kernels/CostModel.h"
#include "Prune/Kernels/MachineModel.h"

#include "prune_runtime.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <cstring>

using namespace llvm;
using namespace mlir::prune;
using namespace mlir::prune::bench;
using mlir::prune::assembly::ConvolutionShape;

static cl::opt<std::string> only("only",
                                 cl::desc("Layers whose names match this"));
static cl::list<int> percents("zeros", cl::desc("Zeros in percent"),
                              cl::CommaSeparated);
static cl::list<int> blocks("blocks", cl::CommaSeparated,
                            cl::desc("Rows that are zero together"));
static cl::opt<int64_t> threads("call-threads", cl::desc("Threads of a call"),
                                cl::init(1));
static cl::opt<double> seconds("seconds", cl::desc("Time for each layer"),
                               cl::init(0.1));
static cl::opt<bool> lists("list", cl::desc("Print the names of the layers"));
static cl::opt<std::string> modelName("model", cl::desc("Cost model"),
                                      cl::init("builtin"));
static cl::opt<std::string>
    trainedFile("trained", cl::desc("Trained weights of the layer that --only "
                                    "names: floats, [f, c, kh, kw], whose "
                                    "smallest become zero"));
static cl::opt<std::string>
    sparsifier("sparsifier", cl::desc("Library of the loops of spmm.mlir"));

namespace {

struct NamedLayer {
  std::string name;
  ConvolutionShape shape;
  bool isProduct = true;
};

} // namespace

static std::vector<NamedLayer> getLayers() {
  std::vector<NamedLayer> layers;
  constexpr int64_t products[][3] = {
      {256, 64, 3136},  {512, 128, 784},  {1024, 256, 196},
      {512, 2048, 49},  {3072, 768, 128}, {768, 3072, 128},
      {1024, 1024, 16}, {4096, 4096, 1},  {512, 784, 64}};
  for (auto [rows, inner, columns] : products)
    layers.push_back({std::to_string(rows) + "x" + std::to_string(inner) + "x" +
                          std::to_string(columns),
                      ConvolutionShape::ofProduct(rows, inner, columns)});
  struct Window {
    const char *network;
    int64_t images, channels, side;
  };
  constexpr Window windows[] = {
      {"rn50", 1, 64, 56},  {"rn50", 1, 128, 28},  {"rn50", 1, 256, 14},
      {"rn50", 1, 512, 7},  {"rn50", 16, 256, 14}, {"rn50", 16, 512, 7},
      {"rn20", 1, 16, 32},  {"rn20", 1, 32, 16},   {"rn20", 1, 64, 8},
      {"rn20", 64, 16, 32}, {"rn20", 64, 32, 16},  {"rn20", 64, 64, 8}};
  for (auto [network, n, c, h] : windows)
    layers.push_back({network + ("-3x3-" + std::to_string(c)) + "-" +
                          std::to_string(h) + "-b" + std::to_string(n),
                      {n, c, h, h, c, h, h, 3, 3, 1, 1, 1, 1, 1, 1},
                      false});
  return layers;
}

/// Fails when a result is wrong: of the first one, which is compared with plain
/// sums, some elements of large layers, of the others all.
static Error check(const RivalProblem &problem,
                   MutableArrayRef<std::unique_ptr<Rival>> rivals) {
  constexpr double kMostProducts = 1e8;
  double products = double(problem.values.size()) * problem.getColumns();
  int64_t step = 1 + static_cast<int64_t>(products / kMostProducts);
  std::vector<float> expected;
  double largest = 1e-30;
  for (auto &rival : rivals) {
    rival->run();
    std::vector<float> found = rival->getResult();
    bool isRight = true;
    if (expected.empty()) {
      RivalProblem::Sums sums = problem.compute(step);
      for (auto [i, sum] : enumerate(sums.results))
        isRight &=
            std::fabs(found[i * step] - sum) <= 1e-6 + 4e-6 * sums.sizes[i];
      for (float element : found)
        largest = std::max(largest, double(std::fabs(element)));
      expected = std::move(found);
    } else {
      for (auto [one, other] : zip_equal(expected, found))
        isRight &= std::fabs(one - other) <= 1e-4 * largest;
    }
    if (!isRight)
      return createStringError("the result of " + rival->name + " is wrong");
  }
  return Error::success();
}

/// Runs all by turns; each finds the caches as `other`, or itself, leaves them.
static void measure(MutableArrayRef<std::unique_ptr<Rival>> rivals,
                    Rival *other) {
  constexpr size_t kFewestTurns = 5;
  for (auto &rival : rivals)
    rival->times.clear();
  double end = now() + seconds;
  while (rivals.front()->times.size() < kFewestTurns || now() < end)
    for (auto &rival : rivals) {
      (other ? *other : *rival).run();
      if (other)
        rival->touchInput();
      double begin = now();
      rival->run();
      rival->times.push_back(1e6 * (now() - begin));
    }
}

/// The kernel that the cost model takes, by the name of its rival.
static std::string choose(const CostModel &model, const RivalProblem &problem,
                          bool hasBlocks,
                          ArrayRef<std::unique_ptr<Rival>> rivals) {
  auto has = [&](StringRef name) {
    return any_of(rivals, [&](auto &rival) { return rival->name == name; });
  };
  ProductSize size;
  size.rows = problem.shape.f, size.inner = problem.getInner();
  size.columns = problem.getColumns();
  size.nonZeros = static_cast<int64_t>(problem.values.size());
  if (!problem.isProduct)
    size.convolution = problem.shape;
  size.hasBlocks = hasBlocks;
  size.inputHasRows = size.resultHasRows = false;
  size.isInPlace = true;
  SmallVector<mlir::prune::KernelKind> kinds = {KernelKind::Dense};
  for (KernelKind kind :
       {KernelKind::Csr, KernelKind::Lanes, KernelKind::StraightLine})
    if (has(stringifyKernelKind(kind)))
      kinds.push_back(kind);
  KernelKind best = predictKernels(model, size, kinds).best;
  if (best == KernelKind::StraightLine)
    return "straight_line_in_place";
  return stringifyKernelKind(best).str();
}

static Error measureLayer(const CostModel &model, const NamedLayer &layer,
                          int percent, int block, ArrayRef<float> trained) {
  RivalProblem problem(layer.shape, layer.isProduct, percent / 100.0, block,
                       /*seed=*/1, trained);
  if (!trained.empty() && trained.size() != problem.weights.get().size())
    return createStringError(layer.name + ": " + Twine(trained.size()) +
                             " trained weights, expected " +
                             Twine(problem.weights.get().size()));
  RivalProblem another(layer.shape, layer.isProduct, 0.0, 1, /*seed=*/5);
  std::unique_ptr<Rival> other = makeDense(another);
  auto rivals = makeRivals(problem, threads, sparsifier);
  if (!rivals)
    return rivals.takeError();
  if (Error error = check(problem, *rivals))
    return joinErrors(createStringError(layer.name), std::move(error));
  for (bool isCold : {true, false}) {
    measure(*rivals, isCold ? other.get() : nullptr);
    json::Object times;
    for (auto &rival : *rivals)
      times[rival->name] = getMedian(rival->times);
    json::Object line{
        {"layer", layer.name},
        {"zeros", percent},
        {"block", block},
        {"weights", trained.empty() ? "random" : "trained"},
        {"threads", int64_t(threads)},
        {"cache", isCold ? "cold" : "hot"},
        {"chosen", choose(model, problem, block % 4 == 0, *rivals)},
        {"us", std::move(times)}};
    outs() << json::Value(std::move(line)) << "\n";
    outs().flush();
  }
  return Error::success();
}

static int fail(Error error) {
  WithColor::error() << toString(std::move(error)) << "\n";
  return 1;
}

/// Trained weights, or none.
static Expected<std::vector<float>> readTrained() {
  if (trainedFile.empty())
    return std::vector<float>();
  auto buffer = MemoryBuffer::getFile(trainedFile);
  if (!buffer)
    return createFileError(trainedFile, buffer.getError());
  std::vector<float> weights((*buffer)->getBufferSize() / sizeof(float));
  std::memcpy(weights.data(), (*buffer)->getBufferStart(),
              weights.size() * sizeof(float));
  return weights;
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "Measures sparse kernels\n");
  auto model = findCostModel(modelName, threads);
  if (!model)
    return fail(model.takeError());
  Expected<std::vector<float>> trained = readTrained();
  if (!trained)
    return fail(trained.takeError());
  std::vector<int> zeros(percents.begin(), percents.end());
  if (zeros.empty())
    zeros = {0, 50, 70, 80, 90, 95, 98};
  std::vector<int> rows(blocks.begin(), blocks.end());
  if (rows.empty())
    rows = {1, 4};
  Regex isWanted(only);
  for (const NamedLayer &layer : getLayers()) {
    if (lists) {
      outs() << layer.name << "\n";
      continue;
    }
    for (int percent : zeros)
      for (int block : rows)
        if (isWanted.match(layer.name) &&
            (percent > 0 || block == rows.front()))
          if (Error error =
                  measureLayer(model->model, layer, percent, block, *trained))
            return fail(std::move(error));
  }
  return 0;
}
