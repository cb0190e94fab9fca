//===- CompressParameters.cpp - Train weights as the values they keep -----===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parameters are collected by name over all functions of the module, as they
// are one state: a weight is compressed in all of them or in none. Its mask,
// which the argument carries or which masks it in the function, becomes a
// pattern of indices that all its operations share. Linear in the elements of
// the masks.
//
//===----------------------------------------------------------------------===//

#include "LossFunction.h"
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h"
#include "Prune/Interfaces/PrunableOpInterface.h"
#include "Prune/Support/Constants.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/DebugLog.h"

#include <limits>

namespace mlir::prune {
#define GEN_PASS_DEF_COMPRESSPARAMETERSPASS
#include "Prune/Dialect/Prune/Transforms/Train/Passes.h.inc"
} // namespace mlir::prune

#define DEBUG_TYPE "prune-compress-parameters"

using namespace mlir;
using namespace mlir::prune;

namespace {
/// A parameter in all functions that have it.
struct Candidate {
  ParamAttr param;
  RankedTensorType type;
  SmallVector<BlockArgument> arguments;
  /// Of the first function that has one; null without a constant mask.
  ElementsAttr mask;
};

struct CompressParametersPass final
    : prune::impl::CompressParametersPassBase<CompressParametersPass> {
  using CompressParametersPassBase::CompressParametersPassBase;

  void runOnOperation() override;

private:
  llvm::MapVector<StringRef, Candidate> collect();
  /// Why the parameter stays as it is, empty when it does not.
  StringRef getObstacle(const Candidate &candidate, ArrayRef<int32_t> kept);
  void compress(const Candidate &candidate, ArrayRef<int32_t> kept);
};
} // namespace

static func::FuncOp getFunction(BlockArgument argument) {
  return cast<func::FuncOp>(argument.getOwner()->getParentOp());
}

/// The constant mask of an operation that masks a value, or null.
static ElementsAttr getConstantMask(ApplyMaskOp op) {
  ElementsAttr mask;
  matchPattern(op.getMask(), m_Constant(&mask));
  return mask;
}

/// The mask that an argument carries, or that the function masks it with.
static ElementsAttr findMask(BlockArgument argument) {
  if (auto mask = getFunction(argument).getArgAttrOfType<ElementsAttr>(
          argument.getArgNumber(), PruneDialect::kMaskAttrName))
    return mask;
  for (Operation *user : argument.getUsers())
    if (auto masked = dyn_cast<ApplyMaskOp>(user))
      if (ElementsAttr mask = getConstantMask(masked))
        return mask;
  return {};
}

llvm::MapVector<StringRef, Candidate> CompressParametersPass::collect() {
  llvm::MapVector<StringRef, Candidate> found;
  for (auto function : getOperation().getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    for (BlockArgument argument : function.getArguments()) {
      auto param = function.getArgAttrOfType<ParamAttr>(
          argument.getArgNumber(), PruneDialect::kParamAttrName);
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      if (!param || !type)
        continue;
      Candidate &candidate = found[param.getName()];
      if (!candidate.param)
        candidate = {param, type, {}, {}};
      candidate.arguments.push_back(argument);
      if (!candidate.mask)
        candidate.mask = findMask(argument);
    }
  }
  return found;
}

/// Indices of the elements that a mask sets, in row-major order.
static SmallVector<int32_t, 0> getKept(const ConstantView &mask) {
  SmallVector<int32_t, 0> kept;
  SmallVector<double, 0> bits = mask.toVector();
  for (auto [index, bit] : llvm::enumerate(bits))
    if (bit != 0.0)
      kept.push_back(static_cast<int32_t>(index));
  return kept;
}

/// True for a use as the weight of a product of two static f32 matrices, or of
/// a convolution in two dimensions and one group.
static bool isProduct(OpOperand &use) {
  auto op = dyn_cast<PrunableOpInterface>(use.getOwner());
  if (!op || op.getWeightOperand() != &use ||
      op.getOutputChannelDims().size() != 1 ||
      op.getInputChannelDims().size() != 1)
    return false;
  int64_t rank = cast<RankedTensorType>(use.get().getType()).getRank();
  return (rank == 2 || rank == 4) &&
         llvm::all_of(op->getOperandTypes(), [&](Type type) {
           auto tensor = dyn_cast<RankedTensorType>(type);
           return tensor && tensor.getRank() == rank &&
                  tensor.hasStaticShape() && tensor.getElementType().isF32();
         });
}

/// Counts the products that read a value, directly or behind its mask. Nothing
/// when anything else reads it.
static std::optional<unsigned> countProducts(Value value, ElementsAttr mask) {
  unsigned count = 0;
  for (OpOperand &use : value.getUses()) {
    auto masked = dyn_cast<ApplyMaskOp>(use.getOwner());
    if (!masked && !isProduct(use))
      return std::nullopt;
    if (!masked) {
      ++count;
      continue;
    }
    if (masked.getStraightThrough() || getConstantMask(masked) != mask)
      return std::nullopt;
    std::optional<unsigned> inner = countProducts(masked.getResult(), mask);
    if (!inner)
      return std::nullopt;
    count += *inner;
  }
  return count;
}

StringRef CompressParametersPass::getObstacle(const Candidate &candidate,
                                              ArrayRef<int32_t> kept) {
  auto total = static_cast<double>(candidate.type.getNumElements());
  if (kept.empty())
    return "its mask keeps nothing";
  if (1.0 - kept.size() / total < minZeros)
    return "too few of its elements are masked";
  for (BlockArgument argument : candidate.arguments) {
    func::FuncOp function = getFunction(argument);
    ElementsAttr mask = findMask(argument);
    if (argument.getType() != candidate.type ||
        (mask && mask != candidate.mask))
      return "its functions disagree about its type or its mask";
    if (!SymbolTable::symbolKnownUseEmpty(function, getOperation()))
      return "its function is called, and its arguments would change";
    std::optional<unsigned> products = countProducts(argument, candidate.mask);
    if (!products || *products > 1)
      return "it is read by something else than one product of matrices or "
             "convolution";
  }
  return {};
}

/// Replaces the value of an argument by what the pattern keeps of it.
static void compressValue(func::FuncOp function, unsigned argument,
                          StringRef name, ArrayRef<int32_t> kept,
                          RankedTensorType type) {
  StringRef key = PruneDialect::kValueAttrName;
  std::optional<ConstantView> view =
      ConstantView::get(function.getArgAttr(argument, key));
  if (!view)
    return;
  SmallVector<double, 0> all = view->toVector(), values;
  for (int32_t index : kept)
    values.push_back(all[index]);
  function.setArgAttr(argument, key,
                      createResource(type, name, ArrayRef<double>(values)));
}

/// Makes the argument the vector of its values and decompresses it.
static void compressArgument(BlockArgument argument, ElementsAttr pattern,
                             RankedTensorType compressed) {
  Type dense = argument.getType();
  argument.setType(compressed);
  OpBuilder builder = OpBuilder::atBlockBegin(argument.getOwner());
  auto decompress = DecompressOp::create(builder, argument.getLoc(), dense,
                                         argument, pattern);
  argument.replaceAllUsesExcept(decompress, decompress);
  for (Operation *user :
       llvm::make_early_inc_range(decompress.getResult().getUsers()))
    if (auto masked = dyn_cast<ApplyMaskOp>(user)) {
      masked.replaceAllUsesWith(decompress.getResult());
      masked.erase();
    }
  func::FuncOp function = getFunction(argument);
  SmallVector<Type> inputs(function.getArgumentTypes());
  inputs[argument.getArgNumber()] = compressed;
  function.setFunctionType(
      builder.getFunctionType(inputs, function.getResultTypes()));
}

void CompressParametersPass::compress(const Candidate &candidate,
                                      ArrayRef<int32_t> kept) {
  auto count = static_cast<int64_t>(kept.size());
  StringRef name = candidate.param.getName();
  Builder builder(&getContext());
  ArrayRef<char> data(reinterpret_cast<const char *>(kept.data()),
                      kept.size() * sizeof(int32_t));
  ElementsAttr pattern =
      createResource(RankedTensorType::get(count, builder.getI32Type()),
                     (name + ".pattern").str(), data);
  auto compressed =
      RankedTensorType::get(count, candidate.type.getElementType());
  for (BlockArgument argument : candidate.arguments) {
    func::FuncOp function = getFunction(argument);
    compressValue(function, argument.getArgNumber(), name, kept, compressed);
    compressArgument(argument, pattern, compressed);
    function.removeArgAttr(argument.getArgNumber(),
                           PruneDialect::kMaskAttrName);
  }
  remark::passed(
      candidate.arguments.front().getLoc(),
      remark::RemarkOpts::name("WeightCompressed").category(DEBUG_TYPE))
      << "trains the values it keeps" << remark::metric("Parameter", name)
      << remark::metric("Kept", count)
      << remark::metric("Of", candidate.type.getNumElements());
  ++numCompressed;
}

void CompressParametersPass::runOnOperation() {
  FailureOr<ParameterFilter> filter = ParameterFilter::create(
      getOperation().getLoc(), /*roles=*/{}, parameters, ignore);
  if (failed(filter))
    return signalPassFailure();
  if (!(minZeros >= 0.0 && minZeros <= 1.0)) {
    mlir::emitError(getOperation().getLoc())
        << "expected min-zeros from 0 to 1, got " << minZeros;
    return signalPassFailure();
  }
  llvm::MapVector<StringRef, Candidate> found = collect();
  SmallVector<ParamAttr> known;
  for (auto &[name, candidate] : found)
    known.push_back(candidate.param);
  warnOfUnused(*filter, getOperation(), known);
  for (auto &[name, candidate] : found) {
    std::optional<ConstantView> mask = ConstantView::get(candidate.mask);
    if (!filter->matches(candidate.param) || !mask)
      continue;
    Location loc = candidate.arguments.front().getLoc();
    if (mask->getShape() != candidate.type.getShape()) {
      emitError(loc) << "expected a mask of type "
                     << getMaskType(candidate.type) << " for parameter '"
                     << name << "', got " << candidate.mask.getShapedType();
      return signalPassFailure();
    }
    SmallVector<int32_t, 0> kept;
    bool fits =
        candidate.type.getNumElements() <= std::numeric_limits<int32_t>::max();
    if (fits)
      kept = getKept(*mask);
    StringRef obstacle =
        fits ? getObstacle(candidate, kept) : "it has too many elements";
    LDBG() << "compress '" << name << "': "
           << (obstacle.empty() ? StringRef("yes") : StringRef(obstacle));
    if (obstacle.empty()) {
      compress(candidate, kept);
      continue;
    }
    remark::missed(
        loc,
        remark::RemarkOpts::name("WeightNotCompressed").category(DEBUG_TYPE))
        << remark::metric("Parameter", name) << remark::reason("{0}", obstacle);
  }
}
