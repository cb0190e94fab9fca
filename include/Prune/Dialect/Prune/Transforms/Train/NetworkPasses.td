//===- NetworkPasses.td - Train passes on the network ------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Passes that change what is trained before it is differentiated: gates, frozen
// parameters, dropout. Included by Passes.td.

#ifndef PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_NETWORKPASSES_TD
#define PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_NETWORKPASSES_TD

include "mlir/Pass/PassBase.td"

def InsertGatesPass : Pass<"prune-insert-gates", "::mlir::ModuleOp"> {
  let summary = "gate weights by trainable auxiliary parameters";
  let description = [{
    Before: a function of the model form. After: each chosen weight `w` is used
    through `prune.gate` with a new parameter `w.gate` of role `auxiliary`, the
    last argument (AutoPrune). With granularity `element` it has the shape of the
    weight; with `channel` it has one element per index of dimension 0, which is
    a neuron or filter, and the bias that is added to the sums of the weight, and
    scale and bias of a `prune.batch_norm` behind them, are gated by the same
    parameter: a closed neuron is zero.

    Run on the function that computes the logits, before `prune-insert-loss`:
    what is derived from it sees gated weights. A weight that is gated already is
    left alone, so a second run changes nothing.

    Before:

    ```mlir
    func.func @forward(%x: tensor<4x8xf32> {prune.input = "input"},
                       %w: tensor<2x8xf32> {prune.param = #prune.param<"fc.weight", weight>})
        -> (tensor<4x2xf32> {prune.output = "logits"}) {
      ... ins(%x, %w : tensor<4x8xf32>, tensor<2x8xf32>) ...
    ```

    After:

    ```mlir
    func.func @forward(%x: tensor<4x8xf32> {prune.input = "input"},
                       %w: tensor<2x8xf32> {prune.param = #prune.param<"fc.weight", weight>},
                       %m: tensor<2x8xf32> {prune.param = #prune.param<"fc.weight.gate", auxiliary>})
        -> (tensor<4x2xf32> {prune.output = "logits"}) {
      %t = prune.gate %w, %m ste(<softplus>) : tensor<2x8xf32>, tensor<2x8xf32>
      ... ins(%x, %t : tensor<4x8xf32>, tensor<2x8xf32>) ...
    ```

    Refuses a function that is missing, external or called; a name `w.gate` that
    is taken; and options that cannot be read. Warns of a pattern that matches
    nothing, and when no parameter is chosen.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"forward\"",
           "Function whose weights are gated.">,
    Option<"granularity", "granularity", "GateGranularity",
           /*default=*/"GateGranularity::Element", "What one gate opens and closes.",
           [{::llvm::cl::values(
             clEnumValN(GateGranularity::Element, "element", "A single weight."),
             clEnumValN(GateGranularity::Channel, "channel",
                        "A neuron or filter with its bias."))}]>,
    Option<"ste", "ste", "SteKind", /*default=*/"SteKind::Softplus",
           "Straight-through estimator of the gradient.",
           [{::llvm::cl::values(
             clEnumValN(SteKind::Linear, "linear", "Slope 1."),
             clEnumValN(SteKind::HardSigmoid, "hard_sigmoid", "Slope 1/2 within (-1, 1)."),
             clEnumValN(SteKind::Relu, "relu", "Slope 1 of open gates only."),
             clEnumValN(SteKind::LeakyRelu, "leaky_relu", "A smaller slope of closed gates."),
             clEnumValN(SteKind::Softplus, "softplus", "Sigmoid as slope."))}]>,
    Option<"slope", "slope", "double", /*default=*/"0.01",
           "Slope of leaky_relu at closed gates.">,
    Option<"rule", "rule", "GateRule", /*default=*/"GateRule::Sign",
           "How the gradient reaches the auxiliary parameters.",
           [{::llvm::cl::values(
             clEnumValN(GateRule::Sign, "sign", "Times the sign of the weight."),
             clEnumValN(GateRule::Chain, "chain", "Times the weight."))}]>,
    ListOption<"roles", "roles", "std::string", "Roles to gate; weights when empty.">,
    ListOption<"parameters", "parameters", "std::string",
               "Glob patterns of the parameters to gate; all when empty.">,
    ListOption<"ignore", "ignore", "std::string",
               "Glob patterns of the parameters to leave out.">,
  ];
  let statistics = [
    Statistic<"numGates", "num-gates-inserted", "Number of gated parameters">,
    Statistic<"numAuxiliary", "num-auxiliary-added", "Number of auxiliary parameters added">,
  ];
  let dependentDialects = ["::mlir::prune::PruneDialect"];
}

def FreezeParametersPass : Pass<"prune-freeze-parameters", "::mlir::ModuleOp"> {
  let summary = "mark parameters that are not trained";
  let description = [{
    Before: a function of the model form, a loss function, or a gradient function.
    After: the chosen parameters have `prune.frozen`. `prune-differentiate` builds
    no reverse operation that only they would need, `prune-build-train-step` no
    update and no moments; in the training step they are state that is read and
    not returned. Gradients that the function returns for them already go.

    Parameters are chosen by role and name among the trainable ones; with `invert`
    all others are frozen, so that `roles=auxiliary invert` trains the gates alone.

    Before:

    ```mlir
    func.func @loss(%w: tensor<2x8xf32> {prune.param = #prune.param<"conv1.weight", weight>}, ...
    ```

    After, with `parameters=conv*`:

    ```mlir
    func.func @loss(%w: tensor<2x8xf32> {prune.frozen, prune.param = #prune.param<"conv1.weight", weight>}, ...
    ```

    Refuses a function that is missing or external, and patterns or roles that
    cannot be read. Warns of a pattern that matches nothing, and when no parameter
    is chosen.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"loss\"",
           "Function whose parameters are frozen.">,
    ListOption<"roles", "roles", "std::string", "Roles to freeze; all when empty.">,
    ListOption<"parameters", "parameters", "std::string",
               "Glob patterns of the parameters to freeze; all when empty.">,
    ListOption<"ignore", "ignore", "std::string",
               "Glob patterns of the parameters to leave out.">,
    Option<"invert", "invert", "bool", /*default=*/"false",
           "Freeze what is not chosen instead.">,
  ];
  let statistics = [
    Statistic<"numFrozen", "num-parameters-frozen", "Number of parameters frozen">,
  ];
  let dependentDialects = ["::mlir::prune::PruneDialect"];
}

def CompressParametersPass : Pass<"prune-compress-parameters", "::mlir::ModuleOp"> {
  let summary = "train weights as the values that their masks keep";
  let description = [{
    Before: functions of the model form or losses, with masks that do not move: an
    argument carries `prune.mask`, or is masked by `prune.apply_mask` with a
    constant. After: each chosen weight of at least `min-zeros` masked elements is
    an argument that holds the vector of its kept values, and `prune.decompress` makes
    the weight of it. Gradient, penalty, moments and update are then of the vector
    and need no mask; `prune-cpu-pipeline` computes with the values alone, so that
    a step costs less the more is pruned.

    All functions of the module that have the parameter change, as it is one state
    for them. `prune.value` is compressed too.

    Before:

    ```mlir
    func.func @loss(%x: tensor<4x8xf32> {prune.input = "input"},
        %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>,
                             prune.mask = dense_resource<m> : tensor<2x8xi1>}, ...) {
      ... ins(%x, %w : tensor<4x8xf32>, tensor<2x8xf32>) ...
    ```

    After:

    ```mlir
    func.func @loss(%x: tensor<4x8xf32> {prune.input = "input"},
        %v: tensor<5xf32> {prune.param = #prune.param<"w", weight>}, ...) {
      %w = prune.decompress %v pattern(dense_resource<w.pattern> : tensor<5xi32>) : tensor<5xf32> -> tensor<2x8xf32>
      ... ins(%x, %w : tensor<4x8xf32>, tensor<2x8xf32>) ...
    ```

    Run before `prune-differentiate`, and after `prune-insert-dropout`, which finds
    a layer by its weight. Penalties and proximal steps by groups refuse a compressed
    weight, as they need its shape: leave it out.

    A weight with fewer zeros, whose mask keeps nothing, that anything else reads
    than one product of two static f32 matrices or one convolution in two dimensions
    and one group in each function, about whose mask the functions disagree, or whose
    function is called stays as it is; a remark says why. Refuses a mask of another shape than the weight, and a `min-zeros`
    that is no share. Warns of a pattern that matches nothing.
  }];
  let options = [
    Option<"minZeros", "min-zeros", "double", /*default=*/"0.6",
           "Share of masked elements from which a weight is compressed.">,
    ListOption<"parameters", "parameters", "std::string",
               "Glob patterns of the weights to compress; all when empty.">,
    ListOption<"ignore", "ignore", "std::string",
               "Glob patterns of the weights to leave out.">,
  ];
  let statistics = [
    Statistic<"numCompressed", "num-parameters-compressed", "Number of compressed parameters">,
  ];
  let dependentDialects = ["::mlir::prune::PruneDialect"];
}

def InsertDropoutPass : Pass<"prune-insert-dropout", "::mlir::ModuleOp"> {
  let summary = "drop a share of what layers read";
  let description = [{
    Before: a loss function that is not differentiated yet, or the network. After:
    what the layer of each chosen weight reads goes through `prune.dropout` at the
    rate that the first matching rule gives its name. Which elements go depends on
    the seed, on the step counter, the argument `prune.state = "step"` of the
    function, and on nothing else; `prune-build-train-step` counts it on. Each layer
    has its own seed. What is padded is dropped before it is padded. A layer that
    reads a dropout already is left alone.

    Before:

    ```mlir
    func.func @loss(%x: tensor<4x8xf32>,
                    %w: tensor<2x8xf32> {prune.param = #prune.param<"fc2.weight", weight>}, ...
      ... ins(%x, %w : tensor<4x8xf32>, tensor<2x8xf32>) ...
    ```

    After, with `rates=fc2.*:0.5`:

    ```mlir
    func.func @loss(%x: tensor<4x8xf32>,
                    %w: tensor<2x8xf32> {prune.param = #prune.param<"fc2.weight", weight>}, ...
                    %step: tensor<i64> {prune.state = "step"}) ... {
      %count = tensor.extract %step[] : tensor<i64>
      %d = prune.dropout %x, %count rate 5.0e-01 seed 0 : tensor<4x8xf32>
      ... ins(%d, %w : tensor<4x8xf32>, tensor<2x8xf32>) ...
    ```

    Refuses a function that is missing, external, called or differentiated, a step
    counter that is no `tensor<i64>`, and rates that cannot be read or lie outside
    [0, 1). Warns of a rule that no layer uses.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"loss\"",
           "Function to rewrite.">,
    ListOption<"rates", "rates", "std::string",
               "Rates as pattern:number, the first pattern that matches the name of a "
               "weight counts.">,
    Option<"seed", "seed", "int64_t", /*default=*/"0", "Seed of the first layer.">,
  ];
  let statistics = [
    Statistic<"numInserted", "num-dropouts-inserted", "Number of dropouts inserted">,
  ];
  let dependentDialects = ["::mlir::prune::PruneDialect", "::mlir::tensor::TensorDialect"];
}

def AdjustDropoutPass : Pass<"prune-adjust-dropout", "::mlir::ModuleOp"> {
  let summary = "lower dropout rates where connections are pruned";
  let description = [{
    Before: dropout rates chosen for the dense network. After: the rate of what a
    layer reads is that rate times `sqrt(remaining / all)` over the connections of
    the layer (Han 2015, section 3.2): dropout acts on neurons, connections grow
    with their square. A dropout that several layers read counts all of theirs, and
    the dropouts of one seed, in forward and reverse sweep, stay equal.

    Connections that remain are given by name; without `remaining` they are counted
    in the constant masks of the weights. A layer that has neither counts as dense.

    ```mlir
    %d = prune.dropout %x, %count rate 5.0e-01 seed 0 : tensor<4x8xf32>
    // becomes, with remaining=fc2.weight:4 for 16 connections
    %d = prune.dropout %x, %count rate 2.5e-01 seed 0 : tensor<4x8xf32>
    ```

    Refuses a function that is missing or external, and numbers of connections that
    cannot be read or that the layer does not have.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"loss\"",
           "Function to rewrite.">,
    ListOption<"remaining", "remaining", "std::string",
               "Remaining connections as pattern:number.">,
  ];
  let statistics = [
    Statistic<"numAdjusted", "num-dropouts-adjusted", "Number of rates changed">,
  ];
  let dependentDialects = ["::mlir::prune::PruneDialect"];
}

#endif // PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_NETWORKPASSES_TD
