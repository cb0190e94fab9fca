//===- ConvertKernelToRuntime.cpp - Kernels of our own to calls -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each operation on memrefs becomes one call of the runtime's C interface. Of
// generated code, code, stream, segments and panels become constants of the
// module; a further constant, prune_rt_generated of the runtime's interface,
// has their addresses.
//
//===----------------------------------------------------------------------===//

#include "Prune/Conversion/Passes.h"

#include "RuntimeCall.h"

#include "Prune/Dialect/Kernel/IR/Kernel.h"

#include "prune_runtime.h"

#include "llvm/ADT/TypeSwitch.h"
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
              unsigned(kernel::GridTogether) == PRUNE_RT_GRID_TOGETHER);
static_assert(sizeof(prune_rt_panel) ==
              kernel::kPanelNumbers * sizeof(int32_t));
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

/// The weights are a stream, and there is no code.
static bool isStreamed(kernel::GeneratedOp op) {
  return op.getIsa() == "portable";
}

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
  LLVM::GlobalOp code;
  if (!isStreamed(op)) {
    code = createData("prune_code", op.getCode());
    code.setSection(kCodeSection);
  }
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
  if (code) {
    addAddress(plan, code);
  } else {
    Value none = LLVM::ZeroOp::create(builder, op.getLoc(), pointer);
    addWord(plan, none);
  }
  addAddress(plan, stream);
  addAddress(plan, segments);
  addNumber(plan, op.getSegments().size() / 2);
  addAddress(plan, panels);
  addNumber(plan, op.getPanels().size() / kernel::kPanelNumbers);
  for (int64_t extent : op.getShape())
    addNumber(plan, extent);
  LLVM::ReturnOp::create(builder, op.getLoc(), plan);
  return global;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

static LogicalResult convertSpmm(kernel::SpmmOp op, ModuleOp module) {
  CallBuilder call(op);
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
  return call.call("prune_rt_spmm_f32", module);
}

static LogicalResult convertLanePermute(kernel::LanePermuteOp op,
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

static LogicalResult convertSddmm(kernel::SddmmOp op, ModuleOp module) {
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

static LogicalResult convertTranspose(kernel::TransposeOp op, ModuleOp module) {
  CallBuilder call(op);
  call.addPointer(op.getX());
  call.addPointer(op.getOutput());
  call.addExtent(op.getX(), 0);
  call.addExtent(op.getX(), 1);
  call.addLeadingDimension(op.getX());
  call.addLeadingDimension(op.getOutput());
  return call.call("prune_rt_transpose_f32", module);
}

static LogicalResult convertSelectGroups(kernel::SelectGroupsOp op,
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

/// The function of a pooling, and whether its averages count padding.
static std::pair<StringRef, bool> getPooling(Operation *op) {
  using Result = std::pair<StringRef, bool>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<kernel::MaxPoolOp>(
          [](auto) { return Result("prune_rt_max_pool_f32", false); })
      .Case<kernel::MaxPoolBackwardOp>(
          [](auto) { return Result("prune_rt_max_pool_backward_f32", false); })
      .Case<kernel::AveragePoolOp>([](auto op) {
        return Result("prune_rt_average_pool_f32", op.getIncludePadding());
      })
      .Case<kernel::AveragePoolBackwardOp>([](auto op) {
        return Result("prune_rt_average_pool_backward_f32",
                      op.getIncludePadding());
      });
}

static LogicalResult convertPooling(kernel::WindowOpInterface op,
                                    ModuleOp module, SymbolTable &symbols) {
  CallBuilder call(op);
  for (Value operand : op->getOperands())
    call.addPointer(operand);
  auto pool = dyn_cast<kernel::MaxPoolOp>(op.getOperation());
  if (pool && !pool.getWorkspace())
    call.addPointer(Value());
  call.addNumbers(op.getWindowShape().toArray(), module, symbols);
  auto [function, includesPadding] = getPooling(op);
  call.addInteger(includesPadding ? IncludePadding : 0);
  return call.call(function, module);
}

static LogicalResult convertSparseConvolution(kernel::SparseConvolutionOp op,
                                              ModuleOp module,
                                              SymbolTable &symbols) {
  CallBuilder call(op);
  call.addPointer(op.getValues());
  call.addPointer(op.getIndices());
  call.addPointer(op.getPointers());
  call.addPointer(op.getX());
  call.addPointer(op.getBias());
  call.addPointer(op.getOutput());
  call.addNumbers(op.getWindowShape().toArray(), module, symbols);
  call.addInteger(op.getAccumulate() ? Accumulate : 0);
  call.addInteger(static_cast<int64_t>(op.getActivation()));
  return call.call("prune_rt_sparse_convolution_f32", module);
}

/// The gradient by the input or by the values, which may be without a bias.
static LogicalResult convertSparseGradient(kernel::WindowOpInterface op,
                                           StringRef function, ModuleOp module,
                                           SymbolTable &symbols) {
  CallBuilder call(op);
  for (Value operand : op->getOperands())
    call.addPointer(operand);
  auto weights = dyn_cast<kernel::SparseConvolutionBackwardWeightsOp>(*op);
  if (weights && !weights.getBiasOutput())
    call.addPointer(Value());
  call.addNumbers(op.getWindowShape().toArray(), module, symbols);
  return call.call(function, module);
}

static LogicalResult convertReorder(kernel::ReorderOp op, ModuleOp module,
                                    SymbolTable &symbols) {
  CallBuilder call(op);
  call.addPointer(op.getX());
  call.addPointer(op.getOutput());
  call.addNumbers(op.getShape(), module, symbols);
  call.addInteger(op.getReverse());
  return call.call("prune_rt_reorder_f32", module);
}

static LogicalResult convertGenerated(kernel::GeneratedOp op, ModuleOp module,
                                      SymbolTable &symbols) {
  LLVM::GlobalOp plan = PlanBuilder(op, module, symbols).build();
  CallBuilder call(op);
  call.addAddress(plan);
  call.addPointer(op.getX());
  call.addPointer(op.getOutput());
  return call.call(isStreamed(op) ? "prune_rt_streamed_f32"
                                  : "prune_rt_generated_f32",
                   module);
}

static LogicalResult convertOp(Operation *op, ModuleOp module,
                               SymbolTable &symbols) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<kernel::GeneratedOp>(
          [&](auto op) { return convertGenerated(op, module, symbols); })
      .Case<kernel::ReorderOp>(
          [&](auto op) { return convertReorder(op, module, symbols); })
      .Case<kernel::SpmmOp>([&](auto op) { return convertSpmm(op, module); })
      .Case<kernel::SddmmOp>([&](auto op) { return convertSddmm(op, module); })
      .Case<kernel::LanePermuteOp>(
          [&](auto op) { return convertLanePermute(op, module); })
      .Case<kernel::TransposeOp>(
          [&](auto op) { return convertTranspose(op, module); })
      .Case<kernel::SelectGroupsOp>(
          [&](auto op) { return convertSelectGroups(op, module, symbols); })
      .Case<kernel::SparseConvolutionOp>([&](auto op) {
        return convertSparseConvolution(op, module, symbols);
      })
      .Case<kernel::SparseConvolutionBackwardDataOp>([&](auto op) {
        return convertSparseGradient(
            op, "prune_rt_sparse_convolution_backward_data_f32", module,
            symbols);
      })
      .Case<kernel::SparseConvolutionBackwardWeightsOp>([&](auto op) {
        return convertSparseGradient(
            op, "prune_rt_sparse_convolution_backward_weights_f32", module,
            symbols);
      })
      .Case<kernel::WindowOpInterface>(
          [&](auto op) { return convertPooling(op, module, symbols); });
}

namespace {

struct ConvertKernelToRuntime
    : prune::impl::ConvertKernelToRuntimePassBase<ConvertKernelToRuntime> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa_and_present<kernel::KernelDialect>(op->getDialect()))
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
    if (failed(convertOp(op, getOperation(), symbols)))
      return failure();
    op->erase();
    ++numCalls;
    return success();
  }
};

} // namespace
