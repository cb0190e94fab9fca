//===- OneDnnRivals.cpp - oneDNN's products of a weight on the left -------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The runtime multiplies rows of inputs with a packed weight on the right. With
// columns side by side, oneDNN takes the weight on the left, packed or in
// compressed rows.
//
//===----------------------------------------------------------------------===//

#include "KernelRivals.h"

#define DNNL_ENABLE_EXCEPTIONS 0
#include <dnnl.hpp>
#include <omp.h>

using namespace mlir::prune;
using namespace mlir::prune::bench;

namespace {

using Desc = dnnl::memory::desc;
constexpr auto kFloat = dnnl::memory::data_type::f32;

class OneDnnProduct final : public ColumnRival {
public:
  OneDnnProduct(std::string name, const RivalProblem &problem, int64_t threads)
      : ColumnRival(std::move(name), problem), threads(threads),
        x(describe(problem.getInner()), engine, input.data()),
        y(describe(problem.shape.f), engine, result.data()) {}

  void packWeight();
  void compressWeight();
  void run() override {
    omp_set_num_threads(static_cast<int>(threads));
    product.execute(
        stream,
        {{DNNL_ARG_SRC, weight}, {DNNL_ARG_WEIGHTS, x}, {DNNL_ARG_DST, y}});
    stream.wait();
  }

private:
  Desc describe(int64_t rows) const {
    return {{rows, problem.getColumns()}, kFloat, dnnl::memory::format_tag::ab};
  }
  dnnl::matmul::primitive_desc plan(const Desc &left) {
    omp_set_num_threads(static_cast<int>(threads));
    dnnl::matmul::primitive_desc desc(engine, left, x.get_desc(), y.get_desc());
    product = dnnl::matmul(desc);
    return desc;
  }

  int64_t threads;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::memory x, y, weight;
  dnnl::matmul product;
};

} // namespace

void OneDnnProduct::packWeight() {
  dnnl::memory::dims dims = {problem.shape.f, problem.getInner()};
  dnnl::matmul::primitive_desc desc =
      plan({dims, kFloat, dnnl::memory::format_tag::any});
  dnnl::memory plain({dims, kFloat, dnnl::memory::format_tag::ab}, engine,
                     const_cast<float *>(problem.weights.get().data()));
  weight = dnnl::memory(desc.src_desc(), engine);
  dnnl::reorder(plain, weight).execute(stream, plain, weight);
  stream.wait();
}

void OneDnnProduct::compressWeight() {
  constexpr auto kIndex = dnnl::memory::data_type::s32;
  Desc desc =
      Desc::csr({problem.shape.f, problem.getInner()}, kFloat,
                static_cast<int64_t>(problem.values.size()), kIndex, kIndex);
  plan(desc);
  weight = dnnl::memory(desc, engine,
                        {const_cast<float *>(problem.values.data()),
                         const_cast<int32_t *>(problem.columns.data()),
                         const_cast<int32_t *>(problem.pointers.data())});
}

std::unique_ptr<Rival>
mlir::prune::bench::makeDenseColumns(const RivalProblem &problem,
                                     int64_t threads) {
  auto rival =
      std::make_unique<OneDnnProduct>("dense_columns", problem, threads);
  rival->packWeight();
  return rival;
}

std::unique_ptr<Rival>
mlir::prune::bench::makeOneDnnCsr(const RivalProblem &problem,
                                  int64_t threads) {
  auto rival = std::make_unique<OneDnnProduct>("onednn_csr", problem, threads);
  rival->compressWeight();
  return rival;
}
