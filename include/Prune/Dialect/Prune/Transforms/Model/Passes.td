//===- Passes.td - Model phase passes ----------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_TRANSFORMS_MODEL_PASSES_TD
#define PRUNE_DIALECT_PRUNE_TRANSFORMS_MODEL_PASSES_TD

include "mlir/Pass/PassBase.td"

def BindParametersPass : Pass<"prune-bind-parameters", "ModuleOp"> {
  let summary = "Turn parameter arguments into constants with values";
  let description = [{
    Before: parameters are function arguments with `prune.param`. After: they are
    `arith.constant` with `prune.param` and a `dense_resource` value at the entry
    of the function, in the order of the arguments, and are gone from the
    signature. The value is the argument's `prune.value`.

    ```mlir
    func.func @f(%x: tensor<2xf32>, %b: tensor<2xf32>
        {prune.param = #prune.param<"b", bias>, prune.value = dense_resource<b> : tensor<2xf32>})
    // becomes
    func.func @f(%x: tensor<2xf32>) {
      %b = arith.constant {prune.param = #prune.param<"b", bias>} dense_resource<b> : tensor<2xf32>
    ```

    Functions that carry training state (`prune.state`) or gradients
    (`prune.grad_of`) keep their arguments unless they are named in `functions`.

    Refuses, with an error, a parameter without a value or with a value of
    another type, and a function that others call.
  }];
  let options = [
    ListOption<"functions", "functions", "std::string",
               "functions to change (all that carry neither state nor gradients if empty)">,
  ];
  let statistics = [
    Statistic<"numParametersBound", "num-parameters-bound", "parameters turned into constants">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def LiftParametersPass : Pass<"prune-lift-parameters", "ModuleOp"> {
  let summary = "Turn parameter constants into function arguments";
  let description = [{
    The inverse of `prune-bind-parameters`. Before: parameters are constants with
    `prune.param`. After: they are arguments behind the others, in the order of
    the constants, and remember their value in `prune.value` unless
    `keep-values=false`. Lifting and then binding gives back the same module.

    ```mlir
    func.func @f(%x: tensor<2xf32>) {
      %b = arith.constant {prune.param = #prune.param<"b", bias>} dense_resource<b> : tensor<2xf32>
    // becomes
    func.func @f(%x: tensor<2xf32>, %b: tensor<2xf32>
        {prune.param = #prune.param<"b", bias>, prune.value = dense_resource<b> : tensor<2xf32>})
    ```

    Refuses, with an error, two constants of one name and a function that others
    call.
  }];
  let options = [
    ListOption<"functions", "functions", "std::string", "functions to change (all if empty)">,
    Option<"keepValues", "keep-values", "bool", "true",
           "remember the values in prune.value">,
  ];
  let statistics = [
    Statistic<"numParametersLifted", "num-parameters-lifted", "parameters turned into arguments">,
  ];
}

#endif // PRUNE_DIALECT_PRUNE_TRANSFORMS_MODEL_PASSES_TD
