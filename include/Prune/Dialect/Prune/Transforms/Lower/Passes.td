//===- Passes.td - Lower phase passes ----------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_TRANSFORMS_LOWER_PASSES_TD
#define PRUNE_DIALECT_PRUNE_TRANSFORMS_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def SelectKernelsPass : Pass<"prune-select-kernels"> {
  let summary = "Choose the kernel of each contraction";
  let description = [{
    Before: the compact form. After: the kernel form; every contraction with a
    weight has `prune.kernel`. A sparse kernel is possible for a product of two
    static f32 matrices, and `straight_line` also for a convolution of channels
    first with any number of groups, whose weight is a constant that is not masked; among the
    possible kernels the one with the smallest predicted time is chosen, another than
    dense only where it is a tenth faster. Generated code is also chosen for a
    convolution that is not, where the images that its neighbors with generated code
    then hand on without a copy make up for it. A remark per contraction has the
    choice, the predictions and the reason.

    Whether the lanes of generated code are positions of an image or 16 images is
    chosen for all layers of a function together (`image_lanes` in the plan): the
    predicted times of the layers and of the copies where neighbors differ are the
    least. It takes a function whose arguments and results are a batch of a multiple
    of 16 images.

    The built-in figures are one machine's. `machine` takes those that
    `prune calibrate` keeps of this computer; where there are none, and with a remark
    where they cannot be used, it takes the built-in ones.

    `tuned` names a file of `prune compile --tune`: a layer that it has, by name and
    size, gets the kernel that was measured to be the fastest.

    Refuses a cost model or a file that cannot be read and a kernel that does not exist.

    ```mlir
    %z = linalg.matmul ins(%x, %w : tensor<64x784xf32>, tensor<784x300xf32>) outs(%i : tensor<64x300xf32>) -> tensor<64x300xf32>
    ```
    becomes, when most of `%w` is zero,
    ```mlir
    %z = linalg.matmul {prune.kernel = #prune.kernel<csr>} ins(%x, %w : ...) outs(%i : ...) -> tensor<64x300xf32>
    ```
  }];
  let options = [
    Option<"model", "model", "std::string", /*default=*/"\"\"",
           "Cost model: 'builtin', as when empty, 'machine' for the figures kept of this computer, or a file.">,
    Option<"threads", "threads", "int64_t", /*default=*/"1",
           "Threads of a call, for which 'machine' may have figures.">,
    Option<"kernel", "kernel", "std::string", /*default=*/"\"auto\"",
           "Kernel of every contraction that can run it; 'auto' chooses by the cost model.">,
    Option<"tuned", "tuned", "std::string", /*default=*/"\"\"",
           "File with the measured kernels of layers, which go before predictions.">,
    Option<"batch", "batch", "int64_t", /*default=*/"0",
           "Rows of the batch to predict for; when 0 the one in the types, or its part that `prune-tile-batch` runs at a time.">,
    Option<"isa", "isa", "std::string", /*default=*/"\"host\"",
           "Instruction set that code can be generated for: 'avx512', 'avx2', 'portable', 'none', or 'host'.">
  ];
  let statistics = [
    Statistic<"numDense", "num-dense-chosen", "Contractions with a dense kernel">,
    Statistic<"numSparse", "num-sparse-chosen", "Contractions with a sparse kernel">
  ];
  let dependentDialects = ["::mlir::prune::PruneDialect"];
}

def PrintCostsPass : Pass<"prune-print-costs"> {
  let summary = "Print what the cost model thinks of every contraction";
  let description = [{
    Changes nothing. Prints to standard error a line per contraction with a weight:
    its size, its zeros, what each kernel would take and which one is chosen, or
    why only the dense kernel can run it. The figures are those that
    `prune-select-kernels` decides by.

    ```
    costs of @forward
    "fc1.weight" linalg.matmul: 300x784 weights, 90.0 % zeros, 64 columns; dense 101.20 us, csr 24.31 us; best csr
    "fc2.weight" linalg.matmul: dense only, the weight is not a constant
    ```

    Refuses a cost model that cannot be read.
  }];
  let options = [
    Option<"model", "model", "std::string", /*default=*/"\"\"",
           "Cost model: 'builtin', as when empty, 'machine' for the figures kept of this computer, or a file.">,
    Option<"threads", "threads", "int64_t", /*default=*/"1",
           "Threads of a call, for which 'machine' may have figures.">,
    Option<"batch", "batch", "int64_t", /*default=*/"0",
           "Rows of the batch to predict for; the one in the types when 0.">,
    Option<"isa", "isa", "std::string", /*default=*/"\"host\"",
           "Instruction set that code can be generated for: 'avx512', 'avx2', 'portable', 'none', or 'host'.">
  ];
}

def VerifyKernelsPass : Pass<"prune-verify-kernels"> {
  let summary = "Check the contract of the kernel form";
  let description = [{
    Changes nothing. Every contraction with a weight must have `prune.kernel`,
    and a sparse kernel must be able to run it: the weight is a constant f32
    matrix, not masked, and the shapes are static. Reports each contraction that
    breaks the contract, and fails.
  }];
}

def StripAttributesPass : Pass<"prune-strip-attributes", "::mlir::ModuleOp"> {
  let summary = "Remove the attributes of the project for tools that do not know them";
  let description = [{
    Removes the discardable attributes of the prune dialect from operations,
    function arguments and results: names of parameters, inputs and results, kernels
    that were chosen, dimensions that were kept. What the module computes stays,
    and a stock `mlir-opt` parses it. An operation of the project that is left is an
    error: run `convert-prune-to-linalg` before.

    Before:

    ```mlir
    func.func @f(%x: tensor<2xf32> {prune.input = "x"}) -> tensor<2xf32> {
      %b = arith.constant {prune.param = #prune.param<"b", bias>} dense<1.0> : tensor<2xf32>
      %y = arith.addf %x, %b : tensor<2xf32>
      return %y : tensor<2xf32>
    }
    ```

    After:

    ```mlir
    func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
      %b = arith.constant dense<1.0> : tensor<2xf32>
      %y = arith.addf %x, %b : tensor<2xf32>
      return %y : tensor<2xf32>
    }
    ```
  }];
}

#endif // PRUNE_DIALECT_PRUNE_TRANSFORMS_LOWER_PASSES_TD
