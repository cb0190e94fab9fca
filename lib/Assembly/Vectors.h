//===- Vectors.h - Registers of sixteen floats ------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What generated code does with a row of a panel, in the instructions of one
// instruction set. A vector is the sixteen floats of such a row: one register
// of AVX-512 or two of AVX2. Those who emit code name vectors by number.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_ASSEMBLY_VECTORS_H
#define PRUNE_LIB_ASSEMBLY_VECTORS_H

#include "Prune/Assembly/StraightLine.h"

#include "llvm/Support/ErrorHandling.h"

#include <memory>

#define XBYAK_NO_EXCEPTION
#include <xbyak/xbyak.h>

namespace mlir::prune::assembly {

/// prune_rt_panel of prune_runtime.h, in bytes.
inline constexpr int kPanelInput = 0, kPanelOutput = 4, kPanelLanes = 8,
                     kPanelPlaces = 10, kPanelRestOutput = 12, kPanelRest = 16,
                     kPanelMasks = 18, kPanelBytes = 28;

/// A place in memory: so many bytes from where a register points.
struct Place {
  Xbyak::Reg64 base;
  int64_t byte = 0;
};

/// A panel, so many bytes behind where a register points.
using PanelPlace = Place;

/// Where the results of rows lie that are sums of one panel.
struct ResultRows {
  /// What points to the panel's first result, and to that of the rest.
  Xbyak::Reg64 y, rest;
  /// From there to the results of each row.
  llvm::SmallVector<int32_t, 32> bytes;
};

/// Instructions on vectors. A weight is one float in all lanes of a register;
/// weights and vectors share registers, so that vector `v` is the registers
/// from `v * registersOfVector` on.
class Vectors {
public:
  /// `code` gets the instructions for the panels of `product`. For sets that
  /// have code.
  static std::unique_ptr<Vectors> create(VectorSet set,
                                         Xbyak::CodeGenerator &code,
                                         const PanelProduct &product);
  virtual ~Vectors() = default;

  /// Registers of a vector, and vectors that can be sums.
  int64_t registersOfVector, mostSums;
  /// Bytes that short distances of instructions count in: those of weights, and
  /// of inputs, for which 0 says that they are not worth a register that moves.
  int64_t weightUnit, inputUnit;
  /// The vector that loadInput loads.
  int64_t loaded;
  /// Registers from 0 to here are free for sums and weights.
  int64_t freeRegisters;
  /// Blocks multiply so many panels at once, by weights in the registers from
  /// `blockWeight` on, and inputs in the vectors from `blockInput` on.
  int64_t blockPanels, blockWeight, blockInput, blockInputs;
  /// Inputs can be lanes of what two panels loaded.
  bool hasWindows;

  /// Emits numbers that the instructions need, in front of all code.
  virtual void emitTables() {}
  /// Finds them: what a function begins with, of so many bytes that are others
  /// in other places.
  virtual void findTables() {}
  virtual int64_t getTableBytes() const { return 0; }
  /// What comes after it, and what comes last. The stack pointer does not move
  /// in between.
  virtual void enter() {}
  virtual void leave() {}

  virtual void zero(int64_t vector) = 0;
  virtual void copy(int64_t to, int64_t from) = 0;
  /// Takes the larger one of `limit` and `vector`; the latter when one is NaN.
  virtual void max(int64_t vector, int64_t limit) = 0;
  virtual void broadcast(int64_t vector, Place weight) = 0;
  virtual void addBroadcast(int64_t vector, Place weight) = 0;
  virtual void loadWeight(int64_t weight, Place from) = 0;

  /// Loads which lanes of a panel have inputs of each mask.
  virtual void loadMasks(PanelPlace panel) = 0;
  /// Prepares the load of every other input; floats of the stream for that.
  virtual llvm::ArrayRef<float> loadPattern(Place from) {
    (void)from;
    return {};
  }
  /// Loads the inputs of all lanes that have one, for mask 0 of all.
  virtual void loadInput(Place from, int32_t mask) = 0;
  /// Adds the product of `loaded` and a weight in memory.
  virtual void multiplyLoaded(int64_t sum, Place weight) = 0;
  /// Adds that of an input and a weight in memory, of which the input is used
  /// once. False where the input has to be loaded before.
  virtual bool multiplyOnce(int64_t sum, Place input, Place weight) {
    (void)sum, (void)input, (void)weight;
    return false;
  }
  virtual void multiply(int64_t sum, int64_t input, int64_t weight) = 0;
  virtual void multiply(int64_t sum, Place input, int64_t weight) = 0;

  /// For blocks: the mask of the inputs of panel `at` from now on.
  virtual void loadBlockMask(int64_t at, Place mask) = 0;
  virtual void loadBlockInput(int64_t at, int64_t to, const Xbyak::RegExp &from,
                              bool isMasked) = 0;

  /// Loads the last lanes of a window, `count` of them; the others are zero.
  virtual void loadLast(int64_t vector, Place from, int64_t count) {
    (void)vector, (void)from, (void)count;
    llvm_unreachable("only with windows");
  }
  /// The vector of the lanes that lie `distance` before those of `loaded`, of
  /// which `before` has the first, with a mask or none.
  virtual int64_t shift(int64_t before, int64_t distance, int32_t mask) {
    (void)before, (void)distance, (void)mask;
    llvm_unreachable("only with windows");
  }

  /// Loads the sums from `first` on from the results of a panel, or stores
  /// them.
  virtual void loadResults(PanelPlace panel, const ResultRows &rows,
                           int64_t first) = 0;
  virtual void storeResults(PanelPlace panel, const ResultRows &rows,
                            int64_t first) = 0;

protected:
  Vectors(Xbyak::CodeGenerator &code, const PanelProduct &product)
      : code(code), product(product) {}

  /// How results are stored: beside each other but for some lanes.
  bool isPacked() const { return product.store == StoreKind::Packed; }
  bool hasParts() const { return product.store == StoreKind::Parts; }

  Xbyak::CodeGenerator &code;
  const PanelProduct &product;
};

std::unique_ptr<Vectors> createAvx512Vectors(Xbyak::CodeGenerator &code,
                                             const PanelProduct &product);
std::unique_ptr<Vectors> createAvx2Vectors(Xbyak::CodeGenerator &code,
                                           const PanelProduct &product);

inline std::unique_ptr<Vectors> Vectors::create(VectorSet set,
                                                Xbyak::CodeGenerator &code,
                                                const PanelProduct &product) {
  return set == VectorSet::Avx512 ? createAvx512Vectors(code, product)
                                  : createAvx2Vectors(code, product);
}

} // namespace mlir::prune::assembly

#endif // PRUNE_LIB_ASSEMBLY_VECTORS_H
