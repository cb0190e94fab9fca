//===- PrunableOpInterface.cpp - Operations with prunable weights ---------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Interfaces/PrunableOpInterface.h"

#include "Prune/Interfaces/PrunableOpInterface.cpp.inc"
