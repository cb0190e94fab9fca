//===- PrunableOpInterface.h - Operations with prunable weights -*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_INTERFACES_PRUNABLEOPINTERFACE_H
#define PRUNE_INTERFACES_PRUNABLEOPINTERFACE_H

#include "mlir/IR/OpDefinition.h"
#include "llvm/ADT/SmallVector.h"

#include "Prune/Interfaces/PrunableOpInterface.h.inc"

#endif // PRUNE_INTERFACES_PRUNABLEOPINTERFACE_H
