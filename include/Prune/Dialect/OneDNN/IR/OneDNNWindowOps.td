//===- OneDNNWindowOps.td - Convolutions -------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Included by OneDNNOps.td, which has the dialect.

#ifndef PRUNE_DIALECT_ONEDNN_IR_ONEDNNWINDOWOPS_TD
#define PRUNE_DIALECT_ONEDNN_IR_ONEDNNWINDOWOPS_TD

include "Prune/Dialect/Kernel/IR/KernelBase.td"

class OneDNN_WindowOp<string mnemonic> : Kernel_WindowOpOf<OneDNN_Dialect, mnemonic>;

def OneDNN_ConvolutionOp : OneDNN_WindowOp<"convolution"> {
  let summary = "convolution of images with bias and activation";
  let description = [{
    `y = activation(x * w + bias [+ y])`, where `x * w` is, in terms of `nchw`,

    ```
    y[n, f, i, j] = sum of x[n, c, i * stride + k * dilation - top,
                             j * stride + l * dilation - left] * w[f, c, k, l]
    ```

    over `c`, `k` and `l`; what lies outside of `x` counts as zero. With groups,
    a block of `f / groups` output channels sees one block of `c / groups` input
    channels. With `accumulate` the old value of `y` is added before the
    activation; with `constant_weights` the weights never change, and the runtime
    packs them once.

    Example:

    ```mlir
    %y = onednn.convolution ins(%x, %w : tensor<8x28x28x1xf32>, tensor<20x1x5x5xf32>)
        bias(%b : tensor<20xf32>) outs(%e : tensor<8x24x24x20xf32>)
        {activation = #kernel.activation<relu>, layout = #kernel.layout<nhwc>}
        -> tensor<8x24x24x20xf32>
    ```

    **Constraints**

    * `convolution_c1`: the groups divide the channels of `x` and of `y`, and the
      weights have the channels of one group.
    * `convolution_c2`: the bias has one element per output channel.
  }];
  let arguments = !con((ins Kernel_Image:$x, Kernel_Image:$w, Optional<Kernel_Vector>:$bias,
                            Kernel_Image:$output), movement, grouped,
                       (ins UnitAttr:$accumulate, UnitAttr:$constant_weights,
                            DefaultValuedAttr<Kernel_ActivationAttr, "::mlir::kernel::Activation::None">:$activation));
  let assemblyFormat = [{
    `ins` `(` $x `,` $w `:` type($x) `,` type($w) `)` (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
}

def OneDNN_ConvolutionBackwardDataOp : OneDNN_WindowOp<"convolution_backward_data"> {
  let summary = "gradient of a convolution by its input";
  let description = [{
    Computes `dx`, the adjoint of `onednn.convolution` by `x`, from the gradient
    `dy` of its result before bias and activation. What would fall on padding is
    dropped.

    Example:

    ```mlir
    %dx = onednn.convolution_backward_data ins(%dy, %w : tensor<8x50x8x8xf32>, tensor<50x20x5x5xf32>)
        outs(%e : tensor<8x20x12x12xf32>) -> tensor<8x20x12x12xf32>
    ```

    **Constraints**

    * `convolution_backward_data_c1`: as `convolution_c1`.
  }];
  let arguments = !con((ins Kernel_Image:$dy, Kernel_Image:$w, Kernel_Image:$output), movement, grouped);
  let assemblyFormat = [{
    `ins` `(` $dy `,` $w `:` type($dy) `,` type($w) `)`
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
}

def OneDNN_ConvolutionBackwardWeightsOp : OneDNN_WindowOp<"convolution_backward_weights"> {
  let summary = "gradient of a convolution by its weights and bias";
  let description = [{
    Computes `dw`, the adjoint of `onednn.convolution` by `w`, from its input and
    the gradient `dy` of its result before bias and activation. A second
    destination receives the gradient of the bias, the sum of `dy` over images,
    rows and columns.

    Example:

    ```mlir
    %dw, %db = onednn.convolution_backward_weights
        ins(%x, %dy : tensor<8x20x12x12xf32>, tensor<8x50x8x8xf32>)
        outs(%e, %d : tensor<50x20x5x5xf32>, tensor<50xf32>) -> tensor<50x20x5x5xf32>, tensor<50xf32>
    ```

    **Constraints**

    * `convolution_backward_weights_c1`: as `convolution_c1`.
    * `convolution_backward_weights_c2`: as `convolution_c2` for the gradient of
      the bias.
  }];
  let arguments = !con((ins Kernel_Image:$x, Kernel_Image:$dy, Kernel_Image:$output,
                            Optional<Kernel_Vector>:$bias_output), movement, grouped);
  let assemblyFormat = [{
    `ins` `(` $x `,` $dy `:` type($x) `,` type($dy) `)`
    `outs` `(` $output (`,` $bias_output^)? `:` type($output) (`,` type($bias_output)^)? `)`
    attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = common # [{
    MutableOperandRange getDpsInitsMutable() {
      return MutableOperandRange(getOperation(), /*start=*/2, getNumOperands() - 2);
    }
  }];
}

#endif // PRUNE_DIALECT_ONEDNN_IR_ONEDNNWINDOWOPS_TD
