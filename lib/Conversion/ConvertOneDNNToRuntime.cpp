//===- ConvertOneDNNToRuntime.cpp - oneDNN ops to calls -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each operation on memrefs becomes one call of the runtime's C interface with
// raw pointers, extents and leading dimensions, or, of a convolution, the
// address of a constant array that describes it. A call site owns a private
// global of pointer size, in which the runtime keeps its primitive; a
// destructor of the module releases them all. Linear in the number of
// operations.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/Passes.h"

#include "RuntimeCall.h"

#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "convert-onednn-to-runtime"

namespace mlir::prune {
#define GEN_PASS_DEF_CONVERTONEDNNTORUNTIMEPASS
#include "Prune/Conversion/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// A private global of one null pointer.
static LLVM::GlobalOp createSlot(ModuleOp module, Location loc,
                                 SymbolTable &symbols) {
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto type = LLVM::LLVMPointerType::get(module.getContext());
  auto slot = LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/false,
                                     LLVM::Linkage::Internal, "prune_rt_slot",
                                     /*value=*/Attribute());
  Block *block = builder.createBlock(&slot.getInitializerRegion());
  builder.setInsertionPointToStart(block);
  Value null = LLVM::ZeroOp::create(builder, loc, type);
  LLVM::ReturnOp::create(builder, loc, null);
  symbols.insert(slot);
  return slot;
}

static LogicalResult convertMatmul(onednn::MatmulOp op, ModuleOp module,
                                   LLVM::GlobalOp slot) {
  CallBuilder call(op);
  bool transposeA = op.getTransposeA();
  call.addAddress(slot);
  call.addPointer(op.getA());
  call.addPointer(op.getB());
  call.addPointer(op.getBias());
  call.addPointer(op.getOutput());
  call.addExtent(op.getOutput(), 0);
  call.addExtent(op.getOutput(), 1);
  call.addExtent(op.getA(), transposeA ? 0 : 1);
  call.addLeadingDimension(op.getA());
  call.addLeadingDimension(op.getB());
  call.addLeadingDimension(op.getOutput());
  call.addInteger((transposeA ? TransposeA : 0) |
                  (op.getTransposeB() ? TransposeB : 0) |
                  (op.getAccumulate() ? Accumulate : 0) |
                  (op.getConstantB() ? ConstantB : 0));
  call.addInteger(static_cast<int64_t>(op.getActivation()));
  return call.call("prune_rt_matmul_f32", module);
}

static LogicalResult convertConvolution(onednn::ConvolutionOp op,
                                        ModuleOp module, LLVM::GlobalOp slot,
                                        SymbolTable &symbols) {
  CallBuilder call(op);
  call.addAddress(slot);
  call.addPointer(op.getX());
  call.addPointer(op.getW());
  call.addPointer(op.getBias());
  call.addPointer(op.getOutput());
  call.addNumbers(op.getWindowShape().toArray(), module, symbols);
  call.addInteger((op.getAccumulate() ? Accumulate : 0) |
                  (op.getConstantWeights() ? ConstantB : 0));
  call.addInteger(static_cast<int64_t>(op.getActivation()));
  return call.call("prune_rt_convolution_f32", module);
}

/// The gradient of a convolution by its input or its weights.
template <typename Op>
static LogicalResult convertGradient(Op op, ModuleOp module,
                                     LLVM::GlobalOp slot,
                                     SymbolTable &symbols) {
  constexpr bool byWeights =
      std::is_same_v<Op, onednn::ConvolutionBackwardWeightsOp>;
  CallBuilder call(op);
  call.addAddress(slot);
  for (Value operand : op->getOperands())
    call.addPointer(operand);
  if (byWeights && op->getNumOperands() == 3)
    call.addPointer(Value());
  call.addNumbers(op.getWindowShape().toArray(), module, symbols);
  call.addInteger(0);
  return call.call(byWeights ? "prune_rt_convolution_backward_weights_f32"
                             : "prune_rt_convolution_backward_data_f32",
                   module);
}

static LogicalResult convertOp(Operation *op, ModuleOp module,
                               LLVM::GlobalOp slot, SymbolTable &symbols) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<onednn::MatmulOp>(
          [&](auto op) { return convertMatmul(op, module, slot); })
      .Case<onednn::ConvolutionOp>([&](auto op) {
        return convertConvolution(op, module, slot, symbols);
      })
      .Case<onednn::ConvolutionBackwardDataOp,
            onednn::ConvolutionBackwardWeightsOp>(
          [&](auto op) { return convertGradient(op, module, slot, symbols); });
}

/// Adds a destructor of the module that releases the slots.
static LogicalResult createDestructor(ModuleOp module, SymbolTable &symbols,
                                      ArrayRef<LLVM::GlobalOp> slots) {
  MLIRContext *context = module.getContext();
  auto noResult = LLVM::LLVMVoidType::get(context);
  auto pointerType = LLVM::LLVMPointerType::get(context);
  ImplicitLocOpBuilder builder(module.getLoc(), context);
  builder.setInsertionPointToEnd(module.getBody());
  FailureOr<LLVM::LLVMFuncOp> release = LLVM::lookupOrCreateFn(
      builder, module, "prune_rt_release_slot", pointerType, noResult);
  if (failed(release))
    return failure();
  auto destructor = LLVM::LLVMFuncOp::create(
      builder, "prune_rt_release_slots",
      LLVM::LLVMFunctionType::get(noResult, {}), LLVM::Linkage::Internal);
  symbols.insert(destructor);
  builder.setInsertionPointToStart(destructor.addEntryBlock(builder));
  for (LLVM::GlobalOp slot : slots) {
    Value address = LLVM::AddressOfOp::create(builder, slot);
    LLVM::CallOp::create(builder, *release, address);
  }
  LLVM::ReturnOp::create(builder, ValueRange());
  builder.setInsertionPointToEnd(module.getBody());
  LLVM::GlobalDtorsOp::create(
      builder, builder.getArrayAttr(FlatSymbolRefAttr::get(destructor)),
      builder.getI32ArrayAttr({0}),
      builder.getArrayAttr(LLVM::ZeroAttr::get(context)));
  return success();
}

namespace {

struct ConvertOneDNNToRuntime
    : prune::impl::ConvertOneDNNToRuntimePassBase<ConvertOneDNNToRuntime> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    WalkResult walk = getOperation().walk([&](Operation *op) {
      if (!isa_and_present<onednn::OneDNNDialect>(op->getDialect()))
        return WalkResult::advance();
      if (op->getNumResults() != 0) {
        op->emitOpError("expected memrefs, got tensors: bufferize first");
        return WalkResult::interrupt();
      }
      ops.push_back(op);
      return WalkResult::advance();
    });
    if (walk.wasInterrupted())
      return signalPassFailure();
    if (ops.empty())
      return markAllAnalysesPreserved();
    if (failed(convert(ops)))
      signalPassFailure();
  }

  LogicalResult convert(ArrayRef<Operation *> ops) {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    SmallVector<LLVM::GlobalOp> slots;
    for (Operation *op : ops) {
      LDBG() << "call for " << *op;
      LLVM::GlobalOp slot = createSlot(module, op->getLoc(), symbols);
      slots.push_back(slot);
      if (failed(convertOp(op, module, slot, symbols)))
        return failure();
      op->erase();
      ++numCalls;
    }
    return createDestructor(module, symbols, slots);
  }
};

} // namespace
