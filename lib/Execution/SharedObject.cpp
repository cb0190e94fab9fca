//===- SharedObject.cpp - Networks as shared objects ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A copy of the module is compiled for each instruction set, and all of them
// are written together.
//
//===----------------------------------------------------------------------===//

#include "Prune/Execution/SharedObject.h"

#include "NetworkWriter.h"
#include "Runtime.h"
#include "StandaloneKernels.h"

#include "Prune/Assembly/Isa.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::prune;

/// The signature of the network. Fails when there is none or when it has state
/// or parameters without values.
static llvm::Expected<FunctionSignature>
findNetwork(ArrayRef<FunctionSignature> signatures, StringRef function) {
  auto getName = [](const FunctionSignature &s) { return "'" + s.name + "'"; };
  std::string names = llvm::join(llvm::map_range(signatures, getName), ", ");
  const FunctionSignature *found = nullptr;
  for (const FunctionSignature &signature : signatures)
    if (function.empty() ? signatures.size() == 1 : signature.name == function)
      found = &signature;
  if (!found && signatures.empty())
    return llvm::createStringError("there is no public function");
  if (!found && function.empty())
    return llvm::createStringError("expected one public function, got " +
                                   names);
  if (!found)
    return llvm::createStringError("no function '" + function +
                                   "'; there are: " + names);
  for (const ValueInfo &value : found->arguments) {
    if (value.kind == ValueKind::Param)
      return llvm::createStringError("the parameter '" + value.name +
                                     "' has no value: bind it first");
    if (value.kind == ValueKind::State)
      return llvm::createStringError(
          "'" + value.name +
          "' is state: a network without state can be written alone");
  }
  if (found->results.empty())
    return llvm::createStringError("the function '" + found->name +
                                   "' has no result");
  return *found;
}

/// Compiles a copy of the module for one instruction set.
static FailureOr<NetworkCode> compileCode(ModuleOp module,
                                          InstructionLevel level,
                                          const SharedObjectOptions &options) {
  NetworkCode code{level, module.clone(), nullptr};
  CompileTarget target = CompileTarget::object(level, options.triple);
  // A stream is smaller than code, and one for all instruction sets.
  if (options.small)
    target.isa = "portable";
  if (options.standalone)
    if (llvm::Error error = selectStandaloneKernels(
            *code.module, assembly::getVectorSet(target.isa), options.small,
            options.costModel, options.threads))
      return module.emitError() << llvm::toString(std::move(error));
  CompileOptions compile;
  compile.costModel = options.costModel;
  compile.small = options.small;
  compile.threads = options.threads;
  FailureOr<std::unique_ptr<CompiledModule>> compiled =
      CompiledModule::create(*code.module, compile, target);
  if (failed(compiled))
    return failure();
  code.compiled = std::move(*compiled);
  return code;
}

/// The options with `standalone` where there is no other way.
static llvm::Expected<SharedObjectOptions> complete(SharedObjectOptions options,
                                                    StringRef file) {
  if (options.small || !options.triple.empty() ||
      llvm::sys::path::extension(file) == ".a")
    options.standalone = true;
  if (options.standalone)
    return options;
  auto libraries = Runtime::findOneDNN();
  if (!libraries)
    return llvm::createStringError("cannot use oneDNN: " +
                                   llvm::toString(libraries.takeError()));
  options.standalone = libraries->empty();
  return options;
}

LogicalResult prune::writeSharedObject(ModuleOp module, StringRef file,
                                       const SharedObjectOptions &given) {
  llvm::Expected<SharedObjectOptions> completed = complete(given, file);
  if (!completed)
    return module.emitError() << llvm::toString(completed.takeError());
  const SharedObjectOptions &options = *completed;
  std::string name = options.name.empty() ? getNetworkName(file) : options.name;
  if (!isIdentifier(name))
    return module.emitError() << "expected the network's name to be an "
                                 "identifier of C, got '"
                              << name << "'";
  if (llvm::sys::path::extension(file) == ".h")
    return module.emitError()
           << "'" << file
           << "' is the name of the header: expected another "
              "ending, such as '.so'";
  FailureOr<std::vector<FunctionSignature>> signatures = getSignatures(module);
  if (failed(signatures))
    return failure();
  llvm::Expected<FunctionSignature> signature =
      findNetwork(*signatures, options.function);
  if (!signature)
    return module.emitError() << llvm::toString(signature.takeError());
  SmallVector<NetworkCode> codes;
  for (InstructionLevel level : options.levels) {
    FailureOr<NetworkCode> code = compileCode(module, level, options);
    if (failed(code))
      return failure();
    codes.push_back(std::move(*code));
  }
  NetworkTable table{*signature, name, options.levels, options.threads};
  if (llvm::Error error = writeNetwork(table, codes, options, file))
    return module.emitError() << llvm::toString(std::move(error));
  return success();
}
