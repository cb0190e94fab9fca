//===- Target.cpp - Code generation for the host --------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Target.h"

#include "Prune/Assembly/Isa.h"

#include "mlir/ExecutionEngine/OptUtils.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/Targets.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <set>

using namespace mlir;
using namespace mlir::prune;

llvm::CodeGenOptLevel prune::getCodeGenLevel(unsigned optimization) {
  return llvm::CodeGenOpt::getLevel(optimization)
      .value_or(llvm::CodeGenOptLevel::Aggressive);
}

static void initializeTargets() {
  static bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
#if LLVM_HAS_AARCH64_TARGET
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
#endif
    return true;
  }();
  (void)initialized;
}

InstructionLevel prune::getHostLevel() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto has = [&](std::initializer_list<StringRef> names) {
    return llvm::all_of(names,
                        [&](StringRef name) { return features.lookup(name); });
  };
  if (!has(
          {"avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "popcnt"}) ||
      !assembly::isAllowed("avx2"))
    return InstructionLevel::Base;
  if (!has({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}) ||
      !assembly::isAllowed("avx512"))
    return InstructionLevel::Avx2;
  return InstructionLevel::Avx512;
}

StringRef prune::toString(InstructionLevel level) {
  switch (level) {
  case InstructionLevel::Base:
    return "base";
  case InstructionLevel::Avx2:
    return "avx2";
  case InstructionLevel::Avx512:
    return "avx512";
  }
  llvm_unreachable("unknown instruction level");
}

static llvm::Triple getTriple(StringRef triple) {
  return llvm::Triple(triple.empty() ? llvm::sys::getDefaultTargetTriple()
                                     : triple.str());
}

llvm::Expected<std::string> prune::parseTarget(StringRef name) {
  SmallVector<std::string> known = {
      (getTriple("").getArchName() + "-linux-gnu").str()};
#if LLVM_HAS_AARCH64_TARGET
  known.push_back("aarch64-linux-gnu");
#endif
  if (name.empty() || name == known.front())
    return std::string();
  if (llvm::is_contained(known, name))
    return name.str();
  return llvm::createStringError("expected a target out of " +
                                 llvm::join(known, " and ") + ", got '" + name +
                                 "'");
}

llvm::Expected<SmallVector<InstructionLevel>>
prune::parseInstructionLevels(StringRef names, StringRef triple) {
  SmallVector<InstructionLevel> known = {InstructionLevel::Base};
  if (getTriple(triple).isX86_64())
    known = {InstructionLevel::Avx512, InstructionLevel::Avx2,
             InstructionLevel::Base};
  auto getName = [](InstructionLevel level) { return toString(level); };
  std::set<InstructionLevel, std::greater<>> found;
  for (StringRef name : llvm::split(names, ',')) {
    name = name.trim();
    bool isHost = name == "host" && triple.empty();
    bool isKnown = isHost || name == "all";
    if (isHost)
      found.insert(getHostLevel());
    for (InstructionLevel level : known) {
      if (name != "all" && name != toString(level))
        continue;
      found.insert(level);
      isKnown = true;
    }
    if (!isKnown)
      return llvm::createStringError(
          "expected instruction sets out of " +
          llvm::join(llvm::map_range(known, getName), ", ") +
          (triple.empty() ? ", host" : "") + " and all, got '" + name + "'");
  }
  return SmallVector<InstructionLevel>(found.begin(), found.end());
}

/// The x86-64 processor with as many instructions.
static StringRef getProcessor(InstructionLevel level) {
  switch (level) {
  case InstructionLevel::Base:
    return "x86-64";
  case InstructionLevel::Avx2:
    return "x86-64-v3";
  case InstructionLevel::Avx512:
    return "x86-64-v4";
  }
  llvm_unreachable("unknown instruction level");
}

CompileTarget CompileTarget::object(InstructionLevel level, StringRef triple) {
  CompileTarget target;
  target.triple = getTriple(triple).str();
  target.isa = level == InstructionLevel::Base ? "portable" : toString(level);
  target.cpu = llvm::Triple(target.triple).isX86_64() ? getProcessor(level)
                                                      : StringRef("generic");
  return target;
}

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createObjectTarget(const CompileTarget &target, unsigned optimization) {
  llvm::Triple triple(target.triple);
  std::string message;
  const llvm::Target *found =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!found)
    return llvm::createStringError(message);
  llvm::TargetOptions options;
  options.FunctionSections = options.DataSections = true;
  return std::unique_ptr<llvm::TargetMachine>(found->createTargetMachine(
      triple, target.cpu, /*Features=*/"", options, llvm::Reloc::PIC_,
      llvm::CodeModel::Small, getCodeGenLevel(optimization)));
}

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createProcessTarget(unsigned optimization) {
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return builder.takeError();
  // No more than what counts as this computer's.
  if (InstructionLevel level = getHostLevel();
      builder->getTargetTriple().isX86_64() && !assembly::isAllowed("avx512"))
    *builder = llvm::orc::JITTargetMachineBuilder(builder->getTargetTriple())
                   .setCPU(getProcessor(level).str());
  builder->setCodeGenOptLevel(getCodeGenLevel(optimization));
  return builder->createTargetMachine();
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
prune::createTarget(const CompileTarget &target, bool exact,
                    unsigned optimization) {
  initializeTargets();
  auto created = target.triple.empty()
                     ? createProcessTarget(optimization)
                     : createObjectTarget(target, optimization);
  if (created)
    (*created)->Options.AllowFPOpFusion =
        exact ? llvm::FPOpFusion::Standard : llvm::FPOpFusion::Fast;
  return created;
}

unsigned prune::getVectorBits(const llvm::TargetMachine &target) {
  const llvm::MCSubtargetInfo &info = *target.getMCSubtargetInfo();
  auto has = [&](StringRef feature) {
    return target.getTargetTriple().isX86() && info.checkFeatures(feature);
  };
  if (has("+avx512f"))
    return 512;
  return has("+avx2") ? 256 : 128;
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
                       unsigned optimization, bool small) {
  auto optimize = mlir::makeOptimizingTransformer(
      small ? 2 : optimization, /*sizeLevel=*/small ? 1 : 0, target);
  std::string bits = std::to_string(getVectorBits(*target));
  return [=](llvm::Module *module) -> llvm::Error {
    // Without these, LLVM splits our vectors in two on machines whose tuning
    // prefers shorter ones.
    for (llvm::Function &function : *module) {
      if (function.isDeclaration())
        continue;
      function.addFnAttr("prefer-vector-width", bits);
      function.addFnAttr("min-legal-vector-width", bits);
      if (small)
        function.addFnAttr(llvm::Attribute::OptimizeForSize);
    }
    if (llvm::Error error = optimize(module))
      return error;
    if (assemblyFile.empty())
      return llvm::Error::success();
    return writeAssembly(*module, *target, assemblyFile);
  };
}
