//===- PlanArena.cpp - One block of memory for all temporary buffers ------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A buffer that is allocated and freed in one block lives from the one to the
// other. Operations are numbered in the order in which they are written, those
// of a loop inside of it: buffers whose ranges of numbers do not overlap are
// never there at the same time, as an iteration frees what it allocates. The
// largest buffers get their places first, each the lowest where nothing lies
// that lives at the same time. O(buffers^2).
//
//===----------------------------------------------------------------------===//

#include "Prune/Codegen/Loops/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "llvm/Support/DebugLog.h"
#include "llvm/Support/MathExtras.h"

#define DEBUG_TYPE "prune-plan-arena"

namespace mlir::prune {
#define GEN_PASS_DEF_PLANARENAPASS
#include "Prune/Codegen/Loops/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// Alignment of buffers without one of their own: a cache line.
static constexpr int64_t kAlignment = 64;

namespace {

/// A buffer that is allocated and freed in one block.
struct Buffer {
  memref::AllocOp alloc;
  memref::DeallocOp dealloc;
  int64_t bytes, alignment;
  /// Numbers of the operations that allocate and free it.
  int64_t begin = 0, end = 0;
  /// Its place.
  int64_t offset = 0;

  bool livesWith(const Buffer &other) const {
    return begin < other.end && other.begin < end;
  }
};

struct PlanArena : prune::impl::PlanArenaPassBase<PlanArena> {
  using Base::Base;

  void runOnOperation() override;

private:
  void collect(Region &region, int64_t &number);
  void replace(int64_t bytes, int64_t alignment);

  SmallVector<Buffer> buffers;
};

} // namespace

/// The one operation that frees a buffer, if it does so in the same block.
static memref::DeallocOp findDealloc(memref::AllocOp alloc) {
  memref::DeallocOp found;
  for (Operation *user : alloc->getUsers()) {
    auto dealloc = dyn_cast<memref::DeallocOp>(user);
    if (!dealloc)
      continue;
    if (found || dealloc->getBlock() != alloc->getBlock())
      return nullptr;
    found = dealloc;
  }
  return found;
}

/// The buffer of an operation; none when it is not one that has a place.
static std::optional<Buffer> getBuffer(memref::AllocOp alloc) {
  MemRefType type = alloc.getType();
  Type element = type.getElementType();
  if (!type.hasStaticShape() || !type.getLayout().isIdentity() ||
      type.getMemorySpace() || !element.isIntOrIndexOrFloat() ||
      type.getNumElements() == 0)
    return std::nullopt;
  memref::DeallocOp dealloc = findDealloc(alloc);
  if (!dealloc)
    return std::nullopt;
  DataLayout layout = DataLayout::closest(alloc);
  auto width = static_cast<int64_t>(layout.getTypeSize(element));
  auto alignment = static_cast<int64_t>(alloc.getAlignment().value_or(0));
  return Buffer{alloc, dealloc, type.getNumElements() * width,
                std::max(alignment, kAlignment)};
}

/// Whether at most one iteration of the operation's regions runs at a time.
static bool isSequential(Operation *op) {
  return isa<RegionBranchOpInterface>(op) &&
         !op->hasTrait<OpTrait::HasParallelRegion>();
}

void PlanArena::collect(Region &region, int64_t &number) {
  llvm::SmallDenseMap<Operation *, size_t> freed;
  for (Operation &op : region.getOps()) {
    ++number;
    if (auto alloc = dyn_cast<memref::AllocOp>(op)) {
      if (std::optional<Buffer> buffer = getBuffer(alloc)) {
        buffer->begin = number;
        freed[buffer->dealloc] = buffers.size();
        buffers.push_back(*buffer);
      }
    } else if (auto found = freed.find(&op); found != freed.end()) {
      buffers[found->second].end = number;
    } else if (isSequential(&op)) {
      for (Region &inner : op.getRegions())
        collect(inner, number);
    }
  }
}

/// Gives every buffer its place; returns the bytes of all.
static int64_t place(MutableArrayRef<Buffer> buffers) {
  SmallVector<Buffer *> order;
  for (Buffer &buffer : buffers)
    order.push_back(&buffer);
  llvm::sort(order, [](const Buffer *a, const Buffer *b) {
    return std::pair(-a->bytes, a->begin) < std::pair(-b->bytes, b->begin);
  });
  SmallVector<Buffer *> placed;
  int64_t bytes = 0;
  for (Buffer *buffer : order) {
    // In the order of their places.
    for (const Buffer *other : placed) {
      if (!buffer->livesWith(*other))
        continue;
      if (buffer->offset + buffer->bytes <= other->offset)
        break;
      int64_t end = other->offset + other->bytes;
      buffer->offset = std::max<int64_t>(buffer->offset,
                                         llvm::alignTo(end, buffer->alignment));
    }
    auto *behind =
        llvm::upper_bound(placed, buffer, [](const Buffer *a, const Buffer *b) {
          return a->offset < b->offset;
        });
    placed.insert(behind, buffer);
    bytes = std::max(bytes, buffer->offset + buffer->bytes);
  }
  return llvm::alignTo(bytes, kAlignment);
}

/// Bytes of the buffers that live at the same time, where these are most.
static int64_t getMostBytes(ArrayRef<Buffer> buffers) {
  int64_t most = 0;
  for (const Buffer &buffer : buffers) {
    int64_t bytes = 0;
    for (const Buffer &other : buffers)
      if (other.begin <= buffer.begin && buffer.begin < other.end)
        bytes += other.bytes;
    most = std::max(most, bytes);
  }
  return most;
}

/// Fills a buffer with ones, which read as NaN.
static void fillWithOnes(OpBuilder &builder, Location loc, Value buffer) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  TypedAttr ones;
  if (auto type = dyn_cast<FloatType>(element)) {
    const llvm::fltSemantics &semantics = type.getFloatSemantics();
    ones = FloatAttr::get(type, llvm::APFloat::getQNaN(semantics));
  } else {
    ones = builder.getIntegerAttr(element, -1);
  }
  auto value = arith::ConstantOp::create(builder, loc, ones);
  linalg::FillOp::create(builder, loc, ValueRange(value), ValueRange(buffer));
}

/// Makes views of one allocation out of the buffers.
void PlanArena::replace(int64_t bytes, int64_t alignment) {
  func::FuncOp function = getOperation();
  OpBuilder builder = OpBuilder::atBlockBegin(&function.front());
  auto type = MemRefType::get({bytes}, builder.getI8Type());
  auto arena = memref::AllocOp::create(builder, function.getLoc(), type,
                                       builder.getI64IntegerAttr(alignment));
  for (Buffer &buffer : buffers) {
    builder.setInsertionPoint(buffer.alloc);
    Location loc = buffer.alloc.getLoc();
    auto offset = arith::ConstantIndexOp::create(builder, loc, buffer.offset);
    auto view = memref::ViewOp::create(builder, loc, buffer.alloc.getType(),
                                       arena, offset, ValueRange());
    if (fill)
      fillWithOnes(builder, loc, view);
    buffer.dealloc.erase();
    buffer.alloc.replaceAllUsesWith(view.getResult());
    buffer.alloc.erase();
  }
  for (Block &block : function.getBody()) {
    Operation *end = block.getTerminator();
    if (!end->hasTrait<OpTrait::ReturnLike>())
      continue;
    builder.setInsertionPoint(end);
    memref::DeallocOp::create(builder, end->getLoc(), arena);
  }
}

void PlanArena::runOnOperation() {
  func::FuncOp function = getOperation();
  buffers.clear();
  if (function.isExternal())
    return;
  int64_t number = 0;
  collect(function.getBody(), number);
  // One alone is its own arena.
  if (buffers.size() < 2)
    return;
  int64_t bytes = place(buffers), sum = 0, alignment = kAlignment;
  for (const Buffer &buffer : buffers) {
    LDBG() << buffer.bytes << " bytes at " << buffer.offset << ": "
           << buffer.alloc;
    sum += buffer.bytes;
    alignment = std::max(alignment, buffer.alignment);
  }
  numBuffers += buffers.size();
  auto remark = remark::passed(
      function.getLoc(),
      remark::RemarkOpts::name("ArenaPlanned").category(DEBUG_TYPE));
  remark << (Twine(buffers.size()) + " buffers in " + Twine(bytes) + " bytes")
                .str()
         << remark::metric("Function", function.getName())
         << remark::metric("Bytes", bytes)
         << remark::metric("MostBytes", getMostBytes(buffers))
         << remark::metric("BufferBytes", sum);
  replace(bytes, alignment);
}
