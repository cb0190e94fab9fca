//===- OneDNN.h - oneDNN dialect declarations -------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_ONEDNN_IR_ONEDNN_H
#define PRUNE_DIALECT_ONEDNN_IR_ONEDNN_H

#include "Prune/Dialect/Kernel/IR/Kernel.h"

#include "Prune/Dialect/OneDNN/IR/OneDNNDialect.h.inc"

#define GET_OP_CLASSES
#include "Prune/Dialect/OneDNN/IR/OneDNNOps.h.inc"

#endif // PRUNE_DIALECT_ONEDNN_IR_ONEDNN_H
