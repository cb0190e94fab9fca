//===- LoopEmitter.cpp - Loops over vectors -------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Three shapes of nests come out of a plan:
//
// * element-wise: parallel loops, then the vector loop with loads, body,
// stores;
// * reductions outside the vector loop: parallel loops, then the vector loop
// over
//   chunks of some vectors, whose destinations stay in registers while the
//   reduction loops run inside;
// * reductions along the vector loop, see LoopReduction.cpp.
//
// What is left of the vector loop behind the last full vector is one shorter
// vector of exactly that many lanes: no scalar loop, and no masked access.
//
//===----------------------------------------------------------------------===//

#include "LoopEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::prune;

Value LoopEmitter::constantIndex(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

LoopEmitter::Values
LoopEmitter::emitLoop(int64_t count, int64_t step, ValueRange carried,
                      llvm::function_ref<Values(Value, ValueRange)> body) {
  if (count == 0)
    return Values(carried);
  Value lower = constantIndex(0);
  if (count == 1)
    return body(lower, carried);
  Value upper = constantIndex(count * step);
  Value stride = constantIndex(step);
  auto loop = scf::ForOp::create(builder, loc, lower, upper, stride, carried);
  OpBuilder::InsertionGuard guard(builder);
  // A loop that carries nothing has its terminator already.
  if (carried.empty())
    builder.setInsertionPoint(loop.getBody()->getTerminator());
  else
    builder.setInsertionPointToEnd(loop.getBody());
  Values results = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(builder, loc, results);
  return Values(loop.getResults());
}

LoopEmitter::Values
LoopEmitter::emitNest(ArrayRef<unsigned> loops, ValueRange carried,
                      llvm::function_ref<Values(ValueRange)> body) {
  if (loops.empty())
    return body(carried);
  return emitLoop(plan.extents[loops.front()], 1, carried,
                  [&](Value counter, ValueRange values) {
                    counters[loops.front()] = counter;
                    return emitNest(loops.drop_front(), values, body);
                  });
}

void LoopEmitter::emitThreads(int64_t count,
                              llvm::function_ref<void(Value)> body) {
  Value lower = constantIndex(0);
  Value upper = constantIndex(count);
  Value step = constantIndex(1);
  auto loop = scf::ParallelOp::create(builder, loc, ValueRange(lower),
                                      ValueRange(upper), ValueRange(step));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop.getBody()->getTerminator());
  body(loop.getInductionVars().front());
}

/// Runs `body` in the parallel loops, the outermost on threads.
void LoopEmitter::emitNestOnThreads(llvm::function_ref<void()> body) {
  ArrayRef<unsigned> loops(plan.parallelLoops);
  auto run = [&](ValueRange) {
    body();
    return Values();
  };
  if (!plan.isThreaded || loops.empty()) {
    emitNest(loops, {}, run);
    return;
  }
  emitThreads(plan.extents[loops.front()], [&](Value counter) {
    counters[loops.front()] = counter;
    emitNest(loops.drop_front(), {}, run);
  });
}

void LoopEmitter::emit() {
  emitNestOnThreads([&] {
    invariants.clear();
    loadInvariants();
    if (plan.isReduction)
      emitReduction();
    else
      emitParallel();
  });
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

LoopEmitter::Values LoopEmitter::getIndices(OpOperand *operand) {
  Values indices;
  for (AffineExpr result : op.getMatchingIndexingMap(operand).getResults())
    indices.push_back(counters[cast<AffineDimExpr>(result).getPosition()]);
  return indices;
}

Value LoopEmitter::loadElement(OpOperand *operand) {
  return memref::LoadOp::create(builder, loc, operand->get(),
                                getIndices(operand));
}

Value LoopEmitter::load(OpOperand *operand, int64_t lanes) {
  Type element = getElementTypeOrSelf(operand->get().getType());
  return vector::LoadOp::create(builder, loc, VectorType::get(lanes, element),
                                operand->get(), getIndices(operand));
}

void LoopEmitter::store(OpOperand *operand, Value value) {
  Values indices = getIndices(operand);
  if (isa<VectorType>(value.getType()))
    vector::StoreOp::create(builder, loc, value, operand->get(), indices);
  else
    memref::StoreOp::create(builder, loc, value, operand->get(), indices);
}

/// Loads what neither the vector loop nor a reduction changes.
void LoopEmitter::loadInvariants() {
  for (OpOperand *operand : op.getDpsInputOperands()) {
    if (!isa<MemRefType>(operand->get().getType()) || isVectorized(operand))
      continue;
    AffineMap map = op.getMatchingIndexingMap(operand);
    if (llvm::none_of(plan.reductionLoops,
                      [&](unsigned loop) { return map.isFunctionOfDim(loop); }))
      invariants[operand] = loadElement(operand);
  }
}

/// A vector for an operand that changes along the vector loop, else a scalar.
Value LoopEmitter::loadInput(OpOperand *operand, int64_t lanes) {
  if (!isa<MemRefType>(operand->get().getType()))
    return operand->get();
  if (isVectorized(operand))
    return load(operand, lanes);
  auto found = invariants.find(operand);
  return found == invariants.end() ? loadElement(operand) : found->second;
}

//===----------------------------------------------------------------------===//
// Body
//===----------------------------------------------------------------------===//

Value LoopEmitter::makeVector(Value value, int64_t lanes) {
  if (isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(
      builder, loc, VectorType::get(lanes, value.getType()), value);
}

Value LoopEmitter::emitOp(Operation &bodyOp, IRMapping &mapping,
                          int64_t lanes) {
  if (auto index = dyn_cast<linalg::IndexOp>(bodyOp)) {
    Value counter = counters[index.getDim()];
    if (index.getDim() != plan.vectorLoop)
      return counter;
    auto type = VectorType::get(lanes, builder.getIndexType());
    Value first = makeVector(counter, lanes);
    Value steps = vector::StepOp::create(builder, loc, type);
    return arith::AddIOp::create(builder, loc, first, steps);
  }
  bool isVector = llvm::any_of(bodyOp.getOperands(), [&](Value operand) {
    return isa<VectorType>(mapping.lookupOrDefault(operand).getType());
  });
  if (!isVector)
    return builder.clone(bodyOp, mapping)->getResult(0);
  Values operands;
  for (Value operand : bodyOp.getOperands())
    operands.push_back(makeVector(mapping.lookupOrDefault(operand), lanes));
  Type type = VectorType::get(lanes, bodyOp.getResult(0).getType());
  Operation *created = builder.create(loc, bodyOp.getName().getIdentifier(),
                                      operands, type, bodyOp.getAttrs());
  return created->getResult(0);
}

LoopEmitter::Values LoopEmitter::emitBody(Value base, Piece piece,
                                          ValueRange old) {
  counters[plan.vectorLoop] = base;
  if (piece.offset) {
    Value offset = constantIndex(piece.offset);
    counters[plan.vectorLoop] =
        arith::AddIOp::create(builder, loc, base, offset);
  }
  IRMapping mapping;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    BlockArgument argument = op.getMatchingBlockArgument(operand);
    if (!argument.use_empty())
      mapping.map(argument, loadInput(operand, piece.lanes));
  }
  for (auto [i, init] : llvm::enumerate(op.getDpsInitsMutable())) {
    BlockArgument argument = op.getMatchingBlockArgument(&init);
    if (argument.use_empty())
      continue;
    mapping.map(argument, old.empty() ? load(&init, piece.lanes) : old[i]);
  }
  Block *body = op.getBlock();
  for (Operation &bodyOp : body->without_terminator())
    mapping.map(bodyOp.getResult(0), emitOp(bodyOp, mapping, piece.lanes));
  Values results;
  for (Value yielded : body->getTerminator()->getOperands())
    results.push_back(
        makeVector(mapping.lookupOrDefault(yielded), piece.lanes));
  return results;
}

//===----------------------------------------------------------------------===//
// Parallel vector loop
//===----------------------------------------------------------------------===//

void LoopEmitter::emitParallel() {
  int64_t extent = plan.extents[plan.vectorLoop];
  int64_t chunk = plan.lanes * plan.unroll;
  SmallVector<Piece> pieces;
  for (int64_t i = 0; i < plan.unroll; ++i)
    pieces.push_back({i * plan.lanes, plan.lanes});
  int64_t done = 0;
  if (plan.isThreaded && plan.parallelLoops.empty()) {
    emitTasks(extent / kTaskSize, pieces);
    done = extent / kTaskSize * kTaskSize;
  }
  Value start = constantIndex(done);
  emitLoop((extent - done) / chunk, chunk, {}, [&](Value base, ValueRange) {
    Value shifted = arith::AddIOp::create(builder, loc, start, base);
    emitChunk(shifted, pieces);
    return Values();
  });
  pieces.clear();
  done += (extent - done) / chunk * chunk;
  for (int64_t offset = done; offset < extent; offset += plan.lanes)
    pieces.push_back({offset, std::min(plan.lanes, extent - offset)});
  if (!pieces.empty())
    emitChunk(constantIndex(0), pieces);
}

/// The vector loop in tasks of one size, whatever the number of threads.
void LoopEmitter::emitTasks(int64_t tasks, ArrayRef<Piece> pieces) {
  int64_t chunk = plan.lanes * plan.unroll;
  emitThreads(tasks, [&](Value task) {
    Value size = constantIndex(kTaskSize);
    Value start = arith::MulIOp::create(builder, loc, task, size);
    emitLoop(kTaskSize / chunk, chunk, {}, [&](Value base, ValueRange) {
      Value shifted = arith::AddIOp::create(builder, loc, start, base);
      emitChunk(shifted, pieces);
      return Values();
    });
  });
}

void LoopEmitter::emitChunk(Value base, ArrayRef<Piece> pieces) {
  auto storeAll = [&](Piece piece, ValueRange values) {
    counters[plan.vectorLoop] = base;
    if (piece.offset) {
      Value offset = constantIndex(piece.offset);
      counters[plan.vectorLoop] =
          arith::AddIOp::create(builder, loc, base, offset);
    }
    for (auto [init, value] : llvm::zip_equal(op.getDpsInitsMutable(), values))
      store(&init, value);
  };
  if (plan.reductionLoops.empty()) {
    for (Piece piece : pieces) {
      Values results = emitBody(base, piece, {});
      storeAll(piece, results);
    }
    return;
  }
  Values accumulators;
  for (Piece piece : pieces) {
    Value offset = constantIndex(piece.offset);
    counters[plan.vectorLoop] =
        arith::AddIOp::create(builder, loc, base, offset);
    for (OpOperand &init : op.getDpsInitsMutable())
      accumulators.push_back(load(&init, piece.lanes));
  }
  size_t inits = op.getNumDpsInits();
  Values sums = emitNest(
      plan.reductionLoops, accumulators, [&](ValueRange carried) -> Values {
        Values next;
        for (auto [i, piece] : llvm::enumerate(pieces))
          llvm::append_range(
              next, emitBody(base, piece, carried.slice(i * inits, inits)));
        return next;
      });
  for (auto [i, piece] : llvm::enumerate(pieces))
    storeAll(piece, ValueRange(sums).slice(i * inits, inits));
}
