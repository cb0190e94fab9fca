//===- ChannelAxes.h - Channels that leave together -------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_CHANNELAXES_H
#define PRUNE_ANALYSIS_CHANNELAXES_H

#include "Prune/Interfaces/ChannelOpInterface.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/IntEqClasses.h"

namespace mlir::prune {

/// Union-find over the single indices (slots) of all dimensions of tensors. A
/// class of slots leaves as a whole or not at all. Working on indices, not on
/// dimensions, makes concatenation and flattening no harder than a residual
/// add: they tie ranges at an offset or blocks. Memory is linear in the sum of
/// all extents, ties are near constant time each.
class ChannelAxes final : public ChannelTies {
public:
  /// Adds the slots of all dimensions of a ranked tensor; other values and
  /// repeated ones are ignored. A dimension of dynamic extent has no slots: it
  /// stays as it is, and so does a static one that is tied to it.
  void add(Value value);

  bool contains(Value value) const { return firstSlots.count(value); }

  void tie(Value a, unsigned dimA, Value b, unsigned dimB) override;
  void tieBlocks(Value flat, unsigned flatDim, Value part, unsigned partDim,
                 int64_t inner) override;
  void tieMerged(Value flat, unsigned flatDim, Value parts,
                 ArrayRef<unsigned> dims) override;
  void tieRange(Value a, unsigned dimA, int64_t beginA, Value b, unsigned dimB,
                int64_t beginB, int64_t count) override;
  void pin(Value value, unsigned dim, StringRef reason) override;

  /// Pins all dimensions.
  void pin(Value value, StringRef reason);

  /// Ends tying; from here on `getClass` may be asked. Classes are numbered
  /// from 0 in the order in which their first slots were added.
  void finish();

  unsigned getNumSlots() const { return numSlots; }
  unsigned getNumClasses() const { return classes.getNumClasses(); }
  unsigned getSlot(Value value, unsigned dim, int64_t index) const;
  unsigned getClass(unsigned slot) const { return classes[slot]; }
  unsigned getClass(Value value, unsigned dim, int64_t index) const {
    return classes[getSlot(value, dim, index)];
  }

  /// Why a class cannot leave; empty when it can.
  StringRef getPinReason(unsigned classNumber) const {
    return pinReasons[classNumber];
  }

private:
  /// Pins both dimensions when the extent of either is dynamic; true if so.
  bool pinIfDynamic(Value a, unsigned dimA, Value b, unsigned dimB);

  /// Dimensions of a tensor that are one of another.
  struct Merge {
    Value flat;
    unsigned flatDim;
    Value parts;
    SmallVector<unsigned> dims;
  };

  llvm::DenseSet<unsigned> getPinnedLeaders() const;
  void tieMerge(const Merge &merge, unsigned dim);
  bool hasBlocks(const Merge &merge, unsigned dim) const;
  /// Classes of channels that a constant of more than one value has.
  llvm::DenseSet<unsigned> getHeldLeaders() const;
  std::optional<unsigned> findOnlyDim(const Merge &merge,
                                      const llvm::DenseSet<unsigned> &pinned,
                                      bool mayGuess) const;
  void resolveMerges();

  /// First slot of each dimension.
  llvm::DenseMap<Value, SmallVector<unsigned, 4>> firstSlots;
  unsigned numSlots = 0;
  llvm::IntEqClasses classes;
  SmallVector<std::pair<unsigned, std::string>> pins;
  /// Merges whose dimension is not chosen yet.
  SmallVector<Merge, 0> merges;
  SmallVector<std::string, 0> pinReasons;
};

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_CHANNELAXES_H
