//===- MaskPasses.td - Passes that move masks in training --*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_MASKPASSES_TD
#define PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_MASKPASSES_TD

include "mlir/Pass/PassBase.td"

def BuildMaskStepPass : Pass<"prune-build-mask-step", "::mlir::ModuleOp"> {
  let summary = "build the function that moves the masks of a training step";
  let description = [{
    Before: a training step `step` with masks (`prune-mask-gradients`). After: a
    second function on the same state, by name, that computes new masks. The caller
    runs it between steps, whenever its schedule says.

    With `rule=magnitude` the function takes the masked parameters, their
    velocities or moments, their masks and the scalar `prune.input = "sparsity"`. The
    share `sparsity` of the smallest magnitudes is pruned, per tensor or over all
    tensors together (`scope`). What was pruned before ranks lowest and stays
    pruned; weight, velocity and moments are zero where the new mask is not set.
    With `keep-values` every magnitude counts as it is, masks are the only results,
    and a pruned weight comes back once it is large enough; this belongs to steps
    that compute with masked weights (`prune-insert-straight-through-masks` with
    `state`). `sparsities` gives single parameters a factor of the sparsity; the first
    match counts, and 1 without one. A granularity `n_of_m` takes no sparsity.

    With `rule=rigl` (RigL, Evci et al. 2020) the gradient function `function` is
    rewritten into the mask step: of each masked weight the share
    `prune.input = "fraction"`, rounded down, of those that are kept is dropped,
    smallest magnitudes first, and as many of those that are not kept then grow,
    largest gradients of the batch first. What grew or was dropped has weight,
    velocity and moments zero, unless it was dropped and grew at once. The number
    of kept weights is constant.

    Ranking is that of `prune.select_mask`: exact, ties by index, lower first.

    Before:

    ```mlir
    func.func @train_step(
        %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
        %mask: tensor<2x8xi1> {prune.state = "mask:w"}, ...)
    ```

    After, beside it:

    ```mlir
    func.func @mask_step(
        %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
        %mask: tensor<2x8xi1> {prune.state = "mask:w"}, %sparsity: f32 {prune.input = "sparsity"})
        -> (tensor<2x8xf32> {prune.state = "w"}, tensor<2x8xi1> {prune.state = "mask:w"}) {
      %s = prune.score %w criterion(<magnitude>) granularity(<unstructured>) : ...
      %t = arith.select %mask, %s, %below : tensor<2x8xi1>, tensor<2x8xf32>
      %m = prune.select_mask %t selection(<sparsity>) value %sparsity : f32 granularity(<unstructured>) : ...
      %new = arith.andi %m, %mask : tensor<2x8xi1>
      %w1 = prune.apply_mask %w, %new : tensor<2x8xf32>
      return %w1, %new : tensor<2x8xf32>, tensor<2x8xi1>
    }
    ```

    Refuses a step that is missing or has no masks to move, a name that is taken, a
    granularity that does not fit, factors with `scope=global`, and for `rigl` a
    function that is not in the gradient form or is called, other granularities
    than `unstructured`, and `keep-values`. Warns of a pattern that matches
    nothing.
  }];
  let options = [
    Option<"step", "step", "std::string", /*default=*/"\"train_step\"",
           "Training step whose state the function shares.">,
    Option<"function", "function", "std::string", /*default=*/"\"loss\"",
           "Gradient function to rewrite for rigl; not used otherwise.">,
    Option<"name", "name", "std::string", /*default=*/"\"mask_step\"",
           "Name of the function.">,
    Option<"rule", "rule", "MaskRule", /*default=*/"MaskRule::Magnitude",
           "How masks move.",
           [{::llvm::cl::values(
             clEnumValN(MaskRule::Magnitude, "magnitude", "Prune the smallest magnitudes."),
             clEnumValN(MaskRule::RigL, "rigl",
                        "Drop by magnitude, grow by gradient, as many."))}]>,
    Option<"scope", "scope", "std::string", /*default=*/"\"tensor\"",
           "Rank per tensor or over all together (global).">,
    Option<"granularity", "granularity", "std::string", /*default=*/"\"unstructured\"",
           "What is pruned together, as in prune-score.">,
    Option<"keepValues", "keep-values", "bool", /*default=*/"false",
           "Pruned weights keep their values and may come back.">,
    ListOption<"sparsities", "sparsities", "std::string",
               "Factors of the sparsity for single parameters as pattern:number.">,
    ListOption<"parameters", "parameters", "std::string",
               "Glob patterns of the masks to move, by parameter; all when empty.">,
    ListOption<"ignore", "ignore", "std::string",
               "Glob patterns of the parameters to leave out.">,
  ];
  let statistics = [
    Statistic<"numMoved", "num-masks-moved", "Number of masks that the function moves">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::prune::PruneDialect",
                           "::mlir::tensor::TensorDialect"];
}

def InsertStraightThroughMasksPass : Pass<"prune-insert-straight-through-masks", "::mlir::ModuleOp"> {
  let summary = "compute with masked weights that keep learning";
  let description = [{
    Before: a network or a loss function, not differentiated yet. After: everything
    that reads a chosen weight reads it through `prune.apply_mask`. Its gradient
    reaches the weight straight through, also where the mask is not set, and there
    `decay` times the weight is added (SR-STE, Zhou et al. 2021; zero without), so
    masked weights go on learning and may come back.

    The mask is found anew in every step from the magnitudes of the weight: by an
    `n_of_m` granularity, by a constant `sparsity`, or with `runtime-sparsity` by the
    scalar argument `prune.input = "sparsity"`. With `state` it is the argument
    `prune.state = "mask:<parameter>"` instead, which `prune-build-mask-step` with
    `keep-values` moves.

    With `mask-gradient` the gradient is masked, too: what is pruned keeps its value
    and its moments (the update gets `freeze_masked`) until its mask is set again.

    Before:

    ```mlir
    func.func @forward(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>}) ... {
      %y = linalg.matmul ... ins(%x, %w : ...)
    ```

    After, with `granularity=n_of_m:2:4:1 decay=2e-4`:

    ```mlir
      %s = prune.score %w criterion(<magnitude>) granularity(<n_of_m, shape = [2, 4], axis = 1>) : ...
      %m = prune.select_mask %s selection(<keep_all>) granularity(<n_of_m, shape = [2, 4], axis = 1>) : ...
      %t = prune.apply_mask %w, %m {decay = 2.0e-04 : f64, straight_through} : tensor<2x8xf32>
      %y = linalg.matmul ... ins(%x, %t : ...)
    ```

    Where the granularity does not divide a weight, the groups at its edge are smaller;
    a weight that has no such groups is left alone, with a remark.
    Refuses a function that is missing or has several blocks, or is called and
    would get another argument; none or several ways to choose masks; a sparsity
    outside of [0, 1]; a negative decay, and decay with `mask-gradient`. Warns when
    no parameter is chosen.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"forward\"",
           "Function to rewrite.">,
    Option<"granularity", "granularity", "std::string", /*default=*/"\"unstructured\"",
           "What is pruned together, as in prune-score.">,
    Option<"sparsity", "sparsity", "std::string", /*default=*/"\"\"",
           "Share of each weight to prune, in [0, 1].">,
    Option<"runtimeSparsity", "runtime-sparsity", "bool", /*default=*/"false",
           "Take the sparsity from an argument of the function.">,
    Option<"state", "state", "bool", /*default=*/"false",
           "Take the masks from state of the step.">,
    Option<"decay", "decay", "double", /*default=*/"0.0",
           "Share of a pruned weight that is added to its gradient.">,
    Option<"maskGradient", "mask-gradient", "bool", /*default=*/"false",
           "Mask the gradient, too: what is pruned stands still.">,
    ListOption<"roles", "roles", "std::string",
               "Roles to choose from; weights when empty.">,
    ListOption<"parameters", "parameters", "std::string",
               "Glob patterns of the parameters to choose; all when empty.">,
    ListOption<"ignore", "ignore", "std::string",
               "Glob patterns of the parameters to leave out.">,
  ];
  let statistics = [
    Statistic<"numMasked", "num-weights-masked", "Number of weights masked">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::prune::PruneDialect"];
}

def InsertAdmmPass : Pass<"prune-insert-admm", "::mlir::ModuleOp"> {
  let summary = "pull weights towards their sparse projections";
  let description = [{
    Training-time ADMM (Zhang et al. 2018). Before: a function in the gradient form.
    After: the gradient of each chosen parameter `W` has grown by
    `rho * (W - Z + U)`, that of `rho / 2 |W - Z + U|^2`, with the state
    `admm_z:<parameter>` (the projection `Z`) and `admm_u:<parameter>` (the scaled
    dual `U`), which the function only reads: `prune-build-admm-step` builds what
    moves them. The loss that is returned does not count the pull. A parameter that
    has a projection already is left alone.

    Before:

    ```mlir
    func.func @loss(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>})
        -> (tensor<f32> {prune.output = "loss"}, tensor<2x8xf32> {prune.grad_of = "w"})
    ```

    After:

    ```mlir
    func.func @loss(%w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>},
                    %z: tensor<2x8xf32> {prune.state = "admm_z:w"},
                    %u: tensor<2x8xf32> {prune.state = "admm_u:w"})
        -> (tensor<f32> {prune.output = "loss"}, tensor<2x8xf32> {prune.grad_of = "w"}) {
      ...
      %g1 = linalg.generic ... ins(%g, %w, %z, %u : ...) // g + rho * (w - z + u)
    ```

    Refuses a function that is not in the gradient form, a negative `rho`, and
    patterns or roles that cannot be read. Warns of a pattern that matches nothing,
    and when no parameter is chosen.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"loss\"",
           "Gradient function to rewrite.">,
    Option<"rho", "rho", "double", /*default=*/"1.0e-4",
           "Factor of the pull; not used with runtime-rho.">,
    Option<"runtimeRho", "runtime-rho", "bool", /*default=*/"false",
           "Take the factor from the argument prune.input = \"rho\".">,
    ListOption<"roles", "roles", "std::string",
               "Roles to choose from; weights when empty.">,
    ListOption<"parameters", "parameters", "std::string",
               "Glob patterns of the parameters to choose; all when empty.">,
    ListOption<"ignore", "ignore", "std::string",
               "Glob patterns of the parameters to leave out.">,
  ];
  let statistics = [
    Statistic<"numPulled", "num-gradients-pulled", "Number of gradients that pull">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::prune::PruneDialect", "::mlir::tensor::TensorDialect"];
}

def BuildAdmmStepPass : Pass<"prune-build-admm-step", "::mlir::ModuleOp"> {
  let summary = "build the function that projects the weights of ADMM";
  let description = [{
    Before: a training step with projections (`prune-insert-admm`). After: a second
    function on the same state, by name, that for each of them computes

    * `Z = project(W + U)`: all but the largest magnitudes become zero,
    * `U = U + W - Z`.

    The share that becomes zero is given per parameter by `sparsities`, or with
    `runtime-sparsity` by the scalar `prune.input = "sparsity"`, times the parameter's
    number in `sparsities` where it has one. An `n_of_m` granularity takes no sparsity.
    Training starts with `U` zero and `Z` the weights, or, after one call of the
    function with `U` zero, their projection.

    Before:

    ```mlir
    func.func @train_step(
        %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
        %z: tensor<2x8xf32> {prune.state = "admm_z:w"}, %u: tensor<2x8xf32> {prune.state = "admm_u:w"}, ...)
    ```

    After, beside it:

    ```mlir
    func.func @admm_step(
        %w: tensor<2x8xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"},
        %z: tensor<2x8xf32> {prune.state = "admm_z:w"}, %u: tensor<2x8xf32> {prune.state = "admm_u:w"})
        -> (tensor<2x8xf32> {prune.state = "admm_z:w"}, tensor<2x8xf32> {prune.state = "admm_u:w"}) {
      %sum = arith.addf %w, %u : tensor<2x8xf32>
      %s = prune.score %sum criterion(<magnitude>) granularity(<unstructured>) : ...
      %m = prune.select_mask %s selection(<sparsity>) value %sparsity : f32 granularity(<unstructured>) : ...
      %z1 = prune.apply_mask %sum, %m : tensor<2x8xf32>
      %u1 = arith.subf %sum, %z1 : tensor<2x8xf32>
      return %z1, %u1 : tensor<2x8xf32>, tensor<2x8xf32>
    }
    ```

    Refuses a step that is missing or has no projections, a name that is taken, a
    projection without a sparsity, sparsities outside of [0, 1], and a granularity that
    does not fit.
  }];
  let options = [
    Option<"step", "step", "std::string", /*default=*/"\"train_step\"",
           "Training step whose state the function shares.">,
    Option<"name", "name", "std::string", /*default=*/"\"admm_step\"",
           "Name of the function.">,
    Option<"granularity", "granularity", "std::string", /*default=*/"\"unstructured\"",
           "What is pruned together, as in prune-score.">,
    ListOption<"sparsities", "sparsities", "std::string",
               "Sparsities as pattern:number, the first match counts.">,
    Option<"runtimeSparsity", "runtime-sparsity", "bool", /*default=*/"false",
           "Multiply by an argument of the function.">,
  ];
  let statistics = [
    Statistic<"numProjected", "num-weights-projected", "Number of weights projected">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::prune::PruneDialect"];
}

def InsertProximalStepsPass : Pass<"prune-insert-proximal-steps", "::mlir::ModuleOp"> {
  let summary = "let penalties reach exact zeros by proximal steps";
  let description = [{
    Before: a training step. After: the new value of each chosen parameter goes
    through `prune.proximal` with the threshold `learning rate * strength`, which is
    proximal gradient descent for the penalty `strength * l1` or `strength *
    group_lasso`. Velocities and moments are left alone, what an update holds is
    held, and the loss that is returned does not count the penalty. The lowering
    computes an `l1` step in the loop of the update.

    The strength is a constant, or with `runtime-strength` the scalar argument
    `prune.input = "strength"`.

    Before:

    ```mlir
    %w1 = prune.sgd_update %w, %g, lr %lr : ...
    return %w1, %loss : tensor<2x8xf32>, tensor<f32>
    ```

    After, with `strength=1e-4`:

    ```mlir
    %strength = arith.constant 1.0e-04 : f32
    %threshold = arith.mulf %lr, %strength : f32
    %w1 = prune.sgd_update %w, %g, lr %lr : ...
    %w2 = prune.proximal l1 %w1, %threshold : tensor<2x8xf32>
    return %w2, %loss : tensor<2x8xf32>, tensor<f32>
    ```

    Refuses a function that is no training step, a granularity that is missing, not
    used or does not fit, and negative strengths. Warns of a pattern that matches
    nothing, and when no parameter is chosen.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"train_step\"",
           "Training step to rewrite.">,
    Option<"kind", "kind", "ProximalKind", /*default=*/"ProximalKind::L1",
           "Penalty whose proximal step is taken.",
           [{::llvm::cl::values(
             clEnumValN(ProximalKind::L1, "l1", "Sum of magnitudes."),
             clEnumValN(ProximalKind::GroupLasso, "group_lasso", "Sum of norms of groups."))}]>,
    Option<"strength", "strength", "double", /*default=*/"1.0e-4",
           "Factor of the penalty; not used with runtime-strength.">,
    Option<"runtimeStrength", "runtime-strength", "bool", /*default=*/"false",
           "Take the strength from an argument of the function.">,
    ListOption<"strengths", "strengths", "std::string",
               "Strengths of single parameters as pattern:number, the first match "
               "counts; with runtime-strength the number multiplies the argument.">,
    Option<"granularity", "granularity", "std::string", /*default=*/"\"\"",
           "Groups of group_lasso, as in prune-score.">,
    ListOption<"roles", "roles", "std::string",
               "Roles to choose from; weights when empty.">,
    ListOption<"parameters", "parameters", "std::string",
               "Glob patterns of the parameters to choose; all when empty.">,
    ListOption<"ignore", "ignore", "std::string",
               "Glob patterns of the parameters to leave out.">,
  ];
  let statistics = [
    Statistic<"numSteps", "num-proximal-steps", "Number of proximal steps inserted">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::prune::PruneDialect"];
}

#endif // PRUNE_DIALECT_PRUNE_TRANSFORMS_TRAIN_MASKPASSES_TD
