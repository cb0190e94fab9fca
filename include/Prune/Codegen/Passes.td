//===- Passes.td - Code generation passes ------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_CODEGEN_PASSES_TD
#define PRUNE_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

def GenerateKernelsPass : Pass<"prune-generate-kernels"> {
  let summary = "Generate machine code for constant sparse weights";
  let description = [{
    Before: `onednn.convolution` and `kernel.spmm` whose `prune.kernel` is
    `straight_line`, on tensors. After: `kernel.generated`, with machine code in
    which each weight that is not zero is one instruction, with AVX2 three, and with
    the bias and relu in it. For other processors (`portable`) the weights become a
    stream that a loop of the runtime reads, and there is no code. What cannot be generated runs dense, and a remark says why:
    convolutions of channels last, one by one with padding, weights
    or biases that are not constant, other activations, and processors without
    the instruction set. The time and the code are linear in the weights that are
    not zero.

    Between two operations that become code an image lies in the order in which
    the second one reads it, so that nothing is copied: panels for windows of one
    element, planes with their padding for larger ones, where the stride is one and
    the result as large as the input. The order of each image is the one with the
    fewest copies; what else reads or makes it gets a `kernel.reorder`, and a remark
    says so.

    Where the plan of a layer has `image_lanes = 1` and the batch is a multiple of 16,
    both its images have 16 images in the lanes of each vector. Every window, with
    any stride and padding, then reads whole vectors where they lie. The results
    have the same bits.

    Refuses an instruction set that does not exist.

    ```mlir
    %y = onednn.convolution ins(%x, %w : tensor<1x16x8x8xf32>, tensor<32x16x3x3xf32>)
        outs(%e : tensor<1x32x6x6xf32>) {prune.kernel = #prune.kernel<straight_line>, ...}
    ```
    becomes
    ```mlir
    %y = kernel.generated ins(%x : tensor<1x16x8x8xf32>) outs(%e : tensor<1x32x6x6xf32>)
        {code = dense_resource<code>, stream = dense_resource<stream>, ...}
    ```
  }];
  let options = [
    Option<"isa", "isa", "std::string", /*default=*/"\"host\"",
           "Instruction set: 'avx512', 'avx2', 'portable' (a stream, no code), 'none', or 'host' for the best of this processor.">
  ];
  let statistics = [
    Statistic<"numKernels", "num-kernels-generated", "Operations that became generated code">,
    Statistic<"numBytes", "num-bytes-of-code", "Bytes of generated code">,
    Statistic<"numDirect", "num-inputs-read-in-place", "Kernels that copy no input">,
    Statistic<"numCopies", "num-images-reordered", "Images that were brought to another order">
  ];
  let dependentDialects = ["::mlir::kernel::KernelDialect", "::mlir::tensor::TensorDialect"];
}

def TileBatchPass : Pass<"prune-tile-batch", "::mlir::ModuleOp"> {
  let summary = "Run a network on a few images at a time";
  let description = [{
    Before: functions whose arguments and results are batches, with kernels chosen.
    After: a loop over parts of the batch, which calls a function for a part. The
    images between two layers then stay in the second cache. A part has as many
    images for each thread as fit there, of numbers that divide the batch. It is done where a
    convolution has generated code, and where the images of a part are more bytes
    than twice the weights, which are read again for each part.

    Where layers begin whose plan has `image_lanes = 1`, the function is cut, at the
    place between them and the layers before where the smallest images pass. The
    layers before the cut run in parts as above, those behind it on a multiple of 16
    images at a time.

    What does not treat each row of a batch for itself is left alone.

    ```mlir
    func.func @forward(%x: tensor<16x3x8x8xf32> {prune.input = "x"}) -> tensor<16x10xf32> { ... }
    ```
    becomes
    ```mlir
    func.func @forward(%x: tensor<16x3x8x8xf32> {prune.input = "x"}) -> tensor<16x10xf32> {
      %y = scf.for %i = %c0 to %c16 step %c4 iter_args(%a = %e) -> (tensor<16x10xf32>) {
        %s = tensor.extract_slice %x[%i, 0, 0, 0] [4, 3, 8, 8] [1, 1, 1, 1] : ...
        %p = func.call @forward_part(%s) : (tensor<4x3x8x8xf32>) -> tensor<4x10xf32>
        %n = tensor.insert_slice %p into %a[%i, 0] [4, 10] [1, 1] : ...
        scf.yield %n : tensor<16x10xf32>
      }
      return %y : tensor<16x10xf32>
    }
    ```
  }];
  let options = [
    Option<"images", "images", "int64_t", /*default=*/"0",
           "Images of a part, where that divides the batch, and behind a cut is a multiple of 16; chosen by the sizes when 0.">,
    Option<"threads", "threads", "int64_t", /*default=*/"1",
           "Threads of a call, each of which has a cache of its own.">
  ];
  let statistics = [
    Statistic<"numFunctions", "num-functions-tiled", "Functions that became a loop">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

#endif // PRUNE_CODEGEN_PASSES_TD
