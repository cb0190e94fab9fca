//===- PruneLayerOps.td - Layers and the loss --------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_IR_PRUNELAYEROPS_TD
#define PRUNE_DIALECT_PRUNE_IR_PRUNELAYEROPS_TD

include "Prune/Dialect/Prune/IR/PruneOpBase.td"

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

class Prune_BatchNormOpBase<string mnemonic, list<Trait> traits>
    : Prune_Op<mnemonic, traits> {
  let hasVerifier = 1;
}

def Prune_BatchNormOp : Prune_BatchNormOpBase<"batch_norm", [
    AllTypesMatch<["input", "result"]>,
    AllTypesMatch<["scale", "bias", "mean", "variance"]>]> {
  let summary = "batch normalization with given statistics";
  let description = [{
    `y = (x - mean) / sqrt(variance + epsilon) * scale + bias` per channel, which
    is dimension 1: the form of inference (Ioffe and Szegedy 2015).

    With `fixed_scale` the scale is a number that the network was written with, or
    none, and no parameter: it gets no name, is not trained and not pruned.
    `fixed_bias` says the same of the bias.

    Example:

    ```mlir
    %y = prune.batch_norm %x, %scale, %bias, %mean, %variance epsilon 1.0e-5
        : tensor<8x16x32x32xf32>, tensor<16xf32>
    %z = prune.batch_norm %x, %ones, %zeros, %mean, %variance epsilon 1.0e-5
        {fixed_bias, fixed_scale} : tensor<8x16x32x32xf32>, tensor<16xf32>
    ```

    **Constraints**

    * `batch_norm_c1`: the input has at least two dimensions; scale, bias and
      statistics have one element per channel and the input's element type.
    * `batch_norm_c2`: `epsilon` is positive.
  }];
  let arguments = (ins Prune_FloatTensor:$input, Prune_FloatTensor:$scale,
                       Prune_FloatTensor:$bias, Prune_FloatTensor:$mean,
                       Prune_FloatTensor:$variance, F64Attr:$epsilon,
                       UnitAttr:$fixed_scale, UnitAttr:$fixed_bias);
  let results = (outs Prune_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $scale `,` $bias `,` $mean `,` $variance `epsilon` $epsilon attr-dict
    `:` type($input) `,` type($scale)
  }];
}

def Prune_BatchNormTrainingOp : Prune_BatchNormOpBase<"batch_norm_training", [
    AllTypesMatch<["input", "result"]>,
    AllTypesMatch<["scale", "bias", "mean", "variance"]>]> {
  let summary = "batch normalization with the statistics of the batch";
  let description = [{
    As `prune.batch_norm`, with mean and variance per channel taken over all other
    dimensions of the input; the variance is the biased one. Both are returned.

    Example:

    ```mlir
    %y, %mean, %variance = prune.batch_norm_training %x, %scale, %bias epsilon 1.0e-5
        : tensor<8x16x32x32xf32>, tensor<16xf32>
    ```

    **Constraints**

    * `batch_norm_training_c1`: as `batch_norm_c1` and `batch_norm_c2`.
  }];
  let arguments = (ins Prune_FloatTensor:$input, Prune_FloatTensor:$scale,
                       Prune_FloatTensor:$bias, F64Attr:$epsilon);
  let results = (outs Prune_FloatTensor:$result, Prune_FloatTensor:$mean,
                      Prune_FloatTensor:$variance);
  let assemblyFormat = [{
    $input `,` $scale `,` $bias `epsilon` $epsilon attr-dict
    `:` type($input) `,` type($scale)
  }];
}

def Prune_BatchNormGradientOp : Prune_BatchNormOpBase<"batch_norm_gradient", [
    AllTypesMatch<["input", "adjoint", "input_gradient"]>,
    AllTypesMatch<["scale", "mean", "variance", "scale_gradient", "bias_gradient"]>]> {
  let summary = "gradient of batch normalization with the statistics of the batch";
  let description = [{
    With `h = (x - mean) / sqrt(variance + epsilon)`, `dy` the adjoint of the
    result and sums and `n` over all dimensions but the channels:

    * `dbias = sum dy`, `dscale = sum dy h`
    * `dx = scale / sqrt(variance + epsilon) * (dy - dbias / n - h dscale / n)`

    Example:

    ```mlir
    %dx, %dscale, %dbias = prune.batch_norm_gradient %x, %scale, %mean, %variance, %dy
        epsilon 1.0e-5 : tensor<8x16x32x32xf32>, tensor<16xf32>
    ```

    **Constraints**

    * `batch_norm_gradient_c1`: as `batch_norm_c1` and `batch_norm_c2`; the
      adjoint has the type of the input.
  }];
  let arguments = (ins Prune_FloatTensor:$input, Prune_FloatTensor:$scale,
                       Prune_FloatTensor:$mean, Prune_FloatTensor:$variance,
                       Prune_FloatTensor:$adjoint, F64Attr:$epsilon);
  let results = (outs Prune_FloatTensor:$input_gradient, Prune_FloatTensor:$scale_gradient,
                      Prune_FloatTensor:$bias_gradient);
  let assemblyFormat = [{
    $input `,` $scale `,` $mean `,` $variance `,` $adjoint `epsilon` $epsilon attr-dict
    `:` type($input) `,` type($scale)
  }];
}

def Prune_MaxPoolGradientOp : Prune_Op<"max_pool_gradient", [
    AllTypesMatch<["input", "input_gradient"]>, AllTypesMatch<["output", "adjoint"]>]> {
  let summary = "gradient of two-dimensional max pooling";
  let description = [{
    For the result of `linalg.pooling_nchw_max` on `input` (`[n, c, h, w]`), sends
    each element of the adjoint to the first element of its window, in row-major
    order, that equals the maximum. Windows may overlap; contributions add up.

    Example:

    ```mlir
    %dx = prune.max_pool_gradient %x, %y, %dy window [2, 2] strides [2, 2] dilations [1, 1]
        : tensor<8x20x24x24xf32>, tensor<8x20x12x12xf32>
    ```

    **Constraints**

    * `max_pool_gradient_c1`: input and output have rank 4, the same first two
      extents and one element type.
    * `max_pool_gradient_c2`: window, strides and dilations are two positive
      numbers each, and give the extents of the output.
  }];
  let arguments = (ins Prune_FloatTensor:$input, Prune_FloatTensor:$output,
                       Prune_FloatTensor:$adjoint, DenseI64ArrayAttr:$window,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations);
  let results = (outs Prune_FloatTensor:$input_gradient);
  let assemblyFormat = [{
    $input `,` $output `,` $adjoint `window` $window `strides` $strides
    `dilations` $dilations attr-dict `:` type($input) `,` type($output)
  }];
  let hasVerifier = 1;
}

def Prune_DropoutOp : Prune_Op<"dropout", [AllTypesMatch<["input", "result"]>]> {
  let summary = "zeroes a share of the elements and rescales the others";
  let description = [{
    Inverted dropout: with probability `rate` an element becomes zero, else it is
    divided by `1 - rate`. Which elements is a pure function of `seed`, the
    run-time `counter` (the training step) and the position of the element, so
    the same seed gives the same bits at any thread count, and the adjoint is the
    same operation on the incoming gradient.

    Example:

    ```mlir
    %y = prune.dropout %x, %step rate 5.0e-01 seed 7 : tensor<100x300xf32>
    ```

    **Constraints**

    * `dropout_c1`: `rate` lies in [0, 1).
  }];
  let arguments = (ins Prune_FloatTensor:$input, I64:$counter, F64Attr:$rate,
                       I64Attr:$seed);
  let results = (outs Prune_FloatTensor:$result);
  let assemblyFormat = "$input `,` $counter `rate` $rate `seed` $seed attr-dict `:` type($input)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Prune_SoftmaxCrossEntropyOp : Prune_Op<"softmax_cross_entropy", [
    Prune_ScalarTensorMatches<"logits", "loss">]> {
  let summary = "mean cross-entropy of the softmax of logits against labels";
  let description = [{
    For logits `z` of shape `[batch, classes]` and class numbers `y` of shape
    `[batch]`, the mean over the batch of `log(sum_j exp(z_ij)) - z_i,y_i`,
    computed with the maximum of each row subtracted first. A class number
    outside `[0, classes)` selects no logit: the term `z_i,y_i` is zero.

    Labels may also be shares of the classes `t` of shape `[batch, classes]`
    (soft targets: Hinton, Vinyals, Dean 2015, section 2). The last term is then
    `sum_j t_ij z_ij`, and a row whose share is one at a class and zero
    elsewhere gives the loss of that class.

    Example:

    ```mlir
    %loss = prune.softmax_cross_entropy %logits, %labels
        : tensor<100x10xf32>, tensor<100xi32>
    %soft = prune.softmax_cross_entropy %logits, %shares
        : tensor<100x10xf32>, tensor<100x10xf32>
    ```

    **Constraints**

    * `softmax_cross_entropy_c1`: logits have rank 2; class numbers have rank 1
      and the same batch, shares the type of the logits.
    * `softmax_cross_entropy_c2`: the result has the element type of the logits.
  }];
  let arguments = (ins Prune_FloatTensor:$logits,
                       AnyTypeOf<[StaticShapeTensorOf<[I32, I64]>, Prune_FloatTensor]>:$labels);
  let results = (outs Prune_ScalarTensor:$loss);
  let assemblyFormat = "$logits `,` $labels attr-dict `:` type($logits) `,` type($labels)";
  let hasVerifier = 1;
}

#endif // PRUNE_DIALECT_PRUNE_IR_PRUNELAYEROPS_TD
