//===- WeightedSum.h - Sums of products with known weights ------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_IMPLEMENTATIONS_WEIGHTEDSUM_H
#define PRUNE_LIB_IMPLEMENTATIONS_WEIGHTEDSUM_H

#include "Prune/Analysis/ChannelState.h"
#include "Prune/Analysis/StructuredOps.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::prune {

/// True when the loop is summed (or otherwise reduced) over.
bool isReduction(linalg::LinalgOp op, unsigned loop);

/// The constant that an operand holds where the counter of `loop` is `index`;
/// null when unknown.
Attribute getOperandConstant(linalg::LinalgOp op, ChannelState &state,
                             OpOperand &operand, unsigned loop, int64_t index);

/// Steps over the loops that are summed over and that the weight has not;
/// nothing when that is unknown.
std::optional<double> countRepeats(linalg::LinalgOp op, AffineMap weightMap);

/// A constant of the offsets, spread over a type whose dimension `dim` they run
/// along. It gets the name of the bias that belongs to the weight. Dynamic
/// extents are those of `init`.
Value createBias(OpBuilder &builder, Operation *op, Value weight, Value init,
                 RankedTensorType type, unsigned dim, ArrayRef<double> offsets);

/// A sum of products one factor of which is a weight with known elements.
///
/// Dimensions of the weight that no other tensor is indexed with (the taps of a
/// window) are summed up: what meets them is one constant or none.
struct WeightedSum {
  /// A dimension of the weight that is an index of the input or the result.
  struct Dim {
    unsigned weightDim;
    unsigned loop;
    bool isReduction;
    std::optional<unsigned> inputDim;
    std::optional<unsigned> resultDim;
  };

  linalg::LinalgOp op;
  OpOperand *weight;
  OpOperand *input;
  OpOperand *init;
  ConstantView view;
  SmallVector<Dim> dims;
  /// Position in `dims` of the only one that is an index of the result, if it
  /// is the only one. Without it nothing folds.
  std::optional<unsigned> output;
  /// How often each weight meets an element of the input: more than once where
  /// only the input has a loop that is summed over. Nothing when unknown.
  std::optional<double> repeats;
  /// What pads the input with zeros, when borders are to be folded.
  tensor::PadOp pad;

  static std::optional<WeightedSum> match(linalg::LinalgOp op,
                                          ChannelState &state);

  void propagate(ChannelState &state) const;
  void markLive(ChannelState &state) const;
  FailureOr<int64_t> fold(OpBuilder &builder, ChannelState &state) const;

private:
  /// Calls `use` with every index over `dims` that has a tap different from
  /// zero (every index when values may be infinite), the sum of its taps as
  /// often as they are met, and where the taps begin in the view. O(elements of
  /// the weight).
  void forEachEntry(
      function_ref<void(ArrayRef<int64_t> index, double sum, int64_t base)> use)
      const;

  tensor::PadOp findPadding() const;

  /// True when the input at `index` gives a number to the result that is known,
  /// as its own is.
  bool isKnown(std::optional<double> number, double factor) const;

  /// Number that the input holds at all positions which meet the weight at
  /// `index`, if it holds one.
  std::optional<double> getInputNumber(const ChannelState &state,
                                       ArrayRef<int64_t> index) const;

  /// The same, of what is padded.
  std::optional<double> getPaddedNumber(const ChannelState &state,
                                        ArrayRef<int64_t> index) const;

  /// False when a channel of the input that meets the weight leaves.
  bool isInputLive(const ChannelState &state, ArrayRef<int64_t> index) const;

  /// False when what the weight at `index` gives to the result leaves.
  bool isOutputLive(const ChannelState &state, ArrayRef<int64_t> index) const;

  unsigned getOutputDim() const { return *dims[*output].resultDim; }
  std::optional<double> getInitialNumber(ChannelState &state,
                                         ArrayRef<int64_t> index) const;
  LogicalResult addOffsets(OpBuilder &builder, ChannelState &state,
                           ArrayRef<double> offsets) const;
  void addBorders(OpBuilder &builder, ChannelState &state,
                  ArrayRef<double> factors) const;
  llvm::BitVector getInterior(ArrayRef<unsigned> resultDims) const;
  void addToInit(OpBuilder &builder, ChannelState &state, Value offset) const;

  /// Extents of `dims`, strides in the view, and offsets of the taps in it,
  /// which are ordered as positions over the loops of the window are.
  SmallVector<int64_t> extents;
  SmallVector<int64_t> strides;
  SmallVector<int64_t> taps;
  SmallVector<unsigned> tapLoops;
  SmallVector<int64_t> tapExtents;
  bool finite = true;
  /// Constants other than zero may be folded.
  bool foldsNonzero = false;
};
} // namespace mlir::prune

#endif // PRUNE_LIB_IMPLEMENTATIONS_WEIGHTEDSUM_H
