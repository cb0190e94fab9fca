//===- FoldMasks.cpp - Constant masks into constant weights ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Multiplies constants: a masked weight becomes a constant with zeros. The same
// sweep flushes subnormal weights to zero, which would slow the generated code
// down and cannot matter for a result. Linear in the number of elements.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h"

#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Support/Constants.h"
#include "Prune/Support/KeptIndices.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#include <cmath>

#define DEBUG_TYPE "prune-fold-masks"

namespace mlir::prune {
#define GEN_PASS_DEF_FOLDMASKSPASS
#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// Smallest normal number of a float type.
static double getSmallestNormal(Type type) {
  const llvm::fltSemantics &semantics =
      cast<FloatType>(type).getFloatSemantics();
  return APFloat::getSmallestNormalized(semantics).convertToDouble();
}

/// Sets subnormal values to zero and returns how many there were.
static int64_t flushSubnormals(MutableArrayRef<double> values, Type type) {
  double smallest = getSmallestNormal(type);
  int64_t flushed = 0;
  for (double &value : values) {
    if (value == 0.0 || !(std::abs(value) < smallest))
      continue;
    value = 0.0;
    ++flushed;
  }
  return flushed;
}

/// A constant of `values` that takes the place and name of `original`, and what
/// is noted of its indices; without the name where the original stays, as a
/// parameter is named once.
static Value createLike(OpBuilder &builder, Value original,
                        ArrayRef<double> values, bool isReplaced = true) {
  auto type = cast<RankedTensorType>(original.getType());
  ParamAttr param = getParam(original);
  auto value = createResource(type, param ? param.getName() : "weight", values);
  auto constant = arith::ConstantOp::create(builder, original.getLoc(), value);
  if (!param || !isReplaced)
    return constant;
  constant->setAttr(PruneDialect::kParamAttrName, param);
  Operation *defining = original.getDefiningOp();
  if (Attribute kept = defining ? defining->getAttr(kKeptAttrName) : nullptr)
    constant->setAttr(kKeptAttrName, kept);
  return constant;
}

static void emitNotFolded(ApplyMaskOp op, StringRef what) {
  remark::missed(op.getLoc(),
                 remark::RemarkOpts::name("MaskNotFolded").category(DEBUG_TYPE))
      << remark::metric("Parameter", getDisplayName(op.getWeight()))
      << remark::metric("Reason", what);
}

namespace {
struct FoldMasksPass final : prune::impl::FoldMasksPassBase<FoldMasksPass> {
  using FoldMasksPassBase::FoldMasksPassBase;

  void runOnOperation() override {
    // In the order of the operations, so that a mask of a mask finds a
    // constant.
    SmallVector<ApplyMaskOp> masks;
    getOperation().walk([&](ApplyMaskOp op) { masks.push_back(op); });
    for (ApplyMaskOp op : masks) {
      if (op.use_empty())
        op.erase();
      else
        fold(op);
    }
    for (auto function : getOperation().getOps<FunctionOpInterface>())
      for (const Parameter &parameter : getParameters(function))
        if (parameter.attribute.getRole() == ParamRole::Weight)
          flush(parameter.value);
  }

  void fold(ApplyMaskOp op) {
    std::optional<ConstantView> weight = ConstantView::get(op.getWeight());
    std::optional<ConstantView> mask = ConstantView::get(op.getMask());
    if (!weight || !mask)
      return emitNotFolded(op, weight ? "the mask is not constant"
                                      : "the weight is not constant");
    SmallVector<double, 0> values = weight->toVector();
    SmallVector<double, 0> bits = mask->toVector();
    int64_t zeroed = 0;
    for (auto [value, bit] : llvm::zip_equal(values, bits)) {
      if (bit != 0.0)
        continue;
      zeroed += value != 0.0;
      value = 0.0;
    }
    int64_t flushed = flushSubnormals(values, weight->getElementType());
    LDBG() << zeroed << " zeros in '" << getDisplayName(op.getWeight()) << "'";
    ++numMasksFolded;
    numWeightsZeroed += zeroed;
    numSubnormalsFlushed += flushed;
    remark::passed(op.getLoc(),
                   remark::RemarkOpts::name("MaskFolded").category(DEBUG_TYPE))
        << remark::metric("Parameter", getDisplayName(op.getWeight()))
        << remark::metric("Zeroed", zeroed)
        << remark::metric("SubnormalsFlushed", flushed);

    OpBuilder builder(op);
    bool isReplaced = op.getWeight().hasOneUse();
    Value constant = createLike(builder, op.getWeight(), values, isReplaced);
    SmallVector<Operation *> unused{op.getWeight().getDefiningOp(),
                                    op.getMask().getDefiningOp()};
    // The new constant takes the place of the weight that it replaces.
    if (isReplaced)
      constant.getDefiningOp()->moveBefore(unused.front());
    op.replaceAllUsesWith(constant);
    op.erase();
    for (Operation *candidate : unused)
      if (candidate->use_empty())
        candidate->erase();
  }

  void flush(Value weight) {
    std::optional<ConstantView> view = ConstantView::get(weight);
    if (!view || !isa<FloatType>(view->getElementType()))
      return;
    SmallVector<double, 0> values = view->toVector();
    int64_t flushed = flushSubnormals(values, view->getElementType());
    if (flushed == 0)
      return;
    numSubnormalsFlushed += flushed;
    Operation *old = weight.getDefiningOp();
    OpBuilder builder(old);
    Value constant = createLike(builder, weight, values);
    weight.replaceAllUsesWith(constant);
    old->erase();
  }
};
} // namespace
