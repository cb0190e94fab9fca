//===- Arguments.h - Memory objects of one running call ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_ONEDNN_ARGUMENTS_H
#define PRUNE_RUNTIME_ONEDNN_ARGUMENTS_H

#include "Dnnl.h"

#include <array>
#include <utility>

namespace prune_rt {

/// Memory objects of one running call, by index of the execution argument, and
/// its stream, which one thread uses at a time.
struct Arguments {
  std::array<Memory, 6> memories;
  std::array<dnnl_exec_arg_t, 6> list;
  int count = 0;
  Stream stream = makeStream();

  /// Appends the memory under oneDNN's argument number.
  void add(int argument, Memory memory) {
    list[count] = {argument, memory.get()};
    memories[count] = std::move(memory);
    ++count;
  }
  /// Sets the data of the argument at `index`.
  void bind(int index, const void *data) {
    dnnl_memory_set_data_handle(list[index].memory, const_cast<void *>(data));
  }
};

} // namespace prune_rt

#endif // PRUNE_RUNTIME_ONEDNN_ARGUMENTS_H
