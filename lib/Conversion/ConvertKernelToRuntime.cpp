//===- ConvertKernelToRuntime.cpp - Generated code to calls ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Code, stream, segments and panels become constants of the module; a further
// constant, prune_rt_generated of the runtime's interface, has their addresses.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/Passes.h"

#include "RuntimeCall.h"

#include "Prune/Dialect/Kernel/IR/Kernel.h"

#include "prune_runtime.h"

#include "llvm/Support/DebugLog.h"

#include <cstddef>

#define DEBUG_TYPE "convert-kernel-to-runtime"

namespace mlir::prune {
#define GEN_PASS_DEF_CONVERTKERNELTORUNTIMEPASS
#include "Prune/Conversion/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

// The numbers of the shape follow six members of 64 bits each.
static_assert(offsetof(prune_rt_generated, images) == 6 * sizeof(int64_t));
static_assert(sizeof(prune_rt_generated) ==
              (6 + kernel::GeneratedShapeSize) * sizeof(int64_t));
static_assert(unsigned(kernel::GridShapeSize) == PRUNE_RT_GRID_SIZE &&
              unsigned(kernel::GridPlane) == PRUNE_RT_GRID_PLANE);
static_assert(sizeof(prune_rt_panel) == 3 * sizeof(int32_t));
static_assert(sizeof(prune_rt_segment_place) == 2 * sizeof(int64_t));

namespace {

/// Makes the constants of one operation.
class PlanBuilder {
public:
  PlanBuilder(kernel::GeneratedOp op, ModuleOp module, SymbolTable &symbols)
      : op(op), context(op.getContext()), symbols(symbols),
        builder(OpBuilder::atBlockBegin(module.getBody())) {}

  /// The constant that prune_rt_generated_f32 takes.
  LLVM::GlobalOp build();

private:
  LLVM::GlobalOp createData(StringRef name, ElementsAttr value);
  void addWord(Value &plan, Value word);
  void addAddress(Value &plan, LLVM::GlobalOp global);
  void addNumber(Value &plan, int64_t number);

  kernel::GeneratedOp op;
  MLIRContext *context;
  SymbolTable &symbols;
  OpBuilder builder;
  int64_t words = 0;
};

} // namespace

LLVM::GlobalOp PlanBuilder::createData(StringRef name, ElementsAttr value) {
  auto type =
      LLVM::LLVMArrayType::get(value.getElementType(), value.getNumElements());
  auto global = LLVM::GlobalOp::create(builder, op.getLoc(), type,
                                       /*isConstant=*/true,
                                       LLVM::Linkage::Internal, name, value);
  global.setAlignment(64);
  symbols.insert(global);
  return global;
}

void PlanBuilder::addWord(Value &plan, Value word) {
  plan = LLVM::InsertValueOp::create(builder, op.getLoc(), plan, word, words++);
}

void PlanBuilder::addAddress(Value &plan, LLVM::GlobalOp global) {
  Value address = LLVM::AddressOfOp::create(builder, op.getLoc(), global);
  addWord(plan, address);
}

void PlanBuilder::addNumber(Value &plan, int64_t number) {
  Value constant = LLVM::ConstantOp::create(builder, op.getLoc(),
                                            builder.getI64Type(), number);
  addWord(plan, constant);
}

LLVM::GlobalOp PlanBuilder::build() {
  LLVM::GlobalOp code = createData("prune_code", op.getCode());
  code.setSection(kCodeSection);
  LLVM::GlobalOp stream = createData("prune_stream", op.getStream());
  LLVM::GlobalOp segments =
      createData("prune_segments", builder.getI64TensorAttr(op.getSegments()));
  LLVM::GlobalOp panels =
      createData("prune_panels", builder.getI32TensorAttr(op.getPanels()));
  auto pointer = LLVM::LLVMPointerType::get(context);
  Type number = builder.getI64Type();
  SmallVector<Type> members = {pointer, pointer, pointer,
                               number,  pointer, number};
  members.append(kernel::GeneratedShapeSize, number);
  auto type = LLVM::LLVMStructType::getLiteral(context, members);
  auto global = LLVM::GlobalOp::create(
      builder, op.getLoc(), type, /*isConstant=*/true, LLVM::Linkage::Internal,
      "prune_plan", /*value=*/Attribute());
  symbols.insert(global);
  builder.createBlock(&global.getInitializerRegion());
  Value plan = LLVM::UndefOp::create(builder, op.getLoc(), type);
  addAddress(plan, code);
  addAddress(plan, stream);
  addAddress(plan, segments);
  addNumber(plan, op.getSegments().size() / 2);
  addAddress(plan, panels);
  addNumber(plan, op.getPanels().size() / 3);
  for (int64_t extent : op.getShape())
    addNumber(plan, extent);
  LLVM::ReturnOp::create(builder, op.getLoc(), plan);
  return global;
}

namespace {

struct ConvertKernelToRuntime
    : prune::impl::ConvertKernelToRuntimePassBase<ConvertKernelToRuntime> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<kernel::GeneratedOp, kernel::ReorderOp>(op))
        ops.push_back(op);
    });
    if (ops.empty())
      return markAllAnalysesPreserved();
    SymbolTable symbols(getOperation());
    for (Operation *op : ops)
      if (failed(convert(op, symbols)))
        return signalPassFailure();
  }

  LogicalResult convert(Operation *op, SymbolTable &symbols) {
    if (op->getNumResults() != 0)
      return op->emitOpError("expected memrefs, got tensors: bufferize first");
    LDBG() << "call for " << op->getLoc();
    auto generated = dyn_cast<kernel::GeneratedOp>(op);
    LogicalResult result =
        generated ? convertGenerated(generated, symbols)
                  : convertReorder(cast<kernel::ReorderOp>(op), symbols);
    if (failed(result))
      return failure();
    op->erase();
    ++numCalls;
    return success();
  }

  LogicalResult convertReorder(kernel::ReorderOp op, SymbolTable &symbols) {
    CallBuilder call(op);
    call.addPointer(op.getX());
    call.addPointer(op.getOutput());
    call.addNumbers(op.getShape(), getOperation(), symbols);
    call.addInteger(op.getReverse());
    return call.call("prune_rt_reorder_f32", getOperation());
  }

  LogicalResult convertGenerated(kernel::GeneratedOp op, SymbolTable &symbols) {
    LLVM::GlobalOp plan = PlanBuilder(op, getOperation(), symbols).build();
    CallBuilder call(op);
    call.addAddress(plan);
    call.addPointer(op.getX());
    call.addPointer(op.getOutput());
    return call.call("prune_rt_generated_f32", getOperation());
  }
};

} // namespace
