//===- PruneDialect.td - Prune dialect definition ----------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_IR_PRUNEDIALECT_TD
#define PRUNE_DIALECT_PRUNE_IR_PRUNEDIALECT_TD

include "mlir/IR/OpBase.td"

def Prune_Dialect : Dialect {
  let name = "prune";
  let summary = "Masks, auxiliary parameters and regularizers of network pruning";
  let description = [{
    Semantic, target-independent operations for training a network to be sparse,
    pruning it and removing what died. Everything works on ranked tensors; the
    network itself stays in `linalg`, `tensor`, `arith` and `math`.

    Discardable attributes on foreign operations and functions:

    * `prune.param` (`#prune.param`): on a function argument or an
      `arith.constant`, names a parameter of the network and its role.
    * `prune.value` (elements): on a function argument with `prune.param`, the
      value that the parameter had as a constant.
    * `prune.mask` (elements of `i1`): on a function argument with `prune.param`,
      which elements are kept; the others are zero and stay so
      (`prune-compress-parameters`).
    * `prune.grad_of` (string): on a function result, the name of the parameter
      whose gradient the result is.
    * `prune.state` (string): on a function argument or result of a training
      step, the piece of state it carries (a parameter, `mask:<parameter>`,
      `velocity:<parameter>`, `moment1:<parameter>`, `moment2:<parameter>`,
      `step`).
    * `prune.input` (string): on a function argument that is neither parameter
      nor state, what it is (`input`, `labels`, `learning_rate`, `strength`).
    * `prune.output` (string): on a function result, what it is (`logits`,
      `loss`, `penalty`).
    * `prune.result` (integer): on a function argument after
      prune-results-to-destinations, the number of the original result that the
      argument receives.
    * `prune.frozen` (unit): on a function argument with `prune.param`, that the
      parameter is not trained: it gets no gradient and no update.
    * `prune.kernel` (`#prune.kernel`): on a contraction, the kernel chosen.
    * `prune.evidence` (`#prune.evidence`): on a function argument or an
      `arith.constant`, what is known of a parameter besides its values.

    **Constraints**

    * `attribute_c1`: each of these attributes has the type named above.
    * `attribute_c2`: there are no other attributes of this dialect.
    * `attribute_c3`: a function has one parameter of a name, as an argument or
      as a constant. Copies of one constant count once.
    * `attribute_c4`: `prune.param` and `prune.evidence` mark function arguments
      and constants only.
  }];
  let cppNamespace = "::mlir::prune";
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let hasConstantMaterializer = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect"];

  let extraClassDeclaration = [{
    /// Names of the discardable attributes described in the dialect summary.
    static constexpr ::llvm::StringLiteral kParamAttrName = "prune.param";
    static constexpr ::llvm::StringLiteral kValueAttrName = "prune.value";
    static constexpr ::llvm::StringLiteral kMaskAttrName = "prune.mask";
    static constexpr ::llvm::StringLiteral kGradOfAttrName = "prune.grad_of";
    static constexpr ::llvm::StringLiteral kStateAttrName = "prune.state";
    static constexpr ::llvm::StringLiteral kInputAttrName = "prune.input";
    static constexpr ::llvm::StringLiteral kOutputAttrName = "prune.output";
    static constexpr ::llvm::StringLiteral kResultAttrName = "prune.result";
    static constexpr ::llvm::StringLiteral kKernelAttrName = "prune.kernel";
    static constexpr ::llvm::StringLiteral kFrozenAttrName = "prune.frozen";
    static constexpr ::llvm::StringLiteral kEvidenceAttrName = "prune.evidence";

    void registerAttributes();

    /// Tells the present name where an operation is written by an old one.
    std::optional<ParseOpHook> getParseOperationHook(StringRef name) const override;
  }];
}

#endif // PRUNE_DIALECT_PRUNE_IR_PRUNEDIALECT_TD
