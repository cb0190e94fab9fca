//===- SharedConstants.cpp - Constants of several operations --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A weight that several operations share is one parameter before elimination
// and after it: it loses what all of them lose.
//
//===----------------------------------------------------------------------===//

#include "SharedConstants.h"

#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace mlir::prune;

/// The elements of a parameter, or of a vector without a name, as they lie in
/// memory.
static std::optional<ArrayRef<char>> getElements(arith::ConstantOp constant) {
  auto type = dyn_cast<RankedTensorType>(constant.getType());
  std::optional<ConstantView> view = ConstantView::get(constant.getValue());
  if (!type || !view || (type.getRank() != 1 && !getParam(constant)))
    return std::nullopt;
  return view->getRawData();
}

void mlir::prune::mergeEqualConstants(Block &block) {
  using Key = std::tuple<Type, Attribute, uint64_t>;
  llvm::MapVector<Key, SmallVector<arith::ConstantOp, 1>> known;
  for (auto constant :
       llvm::make_early_inc_range(block.getOps<arith::ConstantOp>())) {
    std::optional<ArrayRef<char>> elements = getElements(constant);
    if (!elements)
      continue;
    ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(elements->data()),
                            elements->size());
    Key key(constant.getType(), constant->getDiscardableAttrDictionary(),
            llvm::xxh3_64bits(bytes));
    SmallVector<arith::ConstantOp, 1> &candidates = known[key];
    auto equal = llvm::find_if(candidates, [&](arith::ConstantOp earlier) {
      return *getElements(earlier) == *elements;
    });
    if (equal == candidates.end()) {
      candidates.push_back(constant);
      continue;
    }
    constant.replaceAllUsesWith(equal->getResult());
    constant.erase();
  }
}

/// True for a tensor that takes memory. A splat without a name takes none.
static bool takesMemory(arith::ConstantOp constant) {
  auto type = dyn_cast<RankedTensorType>(constant.getType());
  return type && isa<FloatType>(type.getElementType()) &&
         (getParam(constant) || !isa<SplatElementsAttr>(constant.getValue()));
}

int64_t mlir::prune::countElements(Block &block) {
  int64_t count = 0;
  for (auto constant : block.getOps<arith::ConstantOp>())
    if (takesMemory(constant))
      count += cast<RankedTensorType>(constant.getType()).getNumElements();
  return count;
}

/// True when an index of the value can leave.
static bool hasDead(const ChannelState &state, Value value) {
  return state.getAxes().contains(value) &&
         state.getKeptType(value) != value.getType();
}

void mlir::prune::remarkSharedWeights(FunctionOpInterface function,
                                      ChannelOptions options,
                                      StringRef category) {
  IRMapping mapping;
  OwningOpRef<Operation *> copy = function->clone(mapping);
  Block &block = cast<FunctionOpInterface>(*copy).getFunctionBody().front();
  llvm::MapVector<Operation *, SmallVector<OpOperand *>> shared;
  for (auto constant :
       function.getFunctionBody().front().getOps<arith::ConstantOp>()) {
    if (!takesMemory(constant) || constant->use_empty() ||
        constant->hasOneUse())
      continue;
    for (OpOperand &use : mapping.lookup(constant.getResult()).getUses())
      shared[constant].push_back(&use);
  }
  if (shared.empty())
    return;
  unshareConstants(block, /*weights=*/true);
  ChannelState state(block, options);
  for (auto &[constant, uses] : shared) {
    bool isKept = llvm::any_of(
        uses, [&](OpOperand *use) { return hasDead(state, use->get()); });
    if (!isKept)
      continue;
    remark::missed(constant->getLoc(),
                   remark::RemarkOpts::name("SharedWeightKept")
                       .category(category)
                       .function(function.getName()))
        << remark::metric("Parameter", getDisplayName(constant->getResult(0)))
        << remark::metric("Users", uses.size())
        << remark::metric("Reason",
                          "what shares it loses different neurons, and only "
                          "what all lose is removed");
  }
}
