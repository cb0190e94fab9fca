//===- embedding.cpp - Prune, compile and call a network ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   embedding net.mlir 'prune-compress-pipeline{threshold=0.2}'
//
// runs passes on the module, compiles it, and prints what `forward` computes
// from an input whose values are 0.1, 0.2, 0.3 and so on.
//
//===----------------------------------------------------------------------===//

#include "Prune/Execution/Executable.h"
#include "Prune/InitAllDialects.h"
#include "Prune/InitAllPasses.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

/// Calls `forward`, which has one input and one result of f32.
static llvm::Error call(prune::Executable &network) {
  llvm::Expected<const prune::FunctionSignature *> found =
      network.findSignature("forward");
  if (!found)
    return found.takeError();
  const prune::FunctionSignature &forward = **found;
  if (forward.arguments.size() != 1 || forward.results.size() != 1)
    return llvm::createStringError("forward has not one input and one result");
  std::vector<float> input(prune::getNumElements(forward.arguments[0]));
  std::vector<float> result(prune::getNumElements(forward.results[0]));
  for (size_t i = 0; i < input.size(); ++i)
    input[i] = 0.1f * static_cast<float>(i + 1);
  if (llvm::Error error =
          network.call(forward, {input.data()}, {result.data()}))
    return error;
  for (float value : result)
    llvm::outs() << llvm::format("%.6f\n", value);
  return llvm::Error::success();
}

int main(int argc, char **argv) {
  if (argc != 3) {
    llvm::errs() << "usage: embedding NET.mlir PIPELINE\n";
    return 1;
  }
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  prune::registerAllDialects(registry);
  prune::registerAllPasses();
  prune::Executable::registerDialects(registry);
  MLIRContext context(registry);

  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(argv[1], &context);
  if (!module)
    return 1;
  PassManager passes(&context);
  if (failed(parsePassPipeline(argv[2], passes)) || failed(passes.run(*module)))
    return 1;
  module->print(llvm::outs());

  FailureOr<std::unique_ptr<prune::Executable>> network =
      prune::Executable::create(*module);
  if (failed(network))
    return 1;
  if (llvm::Error error = call(**network)) {
    llvm::errs() << toString(std::move(error)) << "\n";
    return 1;
  }
  return 0;
}
