//===- RuntimeCall.cpp - Calls of the runtime -----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pointers to the first elements of memrefs, numbers, and arrays of numbers,
// which are constant globals of the module.
//
//===----------------------------------------------------------------------===//

#include "RuntimeCall.h"

#include "prune_runtime.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::prune;

// The compiler's names of the numbers of the interface.
static_assert(TransposeA == PRUNE_RT_TRANSPOSE_A &&
              TransposeB == PRUNE_RT_TRANSPOSE_B &&
              Accumulate == PRUNE_RT_ACCUMULATE &&
              ConstantB == PRUNE_RT_CONSTANT_B &&
              IncludePadding == PRUNE_RT_INCLUDE_PADDING);
static_assert(int(kernel::Activation::None) == PRUNE_RT_ACTIVATION_NONE &&
              int(kernel::Activation::Relu) == PRUNE_RT_ACTIVATION_RELU &&
              int(kernel::Activation::Sigmoid) == PRUNE_RT_ACTIVATION_SIGMOID &&
              int(kernel::Activation::Tanh) == PRUNE_RT_ACTIVATION_TANH);
static_assert(int(kernel::Layout::Nchw) == PRUNE_RT_LAYOUT_NCHW &&
              int(kernel::Layout::Nhwc) == PRUNE_RT_LAYOUT_NHWC);

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

void CallBuilder::addNumbers(ArrayRef<int64_t> numbers, ModuleOp module,
                             SymbolTable &symbols) {
  Attribute value = builder.getI64TensorAttr(numbers);
  auto type = LLVM::LLVMArrayType::get(builder.getI64Type(), numbers.size());
  LLVM::GlobalOp global;
  // Operations of one shape share one array.
  for (auto other : module.getOps<LLVM::GlobalOp>())
    if (other.getConstant() && other.getValueAttr() == value)
      global = other;
  if (!global) {
    OpBuilder globals = OpBuilder::atBlockBegin(module.getBody());
    global = LLVM::GlobalOp::create(
        globals, builder.getLoc(), type,
        /*isConstant=*/true, LLVM::Linkage::Internal, "prune_rt_shape", value);
    symbols.insert(global);
  }
  addAddress(global);
}
