//===- ScalarProgram.h - Scalar bodies as lists of steps --------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ANALYSIS_SCALARPROGRAM_H
#define PRUNE_ANALYSIS_SCALARPROGRAM_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"

#include <cstdint>
#include <optional>

namespace mlir::prune {

/// A number of a floating-point type (exact in a double) or of an integer type
/// of at most 64 bits (sign-extended; i1 is 0 or 1).
union Scalar {
  double real;
  int64_t integer;
};

/// True for element types that a `Scalar` can hold: floating-point types of at
/// most 64 bits and integers.
bool isScalarType(Type type);

/// Rounds a double to a floating-point type of at most 64 bits, to nearest
/// even.
double roundTo(Type type, double value);

/// A scalar constant as a number; nothing when it cannot be one.
std::optional<Scalar> toScalar(Attribute attribute);

/// A block of scalar operations that can be run many times.
///
/// Every step is rounded to its type, like compiled code does: sums, products,
/// quotients and square roots are exact to the bit, other functions are those
/// of the C library in that type.
class ScalarProgram {
public:
  /// Compiles a block up to its terminator. `constant` gives the numbers of
  /// values from outside. Nothing, with `obstacle` set, when an operation is
  /// unknown.
  static std::optional<ScalarProgram>
  compile(Block &block,
          llvm::function_ref<std::optional<Scalar>(Value)> constant,
          Operation *&obstacle);

  /// Compiles one operation; its operands are the arguments.
  static std::optional<ScalarProgram> compile(Operation *op);

  /// Runs on as many arguments as the block has. `indices` are the counters of
  /// the loops around (linalg.index).
  void run(llvm::ArrayRef<Scalar> arguments, llvm::ArrayRef<int64_t> indices);

  /// Number `i` that the terminator (or the operation) yields.
  Scalar getResult(unsigned i) const { return slots[results[i]]; }

private:
  struct Step {
    Scalar (*function)(const Step &step, llvm::ArrayRef<Scalar> slots);
    unsigned operands[3] = {0, 0, 0};
    unsigned result = 0;
    /// Types of the first operand and of the result.
    Type from, to;
    /// Predicate of a comparison, or number of a loop.
    int64_t detail = 0;
  };
  friend struct ScalarSteps;

  bool add(Operation &op, llvm::function_ref<std::optional<Scalar>(Value)> get);
  std::optional<unsigned>
  getSlot(Value value, llvm::function_ref<std::optional<Scalar>(Value)> get);

  llvm::SmallVector<Step> steps;
  llvm::SmallVector<Scalar> slots;
  llvm::SmallVector<unsigned> arguments;
  llvm::SmallVector<unsigned> results;
  llvm::SmallVector<std::pair<unsigned, unsigned>> loops;
  llvm::DenseMap<Value, unsigned> numbers;
};

} // namespace mlir::prune

#endif // PRUNE_ANALYSIS_SCALARPROGRAM_H
