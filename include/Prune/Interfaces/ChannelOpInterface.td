//===- ChannelOpInterface.td - How channels move -----------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_INTERFACES_CHANNELOPINTERFACE_TD
#define PRUNE_INTERFACES_CHANNELOPINTERFACE_TD

include "mlir/IR/OpBase.td"

def ChannelOpInterface : OpInterface<"ChannelOpInterface"> {
  let description = [{
    How single indices (channels) of tensor dimensions move through an operation,
    and how a value that is the same all over a channel moves with them. This is
    all that dead-neuron elimination and its relatives know of an operation;
    other dialects attach external models. An operation without the interface
    keeps all channels that it touches.

    The methods are called in this order: `tieChannels` on every operation, then
    `propagateConstants` in program order, then `markLive` in reverse order until
    nothing changes. These three must not change the IR. When channels leave,
    `foldConstants` is called on every operation while shapes are still the old
    ones; then constants and types shrink, and `updateAttributes` is called.
  }];
  let cppNamespace = "::mlir::prune";
  let methods = [
    InterfaceMethod<[{
      Tells which indices of which dimensions leave only together, and which
      cannot leave, with the reason.
    }], "void", "tieChannels", (ins "::mlir::prune::ChannelTies &":$ties)>,
    InterfaceMethod<[{
      Tensors that the regions of the operation read from outside and that the
      other methods speak for. All others keep their channels.
    }], "::llvm::SmallVector<::mlir::Value>", "getCapturedTensors", (ins),
    [{}], [{ return {}; }]>,
    InterfaceMethod<[{
      Computes what is constant in the results from what is constant in the
      operands.
    }], "void", "propagateConstants", (ins "::mlir::prune::ChannelState &":$state),
    [{}], [{ return; }]>,
    InterfaceMethod<[{
      Marks the channels of operands that the operation mixes into live channels
      of its results and that it could not fold if they left.
    }], "void", "markLive", (ins "::mlir::prune::ChannelState &":$state), [{}], [{ return; }]>,
    InterfaceMethod<[{
      The values of the only result when it rearranges a constant; nothing
      otherwise.
    }], "std::optional<::mlir::prune::ConstantView>", "getConstantView",
    (ins "::mlir::prune::ChannelState &":$state), [{}], [{ return std::nullopt; }]>,
    InterfaceMethod<[{
      Accounts for the constant channels that leave, by changing constants or
      adding operations. Returns how many channels gave something. Shapes are
      the old ones.
    }], "::llvm::FailureOr<int64_t>", "foldConstants",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::prune::ChannelState &":$state),
    [{}], [{ return int64_t(0); }]>,
    InterfaceMethod<[{
      Brings attributes that repeat shapes in line with the types of results.
    }], "void", "updateAttributes", (ins), [{}], [{ return; }]>,
    InterfaceMethod<[{
      What the only result equals when all channels that it mixes are gone, made
      of the operands; null when that is not defined. Types have shrunk.
    }], "::mlir::Value", "getValueWhenEmpty", (ins "::mlir::OpBuilder &":$builder),
    [{}], [{ return {}; }]>,
    InterfaceMethod<[{
      Changes constants behind the only result so that it grows by `offsets[i]` at
      every index `i` of dimension `dim`. Fails, without a change, when it cannot.
    }], "::llvm::LogicalResult", "addToResult",
    (ins "unsigned":$dim, "::llvm::ArrayRef<double>":$offsets),
    [{}], [{ return ::mlir::failure(); }]>,
    InterfaceMethod<[{
      Changes other constants of the operation as if `operand` grew by
      `offsets[i]` at every index `i` of dimension `dim`. Fails, without a change,
      when it cannot.
    }], "::llvm::LogicalResult", "addToOperand",
    (ins "::mlir::OpOperand &":$operand, "unsigned":$dim, "::llvm::ArrayRef<double>":$offsets),
    [{}], [{ return ::mlir::failure(); }]>,
  ];
}

#endif // PRUNE_INTERFACES_CHANNELOPINTERFACE_TD
