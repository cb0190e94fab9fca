//===- Compiler.h - Compiling apart from running ----------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_EXECUTION_COMPILER_H
#define PRUNE_EXECUTION_COMPILER_H

#include "Prune/Execution/Signature.h"
#include "Prune/Profiling/Profile.h"

#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <functional>
#include <memory>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::prune {

class ConstantData;

/// Instruction sets by which machines of one architecture are told apart, each
/// with everything of those before it: of x86-64 the levels of its ABI.
enum class InstructionLevel {
  Base,   ///< what every machine of the architecture has
  Avx2,   ///< x86-64-v3
  Avx512, ///< x86-64-v4
};

/// The level of this computer.
InstructionLevel getHostLevel();

/// Name of a level: 'base', 'avx2' or 'avx512'.
StringRef toString(InstructionLevel level);

/// The levels of a list of names between commas, best first, each once; 'host'
/// is that of this computer and 'all' are all of the target's architecture.
/// Fails when a name is none of these.
llvm::Expected<SmallVector<InstructionLevel>>
parseInstructionLevels(StringRef names, StringRef triple = "");

/// What code for a target of this name, 'aarch64-linux-gnu' say, is compiled
/// for; empty for this computer's own. Fails when there is no such target.
llvm::Expected<std::string> parseTarget(StringRef name);

/// What machine code is for.
struct CompileTarget {
  /// Code for this process, with everything that this computer offers.
  static CompileTarget thisComputer() { return {}; }

  /// Position-independent code for an object file, for a triple of
  /// parseTarget, by default this computer's architecture and operating system.
  static CompileTarget object(InstructionLevel level, StringRef triple = "");

  /// Empty for this computer.
  std::string triple;
  std::string cpu;
  /// Instruction set of generated kernels, an option of prune-cpu-pipeline.
  std::string isa = "host";
};

/// How a module is compiled.
struct CompileOptions {
  /// Plain scalar loops on the naive runtime: slow, for comparison.
  bool reference = false;
  /// Threads that one call may use.
  int64_t threads = 1;
  /// Measure the time of each costly operation.
  bool profile = false;
  /// Effort of LLVM, 0 to 3. At 0 code is ready several times sooner and slow;
  /// the values that it computes are those of a higher effort on the same path,
  /// up to the contraction of products and sums.
  unsigned optimization = 3;
  /// Prefer small code to fast code.
  bool small = false;
  /// Temporary buffers are NaN in the beginning, so that tests find what reads
  /// them too early.
  bool poison = false;
  /// Name of the cost model that chooses kernels where nobody did, as
  /// findCostModel takes it.
  std::string costModel;
  /// When not empty, receives the assembly of the whole module.
  std::string assemblyFile;
};

/// A module that was compiled down to LLVM for a target. It is not machine code
/// yet: it is run in the process by an Executable, or written to an object.
/// Functions keep the calling convention of prune-results-to-destinations and
/// call the runtime of prune_runtime.h.
class CompiledModule {
public:
  /// Adds the translations that compiling needs; call before making a context.
  static void registerDialects(DialectRegistry &registry);

  /// Lowers `module` in place by prune-cpu-pipeline and takes its large
  /// constants out. `module` and its context must outlive the result. Fails
  /// with diagnostics.
  static FailureOr<std::unique_ptr<CompiledModule>>
  create(ModuleOp module, const CompileOptions &options,
         const CompileTarget &target = CompileTarget::thisComputer());
  ~CompiledModule();

  ArrayRef<FunctionSignature> getSignatures() const { return signatures; }

  /// The module in the LLVM dialect.
  ModuleOp getModule() const { return module; }

  llvm::TargetMachine &getTarget() const { return *target; }

  /// Hands the target machine over to a new owner, which must live as long as
  /// the optimizer is used. There is none here any more.
  std::unique_ptr<llvm::TargetMachine> takeTarget() {
    return std::move(target);
  }

  /// Bytes of the constants that the module only declares.
  ConstantData &getConstants() const { return *constants; }

  /// The times of operations; null unless compiled with
  /// CompileOptions::profile.
  Profile *getProfile() const { return profile.get(); }

  /// The module as LLVM's, not optimized yet. Null, with diagnostics, when it
  /// cannot be translated.
  std::unique_ptr<llvm::Module> translate(llvm::LLVMContext &context) const;

  /// Optimizes an LLVM module for the target, as the options said. Valid as
  /// long as this module.
  const std::function<llvm::Error(llvm::Module *)> &getOptimizer() const {
    return optimizer;
  }

private:
  explicit CompiledModule(ModuleOp module);
  LogicalResult lower(const CompileOptions &options, StringRef isa);

  ModuleOp module;
  std::vector<FunctionSignature> signatures;
  std::unique_ptr<llvm::TargetMachine> target;
  std::unique_ptr<ConstantData> constants;
  std::unique_ptr<Profile> profile;
  std::function<llvm::Error(llvm::Module *)> optimizer;
};

} // namespace mlir::prune

#endif // PRUNE_EXECUTION_COMPILER_H
