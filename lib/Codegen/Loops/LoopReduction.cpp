//===- LoopReduction.cpp - Reductions along vectors -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Some vectors accumulate side by side from the neutral element and are
// combined at the end, first with one another, then across lanes, then with the
// old value of the destination.
//
// Long reductions to a single element are cut into tasks of one size, whose
// vectors are kept and combined in order. The cut does not depend on threads,
// so that the sum has the same bits whether or not tasks run on several.
//
//===----------------------------------------------------------------------===//

#include "LoopEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::prune;

void LoopEmitter::emitReduction() {
  int64_t extent = plan.extents[plan.vectorLoop];
  int64_t tasks = plan.isCut ? extent / kTaskSize : 0;
  Values taskSums;
  if (tasks)
    taskSums = emitSumTasks(tasks);
  int64_t done = tasks * kTaskSize;
  Sums sums;
  if (done < extent)
    sums = accumulate(constantIndex(done), extent - done);
  for (size_t init = 0, e = plan.combiners.size(); init < e; ++init) {
    Values vectors;
    if (tasks)
      vectors.push_back(taskSums[init]);
    if (!sums.full.empty())
      llvm::append_range(vectors, sums.full[init]);
    finishReduction(init, vectors,
                    sums.tail.empty() ? Value() : sums.tail[init]);
  }
}

/// Runs the tasks and combines their vectors in order: one per destination.
LoopEmitter::Values LoopEmitter::emitSumTasks(int64_t tasks) {
  Values partials;
  for (const Combiner &combiner : plan.combiners)
    partials.push_back(allocatePartials(tasks, combiner));
  auto run = [&](Value task) {
    Value size = constantIndex(kTaskSize);
    Value start = arith::MulIOp::create(builder, loc, task, size);
    Sums sums = accumulate(start, kTaskSize);
    for (auto [init, partial] : llvm::enumerate(partials)) {
      Value sum = combineAll(init, sums.full[init]);
      memref::StoreOp::create(builder, loc, sum, partial, task);
    }
  };
  if (plan.isThreaded)
    emitThreads(tasks, run);
  else
    emitLoop(tasks, 1, {}, [&](Value task, ValueRange) {
      run(task);
      return Values();
    });
  Values neutral;
  for (const Combiner &combiner : plan.combiners)
    neutral.push_back(getNeutral(combiner, plan.lanes));
  return emitLoop(tasks, 1, neutral, [&](Value task, ValueRange carried) {
    Values next;
    for (auto [init, partial] : llvm::enumerate(partials)) {
      Value sum = memref::LoadOp::create(builder, loc, partial, task);
      Value old = carried[init];
      next.push_back(combineAll(init, {old, sum}));
    }
    return next;
  });
}

/// Stack memory of one vector per task.
Value LoopEmitter::allocatePartials(int64_t tasks, const Combiner &combiner) {
  // At the entry, so that a loop around does not allocate again and again.
  auto function = op->getParentOfType<FunctionOpInterface>();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.getFunctionBody().front());
  auto type = VectorType::get(plan.lanes, combiner.op->getResult(0).getType());
  return memref::AllocaOp::create(builder, loc, MemRefType::get(tasks, type));
}

/// Accumulates `extent` iterations of the vector loop from `start` on, in all
/// reduction loops.
LoopEmitter::Sums LoopEmitter::accumulate(Value start, int64_t extent) {
  int64_t full = std::min(plan.unroll, extent / plan.lanes);
  int64_t tail = extent % plan.lanes;
  size_t inits = plan.combiners.size();
  // `full` groups of accumulators of all lanes, then one of the tail's lanes.
  SmallVector<Piece> groups;
  for (int64_t i = 0; i < full; ++i)
    groups.push_back({i * plan.lanes, plan.lanes});
  if (tail)
    groups.push_back({extent - tail, tail});
  Values accumulators;
  for (Piece group : groups)
    for (const Combiner &combiner : plan.combiners)
      accumulators.push_back(getNeutral(combiner, group.lanes));
  Values values =
      emitNest(plan.reductionLoops, accumulators, [&](ValueRange carried) {
        return accumulate(start, extent, groups, carried);
      });
  Sums sums;
  sums.full.resize(inits);
  for (size_t init = 0; init < inits; ++init) {
    for (int64_t i = 0; i < full; ++i)
      sums.full[init].push_back(values[i * inits + init]);
    if (tail)
      sums.tail.push_back(values[full * inits + init]);
  }
  return sums;
}

LoopEmitter::Values LoopEmitter::accumulate(Value start, int64_t extent,
                                            ArrayRef<Piece> groups,
                                            ValueRange accumulators) {
  size_t inits = plan.combiners.size();
  bool hasTail = extent % plan.lanes != 0;
  size_t full = groups.size() - hasTail;
  int64_t chunk = full * plan.lanes;
  auto update = [&](Value base, Piece piece, size_t group, Values &values) {
    Values results =
        emitBody(base, piece, ValueRange(values).slice(group * inits, inits));
    llvm::copy(results, values.begin() + group * inits);
  };
  Values values(accumulators);
  int64_t count = chunk ? extent / chunk : 0;
  if (count) {
    Values sums =
        emitLoop(count, chunk, ValueRange(values).take_front(full * inits),
                 [&](Value base, ValueRange carried) {
                   Value shifted =
                       arith::AddIOp::create(builder, loc, start, base);
                   Values next(carried);
                   for (size_t i = 0; i < full; ++i)
                     update(shifted, groups[i], i, next);
                   return next;
                 });
    llvm::copy(sums, values.begin());
  }
  int64_t offset = count * chunk;
  for (size_t i = 0; offset + plan.lanes <= extent; offset += plan.lanes)
    update(start, {offset, plan.lanes}, i++, values);
  if (hasTail)
    update(start, groups.back(), full, values);
  return values;
}

/// One of several values of a destination, combined in order.
Value LoopEmitter::combineAll(unsigned init, ValueRange values) {
  vector::CombiningKind kind = plan.combiners[init].kind;
  Value result;
  for (Value value : values)
    result = result
                 ? vector::makeArithReduction(builder, loc, kind, result, value)
                 : value;
  return result;
}

Value LoopEmitter::getNeutral(const Combiner &combiner, int64_t lanes) {
  Value neutral = arith::ConstantOp::create(
      builder, loc, *arith::getNeutralElement(combiner.op));
  return makeVector(neutral, lanes);
}

/// Combines the lanes of a vector, halves with halves: LLVM's own reductions
/// become scalar where the order of numbers that are no numbers matters.
Value LoopEmitter::reduceLanes(Value vector, const Combiner &combiner) {
  int64_t lanes = cast<VectorType>(vector.getType()).getNumElements();
  int64_t width = llvm::PowerOf2Ceil(lanes);
  auto shuffle = [&](Value other, int64_t first, int64_t count) {
    SmallVector<int64_t> mask;
    for (int64_t i = first; i < first + count; ++i)
      mask.push_back(std::min(i, lanes));
    return vector::ShuffleOp::create(builder, loc, vector, other, mask);
  };
  if (width != lanes) {
    vector = shuffle(getNeutral(combiner, lanes), 0, width);
    lanes = width;
  }
  for (; lanes > 1; lanes /= 2) {
    Value low = shuffle(vector, 0, lanes / 2);
    Value high = shuffle(vector, lanes / 2, lanes / 2);
    vector = vector::makeArithReduction(builder, loc, combiner.kind, low, high);
  }
  return vector::ExtractOp::create(builder, loc, vector, int64_t(0));
}

void LoopEmitter::finishReduction(unsigned init, ValueRange full, Value tail) {
  Value lanes = combineAll(init, full);
  Values parts;
  for (Value vector : {lanes, tail})
    if (vector)
      parts.push_back(reduceLanes(vector, plan.combiners[init]));
  Value result = combineAll(init, parts);
  OpOperand *destination = op.getDpsInitOperand(init);
  Value old = loadElement(destination);
  store(destination, combineAll(init, {old, result}));
}
