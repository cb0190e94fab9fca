//===- ExtremumTies.h - Elements that share a maximum -----------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_IMPLEMENTATIONS_EXTREMUMTIES_H
#define PRUNE_LIB_IMPLEMENTATIONS_EXTREMUMTIES_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::prune {

/// The adjoint of a reduction by maximum or minimum over the number of its
/// iterations whose `candidate`, a value of the body, equals the result. Where
/// that is none, the share is no number. Fails, without a message, when the
/// candidate depends on a partial result.
FailureOr<Value> shareAmongTies(OpBuilder &builder, linalg::LinalgOp op,
                                OpResult result, Value candidate,
                                Value adjoint);

} // namespace mlir::prune

#endif // PRUNE_LIB_IMPLEMENTATIONS_EXTREMUMTIES_H
