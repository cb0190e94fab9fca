//===- Compiler.cpp - Compiling apart from running ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lowers a module to the LLVM dialect, takes its large constants out, and
// translates the rest to LLVM, where it is optimized for the target.
//
//===----------------------------------------------------------------------===//

#include "Prune/Execution/Compiler.h"

#include "ConstantData.h"
#include "StandaloneKernels.h"
#include "Target.h"

#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h"
#include "Prune/Pipelines/CpuPipeline.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/OpenMP/OpenMPToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::prune;

void CompiledModule::registerDialects(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerOpenMPDialectTranslation(registry);
}

CompiledModule::CompiledModule(ModuleOp module)
    : module(module), constants(std::make_unique<ConstantData>()) {}
CompiledModule::~CompiledModule() = default;

FailureOr<std::unique_ptr<CompiledModule>>
CompiledModule::create(ModuleOp module, const CompileOptions &options,
                       const CompileTarget &target) {
  std::unique_ptr<CompiledModule> compiled(new CompiledModule(module));
  FailureOr<std::vector<FunctionSignature>> signatures =
      prune::getSignatures(module);
  if (failed(signatures))
    return failure();
  compiled->signatures = std::move(*signatures);
  auto machine = createTarget(target, options.reference, options.optimization);
  if (!machine)
    return module.emitError() << llvm::toString(machine.takeError());
  compiled->target = std::move(*machine);
  if (failed(compiled->lower(options, target.isa)))
    return failure();
  compiled->optimizer =
      createOptimizer(compiled->target.get(), options.assemblyFile,
                      options.optimization, options.small);
  return compiled;
}

LogicalResult CompiledModule::lower(const CompileOptions &options,
                                    StringRef isa) {
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  CpuPipelineOptions pipeline;
  pipeline.reference = options.reference;
  pipeline.profile = options.profile;
  pipeline.vectorWidth = getVectorBits(*target);
  pipeline.threads = options.threads;
  pipeline.isa = isa.str();
  pipeline.model = options.costModel;
  pipeline.fill = options.poison;
  // Nobody has to know that kernels are chosen to get fast ones.
  if (!options.reference && !hasKernels(module)) {
    SelectKernelsPassOptions select;
    select.isa = isa.str();
    select.model = options.costModel;
    select.threads = options.threads;
    manager.addPass(createSelectKernelsPass(select));
  }
  buildCpuPipeline(manager, pipeline);
  if (failed(manager.run(module)))
    return failure();
  if (options.profile)
    profile = std::make_unique<Profile>(module);
  constants->extract(module);
  return success();
}

std::unique_ptr<llvm::Module>
CompiledModule::translate(llvm::LLVMContext &context) const {
  std::unique_ptr<llvm::Module> translated =
      translateModuleToLLVMIR(module, context);
  if (!translated)
    return nullptr;
  translated->setDataLayout(target->createDataLayout());
  translated->setTargetTriple(target->getTargetTriple());
  return translated;
}
