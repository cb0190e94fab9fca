//===- PruneOps.td - Prune dialect operations --------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_IR_PRUNEOPS_TD
#define PRUNE_DIALECT_PRUNE_IR_PRUNEOPS_TD

include "Prune/Dialect/Prune/IR/PruneAttributes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Prune_Op<string mnemonic, list<Trait> traits = []>
    : Op<Prune_Dialect, mnemonic, !listconcat([Pure], traits)>;

class Prune_MaskMatches<string weight, string mask>
    : TypesMatchWith<"mask has the shape of the weight and element type i1", weight, mask,
                     "getMaskType($_self)">;
class Prune_ScalarMatches<string weight, string scalar>
    : TypesMatchWith<"scalar has the element type of the weight", weight, scalar,
                     "getElementTypeOrSelf($_self)">;
class Prune_ScalarTensorMatches<string weight, string scalar>
    : TypesMatchWith<"result is a tensor of rank zero of the same element type", weight, scalar,
                     "RankedTensorType::get({}, getElementTypeOrSelf($_self))">;

def Prune_GateRuleAttr : EnumAttr<Prune_Dialect, Prune_GateRule, "rule">;
def Prune_RegularizerKindAttr
    : EnumAttr<Prune_Dialect, Prune_RegularizerKind, "regularizer">;

def Prune_ProximalKindAttr : EnumAttr<Prune_Dialect, Prune_ProximalKind, "proximal">;

def Prune_FloatTensor : StaticShapeTensorOf<[AnyFloat]>;
def Prune_MaskTensor : StaticShapeTensorOf<[I1]>;
def Prune_ScalarTensor : 0DTensorOf<[AnyFloat]>;

//===----------------------------------------------------------------------===//
// Masks and auxiliary parameters
//===----------------------------------------------------------------------===//

def Prune_ApplyMaskOp : Prune_Op<"apply_mask", [
    AllTypesMatch<["weight", "result"]>, Prune_MaskMatches<"weight", "mask">]> {
  let summary = "weight with the pruned elements set to zero";
  let description = [{
    Element-wise `mask ? weight : 0`. The mask is explicit: a weight that happens
    to be zero is not pruned, and a pruned weight keeps its value in `weight`.

    The adjoint of the weight is that of the result where the mask is set, else
    zero. With `straight_through` it is that of the result everywhere, plus
    `decay * weight` where the mask is not set (SR-STE, Zhou et al. 2021).

    Example:

    ```mlir
    %t = prune.apply_mask %w, %mask : tensor<300x784xf32>
    ```

    **Constraints**

    * `apply_mask_c1`: the mask has the shape of the weight and elements of type
      `i1`; the result has the type of the weight.
    * `apply_mask_c2`: `decay` is not negative, and zero without
      `straight_through`.
  }];
  let arguments = (ins Prune_FloatTensor:$weight, Prune_MaskTensor:$mask,
                       UnitAttr:$straight_through,
                       DefaultValuedAttr<F64Attr, "0.0">:$decay);
  let results = (outs Prune_FloatTensor:$result);
  let assemblyFormat = "$weight `,` $mask attr-dict `:` type($weight)";
  let builders = [OpBuilder<(ins "::mlir::Value":$weight, "::mlir::Value":$mask), [{
    build($_builder, $_state, weight.getType(), weight, mask, /*straight_through=*/false,
          ::llvm::APFloat(0.0));
  }]>];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Prune_GateOp : Prune_Op<"gate", [AllTypesMatch<["weight", "result"]>]> {
  let summary = "weight gated by trainable auxiliary parameters";
  let description = [{
    `T = W * h(M)` with the indicator `h(m) = 1[m > 0]` (AutoPrune, section 3.1).
    The forward value always uses the step. The adjoint sends
    `dT * h(M)` to the weight, and to the auxiliary parameters
    `dT * sgn(W) * s'(M)` under rule `sign` (the modified update rule) or
    `dT * W * s'(M)` under rule `chain`, with `s'` of the straight-through
    estimator. A weight whose gate is closed keeps its value and can return.

    With a granularity one auxiliary parameter opens and closes a whole group,
    say a filter with `channel` and axis 0; its adjoint is the sum over the
    group.

    Example:

    ```mlir
    %t = prune.gate %w, %m ste(<leaky_relu, slope = 0.1>)
        : tensor<300x784xf32>, tensor<300x784xf32>
    %u = prune.gate %v, %n ste(<softplus>) granularity(<channel, axis = 0>)
        : tensor<20x1x5x5xf32>, tensor<20xf32>
    ```

    **Constraints**

    * `gate_c1`: the auxiliary parameters have the shape of the weight, or with a
      granularity that of its grid over the weight, and the weight's element type.
      The result has the type of the weight.
  }];
  let arguments = (ins Prune_FloatTensor:$weight, Prune_FloatTensor:$aux,
                       Prune_SteAttr:$ste,
                       DefaultValuedAttr<Prune_GateRuleAttr, "GateRule::Sign">:$rule,
                       OptionalAttr<Prune_GranularityAttr>:$granularity);
  let results = (outs Prune_FloatTensor:$result);
  let assemblyFormat = [{
    $weight `,` $aux `ste` `(` $ste `)` (`rule` `` $rule^)?
    (`granularity` `(` $granularity^ `)`)? attr-dict `:` type($weight) `,` type($aux)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Prune_ScoreOp : Prune_Op<"score"> {
  let summary = "importance of each group of a weight";
  let description = [{
    One score per group of the granularity, by the criterion. The result has the
    shape of the grid of groups (`#prune.granularity`).

    Example:

    ```mlir
    %s = prune.score %w criterion(<magnitude>) granularity(<channel, axis = 0>)
        : tensor<300x784xf32> -> tensor<300xf32>
    ```

    **Constraints**

    * `score_c1`: the granularity fits the shape of the weight.
    * `score_c2`: the result has the shape of the grid and the element type of
      the weight.
  }];
  let arguments = (ins Prune_FloatTensor:$weight, Prune_CriterionAttr:$criterion,
                       Prune_GranularityAttr:$granularity);
  let results = (outs Prune_FloatTensor:$scores);
  let assemblyFormat = [{
    $weight `criterion` `(` $criterion `)` `granularity` `(` $granularity `)`
    attr-dict `:` type($weight) `->` type($scores)
  }];
  let hasVerifier = 1;
}

def Prune_SelectMaskOp : Prune_Op<"select_mask", [AttrSizedOperandSegments]> {
  let summary = "masks from the scores of one or several weights";
  let description = [{
    Turns scores into masks. Several scores are ranked together, so `ratio` over
    all weights of a network is one operation (global scope) and `ratio` per
    weight is one operation each. An `n_of_m` granularity keeps, in every group,
    at most `n` elements of those the selection keeps. The optional operand is
    the threshold or ratio at run time, in place of the attribute's.

    Example:

    ```mlir
    %m1, %m2 = prune.select_mask %s1, %s2 selection(<ratio, 0.9>)
        granularity(<unstructured>)
        : (tensor<300x64xf32>, tensor<10x300xf32>) -> (tensor<300x64xi1>, tensor<10x300xi1>)
    ```

    **Constraints**

    * `select_mask_c1`: as many masks as scores, at least one.
    * `select_mask_c2`: each score has the shape of the granularity's grid over
      the shape of its mask.
    * `select_mask_c3`: all scores have one element type, which is also that of a
      run-time value.
    * `select_mask_c4`: a run-time value comes with a threshold or a ratio.
  }];
  let arguments = (ins Variadic<Prune_FloatTensor>:$scores, Optional<AnyFloat>:$value,
                       Prune_SelectionAttr:$selection,
                       Prune_GranularityAttr:$granularity);
  let results = (outs Variadic<Prune_MaskTensor>:$masks);
  let assemblyFormat = [{
    $scores `selection` `(` $selection `)` (`value` $value^ `:` type($value))?
    `granularity` `(` $granularity `)` attr-dict `:` functional-type($scores, $masks)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// Regularisation, dropout and loss
//===----------------------------------------------------------------------===//

class Prune_RegularizerOp<string mnemonic, list<Trait> traits = []>
    : Prune_Op<mnemonic, !listconcat([Prune_ScalarMatches<"weight", "strength">], traits)> {
  let arguments = (ins Prune_RegularizerKindAttr:$kind,
                       Prune_FloatTensor:$weight, AnyFloat:$strength,
                       OptionalAttr<Prune_GranularityAttr>:$granularity,
                       OptionalAttr<Prune_SteAttr>:$ste);
  let assemblyFormat = [{
    `` $kind $weight `,` $strength (`granularity` `(` $granularity^ `)`)?
    (`ste` `(` $ste^ `)`)? attr-dict `:` type($weight)
  }];
  let hasVerifier = 1;
}

def Prune_RegularizeOp : Prune_RegularizerOp<"regularize", [
    Prune_ScalarTensorMatches<"weight", "penalty">]> {
  let summary = "penalty of a weight, times its strength";
  let description = [{
    With `s = sum |w|` and `q = sum w^2` over the whole tensor:

    * `l1`: `strength * s`
    * `l2`: `strength * q`
    * `hoyer`: `strength * s / sqrt(q)`
    * `hoyer_square`: `strength * s^2 / q` (DeepHoyer, section 3)
    * `transformed_l1`: `strength * sum 2 |w| / (1 + |w|)`
    * `open_gates`: `strength` times the number of elements above zero, for the
      auxiliary parameters of `prune.gate`

    and with `n_g` the Euclidean norm of group `g` of the granularity:

    * `group_lasso`: `strength * sum n_g`
    * `group_hoyer_square`: `strength * (sum n_g)^2 / q` (DeepHoyer, section 3)

    Hoyer and Hoyer-Square are invariant to the scale of the weight and count
    its non-zeros when these are equal. A tensor of zeros has penalty zero.

    Example:

    ```mlir
    %p = prune.regularize hoyer_square %w, %strength : tensor<300x784xf32>
    %q = prune.regularize group_lasso %w, %strength granularity(<channel, axis = 1>)
        : tensor<300x784xf32>
    ```

    **Constraints**

    * `regularize_c1`: strength and result have the element type of the weight.
    * `regularize_c2`: the group kinds, and only they, have a granularity; it fits
      the weight and is not `n_of_m`.
    * `regularize_c3`: `open_gates`, and only it, has an estimator.
  }];
  let results = (outs Prune_ScalarTensor:$penalty);
  let hasCanonicalizer = 1;
}

def Prune_RegularizeGradientOp : Prune_RegularizerOp<"regularize_gradient", [
    AllTypesMatch<["weight", "gradient"]>]> {
  let summary = "gradient of prune.regularize with respect to the weight";
  let description = [{
    With `s` and `q` as in `prune.regularize` and `sgn(0) = 0`:

    * `l1`: `strength * sgn(w)`
    * `l2`: `strength * 2 w`
    * `hoyer`: `strength * (sgn(w) / sqrt(q) - s w / q^(3/2))`
    * `hoyer_square`: `strength * 2 sgn(w) (s / q^2) (q - |w| s)`
    * `transformed_l1`: `strength * 2 sgn(w) / (1 + |w|)^2`
    * `open_gates`: `strength * s'(w)` with `s'` of the estimator
    * `group_lasso`: `strength * w / n_g`
    * `group_hoyer_square`: `strength * 2 (w / n_g) (S / q^2) (q - S n_g)` with
      `S = sum n_g`

    Zero everywhere on a tensor of zeros, and in a group of zeros.

    Example:

    ```mlir
    %g = prune.regularize_gradient hoyer_square %w, %strength : tensor<300x784xf32>
    ```

    **Constraints**

    * `regularize_gradient_c1`: the strength has the element type of the weight.
    * `regularize_gradient_c2`: as `regularize_c2` and `regularize_c3`.
  }];
  let results = (outs Prune_FloatTensor:$gradient);
  let hasCanonicalizer = 1;
}

def Prune_ProximalOp : Prune_Op<"proximal", [
    AllTypesMatch<["weight", "result"]>, Prune_ScalarMatches<"weight", "threshold">]> {
  let summary = "proximal step of a penalty";
  let description = [{
    The minimiser over `v` of `threshold * penalty(v) + |v - w|^2 / 2`, which
    reaches exact zeros:

    * `l1`: `sgn(w) * max(|w| - threshold, 0)`
    * `group_lasso`: `w * max(1 - threshold / n_g, 0)` with `n_g` the Euclidean
      norm of the group of the granularity

    After a step of gradient descent the threshold is the learning rate times the
    strength of the penalty.

    Example:

    ```mlir
    %v = prune.proximal l1 %w, %threshold : tensor<300x784xf32>
    ```

    **Constraints**

    * `proximal_c1`: `group_lasso`, and only it, has a granularity; it fits the
      weight and is not `n_of_m`.
  }];
  let arguments = (ins Prune_ProximalKindAttr:$kind, Prune_FloatTensor:$weight,
                       AnyFloat:$threshold, OptionalAttr<Prune_GranularityAttr>:$granularity);
  let results = (outs Prune_FloatTensor:$result);
  let assemblyFormat = [{
    `` $kind $weight `,` $threshold (`granularity` `(` $granularity^ `)`)? attr-dict
    `:` type($weight)
  }];
  let hasVerifier = 1;
}

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
  let summary = "batch normalisation with given statistics";
  let description = [{
    `y = (x - mean) / sqrt(variance + epsilon) * scale + bias` per channel, which
    is dimension 1: the form of inference (Ioffe and Szegedy 2015).

    Example:

    ```mlir
    %y = prune.batch_norm %x, %scale, %bias, %mean, %variance epsilon 1.0e-5
        : tensor<8x16x32x32xf32>, tensor<16xf32>
    ```

    **Constraints**

    * `batch_norm_c1`: the input has at least two dimensions; scale, bias and
      statistics have one element per channel and the input's element type.
    * `batch_norm_c2`: `epsilon` is positive.
  }];
  let arguments = (ins Prune_FloatTensor:$input, Prune_FloatTensor:$scale,
                       Prune_FloatTensor:$bias, Prune_FloatTensor:$mean,
                       Prune_FloatTensor:$variance, F64Attr:$epsilon);
  let results = (outs Prune_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $scale `,` $bias `,` $mean `,` $variance `epsilon` $epsilon attr-dict
    `:` type($input) `,` type($scale)
  }];
}

def Prune_BatchNormTrainingOp : Prune_BatchNormOpBase<"batch_norm_training", [
    AllTypesMatch<["input", "result"]>,
    AllTypesMatch<["scale", "bias", "mean", "variance"]>]> {
  let summary = "batch normalisation with the statistics of the batch";
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
  let summary = "gradient of batch normalisation with the statistics of the batch";
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
  let summary = "mean cross-entropy of the softmax of logits against class numbers";
  let description = [{
    For logits `z` of shape `[batch, classes]` and class numbers `y` of shape
    `[batch]`, the mean over the batch of `log(sum_j exp(z_ij)) - z_i,y_i`,
    computed with the maximum of each row subtracted first. A class number
    outside `[0, classes)` selects no logit: the term `z_i,y_i` is zero.

    Example:

    ```mlir
    %loss = prune.softmax_cross_entropy %logits, %labels
        : tensor<100x10xf32>, tensor<100xi32>
    ```

    **Constraints**

    * `softmax_cross_entropy_c1`: logits have rank 2, labels rank 1, and both the
      same batch.
    * `softmax_cross_entropy_c2`: the result has the element type of the logits.
  }];
  let arguments = (ins Prune_FloatTensor:$logits, StaticShapeTensorOf<[I32, I64]>:$labels);
  let results = (outs Prune_ScalarTensor:$loss);
  let assemblyFormat = "$logits `,` $labels attr-dict `:` type($logits) `,` type($labels)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Optimiser updates
//===----------------------------------------------------------------------===//

def Prune_SgdUpdateOp : Prune_Op<"sgd_update", [AttrSizedOperandSegments]> {
  let summary = "one step of stochastic gradient descent";
  let description = [{
    With `g` the gradient plus `weight_decay * w`, and `v` the velocity:

    * `v' = momentum * v + g`, and `w' = w - lr * v'`, or, with `nesterov`,
      `w' = w - lr * (g + momentum * v')`;
    * without a velocity operand (momentum zero) `w' = w - lr * g`.

    With a mask, gradient, velocity and weight are all masked, so a pruned
    weight stays zero whatever state comes in.
    With `hold`, weight and velocity stay as they are instead where the mask is not set.

    Example:

    ```mlir
    %w1, %v1 = prune.sgd_update %w, %g, lr %lr velocity %v mask %m
        {momentum = 9.0e-01 : f64}
        : (tensor<8x4xf32>, tensor<8x4xf32>, f32, tensor<8x4xf32>, tensor<8x4xi1>)
        -> (tensor<8x4xf32>, tensor<8x4xf32>)
    ```

    **Constraints**

    * `sgd_update_c1`: a velocity is given exactly when momentum is not zero.
    * `sgd_update_c2`: `nesterov` needs momentum.
    * `sgd_update_c3`: momentum lies in [0, 1), weight decay is not negative.
    * `sgd_update_c5`: `hold` needs a mask.
    * `sgd_update_c4`: gradient, velocity and results have the type of the
      weight, the mask its shape, the learning rate its element type.
  }];
  let arguments = (ins Prune_FloatTensor:$weight, Prune_FloatTensor:$gradient,
                       AnyFloat:$learningRate, Optional<Prune_FloatTensor>:$velocity,
                       Optional<Prune_MaskTensor>:$mask,
                       DefaultValuedAttr<F64Attr, "0.0">:$momentum,
                       DefaultValuedAttr<F64Attr, "0.0">:$weight_decay,
                       UnitAttr:$nesterov, UnitAttr:$hold);
  let results = (outs Prune_FloatTensor:$newWeight, Optional<Prune_FloatTensor>:$newVelocity);
  let assemblyFormat = [{
    $weight `,` $gradient `,` `lr` $learningRate (`velocity` $velocity^)? (`mask` $mask^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Prune_AdamUpdateOp : Prune_Op<"adam_update"> {
  let summary = "one step of Adam";
  let description = [{
    With `g` the gradient plus `weight_decay * w` and `t` the number of this step,
    counted from one (Kingma and Ba, algorithm 1):

    * `m' = beta1 * m + (1 - beta1) * g`, `u' = beta2 * u + (1 - beta2) * g^2`
    * `w' = w - lr * (m' / (1 - beta1^t)) / (sqrt(u' / (1 - beta2^t)) + epsilon)`

    With a mask, gradient, moments and weight are all masked; with `hold`,
    moments and weight stay as they are where the mask is not set.

    Example:

    ```mlir
    %w1, %m1, %u1 = prune.adam_update %w, %g, lr %lr step %t moments %m, %u
        : (tensor<8x4xf32>, tensor<8x4xf32>, f32, i64, tensor<8x4xf32>, tensor<8x4xf32>)
        -> (tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>)
    ```

    **Constraints**

    * `adam_update_c1`: `beta1` and `beta2` lie in [0, 1), `epsilon` is positive,
      weight decay is not negative.
    * `adam_update_c3`: `hold` needs a mask.
    * `adam_update_c2`: gradient, moments and results have the type of the
      weight, the mask its shape, the learning rate its element type.
  }];
  let arguments = (ins Prune_FloatTensor:$weight, Prune_FloatTensor:$gradient,
                       AnyFloat:$learningRate, I64:$step,
                       Prune_FloatTensor:$moment1, Prune_FloatTensor:$moment2,
                       Optional<Prune_MaskTensor>:$mask,
                       DefaultValuedAttr<F64Attr, "0.9">:$beta1,
                       DefaultValuedAttr<F64Attr, "0.999">:$beta2,
                       DefaultValuedAttr<F64Attr, "1.0e-8">:$epsilon,
                       DefaultValuedAttr<F64Attr, "0.0">:$weight_decay, UnitAttr:$hold);
  let results = (outs Prune_FloatTensor:$newWeight, Prune_FloatTensor:$newMoment1,
                      Prune_FloatTensor:$newMoment2);
  let assemblyFormat = [{
    $weight `,` $gradient `,` `lr` $learningRate `step` $step
    `moments` $moment1 `,` $moment2 (`mask` $mask^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

#endif // PRUNE_DIALECT_PRUNE_IR_PRUNEOPS_TD
