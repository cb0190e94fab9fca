//===- Passes.td - Conversion passes -----------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_CONVERSION_PASSES_TD
#define PRUNE_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertLinalgToOneDNNPass : Pass<"convert-linalg-to-onednn"> {
  let summary = "Convert products of matrices and convolutions into oneDNN primitives";
  let description = [{
    Before: contractions of two f32 matrices on tensors, in any transposition, as
    `linalg.matmul`, `linalg.contract` or `linalg.generic`. After: one
    `onednn.matmul` each, with what belongs to it fused:

    * an initial value of zeros goes away; one that repeats a vector in every row
      becomes the bias; any other is accumulated on;
    * a following addition of a vector to every row becomes the bias, and a
      following relu, sigmoid or tanh the activation, when nothing else uses the
      value in between;
    * transposed operands and constant right operands are marked as such. A
      transpose of a matrix of f32 that is left becomes `kernel.transpose`.

    A convolution is any sum of products of f32 that reads, or writes, one
    operand at `row * stride + kernel_row * dilation` and likewise in columns,
    whatever it is called and in whatever order dimensions are: `linalg.conv_2d_*`,
    grouped and depthwise ones, and the generics of their gradients. It becomes
    `onednn.convolution`, `onednn.convolution_backward_data` or
    `onednn.convolution_backward_weights`, depending on what is computed. Images in
    the order nhwc stay so, others become nchw. A zero `tensor.pad` before, or the
    slice that undoes one after, becomes padding. The sum of an output's gradient
    per channel, the gradient of a bias, is computed with that of the weights. The
    other term of a sum with the result, as of a residual connection, is
    accumulated on where nothing reads it later.

    A contraction with dimensions of a batch, as the products of attention, becomes
    loops over products of slices, where the extents are static and a product has
    4,096 multiplications or more.

    A contraction or convolution with another kernel in `prune.kernel` than
    `dense`, or with other operands (other element types, small batches, vectors),
    is left alone; a remark says why. Relu of a NaN is not defined in the fused form.

    ```mlir
    %e = tensor.empty() : tensor<64x300xf32>
    %i = linalg.broadcast ins(%b : tensor<300xf32>) outs(%e : tensor<64x300xf32>) dimensions = [0]
    %z = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %w : tensor<64x784xf32>, tensor<300x784xf32>)
        outs(%i : tensor<64x300xf32>) -> tensor<64x300xf32>
    ```
    becomes
    ```mlir
    %z = onednn.matmul ins(%x, %w : tensor<64x784xf32>, tensor<300x784xf32>) bias(%b : tensor<300xf32>)
        outs(%e : tensor<64x300xf32>) {transpose_b} -> tensor<64x300xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::kernel::KernelDialect",
                           "::mlir::onednn::OneDNNDialect", "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numProducts", "num-products-converted", "Contractions that became onednn.matmul">,
    Statistic<"numConvolutions", "num-convolutions-converted",
              "Convolutions and their gradients that became onednn operations">,
    Statistic<"numBiases", "num-biases-fused", "Products and convolutions with a fused bias">,
    Statistic<"numActivations", "num-activations-fused",
              "Products and convolutions with a fused activation">
  ];
}

def ConvertOneDNNToRuntimePass : Pass<"convert-onednn-to-runtime", "::mlir::ModuleOp"> {
  let summary = "Convert oneDNN operations into calls of the runtime";
  let description = [{
    Before: `onednn` operations on memrefs. After: calls of the C functions of
    `prune_runtime.h` with raw pointers, extents and leading dimensions. Each
    call site has a private global `prune_rt_slot` in which the runtime keeps
    what it prepared; a destructor of the module releases them.

    Refuses operations on tensors: bufferize first.

    ```mlir
    onednn.matmul ins(%a, %b : memref<64x784xf32>, memref<784x300xf32>) outs(%c : memref<64x300xf32>)
    ```
    becomes
    ```mlir
    llvm.call @prune_rt_matmul_f32(%slot, %pa, %pb, %null, %pc, %m, %n, %k, %lda, %ldb, %ldc, %flags, %act)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::memref::MemRefDialect"];
  let statistics = [
    Statistic<"numCalls", "num-calls-created", "Operations that became calls of the runtime">
  ];
}

def ConvertKernelToRuntimePass : Pass<"convert-kernel-to-runtime", "::mlir::ModuleOp"> {
  let summary = "Convert kernels of our own into calls of the runtime";
  let description = [{
    Before: `kernel` operations on memrefs. After: calls of `prune_runtime.h`. What
    was generated becomes constants of the module; the machine code has a section
    of its own, which the execution makes executable.

    Refuses operations on tensors: bufferize first.

    ```mlir
    kernel.generated ins(%x : memref<1x16x8x8xf32>) outs(%y : memref<1x32x8x8xf32>) {...}
    ```
    becomes
    ```mlir
    llvm.call @prune_rt_generated_f32(%plan, %px, %py)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::memref::MemRefDialect"];
  let statistics = [
    Statistic<"numCalls", "num-calls-created", "Operations that became calls of the runtime">
  ];
}

def ConvertCompressedToKernelPass : Pass<"convert-compressed-to-kernel"> {
  let summary = "Convert products and convolutions of compressed weights into operations of the kernel dialect";
  let description = [{
    Before: products of two matrices of f32 with static shapes, one of which is
    `prune.decompress`, and `prune.compress` of such a product. After: `kernel.spmm`
    on the compressed values, in their own order or, where the product is with the
    transpose of the weight, gathered in its order; and `kernel.sddmm`,
    which computes the compressed elements and no others. A step then does as much
    arithmetic as there are values.

    Both work on activations that are [features, batch]: operands and results are
    transposed here, and `convert-prune-to-kernel` moves the transpositions to
    where they cancel. An initial value that repeats a vector becomes the bias, any
    other is added afterwards.

    Convolutions in one group, with their gradients and with the weight in any order
    of its dimensions, become `kernel.sparse_convolution`,
    `kernel.sparse_convolution_backward_data` and
    `kernel.sparse_convolution_backward_weights`, where these should be `min-gain`
    times faster than dense ones. The cost model predicts it, from the number of weights
    that are kept, the size of the images, and their number, which the kernels fill up to a
    multiple of 16. Figures that do not know such convolutions leave them dense.

    What is no such operation reads the weight decompressed, or compresses a dense
    gradient; a remark says so.

    ```mlir
    %w = prune.decompress %v pattern(dense_resource<p> : tensor<9xi32>) : tensor<9xf32> -> tensor<3x8xf32>
    %y = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %w : tensor<64x8xf32>, tensor<3x8xf32>)
        outs(%bias : tensor<64x3xf32>) -> tensor<64x3xf32>
    ```
    becomes
    ```mlir
    %t = linalg.transpose ins(%x : tensor<64x8xf32>) outs(%e : tensor<8x64xf32>) permutation = [1, 0]
    %z = kernel.spmm ins(%v, %indices, %pointers, %t : ...) bias(%b : tensor<3xf32>)
        outs(%f : tensor<3x64xf32>) -> tensor<3x64xf32>
    %y = linalg.transpose ins(%z : tensor<3x64xf32>) outs(%g : tensor<64x3xf32>) permutation = [1, 0]
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::kernel::KernelDialect",
                           "::mlir::tensor::TensorDialect"];
  let options = [
    Option<"minGain", "min-gain", "double", /*default=*/"1.1",
           "How many times faster than a dense convolution a sparse one should be.">,
    Option<"model", "model", "std::string", /*default=*/"\"\"",
           "Cost model: 'builtin', as when empty, 'machine' for the figures kept of this computer, or a file.">,
    Option<"threads", "threads", "int64_t", /*default=*/"1",
           "Threads of a call, for which 'machine' may have figures.">
  ];
  let statistics = [
    Statistic<"numProducts", "num-products-converted", "Products that became kernel.spmm">,
    Statistic<"numGradients", "num-gradients-converted",
              "Compressed products that became kernel.sddmm">,
    Statistic<"numConvolutions", "num-convolutions-converted",
              "Convolutions and gradients of their inputs that became sparse">,
    Statistic<"numConvolutionGradients", "num-convolution-gradients-converted",
              "Compressed gradients of convolutions that are computed where weights are kept">
  ];
}

def ConvertPoolingToKernelPass : Pass<"convert-pooling-to-kernel"> {
  let summary = "Convert poolings and their gradients into kernels";
  let description = [{
    Before: max poolings of `linalg` with `prune.max_pool_gradient`, which hence
    must not have been lowered yet, and sums over windows that are divided by the
    size of the window, with their adjoint, the loop nest that adds the divided
    gradient to every element of a window. After: `kernel.max_pool` and
    `kernel.max_pool_backward`, which share a workspace, and
    `kernel.average_pool` and `kernel.average_pool_backward`.

    A pooling on other elements than f32, with an initial value that counts, or
    whose sum is not divided is left alone; a remark says why.

    ```mlir
    %y = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>} ins(%x, %k : tensor<8x20x24x24xf32>, tensor<2x2xf32>)
        outs(%lowest : tensor<8x20x12x12xf32>) -> tensor<8x20x12x12xf32>
    %dx = prune.max_pool_gradient %x, %y, %dy window [2, 2] strides [2, 2] dilations [1, 1]
        : tensor<8x20x24x24xf32>, tensor<8x20x12x12xf32>
    ```
    becomes
    ```mlir
    %y, %places = kernel.max_pool ins(%x : tensor<8x20x24x24xf32>) outs(%e, %f : tensor<8x20x12x12xf32>, tensor<8x20x12x12xi8>)
        {strides = array<i64: 2, 2>, window = array<i64: 2, 2>} -> tensor<8x20x12x12xf32>, tensor<8x20x12x12xi8>
    %dx = kernel.max_pool_backward ins(%dy, %places : tensor<8x20x12x12xf32>, tensor<8x20x12x12xi8>)
        outs(%g : tensor<8x20x24x24xf32>) {strides = array<i64: 2, 2>, window = array<i64: 2, 2>} -> tensor<8x20x24x24xf32>
    ```
  }];
  let dependentDialects = ["::mlir::kernel::KernelDialect", "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numPoolings", "num-poolings-converted",
              "Poolings, and gradients of means, that became operations of the kernel dialect">
  ];
}

def ConvertPruneToLinalgPass : Pass<"convert-prune-to-linalg"> {
  let summary = "Lower the prune dialect to linalg on tensors";
  let description = [{
    Replaces the operations of the prune dialect by `linalg`, `tensor`, `arith`
    and `math`, and `scf` where a compressed weight that no sparse kernel took is
    decompressed. Afterwards none is left. Optimizer updates become one loop nest
    whose destinations are the state tensors, so that bufferization updates them
    in place; the sums of a regularizer are one loop nest that its penalty and
    its gradient share after common subexpression elimination.

    Before:

    ```mlir
    %t = prune.apply_mask %w, %m : tensor<3x4xf32>
    ```

    After:

    ```mlir
    %t = linalg.generic ... ins(%w, %m : tensor<3x4xf32>, tensor<3x4xi1>) ... {
    ^bb0(%value: f32, %keep: i1, %out: f32):
      %0 = arith.select %keep, %value, %zero : f32
      linalg.yield %0 : f32
    }
    ```

    `prune.select_mask` by sparsity becomes `kernel.select_groups` over the scores
    of all its weights, one behind the other. Where groups do not divide a weight,
    zeros behind its elements fill the last ones up.

    Refuses operations that have no run-time form: a ranking of scores of more than
    32 bits.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::kernel::KernelDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def ConvertPruneToKernelPass : Pass<"convert-prune-to-kernel"> {
  let summary = "Convert contractions marked sparse into sparse kernels";
  let description = [{
    Before: contractions with `prune.kernel = #prune.kernel<csr>`, whose weight
    is a constant. After: `kernel.spmm` with the weight in compressed rows
    as `dense_resource` constants, on activations that are [features, batch].
    Transpositions around it are moved through element-wise operations and
    canceled, so that a chain of sparse layers is transposed once at each end; a
    matmul after it takes the transposition as a flag. With a batch of one they
    are reshapes. A bias (the initial value, or added later) and an activation
    are fused.

    Contractions with `#prune.kernel<lanes>` become `kernel.lane_permute` with the
    weight packed in steps, on activations that are [batch, features].

    Products that `convert-compressed-to-kernel` made before are taken in: their
    transpositions move too, also through sums over rows or columns.

    A contraction whose initial value is neither zero nor a bias, or that cannot
    run the kernel, becomes dense again; a remark says why.

    ```mlir
    %z = linalg.matmul {prune.kernel = #prune.kernel<csr>} indexing_maps = [#mk, #nk, #mn]
        ins(%x, %w : tensor<64x784xf32>, tensor<300x784xf32>) outs(%bias : tensor<64x300xf32>) -> tensor<64x300xf32>
    ```
    becomes
    ```mlir
    %t = linalg.transpose ins(%x : tensor<64x784xf32>) outs(%e : tensor<784x64xf32>) permutation = [1, 0]
    %y = kernel.spmm ins(%values, %indices, %pointers, %t : ...) bias(%b : tensor<300xf32>)
        outs(%f : tensor<300x64xf32>) -> tensor<300x64xf32>
    %z = linalg.transpose ins(%y : tensor<300x64xf32>) outs(%g : tensor<64x300xf32>) permutation = [1, 0]
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::kernel::KernelDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numProducts", "num-products-converted", "Contractions that became kernel.spmm or kernel.lane_permute">,
    Statistic<"numTranspositions", "num-transpositions-left", "Transpositions that are left">
  ];
}

#endif // PRUNE_CONVERSION_PASSES_TD
