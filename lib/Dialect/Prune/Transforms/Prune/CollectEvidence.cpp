//===- CollectEvidence.cpp - What data say of weights ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Beside each function a copy is made that returns sums over the rows of its
// inputs, in place of its results.
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h"

#include "EvidenceSums.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Criteria.h"
#include "Prune/Dialect/Prune/Utils/Elementwise.h"
#include "Prune/Dialect/Prune/Utils/ParameterFilter.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"

#define DEBUG_TYPE "prune-collect-evidence"

namespace mlir::prune {
#define GEN_PASS_DEF_COLLECTEVIDENCEPASS
#include "Prune/Dialect/Prune/Transforms/Prune/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

namespace {
/// Sums about a weight, of the layers that read it.
struct Sum {
  Value value;
  int64_t numLayers = 0;
};

struct CollectEvidencePass final
    : prune::impl::CollectEvidencePassBase<CollectEvidencePass> {
  using CollectEvidencePassBase::CollectEvidencePassBase;

  void runOnOperation() override {
    auto emitError = [&] { return mlir::emitError(getOperation().getLoc()); };
    FailureOr<ParameterFilter> filter =
        ParameterFilter::get({}, parameters, ignore, emitError);
    if (failed(filter) || failed(readKinds()))
      return signalPassFailure();
    SymbolTable symbols(getOperation());
    for (auto function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (failed(collect(function, *filter, symbols)))
        return signalPassFailure();
  }

private:
  LogicalResult readKinds() {
    kinds.clear();
    for (const std::string &text : evidence) {
      std::optional<EvidenceKind> kind = symbolizeEvidenceKind(text);
      if (!kind || !isSummed(*kind))
        return mlir::emitError(getOperation().getLoc())
               << "expected evidence input_norm, zero_share or activation, got "
                  "'"
               << text << "'";
      if (!llvm::is_contained(kinds, *kind))
        kinds.push_back(*kind);
    }
    if (kinds.empty())
      return mlir::emitError(getOperation().getLoc())
             << "expected evidence to collect";
    return success();
  }

  static SmallVector<PrunableOpInterface>
  getLayers(func::FuncOp function, const ParameterFilter &filter) {
    SmallVector<PrunableOpInterface> layers;
    function.walk([&](PrunableOpInterface op) {
      if (op.getWeight() &&
          filter.matches(StringRef(getDisplayName(op.getWeight()))))
        layers.push_back(op);
    });
    return layers;
  }

  /// The batch of the first input, one when there is none.
  static int64_t getRows(func::FuncOp function) {
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto type = dyn_cast<RankedTensorType>(function.getArgument(i).getType());
      if (type && type.getRank() > 0 && !type.isDynamicDim(0) &&
          function.getArgAttr(i, PruneDialect::kInputAttrName))
        return type.getDimSize(0);
    }
    return 1;
  }

  LogicalResult collect(func::FuncOp function, const ParameterFilter &filter,
                        SymbolTable &symbols) {
    if (function.isExternal() || !function.getBody().hasOneBlock())
      return success();
    if (getLayers(function, filter).empty())
      return success();
    std::string name = function.getName().str() + "_evidence";
    if (symbols.lookup(name))
      return function.emitError()
             << "expected no function '" << name << "' yet";
    func::FuncOp copy = function.clone();
    copy.setName(name);
    symbols.insert(copy, std::next(function->getIterator()));
    copy.setVisibility(function.getVisibility());
    instrument(copy, filter);
    ++numFunctionsCopied;
    return success();
  }

  /// Lets the function return sums in place of its results.
  void instrument(func::FuncOp function, const ParameterFilter &filter) {
    llvm::MapVector<EvidenceAttr, Sum> sums;
    Operation *terminator = function.getBody().front().getTerminator();
    for (PrunableOpInterface op : getLayers(function, filter))
      addSums(op, terminator, getRows(function), sums);
    ImplicitLocOpBuilder b(terminator->getLoc(), terminator);
    SmallVector<Value> results;
    for (auto &[key, sum] : sums)
      results.push_back(finish(b, key.getKind(), sum));
    terminator->setOperands(results);
    function.setType(FunctionType::get(&getContext(),
                                       function.getArgumentTypes(),
                                       terminator->getOperandTypes()));
    function.removeResAttrsAttr();
    for (auto [index, entry] : llvm::enumerate(sums))
      function.setResultAttr(index, PruneDialect::kEvidenceAttrName,
                             entry.first);
  }

  /// The sum of two tensors of one rank; an extent of one is repeated.
  static Value addBroadcast(ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
    auto type = cast<RankedTensorType>(lhs.getType());
    auto other = cast<RankedTensorType>(rhs.getType());
    SmallVector<int64_t> shape;
    for (auto [l, r] : llvm::zip_equal(type.getShape(), other.getShape()))
      shape.push_back(std::max(l, r));
    AffineMap maps[] = {getBroadcastMap(type, shape),
                        getBroadcastMap(other, shape)};
    Value empty = tensor::EmptyOp::create(b, shape, type.getElementType());
    return createMapped(b, {lhs, rhs}, maps, empty,
                        [](ImplicitLocOpBuilder &e, ValueRange args) {
                          Value sum =
                              arith::AddFOp::create(e, args[0], args[1]);
                          return SmallVector<Value>{sum};
                        })
        .front();
  }

  /// A mean is one over the layers that share a weight, too.
  static Value finish(ImplicitLocOpBuilder &b, EvidenceKind kind,
                      const Sum &sum) {
    if (sum.numLayers == 1 || kind == EvidenceKind::InputNorm)
      return sum.value;
    Value share = createNumber(b, sum.value.getType(), 1.0 / sum.numLayers);
    Value mean = arith::MulFOp::create(b, sum.value, share);
    return mean;
  }

  void addSums(PrunableOpInterface op, Operation *terminator, int64_t rows,
               llvm::MapVector<EvidenceAttr, Sum> &sums) {
    StringRef reason;
    std::optional<EvidenceLayer> layer = readEvidenceLayer(op, reason);
    if (layer)
      layer->rows = rows;
    ImplicitLocOpBuilder b(op.getLoc(), terminator);
    for (EvidenceKind kind : kinds) {
      Value added = layer ? createEvidenceSums(b, *layer, kind) : Value();
      if (!added) {
        remark::missed(
            op.getLoc(),
            remark::RemarkOpts::name("EvidenceMissed").category(DEBUG_TYPE))
            << remark::metric("Parameter", getDisplayName(op.getWeight()))
            << remark::reason("{0}", reason);
        continue;
      }
      // A weight that several layers share has the sums of all.
      auto key = EvidenceAttr::get(&getContext(), layer->name, kind);
      Sum &sum = sums[key];
      if (!sum.value)
        sum.value = added;
      else
        sum.value = addBroadcast(b, sum.value, added);
      ++sum.numLayers;
    }
  }

  SmallVector<EvidenceKind> kinds;
};
} // namespace
