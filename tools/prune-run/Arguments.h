//===- Arguments.h - Arguments of a function --------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_TOOLS_PRUNE_RUN_ARGUMENTS_H
#define PRUNE_TOOLS_PRUNE_RUN_ARGUMENTS_H

#include "Npz.h"

#include "Prune/Execution/Signature.h"

#include <optional>

namespace mlir::prune {

/// One array per argument of a function, in order, from arrays named like the
/// arguments, or `arr_<i>` for argument `i` as `numpy.savez` names arrays
/// without a name. A missing one is random when there is a seed. Fails on a
/// missing array, on one that is not an argument, and on wrong types and
/// shapes.
llvm::Expected<std::vector<NpyArray>>
collectArguments(const FunctionSignature &signature,
                 std::vector<NpyArray> inputs, std::optional<uint64_t> seed);

/// Space for the results that are not written into an argument.
std::vector<NpyArray> makeDestinations(const FunctionSignature &signature);

} // namespace mlir::prune

#endif // PRUNE_TOOLS_PRUNE_RUN_ARGUMENTS_H
