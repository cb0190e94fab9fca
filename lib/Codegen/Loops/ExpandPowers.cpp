//===- ExpandPowers.cpp - Integer powers as multiplications ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// LLVM has integer powers of exponents of i32 only, as calls of one element.
// Small constant exponents take a multiplication or two for each of their bits;
// with large ones the rounding of the squares would add up. Linear in the
// number of operations.
//
//===----------------------------------------------------------------------===//

#include "Prune/Codegen/Loops/Passes.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-expand-powers"

namespace mlir::prune {
#define GEN_PASS_DEF_EXPANDPOWERSPASS
#include "Prune/Codegen/Loops/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// The largest exponent that becomes multiplications. Squaring doubles the
/// error that the square came with, so that it grows with the exponent.
static constexpr int64_t kMaxMultiplied = 16;

/// The base to the power of a constant: a product of those of its squares that
/// the bits of the exponent name.
static Value expandConstant(ImplicitLocOpBuilder &b, Value base,
                            const APInt &exponent) {
  APInt rest = exponent.abs();
  Value power, square = base;
  while (true) {
    if (rest[0])
      power = power ? Value(arith::MulFOp::create(b, power, square)) : square;
    rest.lshrInPlace(1);
    if (rest.isZero())
      break;
    square = arith::MulFOp::create(b, square, square);
  }
  if (!exponent.isNegative())
    return power;
  Value one = createNumber(b, base.getType(), 1.0);
  return arith::DivFOp::create(b, one, power);
}

/// `|x|^n` with the sign of `x` where `n` is odd, and one where `n` is zero.
static Value expandVariable(ImplicitLocOpBuilder &b, Value base,
                            Value exponent) {
  Type type = exponent.getType();
  if (getElementTypeOrSelf(type).isIndex()) {
    Type integers = b.getI64Type();
    if (auto shaped = dyn_cast<ShapedType>(type))
      integers = shaped.clone(integers);
    exponent = arith::IndexCastOp::create(b, integers, exponent);
  }
  Value size = math::AbsFOp::create(b, base);
  Value number = arith::SIToFPOp::create(b, base.getType(), exponent);
  Value power = math::PowFOp::create(b, size, number);
  Value bit = createInteger(b, exponent.getType(), 1);
  Value parity = arith::AndIOp::create(b, exponent, bit);
  Value isOdd = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, parity, bit);
  Value signedPower = math::CopySignOp::create(b, power, base);
  return arith::SelectOp::create(b, isOdd, signedPower, power);
}

static Value expand(math::FPowIOp op) {
  OpBuilder builder(op);
  ImplicitLocOpBuilder b(op.getLoc(), builder);
  Value base = op.getLhs();
  APInt exponent;
  if (!matchPattern(op.getRhs(), m_ConstantInt(&exponent)) ||
      exponent.getSignificantBits() > 64 ||
      exponent.getSExtValue() < -kMaxMultiplied ||
      exponent.getSExtValue() > kMaxMultiplied)
    return expandVariable(b, base, op.getRhs());
  if (exponent.isZero())
    return createNumber(b, base.getType(), 1.0);
  return expandConstant(b, base, exponent);
}

namespace {
struct ExpandPowersPass final
    : prune::impl::ExpandPowersPassBase<ExpandPowersPass> {
  void runOnOperation() override {
    SmallVector<math::FPowIOp> powers;
    getOperation()->walk([&](math::FPowIOp op) {
      // A constant of these takes the extents of its type.
      auto tensor = dyn_cast<ShapedType>(op.getType());
      if (!tensor || tensor.hasStaticShape())
        powers.push_back(op);
    });
    for (math::FPowIOp op : powers) {
      Value power = expand(op);
      op.replaceAllUsesWith(power);
      op.erase();
    }
    LDBG() << powers.size() << " powers become products";
    numPowers += powers.size();
  }
};
} // namespace
