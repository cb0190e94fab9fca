//===- Processor.h - What the processor can run -----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_COMMON_PROCESSOR_H
#define PRUNE_RUNTIME_COMMON_PROCESSOR_H

namespace prune_rt {

/// What every processor of the architecture has, and the levels 3 and 4 of the
/// ABI of x86-64. Each has everything of those before it.
enum class InstructionSet { Portable, Avx2, Avx512 };

/// Whether the processor has the instructions and the operating system keeps
/// their registers.
bool isSupported(InstructionSet set);

} // namespace prune_rt

#endif // PRUNE_RUNTIME_COMMON_PROCESSOR_H
