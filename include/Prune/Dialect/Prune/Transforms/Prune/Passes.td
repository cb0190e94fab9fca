//===- Passes.td - Prune phase passes ----------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_TRANSFORMS_PRUNE_PASSES_TD
#define PRUNE_DIALECT_PRUNE_TRANSFORMS_PRUNE_PASSES_TD

include "mlir/Pass/PassBase.td"

def ScorePass : Pass<"prune-score", "ModuleOp"> {
  let summary = "Score the groups of every prunable weight";
  let description = [{
    Before: a network whose operations implement `PrunableOpInterface`. After: a
    `prune.score` follows every weight chosen by role and name, for
    `prune-select-masks` to read. Weights are found through the interface, behind
    masks, gates and transpositions.

    `granularity` is `unstructured`, `filter_plane`, `channel:[<extent>:]<axis>`,
    `vector:[<extent>:]<axis>`, `block:<extent>x<extent>...` or
    `n_of_m:<n>:<m>:<axis>`. `channel:64:0` is an attention head of 64 features of
    the weights that make queries, keys and values.

    With `exclude-ends` the layers that no other layer is before, or none behind,
    get no scores: what they remove is input or output of the network. Each is a
    remark.

    ```mlir
    %w = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense_resource<w> : tensor<300x784xf32>
    // is followed by
    %s = prune.score %w criterion(<magnitude>) granularity(<unstructured>) : tensor<300x784xf32> -> tensor<300x784xf32>
    ```

    A criterion may judge a weight by more than its values (`#prune.criterion`):
    by an argument or a constant with `prune.evidence`, which names the weight.
    Noise is made here, as are distances between the filters of constant weights
    and the scales of batch normalizations behind them.

    A weight that the granularity does not fit is left alone, with a remark, and so
    is one without a batch normalization where its scale is asked for. Refuses,
    with an error, a malformed option, a weight without the evidence, and single
    elements where the criterion gives all elements of an output channel one score.
  }];
  let options = [
    Option<"criterion", "criterion", "::mlir::prune::CriterionKind",
           "::mlir::prune::CriterionKind::Magnitude", "what a score measures",
           [{::mlir::prune::getCriterionValues()}]>,
    Option<"p", "p", "double", "1.0", "exponent of the norm of a group (magnitude)">,
    Option<"seed", "seed", "uint64_t", "0", "seed of noise (random)">,
    Option<"granularity", "granularity", "std::string", "\"unstructured\"",
           "which elements are pruned together">,
    ListOption<"roles", "roles", "std::string", "roles of parameters to score (weight if empty)">,
    ListOption<"parameters", "parameters", "std::string",
               "name patterns of the weights to score (all if empty)">,
    ListOption<"ignore", "ignore", "std::string", "name patterns of weights to leave alone">,
    Option<"excludeEnds", "exclude-ends", "bool", "false",
           "leave the first and the last layers alone">,
  ];
  let statistics = [
    Statistic<"numWeightsScored", "num-weights-scored", "weights that got scores">,
  ];
  let dependentDialects = ["::mlir::prune::PruneDialect"];
}

def CollectEvidencePass : Pass<"prune-collect-evidence", "ModuleOp"> {
  let summary = "Make functions that collect evidence about weights";
  let description = [{
    Before: networks with weights. After: beside each a function `<name>_evidence`
    of the same arguments, which returns sums over the rows of its inputs in place
    of its results. The result attribute `prune.evidence` names the weight and the
    kind. The network stays as it is; `symbol-dce` or erasing the function takes
    the rest away.

    * `input_norm`: the sum of the squares of what each element of the weight is
      multiplied with; its root, over all rows, is the evidence.
    * `input_gram`: the Gram matrix `X^T X` of the inputs of the layer. A row of X is
      what one output position reads (the window of a convolution), a column what
      one weight of an output channel is multiplied with: row-major over the
      dimensions of the parameter but those of the outputs.
    * `zero_share`: of each output channel the share of activations that are zero.
    * `activation`: the mean of their magnitudes. Both are means over positions and
      sums over rows; the activation of a layer is its result behind normalization
      and element-wise operations that nothing else reads in between.

    ```mlir
    func.func @forward(%x: tensor<8x4xf32> {prune.input = "input"}) -> tensor<8x2xf32>
    // gets beside it
    func.func @forward_evidence(%x: tensor<8x4xf32> {prune.input = "input"})
        -> (tensor<1x4xf32> {prune.evidence = #prune.evidence<"fc.weight", input_norm>})
    ```

    A layer that is no sum of products of static shape, or whose weight comes to it
    by more than masks, transpositions and reshapes, is left out, with a remark. So is, for
    `input_gram`, one with groups, and a weight of which layers read different columns. Refuses, with an error, evidence
    of another kind and a function of that name.
  }];
  let options = [
    ListOption<"evidence", "evidence", "std::string", "kinds: input_norm, input_gram, zero_share, activation">,
    ListOption<"parameters", "parameters", "std::string",
               "name patterns of the weights (all if empty)">,
    ListOption<"ignore", "ignore", "std::string", "name patterns of weights to leave out">,
  ];
  let statistics = [
    Statistic<"numFunctionsCopied", "num-functions-copied", "functions that got one beside them">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def SelectMasksPass : Pass<"prune-select-masks", "ModuleOp"> {
  let summary = "Convert scores of constant weights into constant masks";
  let description = [{
    Before: weights with values (`prune-bind-parameters`) followed by
    `prune.score`. After: the scores are gone and every scored weight is used
    through `prune.apply_mask` with a constant mask (masked form). A mask that is
    there already is intersected: what is pruned stays pruned, and its values
    count as zeros.

    Exactly one of three rules is given, as a number for all or as
    `pattern:number`, where the first pattern that matches the name counts; a
    weight that none matches keeps all its elements:

    * `threshold`: prune scores below or equal to the number.
    * `std-factor`: the threshold is the number times the population standard
      deviation about the mean of all elements in effect (Han 2015; METHODS 0.3);
      of magnitudes only.
    * `sparsity`: prune the share of elements of smallest score, `round(sparsity *
      elements)`. Ties prune the lower index first.

    `scope` says what a sparsity is over:

    * `tensor`: each weight.
    * `row`: each output channel of a layer (Wanda).
    * `global`: all weights that the same rule matches, ranked together.
    * `erk`: all weights that the same rule matches, each with its own sparsity:
      the density is in proportion to `sum(shape) / product(shape)`
      (Erdos-Renyi-Kernel; Evci et al. 2020, section 3). Layers that would be
      denser than 1 stay dense, and the others share what is left.
    * `lamp`: as `global`, ranked by `s^2 / sum(t^2)` where the sum is over the
      scores `t` of the same weight that rank with `s` or above (LAMP; Lee et al.
      2021, equation 4). For magnitudes.

    `cap` is the largest share of a weight that may be pruned, as a number for all
    or as `pattern:number`; a ranking of several weights goes on with the others.
    `round-to` keeps a multiple of so many channels, or all, by taking back the
    last ones pruned.

    With the granularity `n_of_m` the limit applies to what the rule keeps, and
    no rule is needed.

    A rule that would prune a weight to nothing leaves the group of largest
    score (the last of equals), with a remark, because a network without a layer
    is hardly what was meant; `allow-empty` prunes it.

    ```mlir
    %s = prune.score %w criterion(<magnitude>) granularity(<unstructured>) : tensor<2x2xf32> -> tensor<2x2xf32>
    %y = "use"(%w) : (tensor<2x2xf32>) -> tensor<2x2xf32>
    // becomes
    %m = arith.constant dense_resource<mask_w> : tensor<2x2xi1>
    %t = prune.apply_mask %w, %m : tensor<2x2xf32>
    %y = "use"(%t) : (tensor<2x2xf32>) -> tensor<2x2xf32>
    ```

    Refuses, with an error, a scored weight or a mask that is not constant, and
    malformed options.
  }];
  let options = [
    ListOption<"threshold", "threshold", "std::string", "absolute thresholds">,
    ListOption<"stdFactor", "std-factor", "std::string", "thresholds in standard deviations">,
    ListOption<"sparsity", "sparsity", "std::string", "shares of elements to prune">,
    Option<"scope", "scope", "std::string", "\"tensor\"",
           "what a sparsity is over: tensor, row, global, erk or lamp">,
    ListOption<"cap", "cap", "std::string", "largest shares of a weight to prune (all if empty)">,
    Option<"roundTo", "round-to", "int64_t", "1", "multiple of channels to keep">,
    Option<"threads", "threads", "unsigned", "1", "threads to use; masks do not depend on it">,
    Option<"allowEmpty", "allow-empty", "bool", "false", "allow to prune a weight to nothing">,
  ];
  let statistics = [
    Statistic<"numMasksSelected", "num-masks-selected", "weights that got a mask">,
    Statistic<"numWeightsPruned", "num-weights-pruned", "elements newly masked">,
    Statistic<"numWeightsKept", "num-weights-kept", "elements that stay">,
  ];
  let dependentDialects = ["::mlir::prune::PruneDialect", "::mlir::arith::ArithDialect"];
}

def SelectChannelsPass : Pass<"prune-select-channels", "ModuleOp"> {
  let summary = "Convert scores of output channels into masks of channels that can leave";
  let description = [{
    Before: weights with values and scores of their output channels
    (`prune-score{granularity=channel:0}`). After: the scores are gone and the
    weights have constant masks (masked form) that prune the same channels in all
    weights of a group (`prune-print-groups`): where a residual add ties two
    layers, a channel goes in both or stays in both. Biases of these layers, scales
    and shifts of normalizations have masks, too, so that a pruned channel is zero
    all the way and can leave: `prune-fold-masks` and
    `prune-eliminate-dead-neurons` remove it (in a grouped convolution as many as
    leave in every group). `prune-select-masks` chooses for each weight alone, and channels
    that only some of the tied weights lose stay as zeros.

    The score of a channel is the mean of its scores in the weights that make it
    (DepGraph; Fang et al. 2023, section 3.3). `sparsity` is the share of
    channels to prune, as a number for all or as `pattern:number` for the groups of
    weights with such a name; a group that none matches keeps its channels. Ties
    prune the lower index first.

    * `scope=group`: the share of each group.
    * `scope=global`: the share of all groups of a rule together, where a score
      counts relative to the mean of its group.
    * `cap`: at most this share of a group goes. One channel always stays.
    * `round-to`: a multiple of so many channels stays, or all.

    ```mlir
    %s1 = prune.score %w1 criterion(<magnitude>) granularity(<channel, axis = 0>) : tensor<2x2xf32> -> tensor<2xf32>
    %s2 = prune.score %w2 criterion(<magnitude>) granularity(<channel, axis = 0>) : tensor<2x2xf32> -> tensor<2xf32>
    // becomes, where the results of both layers are added
    %m = arith.constant dense_resource<mask_w1> : tensor<2x2xi1>
    %t1 = prune.apply_mask %w1, %m : tensor<2x2xf32>
    %n = arith.constant dense_resource<mask_w2> : tensor<2x2xi1>
    %t2 = prune.apply_mask %w2, %n : tensor<2x2xf32>
    ```

    A group with channels that cannot leave, or made by a weight without scores, is
    left alone, with a remark. Masks that are there already stay, and what they
    prune counts. Refuses, with an error, other granularities, weights and masks
    that are not constant, functions of several blocks and malformed options.
  }];
  let options = [
    ListOption<"sparsity", "sparsity", "std::string", "shares of channels to prune">,
    Option<"scope", "scope", "std::string", "\"group\"",
           "what a sparsity is over: group or global">,
    Option<"cap", "cap", "double", "1.0", "largest share of a group to prune">,
    Option<"roundTo", "round-to", "int64_t", "1", "multiple of channels to keep">,
  ];
  let statistics = [
    Statistic<"numGroups", "num-groups", "groups whose channels were ranked">,
    Statistic<"numChannelsPruned", "num-channels-pruned", "channels pruned in all weights of a group">,
  ];
  let dependentDialects = ["::mlir::prune::PruneDialect", "::mlir::arith::ArithDialect"];
}

def FoldMasksPass : Pass<"prune-fold-masks", "ModuleOp"> {
  let summary = "Write constant masks into constant weights as zeros";
  let description = [{
    Before: masked form. After: every `prune.apply_mask` of a constant weight and
    a constant mask is a constant with zeros; subnormal values of every weight
    are zero too.

    ```mlir
    %t = prune.apply_mask %w, %m : tensor<300x784xf32>
    // becomes
    %t = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense_resource<w_1> : tensor<300x784xf32>
    ```

    A mask or weight that is not constant is left alone, with a remark.
  }];
  let statistics = [
    Statistic<"numMasksFolded", "num-masks-folded", "masks that became zeros">,
    Statistic<"numWeightsZeroed", "num-weights-zeroed", "non-zero elements set to zero">,
    Statistic<"numSubnormalsFlushed", "num-subnormals-flushed", "subnormal elements set to zero">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def ExtendMasksPass : Pass<"prune-extend-masks", "ModuleOp"> {
  let summary = "Let masks of whole filters reach bias, scale and shift";
  let description = [{
    Before: a network in the masked form. After: where a constant mask switches a
    whole filter or neuron off, the bias of the layer and the scale and shift of
    the batch normalization behind it have a mask, too, and the filter gives zeros
    and nothing else. Without it the shift of the normalization stays, and with it
    a constant that padding and residual sums keep in the network.

    ```mlir
    %w1 = prune.apply_mask %w, %m : tensor<2x3x1x1xf32>  // the second filter is off
    %y = linalg.conv_2d_nchw_fchw ins(%x, %w1 : ...) outs(%i : ...) -> tensor<1x2x4x4xf32>
    %z = prune.batch_norm %y, %scale, %shift, %mean, %variance epsilon 1.0e-05 : ...
    // becomes
    %b = arith.constant dense<[true, false]> : tensor<2xi1>
    %scale1 = prune.apply_mask %scale, %b : tensor<2xf32>
    %shift1 = prune.apply_mask %shift, %b : tensor<2xf32>
    %z = prune.batch_norm %y, %scale1, %shift1, %mean, %variance epsilon 1.0e-05 : ...
    ```

    A vector with other readers is left alone, with a remark.
  }];
  let statistics = [
    Statistic<"numMasksExtended", "num-masks-extended", "vectors that got a mask">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::prune::PruneDialect"];
}

def FoldGatesPass : Pass<"prune-fold-gates", "ModuleOp"> {
  let summary = "Convert gates of constant auxiliary parameters into constant masks";
  let description = [{
    Before: a gated network with values (`prune-insert-gates`, then
    `prune-bind-parameters`). After: every `prune.gate` whose auxiliary parameters
    are constant is a `prune.apply_mask` with a constant mask that is set where
    they are above zero, for single weights and for groups alike. Auxiliary
    parameters that nothing reads go. Weights behind closed gates keep their values
    until `prune-fold-masks`.

    ```mlir
    %t = prune.gate %w, %aux ste(<softplus>) granularity(<channel, axis = 0>) : tensor<2x2xf32>, tensor<2xf32>
    // becomes
    %m = arith.constant dense_resource<mask_w> : tensor<2x2xi1>
    %t = prune.apply_mask %w, %m : tensor<2x2xf32>
    ```

    Auxiliary parameters that are not constant are left alone, with a remark.
  }];
  let statistics = [
    Statistic<"numGatesFolded", "num-gates-folded", "gates that became masks">,
    Statistic<"numWeightsClosed", "num-weights-closed", "elements behind closed gates">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::prune::PruneDialect"];
}

def VerifyMaskedPass : Pass<"prune-verify-masked", "ModuleOp"> {
  let summary = "Check the contract of the masked form";
  let description = [{
    Every weight of an operation with `PrunableOpInterface`, chosen by name, is
    used through `prune.apply_mask` with a constant mask; no score is left. The
    module is not changed. Each violation is an error at the operation.
  }];
  let options = [
    ListOption<"parameters", "parameters", "std::string",
               "name patterns of the weights to check (all if empty)">,
    ListOption<"ignore", "ignore", "std::string", "name patterns of weights that need no mask">,
  ];
}

#endif // PRUNE_DIALECT_PRUNE_TRANSFORMS_PRUNE_PASSES_TD
