//===- StoreMasksAsBytes.cpp - prune-store-masks-as-bytes -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Changes the type of every tensor of i1 in place and repairs the places where
// elements meet tensors: bodies of linalg operations, scalar accesses and
// constants. Operations that only move elements need no repair. Linear in the
// size of the module.
//
//===----------------------------------------------------------------------===//

#include "Prune/Codegen/Loops/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-store-masks-as-bytes"

namespace mlir::prune {
#define GEN_PASS_DEF_STOREMASKSASBYTESPASS
#include "Prune/Codegen/Loops/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;

/// The tensor of bytes for a tensor of bits, null for any other type.
static RankedTensorType getByteType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.getElementType().isInteger(1))
    return {};
  return tensor.clone(IntegerType::get(type.getContext(), 8));
}

static bool touchesBits(Operation *op) {
  auto isBits = [](Type type) { return static_cast<bool>(getByteType(type)); };
  return llvm::any_of(op->getOperandTypes(), isBits) ||
         llvm::any_of(op->getResultTypes(), isBits);
}

/// Operations that move tensors or elements without looking at them.
static bool isTransparent(Operation *op) {
  if (isa<tensor::TensorDialect>(op->getDialect()))
    return !isa<tensor::GenerateOp, tensor::PadOp, tensor::BitcastOp>(op);
  return isa<func::ReturnOp, func::CallOp, scf::IfOp, scf::ForOp, scf::YieldOp>(
             op) ||
         isa<linalg::LinalgDialect>(op->getDialect());
}

static Value toByte(OpBuilder &builder, Location loc, Value bit) {
  return arith::ExtUIOp::create(builder, loc, builder.getI8Type(), bit);
}

static Value toBit(OpBuilder &builder, Location loc, Value byte) {
  Value zero = arith::ConstantOp::create(builder, loc, builder.getI8Type(),
                                         builder.getI8IntegerAttr(0));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, byte,
                               zero);
}

/// Bytes of an i1 constant, zero or one.
static ElementsAttr widenConstant(ElementsAttr bits, RankedTensorType type) {
  // A resource holds bytes already.
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(bits))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  if (bits.isSplat())
    return DenseElementsAttr::get(
        type, static_cast<int8_t>(bits.getSplatValue<bool>()));
  SmallVector<int8_t> bytes;
  bytes.reserve(bits.getNumElements());
  for (bool bit : bits.getValues<bool>())
    bytes.push_back(bit);
  return DenseElementsAttr::get(type, ArrayRef<int8_t>(bytes));
}

/// Body of a generic whose operands changed from bits to bytes.
static void repairBody(linalg::GenericOp op) {
  Block *body = op.getBody();
  OpBuilder builder = OpBuilder::atBlockBegin(body);
  for (auto [operand, argument] :
       llvm::zip_equal(op->getOperands(), body->getArguments())) {
    Type element = getElementTypeOrSelf(operand.getType());
    if (argument.getType() == element)
      continue;
    argument.setType(element);
    if (argument.use_empty())
      continue;
    Value bit = toBit(builder, argument.getLoc(), argument);
    Operation *compare = bit.getDefiningOp();
    argument.replaceAllUsesExcept(bit, compare);
  }
  Operation *yield = body->getTerminator();
  builder.setInsertionPoint(yield);
  for (auto [operand, init] :
       llvm::zip_equal(yield->getOpOperands(), op.getDpsInits()))
    if (operand.get().getType() != getElementTypeOrSelf(init.getType()))
      operand.set(toByte(builder, yield->getLoc(), operand.get()));
}

/// Scalars of one bit that go into or come out of a tensor of bytes.
static void repairScalars(Operation *op) {
  OpBuilder builder(op);
  if (isa<tensor::FromElementsOp, tensor::InsertOp, tensor::SplatOp,
          linalg::FillOp>(op))
    for (OpOperand &operand : op->getOpOperands())
      if (operand.get().getType().isInteger(1))
        operand.set(toByte(builder, op->getLoc(), operand.get()));
  if (!isa<tensor::ExtractOp>(op))
    return;
  Value element = op->getResult(0);
  element.setType(builder.getI8Type());
  builder.setInsertionPointAfter(op);
  Value bit = toBit(builder, op->getLoc(), element);
  Operation *compare = bit.getDefiningOp();
  element.replaceAllUsesExcept(bit, compare);
}

namespace {

struct StoreMasksAsBytes
    : prune::impl::StoreMasksAsBytesPassBase<StoreMasksAsBytes> {
  void runOnOperation() override {
    SmallVector<Operation *> affected;
    if (failed(collect(affected)))
      return signalPassFailure();
    getOperation().walk([&](Block *block) {
      for (BlockArgument argument : block->getArguments())
        widen(argument);
    });
    for (Operation *op : affected)
      for (Value result : op->getResults())
        widen(result);
    for (Operation *op : affected) {
      LDBG() << "works on bytes now: " << *op;
      repair(op);
    }
    for (auto function : getOperation().getOps<func::FuncOp>())
      widenSignature(function);
  }

  /// Operations on tensors of bits, named linalg operations made generic. Fails
  /// on the first unknown one, before anything else changed.
  LogicalResult collect(SmallVectorImpl<Operation *> &affected) {
    SmallVector<linalg::LinalgOp> named;
    WalkResult walk = getOperation().walk([&](Operation *op) {
      if (!touchesBits(op))
        return WalkResult::advance();
      bool isConstant = isa<arith::ConstantOp>(op);
      if (!isConstant && !isTransparent(op)) {
        op->emitOpError("works on a tensor of i1 in a way that has no byte "
                        "form");
        return WalkResult::interrupt();
      }
      auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
      if (linalgOp && !isa<linalg::GenericOp, linalg::FillOp>(op))
        named.push_back(linalgOp);
      else
        affected.push_back(op);
      return WalkResult::advance();
    });
    if (walk.wasInterrupted())
      return failure();
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : named) {
      rewriter.setInsertionPoint(op);
      FailureOr<linalg::GenericOp> generic =
          linalg::generalizeNamedOp(rewriter, op);
      if (failed(generic))
        return op.emitOpError(
            "works on a tensor of i1 and has no generic form");
      affected.push_back(*generic);
    }
    return success();
  }

  void widen(Value value) {
    RankedTensorType type = getByteType(value.getType());
    if (!type)
      return;
    value.setType(type);
    ++numValues;
  }

  void repair(Operation *op) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      auto type = cast<RankedTensorType>(constant.getType());
      constant.setValueAttr(
          widenConstant(cast<ElementsAttr>(constant.getValue()), type));
    } else if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      repairBody(generic);
    } else if (auto fill = dyn_cast<linalg::FillOp>(op)) {
      repairFill(fill);
    } else {
      repairScalars(op);
    }
  }

  /// The region of a fill repeats the element types.
  void repairFill(linalg::FillOp op) {
    repairScalars(op);
    for (BlockArgument argument : op.getRegion().getArguments())
      argument.setType(IntegerType::get(&getContext(), 8));
  }

  void widenSignature(func::FuncOp function) {
    auto widenAll = [](ArrayRef<Type> types) {
      return llvm::map_to_vector(types, [](Type type) -> Type {
        RankedTensorType bytes = getByteType(type);
        return bytes ? Type(bytes) : type;
      });
    };
    function.setType(FunctionType::get(&getContext(),
                                       widenAll(function.getArgumentTypes()),
                                       widenAll(function.getResultTypes())));
  }
};

} // namespace
