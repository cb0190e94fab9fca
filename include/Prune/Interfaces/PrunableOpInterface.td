//===- PrunableOpInterface.td - Operations with prunable weights -*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_INTERFACES_PRUNABLEOPINTERFACE_TD
#define PRUNE_INTERFACES_PRUNABLEOPINTERFACE_TD

include "mlir/IR/OpBase.td"

def PrunableOpInterface : OpInterface<"PrunableOpInterface"> {
  let description = [{
    An operation that multiplies an input with a weight and sums: what pruning is
    about. It tells where the weight is and how its dimensions are channels;
    other dialects attach external models.

    The weight is the parameter itself, a constant or a function argument, found
    behind masks, transpositions and reshapes; dimensions are those of the
    parameter.
  }];
  let cppNamespace = "::mlir::prune";
  let methods = [
    InterfaceMethod<[{
      The parameter that holds the weight; null when the operation has none
      that can be pruned.
    }], "::mlir::Value", "getWeight">,
    InterfaceMethod<[{
      The operand through which the weight comes in; null when there is none.
    }], "::mlir::OpOperand *", "getWeightOperand">,
    InterfaceMethod<[{
      Dimensions of the weight, in order, whose index is an output channel: an
      index of the result, and of no other input. When there is none (depthwise
      convolution), an index of the result.
    }], "::llvm::SmallVector<int64_t>", "getOutputChannelDims">,
    InterfaceMethod<[{
      Dimensions of the weight, in order, whose index is an input channel: it is
      summed over and is also an index of the other input.
    }], "::llvm::SmallVector<int64_t>", "getInputChannelDims">,
    InterfaceMethod<[{
      Multiply-accumulate operations of one execution with dense weights.
    }], "int64_t", "getMacs">,
  ];
}

#endif // PRUNE_INTERFACES_PRUNABLEOPINTERFACE_TD
