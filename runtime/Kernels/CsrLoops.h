//===- CsrLoops.h - Vectorized rows of a sparse product ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_CSRLOOPS_H
#define PRUNE_RUNTIME_KERNELS_CSRLOOPS_H

#include "../Common/Runtime.h"

namespace prune_rt {

/// The product with bias and without activation for rows [begin, end), any
/// strides, in ascending order of the inner index.
void runCsrRows(const CsrCall &call, int64_t begin, int64_t end);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_CSRLOOPS_H
