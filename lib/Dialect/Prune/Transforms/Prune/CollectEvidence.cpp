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
  /// Of a Gram matrix; the layers of a weight have to agree on them.
  SmallVector<unsigned> columns;
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
               << "expected evidence input_norm, input_gram, zero_share or "
                  "activation, got '"
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
    sums.remove_if([](auto &entry) { return !entry.second.value; });
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
    if (sum.numLayers == 1 || kind == EvidenceKind::InputNorm ||
        kind == EvidenceKind::InputGram)
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
      // A weight that several layers share has the sums of all.
      Sum *sum = nullptr;
      if (layer)
        sum = &sums[EvidenceAttr::get(&getContext(), layer->name, kind)];
      if (!sum || !addSum(b, *layer, kind, *sum, reason))
        missed(op, reason);
    }
  }

  static void missed(PrunableOpInterface op, StringRef reason) {
    remark::missed(
        op.getLoc(),
        remark::RemarkOpts::name("EvidenceMissed").category(DEBUG_TYPE))
        << remark::metric("Parameter", getDisplayName(op.getWeight()))
        << remark::reason("{0}", reason);
  }

  /// Adds what a layer says of its weight; false, and why, if it says nothing.
  static bool addSum(ImplicitLocOpBuilder &b, const EvidenceLayer &layer,
                     EvidenceKind kind, Sum &sum, StringRef &reason) {
    Value added;
    if (kind == EvidenceKind::InputGram) {
      std::optional<GramColumns> columns = getGramColumns(layer, reason);
      if (columns && sum.numLayers && columns->dims != sum.columns) {
        // Other layers read it another way round: there is no sum of all.
        reason = "another layer multiplies other columns with its weight";
        columns.reset();
      }
      ++sum.numLayers;
      if (!columns || (sum.numLayers > 1 && !sum.value)) {
        sum.value = Value();
        sum.columns.clear();
        return false;
      }
      sum.columns = columns->dims;
      added = createInputGram(b, layer, *columns);
    } else {
      reason = "an index of its weight is no loop";
      added = createEvidenceSums(b, layer, kind);
      if (!added)
        return false;
      ++sum.numLayers;
    }
    sum.value = sum.value ? addBroadcast(b, sum.value, added) : added;
    return true;
  }

  SmallVector<EvidenceKind> kinds;
};
} // namespace
