//===- AdjointOpInterface.td - Reverse-mode rules of operations -*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_INTERFACES_ADJOINTOPINTERFACE_TD
#define PRUNE_INTERFACES_ADJOINTOPINTERFACE_TD

include "mlir/IR/OpBase.td"

def AdjointOpInterface : OpInterface<"AdjointOpInterface"> {
  let description = [{
    The reverse-mode rule of an operation: how the adjoints of its results become
    adjoints of its inputs. The same interface serves operations on tensors and
    the scalar operations inside the body of a structured operation; other
    dialects attach external models.
  }];
  let cppNamespace = "::mlir::prune";
  let methods = [
    InterfaceMethod<[{
      The values that receive adjoints from `buildAdjoint`: the operands, and
      values from outside that the regions read where the rule knows how (then
      they come after the operands). Where the operation is the root of an
      expression with a rule of its own (the division of a sigmoid), they are the
      leaves of that expression.
    }], "::llvm::SmallVector<::mlir::Value>", "getAdjointInputs", (ins), [{}], [{
      return ::llvm::to_vector($_op->getOperands());
    }]>,
    InterfaceMethod<[{
      Builds the adjoints of those values of `getAdjointInputs` for which `needed`
      is set.

      `resultAdjoints` holds one value per result, null where the result does not
      influence the loss; at least one is not null. `inputAdjoints` comes with one
      null value per input; the rule sets it where the input is needed and its
      adjoint is not zero. An adjoint has the type of what it belongs to. New
      operations are created at the insertion point of `builder`; they may use
      operands and results of the operation. Prefer results to operands: what
      the forward pass returns anyway costs nothing to keep.

      Fails, after emitting an error, when there is no rule.
    }], "::llvm::LogicalResult", "buildAdjoint",
    (ins "::mlir::OpBuilder &":$builder, "::llvm::ArrayRef<::mlir::Value>":$resultAdjoints,
         "::llvm::ArrayRef<bool>":$needed,
         "::llvm::MutableArrayRef<::mlir::Value>":$inputAdjoints)>,
  ];
}

#endif // PRUNE_INTERFACES_ADJOINTOPINTERFACE_TD
