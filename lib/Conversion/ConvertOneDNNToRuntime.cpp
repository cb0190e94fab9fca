//===- ConvertOneDNNToRuntime.cpp - oneDNN ops to calls -------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each operation on memrefs becomes one call of the runtime's C interface with
// raw pointers, extents and leading dimensions. A call site owns a private
// global of pointer size, in which the runtime keeps its primitive; a
// destructor of the module releases them all. Linear in the number of
// operations.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/Passes.h"

#include "Prune/Dialect/OneDNN/IR/OneDNN.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#define DEBUG_TYPE "convert-onednn-to-runtime"

namespace mlir::prune {
#define GEN_PASS_DEF_CONVERTONEDNNTORUNTIMEPASS
#include "Prune/Conversion/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;

namespace {

/// Bits of the flags argument; PRUNE_RT_* of prune_runtime.h.
enum RuntimeFlags : int64_t {
  TransposeA = 1,
  TransposeB = 2,
  Accumulate = 4,
  ConstantB = 8
};

/// Collects the arguments of one call.
class CallBuilder {
public:
  CallBuilder(Operation *op) : builder(op->getLoc(), op) {}

  /// The address of a global.
  void addAddress(LLVM::GlobalOp global);
  /// The address of the first element, or null when there is no memref.
  void addPointer(Value memref);
  void addExtent(Value memref, int64_t dim);
  /// Elements between two rows.
  void addLeadingDimension(Value memref);
  void addInteger(int64_t value);

  /// Calls the function, declared in the module when it is not yet.
  LogicalResult call(StringRef name, ModuleOp module);

private:
  Value castToI64(Value index);

  ImplicitLocOpBuilder builder;
  SmallVector<Value> arguments;
};

} // namespace

Value CallBuilder::castToI64(Value index) {
  return arith::IndexCastOp::create(builder, builder.getI64Type(), index);
}

void CallBuilder::addAddress(LLVM::GlobalOp global) {
  Value address = LLVM::AddressOfOp::create(builder, global);
  arguments.push_back(address);
}

void CallBuilder::addPointer(Value memref) {
  auto pointerType = LLVM::LLVMPointerType::get(builder.getContext());
  if (!memref) {
    Value null = LLVM::ZeroOp::create(builder, pointerType);
    arguments.push_back(null);
    return;
  }
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  // Cannot fail: the verifier accepts strided layouts only.
  (void)type.getStridesAndOffset(strides, offset);
  Value index = memref::ExtractAlignedPointerAsIndexOp::create(builder, memref);
  Value base = castToI64(index);
  Value pointer = LLVM::IntToPtrOp::create(builder, pointerType, base);
  if (offset == 0) {
    arguments.push_back(pointer);
    return;
  }
  SmallVector<LLVM::GEPArg> position;
  if (ShapedType::isDynamic(offset)) {
    auto metadata = memref::ExtractStridedMetadataOp::create(builder, memref);
    position.push_back(castToI64(metadata.getOffset()));
  } else {
    position.push_back(static_cast<int32_t>(offset));
  }
  Value shifted = LLVM::GEPOp::create(builder, pointerType,
                                      type.getElementType(), pointer, position);
  arguments.push_back(shifted);
}

void CallBuilder::addExtent(Value memref, int64_t dim) {
  auto type = cast<MemRefType>(memref.getType());
  if (!type.isDynamicDim(dim))
    return addInteger(type.getDimSize(dim));
  Value extent = memref::DimOp::create(builder, memref, dim);
  arguments.push_back(castToI64(extent));
}

void CallBuilder::addLeadingDimension(Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  (void)type.getStridesAndOffset(strides, offset);
  if (!ShapedType::isDynamic(strides.front()))
    return addInteger(strides.front());
  auto metadata = memref::ExtractStridedMetadataOp::create(builder, memref);
  arguments.push_back(castToI64(metadata.getStrides().front()));
}

void CallBuilder::addInteger(int64_t value) {
  Value constant = arith::ConstantIntOp::create(builder, value, /*width=*/64);
  arguments.push_back(constant);
}

LogicalResult CallBuilder::call(StringRef name, ModuleOp module) {
  SmallVector<Type> types = llvm::to_vector(ValueRange(arguments).getTypes());
  auto noResult = LLVM::LLVMVoidType::get(builder.getContext());
  OpBuilder declarations = OpBuilder::atBlockBegin(module.getBody());
  FailureOr<LLVM::LLVMFuncOp> function =
      LLVM::lookupOrCreateFn(declarations, module, name, types, noResult);
  if (failed(function))
    return failure();
  LLVM::CallOp::create(builder, *function, arguments);
  return success();
}

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

static LogicalResult convertCsrMatmul(onednn::CsrMatmulOp op, ModuleOp module,
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
  call.addInteger(static_cast<int64_t>(op.getActivation()));
  return call.call("prune_rt_csr_matmul_f32", module);
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
      if (!isa<onednn::MatmulOp, onednn::CsrMatmulOp>(op))
        return WalkResult::advance();
      if (op->getNumResults() != 0) {
        op->emitOpError("expected memrefs, got tensors: bufferise first");
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
      LLVM::GlobalOp slot = createSlot(module, op->getLoc(), symbols);
      slots.push_back(slot);
      auto matmul = dyn_cast<onednn::MatmulOp>(op);
      if (failed(matmul ? convertMatmul(matmul, module, slot)
                        : convertCsrMatmul(cast<onednn::CsrMatmulOp>(op),
                                           module, slot)))
        return failure();
      op->erase();
      ++numCalls;
    }
    return createDestructor(module, symbols, slots);
  }
};

} // namespace
