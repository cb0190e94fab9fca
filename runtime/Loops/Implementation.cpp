//===- Implementation.cpp - The fast runtime without oneDNN ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "prune_runtime.h"

const char *prune_rt_implementation(void) { return "loops"; }
