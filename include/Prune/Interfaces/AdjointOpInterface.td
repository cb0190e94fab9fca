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
    adjoints of its operands. The same interface serves operations on tensors and
    the scalar operations inside the body of a structured operation; other
    dialects attach external models.
  }];
  let cppNamespace = "::mlir::prune";
  let methods = [
    InterfaceMethod<[{
      Builds the adjoints of the operands for which `needed` is set.

      `resultAdjoints` holds one value per result, null where the result does not
      influence the loss; at least one is not null. On success `operandAdjoints`
      holds one value per operand, null where the operand is not needed or its
      adjoint is zero. An adjoint has the type of what it belongs to. New
      operations are created at the insertion point of `builder`; they may use
      operands and results of the operation. Prefer results to operands: what
      the forward pass returns anyway costs nothing to keep.

      Fails, after emitting an error on the operation, when there is no rule.
    }], "::llvm::LogicalResult", "buildAdjoint",
    (ins "::mlir::OpBuilder &":$builder, "::llvm::ArrayRef<::mlir::Value>":$resultAdjoints,
         "::llvm::ArrayRef<bool>":$needed,
         "::llvm::SmallVectorImpl<::mlir::Value> &":$operandAdjoints)>,
  ];
}

#endif // PRUNE_INTERFACES_ADJOINTOPINTERFACE_TD
