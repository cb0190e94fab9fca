//===- OneDNNWindowOps.td - Convolutions and poolings ------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_ONEDNN_IR_ONEDNNWINDOWOPS_TD
#define PRUNE_DIALECT_ONEDNN_IR_ONEDNNWINDOWOPS_TD

include "Prune/Dialect/OneDNN/IR/OneDNNInterfaces.td"

def OneDNN_Image : AnyTypeOf<[4DTensorOf<[F32]>, MemRefRankOf<[F32], [4]>]>;
def OneDNN_Workspace : AnyTypeOf<[4DTensorOf<[I8]>, MemRefRankOf<[I8], [4]>]>;

class OneDNN_WindowOp<string mnemonic, list<Trait> traits = []>
    : Op<OneDNN_Dialect, mnemonic, !listconcat([
        DestinationStyleOpInterface, OneDNN_WindowOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>], traits)> {
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  /// How the window moves, shared by all operations.
  dag movement = (ins DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides,
                      DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations,
                      DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$padding,
                      DefaultValuedAttr<OneDNN_LayoutAttr, "Layout::Nchw">:$layout);
  dag grouped = (ins DefaultValuedAttr<I64Attr, "1">:$groups);
  code common = [{
    WindowShape getWindowShape();
    bool isImage(OpOperand &operand);
  }];
  let extraClassDeclaration = common # [{
    MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
}

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
        {activation = #onednn.activation<relu>, layout = #onednn.layout<nhwc>}
        -> tensor<8x24x24x20xf32>
    ```

    **Constraints**

    * `convolution_c1`: the groups divide the channels of `x` and of `y`, and the
      weights have the channels of one group.
    * `convolution_c2`: the bias has one element per output channel.
  }];
  let arguments = !con((ins OneDNN_Image:$x, OneDNN_Image:$w, Optional<OneDNN_Vector>:$bias,
                            OneDNN_Image:$output), movement, grouped,
                       (ins UnitAttr:$accumulate, UnitAttr:$constant_weights,
                            DefaultValuedAttr<OneDNN_ActivationAttr, "Activation::None">:$activation));
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
  let arguments = !con((ins OneDNN_Image:$dy, OneDNN_Image:$w, OneDNN_Image:$output), movement, grouped);
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
  let arguments = !con((ins OneDNN_Image:$x, OneDNN_Image:$dy, OneDNN_Image:$output,
                            Optional<OneDNN_Vector>:$bias_output), movement, grouped);
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

def OneDNN_MaxPoolOp : OneDNN_WindowOp<"max_pool"> {
  let summary = "largest element in each window";
  let description = [{
    The largest element in each window; padding never wins. The second
    destination, the workspace, receives where in its window the first of them is,
    as the number of the element in row-major order.

    Example:

    ```mlir
    %y, %k = onednn.max_pool ins(%x : tensor<8x24x24x20xf32>)
        outs(%e, %d : tensor<8x12x12x20xf32>, tensor<8x12x12x20xi8>)
        {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, layout = #onednn.layout<nhwc>}
        -> tensor<8x12x12x20xf32>, tensor<8x12x12x20xi8>
    ```

    **Constraints**

    * `max_pool_c1`: the workspace has the shape of the output, and a window at
      most 256 elements.
  }];
  let arguments = !con((ins OneDNN_Image:$x, OneDNN_Image:$output, Optional<OneDNN_Workspace>:$workspace,
                            DenseI64ArrayAttr:$window), movement);
  let assemblyFormat = [{
    `ins` `(` $x `:` type($x) `)`
    `outs` `(` $output (`,` $workspace^)? `:` type($output) (`,` type($workspace)^)? `)`
    attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = common # [{
    MutableOperandRange getDpsInitsMutable() {
      return MutableOperandRange(getOperation(), /*start=*/1, getNumOperands() - 1);
    }
  }];
}

def OneDNN_MaxPoolBackwardOp : OneDNN_WindowOp<"max_pool_backward"> {
  let summary = "gradient of a max pooling";
  let description = [{
    Sends each element of `dy` to the element of `dx` that the workspace of
    `onednn.max_pool` names, and adds up where windows overlap.

    Example:

    ```mlir
    %dx = onednn.max_pool_backward ins(%dy, %k : tensor<8x20x12x12xf32>, tensor<8x20x12x12xi8>)
        outs(%e : tensor<8x20x24x24xf32>) {window = array<i64: 2, 2>, strides = array<i64: 2, 2>}
        -> tensor<8x20x24x24xf32>
    ```

    **Constraints**

    * `max_pool_backward_c1`: the workspace has the shape of `dy`, and a window at
      most 256 elements.
  }];
  let arguments = !con((ins OneDNN_Image:$dy, OneDNN_Workspace:$workspace, OneDNN_Image:$output,
                            DenseI64ArrayAttr:$window), movement);
  let assemblyFormat = [{
    `ins` `(` $dy `,` $workspace `:` type($dy) `,` type($workspace) `)`
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
}

def OneDNN_AveragePoolOp : OneDNN_WindowOp<"average_pool"> {
  let summary = "mean of each window";
  let description = [{
    The mean of the elements in each window. Padding does not count, or, with
    `include_padding`, counts as zeros.

    Example:

    ```mlir
    %y = onednn.average_pool ins(%x : tensor<8x20x24x24xf32>) outs(%e : tensor<8x20x12x12xf32>)
        {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<8x20x12x12xf32>
    ```

  }];
  let arguments = !con((ins OneDNN_Image:$x, OneDNN_Image:$output, DenseI64ArrayAttr:$window), movement,
                       (ins UnitAttr:$include_padding));
  let assemblyFormat = [{
    `ins` `(` $x `:` type($x) `)`
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
}

def OneDNN_AveragePoolBackwardOp : OneDNN_WindowOp<"average_pool_backward"> {
  let summary = "gradient of an average pooling";
  let description = [{
    The adjoint of `onednn.average_pool`: every element of `dx` receives its share
    of the elements of `dy` whose windows it is in.

    Example:

    ```mlir
    %dx = onednn.average_pool_backward ins(%dy : tensor<8x20x12x12xf32>) outs(%e : tensor<8x20x24x24xf32>)
        {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<8x20x24x24xf32>
    ```

  }];
  let arguments = !con((ins OneDNN_Image:$dy, OneDNN_Image:$output, DenseI64ArrayAttr:$window), movement,
                       (ins UnitAttr:$include_padding));
  let assemblyFormat = [{
    `ins` `(` $dy `:` type($dy) `)`
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
}

#endif // PRUNE_DIALECT_ONEDNN_IR_ONEDNNWINDOWOPS_TD
