//===- AdjointOpInterface.h - Reverse-mode rules of operations --*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_INTERFACES_ADJOINTOPINTERFACE_H
#define PRUNE_INTERFACES_ADJOINTOPINTERFACE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

#include "Prune/Interfaces/AdjointOpInterface.h.inc"

#endif // PRUNE_INTERFACES_ADJOINTOPINTERFACE_H
