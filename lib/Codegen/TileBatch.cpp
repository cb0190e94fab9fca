//===- TileBatch.cpp - A few images at a time -----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The function is cloned and gets a smaller batch by prune-set-batch-size,
// which knows whether rows of a batch are independent. A loop calls the clone
// on slices; the call is inlined later. Where kernels with images in their
// lanes begin, the function is cut, and each part of it has a loop for itself.
//
//===----------------------------------------------------------------------===//

#include "Prune/Codegen/Passes.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"
#include "Prune/Kernels/BatchCuts.h"
#include "Prune/Kernels/BatchParts.h"
#include "Prune/Kernels/KernelPlan.h"
#include "Prune/Kernels/MachineModel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-tile-batch"

namespace mlir::prune {
#define GEN_PASS_DEF_TILEBATCHPASS
#include "Prune/Codegen/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {

/// Operations of a function that become one of their own.
struct Outline {
  ValueRange inputs, results;
  llvm::function_ref<bool(Operation *)> contains;
};

struct TileBatch : prune::impl::TileBatchPassBase<TileBatch> {
  using Base::Base;

  void runOnOperation() override;
  void tile(func::FuncOp function, int64_t batch, int64_t parts,
            SymbolTable &symbols);
  void tilePart(func::FuncOp function, int64_t batch, bool hasLanes,
                SymbolTable &symbols);
  func::FuncOp outline(func::FuncOp function, const Outline &part,
                       StringRef name, SymbolTable &symbols);
  void cut(func::FuncOp function, int64_t batch, Operation *first,
           SymbolTable &symbols);
};

} // namespace

/// Bytes of the second cache of this computer, or a common number.
static int64_t getCacheBytes() {
  constexpr int64_t kCommon = 1 << 20;
  int64_t bytes = MachineKey::getHost(/*threads=*/1).caches[1];
  return bytes > 0 ? bytes : kCommon;
}

static RankedTensorType resize(Type type, int64_t batch) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  shape.front() = batch;
  return tensor.clone(shape);
}

/// Replaces the body by a loop that calls `part` on slices of the batch.
static void buildLoop(func::FuncOp function, func::FuncOp part, int64_t batch,
                      int64_t images) {
  function.getBody().front().clear();
  ImplicitLocOpBuilder b(function.getLoc(), function.getContext());
  b.setInsertionPointToStart(&function.getBody().front());
  Value begin = arith::ConstantIndexOp::create(b, 0);
  Value end = arith::ConstantIndexOp::create(b, batch);
  Value step = arith::ConstantIndexOp::create(b, images);
  SmallVector<Value> results;
  for (Type type : function.getResultTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    Value empty =
        tensor::EmptyOp::create(b, tensor.getShape(), tensor.getElementType());
    results.push_back(empty);
  }
  auto getSlice = [&](Value index, Type type,
                      SmallVector<OpFoldResult> &offsets,
                      SmallVector<OpFoldResult> &sizes,
                      SmallVector<OpFoldResult> &strides) {
    auto tensor = cast<RankedTensorType>(type);
    offsets.assign(tensor.getRank(), b.getIndexAttr(0));
    strides.assign(tensor.getRank(), b.getIndexAttr(1));
    sizes = getAsIndexOpFoldResult(b.getContext(), tensor.getShape());
    offsets.front() = index;
    sizes.front() = b.getIndexAttr(images);
  };
  auto build = [&](OpBuilder &, Location, Value index, ValueRange carried) {
    SmallVector<Value> slices, inserted;
    SmallVector<OpFoldResult> offsets, sizes, strides;
    for (Value argument : function.getArguments()) {
      getSlice(index, argument.getType(), offsets, sizes, strides);
      Value slice =
          tensor::ExtractSliceOp::create(b, argument, offsets, sizes, strides);
      slices.push_back(slice);
    }
    auto call = func::CallOp::create(b, part, slices);
    for (auto [result, whole] : llvm::zip_equal(call.getResults(), carried)) {
      getSlice(index, whole.getType(), offsets, sizes, strides);
      Value next = tensor::InsertSliceOp::create(b, result, whole, offsets,
                                                 sizes, strides);
      inserted.push_back(next);
    }
    scf::YieldOp::create(b, inserted);
  };
  OpBuilder::InsertionGuard guard(b);
  auto loop = scf::ForOp::create(b, begin, end, step, results, build);
  b.setInsertionPointToEnd(&function.getBody().front());
  func::ReturnOp::create(b, loop.getResults());
}

/// A part of the batch at a time.
void TileBatch::tilePart(func::FuncOp function, int64_t batch, bool hasLanes,
                         SymbolTable &symbols) {
  bool isGiven = images > 0 && (!hasLanes || images % assembly::kLanes == 0);
  int64_t parts = isGiven ? int64_t(images)
                          : chooseBatchPart(function, batch, threads,
                                            getCacheBytes(), hasLanes);
  tile(function, batch, parts, symbols);
}

void TileBatch::tile(func::FuncOp function, int64_t batch, int64_t parts,
                     SymbolTable &symbols) {
  if (parts >= batch || batch % parts != 0)
    return;
  func::FuncOp part = function.clone();
  part.setName((function.getName() + "_part").str());
  part.setPrivate();
  symbols.insert(part, std::next(Block::iterator(function)));
  OpPassManager pipeline(ModuleOp::getOperationName());
  SetBatchSizePassOptions options;
  options.batch = parts;
  options.functions = {part.getName().str()};
  pipeline.addPass(createSetBatchSizePass(options));
  bool isSplit;
  {
    // Where rows of the batch depend on each other, it stays whole.
    ScopedDiagnosticHandler quiet(&getContext(), [](Diagnostic &) {});
    isSplit = succeeded(runPipeline(pipeline, getOperation()));
  }
  for (auto [type, whole] :
       llvm::zip_equal(part.getResultTypes(), function.getResultTypes()))
    isSplit &= type == resize(whole, parts);
  if (!isSplit) {
    symbols.erase(part);
    return;
  }
  LDBG() << parts << " of " << batch
         << " images at a time: " << function.getName();
  remark::passed(function.getLoc(),
                 remark::RemarkOpts::name("BatchTiled").category(DEBUG_TYPE))
      << (Twine(parts) + " of " + Twine(batch) + " images at a time").str();
  buildLoop(function, part, batch, parts);
  ++numFunctions;
}

/// A private function of some operations.
func::FuncOp TileBatch::outline(func::FuncOp function, const Outline &part,
                                StringRef name, SymbolTable &symbols) {
  OpBuilder b(&getContext());
  auto type =
      b.getFunctionType(part.inputs.getTypes(), part.results.getTypes());
  auto outlined = func::FuncOp::create(b, function.getLoc(),
                                       (function.getName() + name).str(), type);
  outlined.setPrivate();
  Block *body = outlined.addEntryBlock();
  IRMapping mapping;
  mapping.map(part.inputs, body->getArguments());
  for (auto [i, input] : llvm::enumerate(part.inputs))
    outlined.setArgAttr(i, PruneDialect::kInputAttrName,
                        b.getStringAttr("cut" + Twine(i)));
  b.setInsertionPointToStart(body);
  for (Operation &op : function.getBody().front().without_terminator())
    if (part.contains(&op))
      b.clone(op, mapping);
  SmallVector<Value> results = llvm::map_to_vector(
      part.results, [&](Value value) { return mapping.lookup(value); });
  func::ReturnOp::create(b, function.getLoc(), results);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  symbols.insert(outlined, std::next(Block::iterator(function)));
  return outlined;
}

/// Cuts the function in front of the kernels whose lanes are images, of which
/// `first` is the first, where the least passes from the layers before.
void TileBatch::cut(func::FuncOp function, int64_t batch, Operation *first,
                    SymbolTable &symbols) {
  Operation *previous = nullptr;
  for (Operation &op : function.getBody().front()) {
    if (&op == first)
      break;
    if (op.hasAttr(PruneDialect::kKernelAttrName))
      previous = &op;
  }
  BatchCuts cuts(function, batch);
  Operation *place = previous ? cuts.find(previous, first) : nullptr;
  if (!place)
    return tilePart(function, batch, /*hasLanes=*/true, symbols);
  auto isFront = [&](Operation *op) { return op->isBeforeInBlock(place); };
  auto isBack = [&](Operation *op) {
    return !op->isBeforeInBlock(place) || !cuts.isDependent(op);
  };
  SmallVector<Value> live = cuts.getLive(place);
  Operation *end = function.getBody().front().getTerminator();
  SmallVector<Value> arguments(function.getArguments());
  func::FuncOp front =
      outline(function, {arguments, live, isFront}, "_front", symbols);
  func::FuncOp back =
      outline(function, {live, end->getOperands(), isBack}, "_back", symbols);
  remark::passed(first->getLoc(),
                 remark::RemarkOpts::name("BatchCut").category(DEBUG_TYPE))
      << (Twine(*cuts.countElements(place)) +
          " elements pass from the layers before to those whose lanes are "
          "images")
             .str();
  function.getBody().front().clear();
  OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
  auto begin = func::CallOp::create(b, function.getLoc(), front, arguments);
  auto rest =
      func::CallOp::create(b, function.getLoc(), back, begin.getResults());
  func::ReturnOp::create(b, function.getLoc(), rest.getResults());
  tilePart(front, batch, /*hasLanes=*/false, symbols);
  tilePart(back, batch, /*hasLanes=*/true, symbols);
}

/// The first layer whose lanes are images.
static Operation *findImageLanes(func::FuncOp function, int64_t batch) {
  if (batch % assembly::kLanes != 0)
    return nullptr;
  for (Operation &op : function.getBody().front())
    if (getSetting(op.getAttrOfType<KernelAttr>(PruneDialect::kKernelAttrName),
                   "image_lanes")
            .value_or(0))
      return &op;
  return nullptr;
}

void TileBatch::runOnOperation() {
  SymbolTable symbols(getOperation());
  SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
  for (func::FuncOp function : functions)
    if (int64_t batch = getSplitBatch(function); batch > 1) {
      if (Operation *first = findImageLanes(function, batch))
        cut(function, batch, first, symbols);
      else
        tilePart(function, batch, /*hasLanes=*/false, symbols);
    }
}
