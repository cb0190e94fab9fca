//===- PruneMaskOps.td - Masks and auxiliary parameters ----*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_IR_PRUNEMASKOPS_TD
#define PRUNE_DIALECT_PRUNE_IR_PRUNEMASKOPS_TD

include "Prune/Dialect/Prune/IR/PruneOpBase.td"

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
    shape of the grid of groups (`#prune.granularity`). A criterion that judges a
    weight by evidence (`#prune.criterion`) reads it from the second operand, whose
    shape broadcasts to that of the weight.

    Example:

    ```mlir
    %s = prune.score %w criterion(<magnitude>) granularity(<channel, axis = 0>)
        : tensor<300x784xf32> -> tensor<300xf32>
    %t = prune.score %w, %norm criterion(<wanda>) granularity(<unstructured>)
        : tensor<300x784xf32>, tensor<1x784xf32> -> tensor<300x784xf32>
    ```

    **Constraints**

    * `score_c1`: the granularity fits the shape of the weight.
    * `score_c2`: the result has the shape of the grid and the element type of
      the weight.
    * `score_c3`: there is evidence where the criterion needs some, and only there;
      it has the rank and the element type of the weight and in each dimension the
      extent of the weight or one.
  }];
  let arguments = (ins Prune_FloatTensor:$weight,
                       Optional<Prune_FloatTensor>:$evidence,
                       Prune_CriterionAttr:$criterion,
                       Prune_GranularityAttr:$granularity);
  let results = (outs Prune_FloatTensor:$scores);
  let assemblyFormat = [{
    $weight (`,` $evidence^)? `criterion` `(` $criterion `)` `granularity` `(` $granularity `)`
    attr-dict `:` type($weight) (`,` type($evidence)^)? `->` type($scores)
  }];
  let hasVerifier = 1;
}

def Prune_SelectMaskOp : Prune_Op<"select_mask", [AttrSizedOperandSegments]> {
  let summary = "masks from the scores of one or several weights";
  let description = [{
    Turns scores into masks. Several scores are ranked together, so `sparsity` over
    all weights of a network is one operation (global scope) and `sparsity` per
    weight is one operation each. An `n_of_m` granularity keeps, in every group,
    at most `n` elements of those the selection keeps. The optional operand is
    the threshold or sparsity at run time, in place of the attribute's.

    Example:

    ```mlir
    %m1, %m2 = prune.select_mask %s1, %s2 selection(<sparsity, 0.9>)
        granularity(<unstructured>)
        : (tensor<300x64xf32>, tensor<10x300xf32>) -> (tensor<300x64xi1>, tensor<10x300xi1>)
    ```

    **Constraints**

    * `select_mask_c1`: as many masks as scores, at least one.
    * `select_mask_c2`: each score has the shape of the granularity's grid over
      the shape of its mask.
    * `select_mask_c3`: all scores have one element type, which is also that of a
      run-time value.
    * `select_mask_c4`: a run-time value comes with a threshold or a sparsity.
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

#endif // PRUNE_DIALECT_PRUNE_IR_PRUNEMASKOPS_TD
