//===- Target.h - Code generation for a target ------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_EXECUTION_TARGET_H
#define PRUNE_LIB_EXECUTION_TARGET_H

#include "Prune/Execution/Compiler.h"

#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"

#include <functional>
#include <memory>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace mlir::prune {

/// Target machine for a target. With `exact`, products and sums are not
/// contracted. `optimization` is the effort of code generation, 0 to 3.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTarget(const CompileTarget &target, bool exact, unsigned optimization);

/// Widest vector of the target in bits: 512, 256 or 128.
unsigned getVectorBits(const llvm::TargetMachine &target);

/// Level of code generation for an effort of 0 to 3.
llvm::CodeGenOptLevel getCodeGenLevel(unsigned optimization);

/// Optimizes a module for the target, which must outlive the function, and
/// writes its assembly when `assemblyFile` is not empty. `small` prefers small
/// code.
std::function<llvm::Error(llvm::Module *)>
createOptimizer(llvm::TargetMachine *target, std::string assemblyFile,
                unsigned optimization, bool small = false);

} // namespace mlir::prune

#endif // PRUNE_LIB_EXECUTION_TARGET_H
