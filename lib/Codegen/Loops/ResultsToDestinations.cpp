//===- ResultsToDestinations.cpp - prune-results-to-destinations ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Rewrites the signature of public functions to memrefs before bufferization,
// so that results are computed where the caller wants them. State is read and
// written through one buffer: the operation that produces the new state moves
// to the end of the block, where nothing reads the old one any more, and
// one-shot bufferization then updates in place. Linear in the size of the
// functions.
//
//===----------------------------------------------------------------------===//

#include "Prune/Codegen/Loops/Passes.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Destinations.h"

#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-results-to-destinations"

namespace mlir::prune {
#define GEN_PASS_DEF_RESULTSTODESTINATIONSPASS
#include "Prune/Codegen/Loops/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// Memref that holds a tensor or scalar of the given type, null when there is
/// none.
static MemRefType getBufferType(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type)) {
    if (!tensor.hasStaticShape())
      return {};
    return MemRefType::get(tensor.getShape(), tensor.getElementType());
  }
  if (MemRefType::isValidElementType(type))
    return MemRefType::get({}, type);
  return {};
}

/// Everything that must hold before a function is changed.
static LogicalResult checkFunction(func::FuncOp function,
                                   ArrayRef<unsigned> destinations) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("has ")
           << function.getBody().getBlocks().size()
           << " blocks, expected structured control flow in one block";
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    if (isa<TensorType>(type) && !getBufferType(type))
      return function.emitOpError("argument ")
             << i << " has type " << type << ", expected a static shape";
  for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
    if (!getBufferType(type))
      return function.emitOpError("result ")
             << i << " has type " << type
             << ", expected a tensor of static shape or a scalar";
    if (destinations[i] < function.getNumArguments() && !isa<TensorType>(type))
      return function.emitOpError("state result ")
             << i << " has type " << type << ", expected a tensor";
  }
  return success();
}

/// Replaces tensor arguments by memrefs; those in `updated` may be written.
static void convertArguments(func::FuncOp function,
                             const llvm::SmallDenseSet<unsigned> &updated) {
  OpBuilder builder = OpBuilder::atBlockBegin(&function.getBody().front());
  for (BlockArgument argument : function.getArguments()) {
    auto tensor = dyn_cast<RankedTensorType>(argument.getType());
    if (!tensor)
      continue;
    argument.setType(getBufferType(tensor));
    auto value = bufferization::ToTensorOp::create(
        builder, argument.getLoc(), tensor, argument, /*restrict=*/true,
        /*writable=*/updated.contains(argument.getArgNumber()));
    argument.replaceAllUsesExcept(value, value);
  }
}

/// Appends an argument for result `index` and returns it.
static BlockArgument addDestination(func::FuncOp function, unsigned index) {
  Type type = function.getResultTypes()[index];
  Builder builder(function.getContext());
  NamedAttrList attributes(function.getResultAttrDict(index));
  attributes.set(PruneDialect::kResultAttrName,
                 builder.getI64IntegerAttr(index));
  unsigned position = function.getNumArguments();
  (void)function.insertArgument(position, getBufferType(type),
                                attributes.getDictionary(function.getContext()),
                                function.getLoc());
  return function.getArgument(position);
}

/// True for an operation that computes on top of an argument of the function.
static bool startsFromArgument(Operation *op) {
  auto destinationStyle = dyn_cast<DestinationStyleOpInterface>(op);
  return destinationStyle &&
         llvm::any_of(destinationStyle.getDpsInits(),
                      [](Value init) { return isa<BlockArgument>(init); });
}

/// Moves the producer of a new state, and what it computes on top of the old
/// one, behind everything that reads the old one.
static void sinkUpdate(Value state, Operation *point) {
  Operation *producer = state.getDefiningOp();
  if (!producer || producer->getBlock() != point->getBlock() ||
      !isMemoryEffectFree(producer))
    return;
  if (!llvm::all_of(producer->getUsers(),
                    [&](Operation *user) { return user == point; }))
    return;
  producer->moveBefore(point);
  for (Value operand : producer->getOperands())
    if (operand.getDefiningOp() && startsFromArgument(operand.getDefiningOp()))
      sinkUpdate(operand, producer);
}

/// True for an operation that is as cheap to repeat as to copy, like a fill: it
/// reads scalars only and starts from nothing.
static bool isRepeatable(Operation *op) {
  auto destinationStyle = dyn_cast<DestinationStyleOpInterface>(op);
  if (!destinationStyle || !isMemoryEffectFree(op))
    return false;
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    Value value = operand.get();
    if (!destinationStyle.isDpsInit(&operand))
      return !isa<ShapedType>(value.getType());
    Operation *definition = value.getDefiningOp();
    return definition && definition->getNumOperands() == 0;
  });
}

/// Gives every computation that starts from `value` a start of its own if the
/// value lasts longer than that: if another one starts from it, too, or it is
/// returned. Else both could be placed in the destination of one result, and
/// writing that result, at the end, would overwrite the other. Bufferization
/// would have to copy in any case.
static void separateStarts(Value value) {
  SmallVector<OpOperand *> starts;
  bool isReturned = false;
  for (OpOperand &use : value.getUses()) {
    auto user = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
    if (user && user.isDpsInit(&use))
      starts.push_back(&use);
    isReturned |= isa<func::ReturnOp>(use.getOwner());
  }
  if (!isReturned && !starts.empty())
    starts.pop_back();
  Operation *definition = value.getDefiningOp();
  for (OpOperand *start : starts) {
    OpBuilder builder(start->getOwner());
    if (isRepeatable(definition)) {
      start->set(builder.clone(*definition)->getResult(0));
      continue;
    }
    auto type = cast<RankedTensorType>(value.getType());
    start->set(bufferization::AllocTensorOp::create(
        builder, value.getLoc(), type, ValueRange(), /*copy=*/value));
  }
}

/// Writes result `index` into its destination, before the terminator.
static void writeResult(Value result, BlockArgument destination, bool isState,
                        func::ReturnOp terminator) {
  OpBuilder builder(terminator);
  Location loc = result.getLoc();
  if (!isa<TensorType>(result.getType())) {
    memref::StoreOp::create(builder, loc, result, destination, ValueRange());
    return;
  }
  // A state argument is read through another tensor already, so only a fresh
  // destination is restrict.
  bufferization::MaterializeInDestinationOp::create(
      builder, loc, /*result=*/Type(), result, destination,
      /*restrict=*/!isState, /*writable=*/true);
}

namespace {

struct ResultsToDestinations
    : prune::impl::ResultsToDestinationsPassBase<ResultsToDestinations> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> functions;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal())
        functions.push_back(function);
    for (func::FuncOp function : functions)
      if (failed(checkNotCalled(function)))
        return signalPassFailure();
    for (func::FuncOp function : functions)
      if (failed(convert(function)))
        return signalPassFailure();
  }

  LogicalResult checkNotCalled(func::FuncOp function) {
    auto uses = SymbolTable::getSymbolUses(function, getOperation());
    if (!uses || uses->empty())
      return success();
    InFlightDiagnostic diagnostic =
        uses->begin()->getUser()->emitOpError("uses the public function '");
    diagnostic << function.getName() << "', expected it to be inlined";
    return diagnostic;
  }

  LogicalResult convert(func::FuncOp function) {
    FailureOr<SmallVector<unsigned>> destinations =
        getResultDestinations(function);
    if (failed(destinations) || failed(checkFunction(function, *destinations)))
      return failure();

    for (Operation &op : llvm::make_early_inc_range(function.getBody().front()))
      if (op.getNumOperands() != 0)
        for (Value result : op.getResults())
          if (isa<RankedTensorType>(result.getType()))
            separateStarts(result);

    unsigned numArguments = function.getNumArguments();
    auto terminator =
        cast<func::ReturnOp>(function.getBody().front().getTerminator());
    llvm::SmallDenseSet<unsigned> updated;
    for (auto [i, argument] : llvm::enumerate(*destinations)) {
      if (argument >= numArguments)
        continue;
      LDBG() << function.getName() << ": result " << i << " updates argument "
             << argument;
      updated.insert(argument);
      sinkUpdate(terminator.getOperand(i), terminator);
      function.setArgAttr(argument, PruneDialect::kResultAttrName,
                          Builder(&getContext()).getI64IntegerAttr(i));
    }
    convertArguments(function, updated);

    // Outputs first: one of them may be the old value of a state.
    SmallVector<Value> results(terminator.getOperands());
    for (bool isState : {false, true})
      for (auto [i, result] : llvm::enumerate(results)) {
        if (((*destinations)[i] < numArguments) != isState)
          continue;
        BlockArgument destination =
            isState ? function.getArgument((*destinations)[i])
                    : addDestination(function, i);
        writeResult(result, destination, isState, terminator);
        ++(isState ? numStates : numDestinations);
      }
    terminator.getOperandsMutable().clear();
    finishSignature(function);
    return success();
  }

  void finishSignature(func::FuncOp function) {
    function.setResAttrsAttr(nullptr);
    SmallVector<Type> inputs(function.getBody().getArgumentTypes());
    function.setType(FunctionType::get(&getContext(), inputs, {}));
    function->setAttr("llvm.emit_c_interface", UnitAttr::get(&getContext()));
  }
};

} // namespace
