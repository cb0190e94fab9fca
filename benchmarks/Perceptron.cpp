//===- Perceptron.cpp - Networks to measure -------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Writes the model form as text, layer by layer.
//
//===----------------------------------------------------------------------===//

#include "Perceptron.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::prune;

static constexpr llvm::StringLiteral maps = R"(
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>
)";

/// {0} layer, {1} batch, {2} outputs, {3} inputs, {4} what it reads.
static constexpr const char *product = R"(
  %e{0} = tensor.empty() : tensor<{1}x{2}xf32>
  %i{0} = linalg.broadcast ins(%b{0} : tensor<{2}xf32>)
      outs(%e{0} : tensor<{1}x{2}xf32>) dimensions = [0]
  %z{0} = linalg.matmul indexing_maps = [#a, #b, #c]
      ins({4}, %w{0} : tensor<{1}x{3}xf32>, tensor<{2}x{3}xf32>)
      outs(%i{0} : tensor<{1}x{2}xf32>) -> tensor<{1}x{2}xf32>
)";

/// {0} layer, {1} batch, {2} outputs.
static constexpr const char *relu = R"(
  %y{0} = linalg.generic {{indexing_maps = [#id, #id],
      iterator_types = ["parallel", "parallel"]}
      ins(%z{0} : tensor<{1}x{2}xf32>) outs(%e{0} : tensor<{1}x{2}xf32>) {{
  ^bb0(%in: f32, %out: f32):
    %max = arith.maximumf %in, %zero : f32
    linalg.yield %max : f32
  } -> tensor<{1}x{2}xf32>
)";

std::string bench::makePerceptron(llvm::ArrayRef<int64_t> widths,
                                  int64_t batch) {
  std::string text(maps);
  llvm::raw_string_ostream os(text);
  size_t layers = widths.size() - 1;
  os << llvm::formatv("func.func @forward(%x: tensor<{0}x{1}xf32> "
                      "{{prune.input = \"input\"}",
                      batch, widths.front());
  for (size_t i = 1; i <= layers; ++i)
    os << llvm::formatv(
        ",\n    %w{0}: tensor<{1}x{2}xf32> {{prune.param = "
        "#prune.param<\"fc{0}.weight\", weight>},\n    %b{0}: tensor<{1}xf32> "
        "{{prune.param = #prune.param<\"fc{0}.bias\", bias>}",
        i, widths[i], widths[i - 1]);
  os << llvm::formatv(
      ")\n    -> (tensor<{0}x{1}xf32> {{prune.output = \"logits\"}) {{\n"
      "  %zero = arith.constant 0.0 : f32\n",
      batch, widths.back());
  std::string read = "%x";
  for (size_t i = 1; i <= layers; ++i) {
    os << llvm::formatv(product, i, batch, widths[i], widths[i - 1], read);
    if (i < layers)
      os << llvm::formatv(relu, i, batch, widths[i]);
    read = llvm::formatv("%y{0}", i).str();
  }
  os << llvm::formatv("  return %z{0} : tensor<{1}x{2}xf32>\n}\n", layers,
                      batch, widths.back());
  return text;
}
