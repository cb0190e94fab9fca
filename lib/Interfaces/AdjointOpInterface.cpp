//===- AdjointOpInterface.cpp - Reverse-mode rules of operations ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Interfaces/AdjointOpInterface.h"

#include "Prune/Interfaces/AdjointOpInterface.cpp.inc"
