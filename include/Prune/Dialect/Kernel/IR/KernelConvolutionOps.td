//===- KernelConvolutionOps.td - Sparse convolutions -------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_IR_KERNELCONVOLUTIONOPS_TD
#define PRUNE_DIALECT_KERNEL_IR_KERNELCONVOLUTIONOPS_TD

include "Prune/Dialect/Kernel/IR/KernelBase.td"

def Kernel_SparseConvolutionOp : Kernel_WindowOpOf<Kernel_Dialect, "sparse_convolution"> {
  let summary = "convolution with a weight in compressed sparse rows";
  let description = [{
    `y = activation(x * w + bias [+ y])` as `onednn.convolution` in one group, for a
    sparse `w` of shape `[f, c, kh, kw]` given by the `values` it has, their
    `indices` in a row `[c, kh, kw]` (ascending in each row) and the row `pointers`
    (one more than output channels). `window` is `[kh, kw]`. Values may change from
    call to call.

    Example:

    ```mlir
    %y = kernel.sparse_convolution ins(%v, %i, %p, %x : tensor<50xf32>, tensor<50xi32>,
        tensor<21xi32>, tensor<64x28x28x1xf32>) bias(%b : tensor<20xf32>)
        outs(%e : tensor<64x24x24x20xf32>)
        {window = array<i64: 5, 5>, layout = #kernel.layout<nhwc>} -> tensor<64x24x24x20xf32>
    ```

    **Constraints**

    * `sparse_convolution_c1`: the window has two positive extents.
    * `sparse_convolution_c2`: there are as many indices as values, and one pointer
      more than output channels.
    * `sparse_convolution_c3`: the bias has one element per output channel.
  }];
  let arguments = !con((ins Kernel_Vector:$values, Kernel_IndexVector:$indices,
                            Kernel_IndexVector:$pointers, Kernel_Image:$x,
                            Optional<Kernel_Vector>:$bias, Kernel_Image:$output,
                            DenseI64ArrayAttr:$window), movement,
                       (ins UnitAttr:$accumulate,
                            DefaultValuedAttr<Kernel_ActivationAttr, "::mlir::kernel::Activation::None">:$activation));
  let assemblyFormat = [{
    `ins` `(` $values `,` $indices `,` $pointers `,` $x `:` type($values) `,` type($indices) `,`
    type($pointers) `,` type($x) `)` (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
}

def Kernel_SparseConvolutionBackwardDataOp
    : Kernel_WindowOpOf<Kernel_Dialect, "sparse_convolution_backward_data"> {
  let summary = "gradient of a sparse convolution by its input";
  let description = [{
    Computes `dx`, the adjoint of `kernel.sparse_convolution` by `x`, from the
    gradient `dy` of its result before bias and activation. The values are in the
    order of the transposed weight: there is a row `[f, kh, kw]` for each input
    channel.

    Example:

    ```mlir
    %dx = kernel.sparse_convolution_backward_data ins(%v, %i, %p, %dy : tensor<50xf32>, tensor<50xi32>,
        tensor<21xi32>, tensor<64x8x8x50xf32>) outs(%e : tensor<64x12x12x20xf32>)
        {window = array<i64: 5, 5>, layout = #kernel.layout<nhwc>} -> tensor<64x12x12x20xf32>
    ```

    **Constraints**

    * `sparse_convolution_backward_data_c1`: as `sparse_convolution_c1`.
    * `sparse_convolution_backward_data_c2`: as `sparse_convolution_c2`, with a row
      for each input channel.
  }];
  let arguments = !con((ins Kernel_Vector:$values, Kernel_IndexVector:$indices,
                            Kernel_IndexVector:$pointers, Kernel_Image:$dy, Kernel_Image:$output,
                            DenseI64ArrayAttr:$window), movement);
  let assemblyFormat = [{
    `ins` `(` $values `,` $indices `,` $pointers `,` $dy `:` type($values) `,` type($indices) `,`
    type($pointers) `,` type($dy) `)` `outs` `(` $output `:` type($output) `)` attr-dict
    (`->` type($result)^)?
  }];
}

def Kernel_SparseConvolutionBackwardWeightsOp
    : Kernel_WindowOpOf<Kernel_Dialect, "sparse_convolution_backward_weights"> {
  let summary = "gradient of a sparse convolution by its values and bias";
  let description = [{
    Computes the elements of the gradient of the weight that
    `kernel.sparse_convolution` has values for, and no others, from its input and
    the gradient `dy` of its result before bias and activation. A second destination
    receives the gradient of the bias, the sum of `dy` over images, rows and columns.

    Example:

    ```mlir
    %dv, %db = kernel.sparse_convolution_backward_weights
        ins(%i, %p, %x, %dy : tensor<50xi32>, tensor<21xi32>, tensor<64x28x28x1xf32>, tensor<64x24x24x20xf32>)
        outs(%e, %d : tensor<50xf32>, tensor<20xf32>)
        {window = array<i64: 5, 5>, layout = #kernel.layout<nhwc>} -> tensor<50xf32>, tensor<20xf32>
    ```

    **Constraints**

    * `sparse_convolution_backward_weights_c1`: as `sparse_convolution_c1`.
    * `sparse_convolution_backward_weights_c2`: as `sparse_convolution_c2` for the
      gradients of the values.
    * `sparse_convolution_backward_weights_c3`: as `sparse_convolution_c3` for the
      gradient of the bias.
  }];
  let arguments = !con((ins Kernel_IndexVector:$indices, Kernel_IndexVector:$pointers,
                            Kernel_Image:$x, Kernel_Image:$dy, Kernel_Vector:$output,
                            Optional<Kernel_Vector>:$bias_output, DenseI64ArrayAttr:$window), movement);
  let assemblyFormat = [{
    `ins` `(` $indices `,` $pointers `,` $x `,` $dy `:` type($indices) `,` type($pointers) `,`
    type($x) `,` type($dy) `)`
    `outs` `(` $output (`,` $bias_output^)? `:` type($output) (`,` type($bias_output)^)? `)`
    attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = common # [{
    MutableOperandRange getDpsInitsMutable() {
      return MutableOperandRange(getOperation(), /*start=*/4, getNumOperands() - 4);
    }
  }];
}

#endif // PRUNE_DIALECT_KERNEL_IR_KERNELCONVOLUTIONOPS_TD
