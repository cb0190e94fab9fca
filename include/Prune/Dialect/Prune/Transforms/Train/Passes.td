//===- Passes.td - Train phase passes ----------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_PASSES_TD
#define PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_PASSES_TD

include "Prune/Dialect/Prune/Transforms/Train/BatchNormPasses.td"
include "Prune/Dialect/Prune/Transforms/Train/NetworkPasses.td"
include "mlir/Pass/PassBase.td"

def BuildTrainStepPass : Pass<"prune-build-train-step", "::mlir::ModuleOp"> {
  let summary = "Convert a gradient function into a training step";
  let description = [{
    Before: a function in the gradient form (`prune-verify-gradient`). After: the
    same function, renamed, applies one optimizer step. Everything that lasts from
    step to step is in its signature: arguments are the parameters, the velocities
    or moments, the masks (`prune-mask-gradients`) and other state, the step
    counter, the batch, then scalars. Results are the new state in the order of
    its arguments, then the loss and other outputs; gradients are consumed. A
    parameter whose gradient is masked gets the mask in its update, so a zero
    stays zero whatever state comes in; where the function computes with the masked
    parameter (`prune-insert-straight-through-masks`), what the mask does not set is
    held as it is, or, with a gradient that passes straight through, updated too.

    SGD with momentum keeps one velocity per trainable parameter, Adam two moments
    and the step counter, which counts finished steps. Weight decay reaches the
    roles in `decay-roles` only. A parameter that is frozen (`prune.frozen`) is
    state that is read and not returned.

    Auxiliary parameters (`prune-insert-gates`) stay within `clamp-auxiliary` of
    zero when that is set. With `separate-auxiliary` they have an optimizer of their
    own, `auxiliary-optimizer`, and the input `auxiliary_learning_rate`, so that gates
    and weights learn from one gradient in one step. With `freeze-gated`, what closed gates switch off keeps its
    value and moments to the bit, so that it returns as it went; with
    `decay-frozen` its value still decays. A parameter with a mask is masked instead.

    Before:

    ```mlir
    func.func @loss(%x: tensor<4x8xf32> {prune.input = "input"},
                    %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>})
        -> (tensor<f32> {prune.output = "loss"}, tensor<2x8xf32> {prune.grad_of = "w"}) {
      ...
      return %loss, %g : tensor<f32>, tensor<2x8xf32>
    }
    ```

    After, with `momentum=0.9`:

    ```mlir
    func.func @train_step(
        %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
        %v: tensor<2x8xf32> {prune.state = "velocity:w"},
        %x: tensor<4x8xf32> {prune.input = "input"}, %lr: f32 {prune.input = "learning_rate"})
        -> (tensor<2x8xf32> {prune.state = "w"}, tensor<2x8xf32> {prune.state = "velocity:w"},
            tensor<f32> {prune.output = "loss"}) {
      ...
      %w1, %v1 = prune.sgd_update %w, %g, lr %lr velocity %v {momentum = 9.0e-01 : f64} : ...
      return %w1, %v1, %loss : tensor<2x8xf32>, tensor<2x8xf32>, tensor<f32>
    }
    ```

    Refuses a function that is not in the gradient form, is called, or has a
    learning rate already; a name that is taken; parameters of another element
    type than the loss; and settings outside the ranges of `prune.sgd_update` and
    `prune.adam_update`.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"loss\"",
           "Gradient function to rewrite.">,
    Option<"name", "name", "std::string", /*default=*/"\"train_step\"",
           "Name of the training step.">,
    Option<"optimizer", "optimizer", "OptimizerKind", /*default=*/"OptimizerKind::Sgd",
           "Optimizer that updates the parameters.",
           [{::llvm::cl::values(
             clEnumValN(OptimizerKind::Sgd, "sgd", "Stochastic gradient descent."),
             clEnumValN(OptimizerKind::Adam, "adam", "Adam."))}]>,
    Option<"momentum", "momentum", "double", /*default=*/"0.0",
           "Momentum of SGD, in [0, 1).">,
    Option<"nesterov", "nesterov", "bool", /*default=*/"false",
           "Use Nesterov's form of momentum.">,
    Option<"weightDecay", "weight-decay", "double", /*default=*/"0.0",
           "Share of a parameter that is added to its gradient.">,
    ListOption<"decayRoles", "decay-roles", "std::string",
               "Roles that weight decay applies to; weights when empty.">,
    Option<"beta1", "beta1", "double", /*default=*/"0.9",
           "Decay of Adam's first moment, in [0, 1).">,
    Option<"beta2", "beta2", "double", /*default=*/"0.999",
           "Decay of Adam's second moment, in [0, 1).">,
    Option<"epsilon", "epsilon", "double", /*default=*/"1.0e-8",
           "Term that keeps Adam's denominator from zero.">,
    Option<"clampAuxiliary", "clamp-auxiliary", "double", /*default=*/"0.0",
           "Largest magnitude of auxiliary parameters; zero for no limit.">,
    Option<"separateAuxiliary", "separate-auxiliary", "bool", /*default=*/"false",
           "Update auxiliary parameters by an optimizer and a learning rate of their own.">,
    Option<"auxiliaryOptimizer", "auxiliary-optimizer", "OptimizerKind",
           /*default=*/"OptimizerKind::Sgd",
           "Optimizer of auxiliary parameters with separate-auxiliary.",
           [{::llvm::cl::values(
             clEnumValN(OptimizerKind::Sgd, "sgd", "Stochastic gradient descent."),
             clEnumValN(OptimizerKind::Adam, "adam", "Adam."))}]>,
    Option<"auxiliaryMomentum", "auxiliary-momentum", "double", /*default=*/"0.0",
           "Momentum of that optimizer, in [0, 1).">,
    Option<"freezeGated", "freeze-gated", "bool", /*default=*/"false",
           "Keep weights behind closed gates, and their moments, as they are.">,
    Option<"decayFrozen", "decay-frozen", "bool", /*default=*/"false",
           "Let weights that freeze-gated keeps decay all the same.">,
  ];
  let statistics = [
    Statistic<"numUpdates", "num-updates-inserted", "Number of parameters updated">,
    Statistic<"numMasked", "num-updates-masked", "Number of updates under a mask">,
    Statistic<"numFrozen", "num-updates-frozen", "Number of updates that freeze gated weights">,
    Statistic<"numStateAdded", "num-state-added", "Number of state arguments added">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::prune::PruneDialect",
                           "::mlir::tensor::TensorDialect"];
}

def DifferentiatePass : Pass<"prune-differentiate", "::mlir::ModuleOp"> {
  let summary = "add the gradients of all trainable parameters to a loss function";
  let description = [{
    Before: a function of one block that returns a scalar loss (the result with
    `prune.output = "loss"`, or its only result, which then gets that name) and
    takes parameters (`prune.param`) as arguments. After: the same function
    returns, behind what it returned before, one gradient per parameter that is
    no buffer and not frozen (`prune.frozen`), in the order of the arguments, marked
    `prune.grad_of`.

    Reverse mode: every operation that both depends on a parameter and
    influences the loss is visited once, from the loss back, and its
    `AdjointOpInterface` turns adjoints of results into adjoints of operands.
    Values of the forward pass are used where they are; contributions to one
    value are added up as they come, without zeros to start from.

    A function that returns the gradients of all its parameters already, made by
    this pass or elsewhere, is left as it is.

    Before:

    ```mlir
    func.func @loss(%x: tensor<8x4xf32>, %y: tensor<8xi32>,
                    %w: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>})
        -> (tensor<f32> {prune.output = "loss"}) {
      %z = linalg.matmul indexing_maps = [#mk, #nk, #mn] ins(%x, %w) outs(%zeros) ...
      %loss = prune.softmax_cross_entropy %z, %y : tensor<8x3xf32>, tensor<8xi32>
      return %loss : tensor<f32>
    }
    ```

    After:

    ```mlir
      ...
      %dz = linalg.generic ... // (softmax - one hot) / batch
      %dw = linalg.matmul indexing_maps = [#km, #kn, #mn] ins(%dz, %x) outs(%zeros1) ...
      return %loss, %dw : tensor<f32>, tensor<3x4xf32>
    ```

    Refuses a function that is missing, external, called, has several blocks,
    no scalar loss, no trainable parameter, parameters that are constants
    (`prune-lift-parameters` makes them arguments), or gradients of only some
    parameters; and an operation without a rule, with the path on which a
    gradient reaches it. A parameter that the loss does not depend on gets a
    constant zero and a remark.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"loss\"",
           "Loss function to differentiate.">,
  ];
  let statistics = [
    Statistic<"numGradients", "num-gradients", "gradients added">,
    Statistic<"numZeroGradients", "num-zero-gradients",
              "gradients of parameters that the loss does not depend on">,
    Statistic<"numOpsAdded", "num-ops-added", "operations of the reverse sweep">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def InsertLossPass : Pass<"prune-insert-loss", "::mlir::ModuleOp"> {
  let summary = "build the loss function of a classifier";
  let description = [{
    Before: a function of inputs and parameters that returns logits
    `[batch, classes]` (the result with `prune.output = "logits"`, or its only
    result). After: a second function next to it that computes the same logits
    and returns the mean cross-entropy of their softmax against class numbers.
    Its arguments are the inputs, the class numbers (`prune.input = "labels"`)
    and the parameters, each with its attributes.

    Before:

    ```mlir
    func.func @forward(%x: tensor<8x4xf32> {prune.input = "input"},
                       %w: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>})
        -> (tensor<8x3xf32> {prune.output = "logits"})
    ```

    After, beside it:

    ```mlir
    func.func @loss(%x: tensor<8x4xf32> {prune.input = "input"},
                    %labels: tensor<8xi32> {prune.input = "labels"},
                    %w: tensor<3x4xf32> {prune.param = #prune.param<"w", weight>})
        -> (tensor<f32> {prune.output = "loss"}) {
      ...
      %loss = prune.softmax_cross_entropy %z, %labels : tensor<8x3xf32>, tensor<8xi32>
      return %loss : tensor<f32>
    }
    ```

    Logits may belong to positions: `[batch, positions, classes]`, as of tokens, or
    `[batch, classes, height, width]`, as of pixels. Labels then have the shape of
    the logits without the classes, and the mean is taken over all positions of all
    rows. `class-dimension` says where the classes are in another form.

    With `soft-labels` the labels are shares of the classes instead, of the type
    of the logits, as for distillation from another network.

    Refuses a function that is missing, external, has several blocks or no
    logits of rank two or more and static shape, and a name that is taken.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"forward\"",
           "Function that computes the logits.">,
    Option<"softLabels", "soft-labels", "bool", /*default=*/"false",
           "Labels are shares of the classes, not class numbers.">,
    Option<"classDimension", "class-dimension", "int64_t", /*default=*/"-1",
           "Dimension of the logits that the classes are; -1: the last one of up to three, "
           "else 1.">,
    Option<"name", "name", "std::string", /*default=*/"\"loss\"",
           "Name of the loss function.">,
  ];
}

def InsertRegularizersPass : Pass<"prune-insert-regularizers", "::mlir::ModuleOp"> {
  let summary = "add penalties on parameters to a loss";
  let description = [{
    Before: a loss function, differentiated or not. After: its loss is larger by
    `prune.regularize` of each chosen parameter. In the gradient form each
    gradient also grows by `prune.regularize_gradient`, and the sum of the
    penalties is returned as `prune.output = "penalty"`; an undifferentiated loss
    keeps its results, and differentiation finds the gradients of the penalty.

    Parameters are chosen by role, and by glob patterns over their names. The
    strength is a constant, or with `runtime-strength` the scalar argument
    `prune.input = "strength"`, or another name that `strength-input` gives it,
    which several runs of the pass share. A second run adds to the penalty of the
    first.

    Penalties of groups are added once for each granularity: with
    `granularity=channel:0,channel:1` for output groups and input groups both
    (DeepHoyer). A weight that a granularity does not fit is left alone, with a
    remark. `open_gates` is for auxiliary parameters, and takes the estimator of
    the gate that reads them. With `masked-weights` the penalty is that of what the
    network sees of a weight behind its gate or mask.

    Before:

    ```mlir
    func.func @loss(%x: tensor<4x8xf32> {prune.input = "input"},
                    %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>})
        -> (tensor<f32> {prune.output = "loss"}, tensor<2x8xf32> {prune.grad_of = "w"}) {
      ...
      return %loss, %g : tensor<f32>, tensor<2x8xf32>
    }
    ```

    After, with `kind=hoyer_square strength=2e-4`:

    ```mlir
    func.func @loss(%x: tensor<4x8xf32> {prune.input = "input"},
                    %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>})
        -> (tensor<f32> {prune.output = "loss"}, tensor<2x8xf32> {prune.grad_of = "w"},
            tensor<f32> {prune.output = "penalty"}) {
      %strength = arith.constant 2.0e-04 : f32
      ...
      %p = prune.regularize hoyer_square %w, %strength : tensor<2x8xf32>
      %r = prune.regularize_gradient hoyer_square %w, %strength : tensor<2x8xf32>
      %g1 = arith.addf %g, %r : tensor<2x8xf32>
      %loss1 = arith.addf %loss, %p : tensor<f32>
      return %loss1, %g1, %p : tensor<f32>, tensor<2x8xf32>, tensor<f32>
    }
    ```

    Refuses a function that is no loss function, a partly differentiated one,
    chosen parameters of another element type than the loss, patterns, roles,
    granularities or strengths that cannot be read, and `open_gates` of a
    parameter that no gate reads. Warns of a pattern that matches nothing,
    and when no parameter is chosen.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"loss\"",
           "Loss function to rewrite.">,
    Option<"kind", "kind", "RegularizerKind", /*default=*/"RegularizerKind::HoyerSquare",
           "Penalty to add.",
           [{::llvm::cl::values(
             clEnumValN(RegularizerKind::L1, "l1", "Sum of magnitudes."),
             clEnumValN(RegularizerKind::L2, "l2", "Sum of squares."),
             clEnumValN(RegularizerKind::Hoyer, "hoyer", "Ratio of the L1 and L2 norms."),
             clEnumValN(RegularizerKind::HoyerSquare, "hoyer_square",
                        "Squared ratio of the L1 and L2 norms."),
             clEnumValN(RegularizerKind::TransformedL1, "transformed_l1",
                        "Sum of 2|w|/(1+|w|)."),
             clEnumValN(RegularizerKind::GroupLasso, "group_lasso",
                        "Sum of the norms of groups."),
             clEnumValN(RegularizerKind::GroupHoyerSquare, "group_hoyer_square",
                        "Hoyer-Square of the norms of groups."),
             clEnumValN(RegularizerKind::OpenGates, "open_gates",
                        "Number of open gates."))}]>,
    ListOption<"granularity", "granularity", "std::string",
               "Groups of group_lasso and group_hoyer_square: channel:<axis>, kernel, "
               "vector:<axis> or block:<extent>x<extent>; channel:0 when empty.">,
    Option<"maskedWeights", "masked-weights", "bool", /*default=*/"false",
           "Regularize what gates and masks leave of a weight.">,
    Option<"strength", "strength", "double", /*default=*/"1.0e-4",
           "Factor of the penalty; not used with runtime-strength.">,
    Option<"runtimeStrength", "runtime-strength", "bool", /*default=*/"false",
           "Take the strength from an argument of the function.">,
    Option<"strengthInput", "strength-input", "std::string", /*default=*/"\"strength\"",
           "Name of that argument.">,
    ListOption<"strengths", "strengths", "std::string",
               "Strengths of single parameters as pattern:number, the first match "
               "counts; with runtime-strength the number multiplies the argument.">,
    ListOption<"roles", "roles", "std::string",
               "Roles to regularize; weights when empty, or auxiliary for open_gates.">,
    ListOption<"parameters", "parameters", "std::string",
               "Glob patterns of the parameters to regularize; all when empty.">,
    ListOption<"ignore", "ignore", "std::string",
               "Glob patterns of the parameters to leave out.">,
  ];
  let statistics = [
    Statistic<"numRegularized", "num-parameters-regularized",
              "Number of parameters regularized">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::prune::PruneDialect"];
}

def MaskGradientsPass : Pass<"prune-mask-gradients", "::mlir::ModuleOp"> {
  let summary = "mask the gradients of parameters";
  let description = [{
    Before: a function in the gradient form. After: each chosen parameter has an
    argument `prune.state = "mask:<parameter>"` of its shape and element type
    `i1`, and its gradient goes through `prune.apply_mask`.
    `prune-build-train-step` passes the masks on to the updates, which also mask
    weights and optimizer state. A parameter that has a mask already is left
    alone, so a second run changes nothing.

    Before:

    ```mlir
    func.func @loss(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>})
        -> (tensor<f32> {prune.output = "loss"}, tensor<2x8xf32> {prune.grad_of = "w"}) {
      ...
      return %loss, %g : tensor<f32>, tensor<2x8xf32>
    }
    ```

    After:

    ```mlir
    func.func @loss(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>},
                    %mask: tensor<2x8xi1> {prune.state = "mask:w"})
        -> (tensor<f32> {prune.output = "loss"}, tensor<2x8xf32> {prune.grad_of = "w"}) {
      ...
      %masked = prune.apply_mask %g, %mask : tensor<2x8xf32>
      return %loss, %masked : tensor<f32>, tensor<2x8xf32>
    }
    ```

    Refuses a function that is not in the gradient form, and patterns or roles
    that cannot be read. Warns of a pattern that matches nothing, and when no
    parameter is chosen.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"loss\"",
           "Gradient function to rewrite.">,
    ListOption<"roles", "roles", "std::string",
               "Roles to mask; weights when empty.">,
    ListOption<"parameters", "parameters", "std::string",
               "Glob patterns of the parameters to mask; all when empty.">,
    ListOption<"ignore", "ignore", "std::string",
               "Glob patterns of the parameters to leave out.">,
  ];
  let statistics = [
    Statistic<"numMasked", "num-gradients-masked", "Number of gradients masked">,
  ];
  let dependentDialects = ["::mlir::prune::PruneDialect"];
}

def VerifyGradientPass : Pass<"prune-verify-gradient", "::mlir::ModuleOp"> {
  let summary = "check that a function is in the gradient form";
  let description = [{
    Changes nothing. Fails unless the function returns the loss and the gradient
    of every trainable parameter, whoever built it:

    * `gradient_c1`: the function exists and is one block that ends in a return.
    * `gradient_c2`: exactly one result is marked `prune.output = "loss"`, a
      tensor of rank zero of floats.
    * `gradient_c3`: each `prune.grad_of` names a trainable parameter of the
      function, and no parameter twice.
    * `gradient_c4`: a trainable parameter is a tensor of floats of static shape,
      and its gradient has the same type.
    * `gradient_c5`: each trainable parameter, which is no buffer and not frozen, has
      a gradient.
    * `gradient_c6`: each result with `prune.state` is new state of the argument
      of that name, a parameter or state, and has its type; no two are of one.

    Example of the form:

    ```mlir
    func.func @loss(%x: tensor<4x8xf32> {prune.input = "input"},
                    %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>})
        -> (tensor<f32> {prune.output = "loss"}, tensor<2x8xf32> {prune.grad_of = "w"})
    ```
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"loss\"",
           "Function to check.">,
  ];
}

def VerifyTrainStepPass : Pass<"prune-verify-train-step", "::mlir::ModuleOp"> {
  let summary = "check that a function is a training step";
  let description = [{
    Changes nothing. Fails unless all state of the function is in its signature:

    * `train_step_c1`: the function exists and is one block that ends in a return.
    * `train_step_c2`: exactly one result is marked `prune.output = "loss"`.
    * `train_step_c3`: no two arguments, and no two results, carry the same state.
    * `train_step_c4`: each state result has an argument of the same state and type.
    * `train_step_c5`: each trainable parameter is state and has a result.
    * `train_step_c6`: state `mask:<parameter>`, `velocity:<parameter>`,
      `moment1:<parameter>` and `moment2:<parameter>` belongs to a parameter of the
      function, with the shape of the parameter; a mask has elements of type `i1`,
      the others the type of the parameter.
    * `train_step_c7`: no result is a gradient.

    The form is that of `prune-build-train-step`.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"train_step\"",
           "Function to check.">,
  ];
}

include "Prune/Dialect/Prune/Transforms/Train/MaskPasses.td"

#endif // PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_PASSES_TD
