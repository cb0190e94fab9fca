//===- Target.cpp - Code generation for the host --------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Target.h"

#include "mlir/ExecutionEngine/OptUtils.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace mlir;
using namespace mlir::prune;

llvm::CodeGenOptLevel prune::getCodeGenLevel(unsigned optimization) {
  return llvm::CodeGenOpt::getLevel(optimization)
      .value_or(llvm::CodeGenOptLevel::Aggressive);
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
prune::createHostTarget(bool exact, unsigned optimization) {
  static bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
    return true;
  }();
  (void)initialized;
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return builder.takeError();
  builder->setCodeGenOptLevel(getCodeGenLevel(optimization));
  auto target = builder->createTargetMachine();
  if (!target)
    return target.takeError();
  (*target)->Options.AllowFPOpFusion =
      exact ? llvm::FPOpFusion::Standard : llvm::FPOpFusion::Fast;
  return std::move(*target);
}

unsigned prune::getHostVectorBits(const llvm::TargetMachine &target) {
  llvm::StringRef features = target.getTargetFeatureString();
  if (features.contains("+avx512f"))
    return 512;
  return features.contains("+avx2") ? 256 : 128;
}

/// Writes the assembly of a copy, as code generation consumes a module.
static llvm::Error writeAssembly(llvm::Module &module,
                                 llvm::TargetMachine &target,
                                 llvm::StringRef file) {
  std::error_code code;
  llvm::raw_fd_ostream stream(file, code, llvm::sys::fs::OF_Text);
  if (code)
    return llvm::createStringError(code, "cannot write " + file + ": " +
                                             code.message());
  std::unique_ptr<llvm::Module> copy = llvm::CloneModule(module);
  llvm::legacy::PassManager manager;
  if (target.addPassesToEmitFile(manager, stream, nullptr,
                                 llvm::CodeGenFileType::AssemblyFile))
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   "the target cannot write assembly");
  manager.run(*copy);
  return llvm::Error::success();
}

std::function<llvm::Error(llvm::Module *)>
prune::createOptimizer(llvm::TargetMachine *target, std::string assemblyFile,
                       unsigned optimization) {
  auto optimize =
      mlir::makeOptimizingTransformer(optimization, /*sizeLevel=*/0, target);
  std::string bits = std::to_string(getHostVectorBits(*target));
  return [=](llvm::Module *module) -> llvm::Error {
    // Without these, LLVM splits our vectors in two on machines whose tuning
    // prefers shorter ones.
    for (llvm::Function &function : *module) {
      if (function.isDeclaration())
        continue;
      function.addFnAttr("prefer-vector-width", bits);
      function.addFnAttr("min-legal-vector-width", bits);
    }
    if (llvm::Error error = optimize(module))
      return error;
    if (assemblyFile.empty())
      return llvm::Error::success();
    return writeAssembly(*module, *target, assemblyFile);
  };
}
