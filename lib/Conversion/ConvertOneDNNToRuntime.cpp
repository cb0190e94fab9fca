//===- ConvertOneDNNToRuntime.cpp - oneDNN ops to calls -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each operation on memrefs becomes one call of the runtime's C interface with
// raw pointers, extents and leading dimensions, or, where a window moves over
// images, the address of a constant array that describes it. A call site owns a
// private global of pointer size, in which the runtime keeps its primitive; a
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

static LogicalResult convertSpmm(onednn::SpmmOp op, ModuleOp module,
                                 LLVM::GlobalOp slot) {
  CallBuilder call(op);
  call.addAddress(slot);
  call.addPointer(op.getValues());
  call.addPointer(op.getIndices());
  call.addPointer(op.getPointers());
  call.addPointer(op.getX());
  call.addPointer(op.getBias());
  call.addPointer(op.getOutput());
  call.addExtent(op.getOutput(), 0);
  call.addExtent(op.getOutput(), 1);
  call.addExtent(op.getX(), 0);
  call.addLeadingDimension(op.getX());
  call.addLeadingDimension(op.getOutput());
  call.addInteger(op.getConstantValues() ? ConstantValues : 0);
  call.addInteger(static_cast<int64_t>(op.getActivation()));
  return call.call("prune_rt_spmm_f32", module);
}

static LogicalResult convertLanePermute(onednn::LanePermuteOp op,
                                        ModuleOp module) {
  CallBuilder call(op);
  call.addPointer(op.getValues());
  call.addPointer(op.getSteps());
  call.addPointer(op.getGroups());
  call.addPointer(op.getRows());
  call.addPointer(op.getX());
  call.addPointer(op.getBias());
  call.addPointer(op.getOutput());
  call.addExtent(op.getOutput(), 1);
  call.addExtent(op.getOutput(), 0);
  call.addExtent(op.getX(), 1);
  call.addLeadingDimension(op.getX());
  call.addLeadingDimension(op.getOutput());
  call.addInteger(static_cast<int64_t>(op.getActivation()));
  return call.call("prune_rt_lane_permute_f32", module);
}

static LogicalResult convertSddmm(onednn::SddmmOp op, ModuleOp module) {
  CallBuilder call(op);
  call.addPointer(op.getIndices());
  call.addPointer(op.getPointers());
  call.addPointer(op.getA());
  call.addPointer(op.getB());
  call.addPointer(op.getOutput());
  call.addExtent(op.getA(), 0);
  call.addExtent(op.getB(), 0);
  call.addExtent(op.getA(), 1);
  call.addLeadingDimension(op.getA());
  call.addLeadingDimension(op.getB());
  return call.call("prune_rt_sddmm_f32", module);
}

static LogicalResult convertTranspose(onednn::TransposeOp op, ModuleOp module) {
  CallBuilder call(op);
  call.addPointer(op.getX());
  call.addPointer(op.getOutput());
  call.addExtent(op.getX(), 0);
  call.addExtent(op.getX(), 1);
  call.addLeadingDimension(op.getX());
  call.addLeadingDimension(op.getOutput());
  return call.call("prune_rt_transpose_f32", module);
}

static LogicalResult convertSelectGroups(onednn::SelectGroupsOp op,
                                         ModuleOp module,
                                         SymbolTable &symbols) {
  CallBuilder call(op);
  call.addPointer(op.getScores());
  call.addPointer(op.getOutput());
  call.addNumbers(op.getGroups(), module, symbols);
  call.addInteger(op.getGroups().size() / 2);
  call.addScalar(op.getSparsity());
  return call.call("prune_rt_select_groups_f32", module);
}

/// True for a call that prepares nothing and so has no slot.
static bool needsNoSlot(Operation *op) {
  return isa<onednn::LanePermuteOp, onednn::SelectGroupsOp, onednn::SddmmOp,
             onednn::TransposeOp>(op);
}

static LogicalResult convertWithoutSlot(Operation *op, ModuleOp module,
                                        SymbolTable &symbols) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<onednn::SelectGroupsOp>(
          [&](auto op) { return convertSelectGroups(op, module, symbols); })
      .Case<onednn::LanePermuteOp>(
          [&](auto op) { return convertLanePermute(op, module); })
      .Case<onednn::SddmmOp>([&](auto op) { return convertSddmm(op, module); })
      .Case<onednn::TransposeOp>(
          [&](auto op) { return convertTranspose(op, module); });
}

static LogicalResult convertWithSlot(Operation *op, ModuleOp module,
                                     LLVM::GlobalOp slot,
                                     SymbolTable &symbols) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<onednn::MatmulOp>(
          [&](auto op) { return convertMatmul(op, module, slot); })
      .Case<onednn::SpmmOp>(
          [&](auto op) { return convertSpmm(op, module, slot); })
      .Case<onednn::WindowOpInterface>(
          [&](auto op) { return convertWindowOp(op, module, slot, symbols); });
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
      if (!needsNoSlot(op) &&
          !isa<onednn::MatmulOp, onednn::SpmmOp, onednn::WindowOpInterface>(op))
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
      if (needsNoSlot(op)) {
        if (failed(convertWithoutSlot(op, module, symbols)))
          return failure();
      } else {
        LLVM::GlobalOp slot = createSlot(module, op->getLoc(), symbols);
        slots.push_back(slot);
        if (failed(convertWithSlot(op, module, slot, symbols)))
          return failure();
      }
      op->erase();
      ++numCalls;
    }
    if (slots.empty())
      return success();
    return createDestructor(module, symbols, slots);
  }
};

} // namespace
