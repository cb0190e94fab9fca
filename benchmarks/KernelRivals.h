//===- KernelRivals.h - Kernels of one layer, to be compared ----*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_BENCHMARKS_KERNELRIVALS_H
#define PRUNE_BENCHMARKS_KERNELRIVALS_H

#include "Prune/Assembly/PanelPlan.h"
#include "Prune/Execution/TimedLayer.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::prune::bench {

/// A layer without bias and activation, which not all rivals have, and its
/// weights in compressed rows besides.
struct RivalProblem {
  /// Weights of `blockRows` neighboring rows are zero together: random ones of
  /// random weights, or those of the smallest sizes of `trained` weights,
  /// [f, c, kh, kw], where they are given.
  RivalProblem(const assembly::ConvolutionShape &shape, bool isProduct,
               double zeros, int64_t blockRows, unsigned seed = 1,
               llvm::ArrayRef<float> trained = {});

  int64_t getInner() const { return shape.c * shape.kh * shape.kw; }
  /// Columns of all images.
  int64_t getColumns() const { return shape.n * shape.oh * shape.ow; }

  /// The result by plain sums in double precision, of elements `step` apart in
  /// [n, f, oh, ow], and the sums of the sizes of what is added.
  struct Sums {
    std::vector<double> results, sizes;
  };
  Sums compute(int64_t step) const;

  assembly::ConvolutionShape shape;
  bool isProduct;
  TimedFloats weights;
  /// The input as [n, c, h, w] and as [n, h, w, c], and memory for the result
  /// in any order. Kernels share them, as layers of a network share memory.
  mutable TimedFloats input, inputRows, result;
  std::vector<int32_t> pointers = {0}, columns;
  std::vector<float> values;
};

/// A kernel with input and result in the order that it takes.
class Rival {
public:
  Rival(std::string name, llvm::MutableArrayRef<float> input,
        llvm::MutableArrayRef<float> result)
      : name(std::move(name)), input(input), result(result) {}
  virtual ~Rival() = default;
  virtual void run() = 0;
  /// Writes the input again, as the layer before does.
  void touchInput();
  /// The result as [n, f, oh, ow].
  virtual std::vector<float> getResult() = 0;

  std::string name;
  std::vector<double> times;

protected:
  llvm::MutableArrayRef<float> input, result;
};

/// All kernels that run the layer on so many threads: oneDNN's dense ones,
/// whose names begin with "dense", and then the sparse ones. `sparsifier` is
/// the library of MLIR's loops, or empty.
llvm::Expected<std::vector<std::unique_ptr<Rival>>>
makeRivals(const RivalProblem &problem, int64_t threads,
           llvm::StringRef sparsifier);

/// A dense layer of the same shape alone.
std::unique_ptr<Rival> makeDense(const RivalProblem &problem);

/// oneDNN's products of a weight on the left: dense, and in compressed rows.
std::unique_ptr<Rival> makeDenseColumns(const RivalProblem &problem,
                                        int64_t threads);
std::unique_ptr<Rival> makeOneDnnCsr(const RivalProblem &problem,
                                     int64_t threads);

/// A product whose input and result are [inner, columns] and [rows, columns].
class ColumnRival : public Rival {
public:
  ColumnRival(std::string name, const RivalProblem &problem);
  std::vector<float> getResult() override { return result.vec(); }

protected:
  const RivalProblem &problem;
};

} // namespace mlir::prune::bench

#endif // PRUNE_BENCHMARKS_KERNELRIVALS_H
