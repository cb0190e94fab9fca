//===- CallingConvention.h - Arguments of compiled code ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_EXECUTION_CALLINGCONVENTION_H
#define PRUNE_LIB_EXECUTION_CALLINGCONVENTION_H

#include "Prune/Execution/Signature.h"

#include "llvm/Support/Error.h"

namespace mlir::prune {

/// Symbol of the function that takes a pointer to the descriptor of each
/// tensor, and each number by value: first the arguments, then the destinations
/// of the results that no state argument receives.
std::string getInterfaceName(StringRef function);

/// Number of results that no state argument receives.
size_t getNumDestinations(const FunctionSignature &signature);

/// Descriptors and pointers of one call.
class CallFrame {
public:
  /// `arguments` and `destinations` as in Executable::call. Fails when the
  /// counts are wrong.
  static llvm::Expected<CallFrame> create(const FunctionSignature &signature,
                                          ArrayRef<void *> arguments,
                                          ArrayRef<void *> destinations);

  /// Pointers for a packed function, which loads each argument of
  /// getInterfaceName from where one of them points; valid while the frame is
  /// not moved.
  MutableArrayRef<void *> getPointers();

private:
  void addTensor(void *data, const ValueInfo &value);
  void addScalar(void *data);

  SmallVector<SmallVector<int64_t>> descriptors;
  SmallVector<std::pair<unsigned, void *>> scalars;
  SmallVector<void *> addresses;
  SmallVector<void *> pointers;
};

} // namespace mlir::prune

#endif // PRUNE_LIB_EXECUTION_CALLINGCONVENTION_H
