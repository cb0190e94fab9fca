//===- FoldGates.cpp - Constant gates into constant masks -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Reads the auxiliary parameter of the group of each element. A gate is open
// when its parameter is above zero, which is the comparison that training uses,
// so NaN closes it. Linear in the number of elements.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h"

#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Support/Constants.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-fold-gates"

namespace mlir::prune {
#define GEN_PASS_DEF_FOLDGATESPASS
#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// One byte per element of the gated weight, row-major: is its gate open?
static SmallVector<char, 0> readGates(GateOp op, const ConstantView &aux) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(op.getType()).getShape();
  GranularityAttr groups = op.getGranularityAttr();
  SmallVector<char, 0> isOpen;
  if (ShapedType::getNumElements(shape) == 0)
    return isOpen;
  // Compiled code takes subnormal numbers for zero, and so does this.
  auto element = cast<FloatType>(getElementTypeOrSelf(op.getType()));
  double smallest = APFloat::getSmallestNormalized(element.getFloatSemantics())
                        .convertToDouble();
  SmallVector<int64_t> index(shape.size(), 0);
  do {
    double m = groups ? aux.at(groups.getGroup(index)) : aux.at(index);
    isOpen.push_back(m >= smallest);
  } while (advance(index, shape));
  return isOpen;
}

namespace {
struct FoldGatesPass final : prune::impl::FoldGatesPassBase<FoldGatesPass> {
  using FoldGatesPassBase::FoldGatesPassBase;

  void runOnOperation() override {
    SmallVector<GateOp> gates;
    getOperation().walk([&](GateOp op) { gates.push_back(op); });
    for (GateOp op : gates)
      fold(op);
    SmallVector<Value> unused;
    for (auto function : getOperation().getOps<FunctionOpInterface>())
      for (const Parameter &parameter : getParameters(function))
        if (parameter.attribute.getRole() == ParamRole::Auxiliary &&
            parameter.value.use_empty() && parameter.value.getDefiningOp())
          unused.push_back(parameter.value);
    for (Value aux : unused)
      aux.getDefiningOp()->erase();
  }

private:
  void fold(GateOp op) {
    std::string name = getDisplayName(op.getWeight());
    std::optional<ConstantView> aux = ConstantView::get(op.getAux());
    LDBG() << "gate of '" << name << "' is " << (aux ? "folded" : "kept");
    if (!aux) {
      remark::missed(
          op.getLoc(),
          remark::RemarkOpts::name("GateNotFolded").category(DEBUG_TYPE))
          << remark::metric("Parameter", name)
          << remark::metric("Reason", "the auxiliary parameters are not "
                                      "constant");
      return;
    }
    SmallVector<char, 0> isOpen = readGates(op, *aux);
    int64_t closed = llvm::count(isOpen, 0);
    OpBuilder builder(op);
    auto type = cast<RankedTensorType>(getMaskType(op.getType()));
    auto value = createResource(type, "mask_" + name, ArrayRef<char>(isOpen));
    auto mask = arith::ConstantOp::create(builder, op.getLoc(), value);
    auto masked =
        ApplyMaskOp::create(builder, op.getLoc(), op.getWeight(), mask);
    op.replaceAllUsesWith(masked.getResult());
    op.erase();
    remark::passed(masked.getLoc(),
                   remark::RemarkOpts::name("GateFolded").category(DEBUG_TYPE))
        << remark::metric("Parameter", name)
        << remark::metric("Closed", closed);
    ++numGatesFolded;
    numWeightsClosed += closed;
  }
};
} // namespace
