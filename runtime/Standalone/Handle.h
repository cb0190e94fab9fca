//===- Handle.h - Memory of a caller of a network ---------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_STANDALONE_HANDLE_H
#define PRUNE_RUNTIME_STANDALONE_HANDLE_H

#include "prune_network.h"

#include "../Kernels/Scratch.h"
#include "Workers.h"

struct prune_network_handle {
  const prune_network *network;
  const prune_network_code *code;
  prune_rt::Pool pool;
  /// Of the thread that runs it.
  prune_rt::ThreadMemory memory;
  /// Null when there is one thread.
  prune_rt::Workers *workers;
  /// Set while the network runs.
  bool busy;
  /// Gives back what the handle has besides memory; may be null.
  void (*close)(const prune_network &network);
  /// Descriptors of the inputs, then of the outputs.
  int64_t **descriptors;
};

#endif // PRUNE_RUNTIME_STANDALONE_HANDLE_H
