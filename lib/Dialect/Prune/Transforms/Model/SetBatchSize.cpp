//===- SetBatchSize.cpp - Another batch size ------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Union-find over the dimensions of all tensors of a function, tied by what
// each operation says of its channels. The classes of the batch dimensions get
// the new size in place; every class is checked before anything changes. Near
// linear in the number of dimensions.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Model/Passes.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Interfaces/ChannelOpInterface.h"
#include "Prune/Support/Parameters.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/IntEqClasses.h"
#include "llvm/ADT/MapVector.h"

#define DEBUG_TYPE "prune-set-batch-size"

namespace mlir::prune {
#define GEN_PASS_DEF_SETBATCHSIZEPASS
#include "Prune/Dialect/Prune/Transforms/Model/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
using Dim = std::pair<Value, unsigned>;

/// Dimensions that have one size, and what stands against changing it.
class DimensionTies final : public ChannelTies {
public:
  /// The operation whose ties are being collected.
  Operation *current = nullptr;

  void tie(Value a, unsigned dimA, Value b, unsigned dimB) override {
    unsigned first = number({a, dimA}), second = number({b, dimB});
    classes.join(first, second);
  }

  void tieBlocks(Value flat, unsigned flatDim, Value part, unsigned partDim,
                 int64_t inner) override {
    if (inner == 1 && getExtent(flat, flatDim) == getExtent(part, partDim))
      return tie(flat, flatDim, part, partDim);
    pin(flat, flatDim, "flattened with another dimension");
    pin(part, partDim, "flattened with another dimension");
  }

  void tieRange(Value a, unsigned dimA, int64_t beginA, Value b, unsigned dimB,
                int64_t beginB, int64_t count) override {
    if (getExtent(a, dimA) == count && getExtent(b, dimB) == count)
      return tie(a, dimA, b, dimB);
    pin(a, dimA, "a part of another dimension");
    pin(b, dimB, "a part of another dimension");
  }

  void pin(Value value, unsigned dim, StringRef reason) override {
    obstacles.push_back({number({value, dim}), current, reason.str()});
  }

  /// Pins all dimensions of a tensor.
  void pinAll(Value value, StringRef reason) {
    if (auto type = dyn_cast<RankedTensorType>(value.getType()))
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        pin(value, dim, reason);
  }

  /// Marks the class of a dimension as batch.
  void addBatch(Value value, unsigned dim) {
    batch.push_back(number({value, dim}));
  }

  /// Finds the classes of the batch; an error when one of them cannot change.
  LogicalResult finish();

  bool isBatch(Value value, unsigned dim) const {
    auto found = numbers.find({value, dim});
    return found != numbers.end() && isBatchNumber(found->second);
  }

  const llvm::MapVector<Dim, unsigned> &getNumbers() const { return numbers; }

private:
  struct Obstacle {
    unsigned dim;
    Operation *op;
    std::string reason;
  };

  static int64_t getExtent(Value value, unsigned dim) {
    return cast<RankedTensorType>(value.getType()).getDimSize(dim);
  }

  unsigned number(Dim dim) {
    auto [entry, isNew] = numbers.insert({dim, numbers.size()});
    if (isNew)
      classes.grow(numbers.size());
    return entry->second;
  }

  bool isBatchNumber(unsigned number) const {
    return llvm::is_contained(leaders, classes.findLeader(number));
  }

  llvm::MapVector<Dim, unsigned> numbers;
  llvm::IntEqClasses classes;
  SmallVector<unsigned> batch;
  SmallVector<unsigned> leaders;
  SmallVector<Obstacle> obstacles;
};
} // namespace

LogicalResult DimensionTies::finish() {
  for (unsigned number : batch) {
    unsigned leader = classes.findLeader(number);
    if (!llvm::is_contained(leaders, leader))
      leaders.push_back(leader);
  }
  for (const Obstacle &obstacle : obstacles)
    if (isBatchNumber(obstacle.dim))
      return obstacle.op->emitError()
             << "cannot change the batch size: it is " << obstacle.reason;
  return success();
}

/// Ties or pins the dimensions that one operation touches.
static void collect(Operation &op, DimensionTies &ties) {
  ties.current = &op;
  for (Region &region : op.getRegions())
    region.walk([&](Operation *nested) {
      for (Value value : nested->getOperands())
        if (value.getParentRegion() != nested->getParentRegion())
          ties.pinAll(value, "used inside this operation");
    });
  if (auto channels = dyn_cast<ChannelOpInterface>(op))
    return channels.tieChannels(ties);
  if (op.hasTrait<OpTrait::IsTerminator>())
    return;
  std::string reason = ("used by '" + op.getName().getStringRef() + "'").str();
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    if (isa<SplatElementsAttr>(constant.getValue()))
      return;
    reason = "a dimension of a constant that is not a splat";
  }
  for (Value value : op.getOperands())
    ties.pinAll(value, reason);
  for (Value value : op.getResults())
    ties.pinAll(value, reason);
}

/// True when the argument is a tensor that comes in batches.
static bool isBatched(FunctionOpInterface function, unsigned argument) {
  auto type =
      dyn_cast<RankedTensorType>(function.getArgument(argument).getType());
  return type && type.getRank() > 0 &&
         function.getArgAttr(argument, PruneDialect::kInputAttrName);
}

/// Gives a value the new size; its elements too when it is a splat.
static void resize(Value value, unsigned dim, int64_t size) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] = size;
  RankedTensorType newType = type.clone(shape);
  value.setType(newType);
  if (auto constant = value.getDefiningOp<arith::ConstantOp>())
    constant.setValueAttr(
        cast<SplatElementsAttr>(constant.getValue()).resizeSplat(newType));
}

/// Makes the signature say what the body does.
static void updateSignature(FunctionOpInterface function, Block &block) {
  SmallVector<Type> results(function.getResultTypes());
  if (block.getTerminator()->getNumOperands() == results.size())
    results.assign(block.getTerminator()->getOperandTypes().begin(),
                   block.getTerminator()->getOperandTypes().end());
  SmallVector<Type> arguments(block.getArgumentTypes());
  function.setType(function.cloneTypeWith(arguments, results));
}

namespace {
struct SetBatchSizePass final
    : prune::impl::SetBatchSizePassBase<SetBatchSizePass> {
  using SetBatchSizePassBase::SetBatchSizePassBase;

  void runOnOperation() override {
    if (batch < 1) {
      getOperation().emitError()
          << "expected a batch size of at least 1, got " << batch.getValue();
      return signalPassFailure();
    }
    for (auto function : getOperation().getOps<FunctionOpInterface>())
      if (isChosen(function) && failed(change(function)))
        return signalPassFailure();
  }

  bool isChosen(FunctionOpInterface function) {
    if (function.isExternal())
      return false;
    if (!functions.empty())
      return llvm::is_contained(functions, function.getName().str());
    return llvm::any_of(llvm::seq(0u, function.getNumArguments()),
                        [&](unsigned i) { return isBatched(function, i); });
  }

  LogicalResult verify(FunctionOpInterface function) {
    if (!function.getFunctionBody().hasOneBlock())
      return function.emitError()
             << "expected a function of one block to change the batch size of";
    std::optional<SymbolTable::UseRange> uses =
        SymbolTable::getSymbolUses(function, getOperation());
    if (uses && !uses->empty())
      return function.emitError()
             << "expected a function that nothing refers to, as its signature "
                "would change, got a reference to '"
             << function.getName() << "'";
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (isBatched(function, i))
        return success();
    return function.emitError()
           << "expected a tensor argument with prune.input to change the batch "
              "size of";
  }

  LogicalResult change(FunctionOpInterface function) {
    if (failed(verify(function)))
      return failure();
    Block &block = function.getFunctionBody().front();
    DimensionTies ties;
    ties.current = function;
    for (BlockArgument argument : block.getArguments()) {
      if (isBatched(function, argument.getArgNumber()))
        ties.addBatch(argument, 0);
      else if (getParam(argument))
        ties.pinAll(argument, "a dimension of parameter '" +
                                  getDisplayName(argument) + "'");
    }
    for (Operation &op : block)
      collect(op, ties);
    if (failed(ties.finish()))
      return failure();

    for (const auto &[dim, number] : ties.getNumbers())
      if (ties.isBatch(dim.first, dim.second))
        resize(dim.first, dim.second, batch);
    for (auto op : block.getOps<ChannelOpInterface>())
      op.updateAttributes();
    updateSignature(function, block);
    ++numFunctionsChanged;
    return success();
  }
};
} // namespace
