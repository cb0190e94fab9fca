//===- PruneTrainingOps.td - Penalties and updates ---------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_IR_PRUNETRAININGOPS_TD
#define PRUNE_DIALECT_PRUNE_IR_PRUNETRAININGOPS_TD

include "Prune/Dialect/Prune/IR/PruneOpBase.td"

//===----------------------------------------------------------------------===//
// Regularization
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
    The minimizer over `v` of `threshold * penalty(v) + |v - w|^2 / 2`, which
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
// Optimizer updates
//===----------------------------------------------------------------------===//

def Prune_SgdUpdateOp : Prune_Op<"sgd_update", [AttrSizedOperandSegments]> {
  let summary = "one step of stochastic gradient descent";
  let description = [{
    With `g` the gradient plus `weight_decay * w`, and `v` the velocity:

    * `v' = momentum * v + g`, and `w' = w - lr * v'`, or, with `nesterov`,
      `w' = w - lr * (g + momentum * v')`;
    * without a velocity operand (momentum zero) `w' = w - lr * g`.

    With `clamp`, the new weight is limited to `[-clamp, clamp]`.

    With a mask, gradient, velocity and weight are all masked, so a pruned
    weight stays zero whatever state comes in. With `freeze_masked`, weight and velocity
    stay as they are instead where the mask is not set; with `decay_frozen` such a
    weight still decays, `w' = w - lr * weight_decay * w`.

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
    * `sgd_update_c4`: gradient, velocity and results have the type of the
      weight, the mask its shape, the learning rate its element type.
    * `sgd_update_c5`: `freeze_masked` needs a mask, and `decay_frozen` needs `freeze_masked`.
    * `sgd_update_c6`: `clamp` is positive.
  }];
  let arguments = (ins Prune_FloatTensor:$weight, Prune_FloatTensor:$gradient,
                       AnyFloat:$learningRate, Optional<Prune_FloatTensor>:$velocity,
                       Optional<Prune_MaskTensor>:$mask,
                       DefaultValuedAttr<F64Attr, "0.0">:$momentum,
                       DefaultValuedAttr<F64Attr, "0.0">:$weight_decay,
                       UnitAttr:$nesterov, UnitAttr:$freeze_masked, UnitAttr:$decay_frozen,
                       OptionalAttr<F64Attr>:$clamp);
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

    With `clamp`, the new weight is limited to `[-clamp, clamp]`.

    With a mask, gradient, moments and weight are all masked; with `freeze_masked`,
    moments and weight stay as they are where the mask is not set; with
    `decay_frozen` such a weight still decays, `w' = w - lr * weight_decay * w`.

    Example:

    ```mlir
    %w1, %m1, %u1 = prune.adam_update %w, %g, lr %lr step %t moments %m, %u
        : (tensor<8x4xf32>, tensor<8x4xf32>, f32, i64, tensor<8x4xf32>, tensor<8x4xf32>)
        -> (tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>)
    ```

    **Constraints**

    * `adam_update_c1`: `beta1` and `beta2` lie in [0, 1), `epsilon` is positive,
      weight decay is not negative.
    * `adam_update_c2`: gradient, moments and results have the type of the
      weight, the mask its shape, the learning rate its element type.
    * `adam_update_c3`: `freeze_masked` needs a mask, and `decay_frozen` needs `freeze_masked`.
    * `adam_update_c4`: `clamp` is positive.
  }];
  let arguments = (ins Prune_FloatTensor:$weight, Prune_FloatTensor:$gradient,
                       AnyFloat:$learningRate, I64:$step,
                       Prune_FloatTensor:$moment1, Prune_FloatTensor:$moment2,
                       Optional<Prune_MaskTensor>:$mask,
                       DefaultValuedAttr<F64Attr, "0.9">:$beta1,
                       DefaultValuedAttr<F64Attr, "0.999">:$beta2,
                       DefaultValuedAttr<F64Attr, "1.0e-8">:$epsilon,
                       DefaultValuedAttr<F64Attr, "0.0">:$weight_decay, UnitAttr:$freeze_masked,
                       UnitAttr:$decay_frozen, OptionalAttr<F64Attr>:$clamp);
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

#endif // PRUNE_DIALECT_PRUNE_IR_PRUNETRAININGOPS_TD
