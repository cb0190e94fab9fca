//===- Isa.h - Instruction sets of generated code ---------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_ASSEMBLY_ISA_H
#define PRUNE_ASSEMBLY_ISA_H

#include "Prune/Assembly/StraightLine.h"

#include "llvm/ADT/StringRef.h"

#include <optional>

namespace mlir::prune::assembly {

/// Instruction sets that code is generated for, separated by commas, for
/// messages.
inline constexpr llvm::StringLiteral kIsas =
    "'host', 'none', 'portable', 'avx2' or 'avx512'";

/// The best one of this processor: `portable` at least. The environment
/// variable PRUNE_MAX_ISA, `base`, `avx2` or `avx512`, names the best one that
/// counts, so that computers with more run and measure what others do.
llvm::StringRef getHostIsa();

/// False when PRUNE_MAX_ISA does not allow `isa`.
bool isAllowed(llvm::StringRef isa);

/// The set that an option names: `host` is the best one of this processor.
/// Empty for `none`, and when `name` is no such option, nothing.
std::optional<llvm::StringRef> getIsa(llvm::StringRef name);

/// The vectors of a set that getIsa returned; nothing when it is empty.
std::optional<VectorSet> getVectorSet(llvm::StringRef isa);

} // namespace mlir::prune::assembly

#endif // PRUNE_ASSEMBLY_ISA_H
