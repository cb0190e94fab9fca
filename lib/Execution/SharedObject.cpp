//===- SharedObject.cpp - Networks as shared objects ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One object holds the C interface, one for each instruction set its code, one
// the constants of all, and the static runtime the rest; the linker leaves out
// what is not used. Both files are written under other names and renamed when
// all is well.
//
//===----------------------------------------------------------------------===//

#include "Prune/Execution/SharedObject.h"

#include "NetworkData.h"
#include "NetworkInterface.h"
#include "ObjectFiles.h"
#include "Runtime.h"
#include "StandaloneKernels.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::prune;
namespace fs = llvm::sys::fs;

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

namespace {

/// A network compiled for one instruction set.
struct NetworkCode {
  InstructionLevel level;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<CompiledModule> compiled;
};

/// Writes the files of one network.
class Writer {
public:
  Writer(const NetworkTable &table, const SharedObjectOptions &options,
         StringRef file)
      : table(table), options(options), file(file) {}

  llvm::Error write(ArrayRef<NetworkCode> codes);

private:
  llvm::Error addCode(const NetworkCode &code);
  llvm::Error addInterface(llvm::TargetMachine &target);
  llvm::Error addRuntime();
  llvm::Error writeHeader(StringRef to);
  llvm::Expected<std::string> addObject();

  const NetworkTable &table;
  const SharedObjectOptions &options;
  StringRef file;
  TemporaryFiles temporaries;
  NetworkData data;
  /// What is linked.
  SmallVector<std::string> inputs;
};

} // namespace

llvm::Expected<std::string> Writer::addObject() {
  llvm::Expected<std::string> object = temporaries.create("o");
  if (object)
    inputs.push_back(*object);
  return object;
}

llvm::Error Writer::addInterface(llvm::TargetMachine &target) {
  llvm::Expected<std::string> object = addObject();
  if (!object)
    return object.takeError();
  llvm::LLVMContext context;
  llvm::Module module("interface", context);
  module.setDataLayout(target.createDataLayout());
  module.setTargetTriple(target.getTargetTriple());
  addNetworkInterface(module, table);
  return writeObject(module, target, *object);
}

llvm::Error Writer::addCode(const NetworkCode &code) {
  llvm::Expected<std::string> object = addObject();
  if (!object)
    return object.takeError();
  CompiledModule &compiled = *code.compiled;
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = compiled.translate(context);
  if (!module)
    return llvm::createStringError("the module cannot be translated to LLVM");
  addNetworkCall(*module, table.signature, code.level);
  data.add(compiled.getConstants().getPieces(), *module, toString(code.level));
  if (llvm::Error error = compiled.getOptimizer()(module.get()))
    return error;
  return writeObject(*module, compiled.getTarget(), *object);
}

llvm::Error Writer::addRuntime() {
  StringRef archive =
      options.small ? "libprune_runtime_small.a" : "libprune_runtime_static.a";
  std::string library = Runtime::findLibrary(archive);
  if (library.empty())
    return llvm::createStringError("the static runtime library " + archive +
                                   " is not found");
  inputs.push_back(library);
  return llvm::Error::success();
}

llvm::Error Writer::writeHeader(StringRef to) {
  std::error_code code;
  llvm::raw_fd_ostream stream(to, code, fs::OF_Text);
  if (!code) {
    stream << makeNetworkHeader(table);
    stream.close();
    code = stream.error();
    stream.clear_error();
  }
  if (code)
    return llvm::createStringError(code, "cannot write '" + to +
                                             "': " + code.message());
  return llvm::Error::success();
}

llvm::Error Writer::write(ArrayRef<NetworkCode> codes) {
  SmallString<128> header(file);
  llvm::sys::path::replace_extension(header, "h");
  // Nothing may be left half done at the end.
  for (StringRef path : {file, StringRef(header)})
    if (fs::is_directory(path))
      return llvm::createStringError("cannot write '" + path +
                                     "': it is a folder");
  auto newFile = temporaries.createBeside(file);
  auto newHeader = temporaries.createBeside(header);
  for (auto *made : {&newFile, &newHeader})
    if (!*made)
      return made->takeError();
  // The last code needs the fewest instructions.
  llvm::TargetMachine &target = codes.back().compiled->getTarget();
  if (llvm::Error error = addInterface(target))
    return error;
  for (const NetworkCode &code : codes)
    if (llvm::Error error = addCode(code))
      return error;
  auto constants = addObject();
  if (!constants)
    return constants.takeError();
  if (llvm::Error error = writeConstants(data, target, *constants, temporaries))
    return error;
  if (llvm::Error error = addRuntime())
    return error;
  if (llvm::Error error = linkSharedObject(
          inputs, *newFile, llvm::sys::path::filename(file), temporaries))
    return error;
  if (llvm::Error error = writeHeader(*newHeader))
    return error;
  std::error_code code = fs::rename(*newHeader, header);
  if (!code)
    code = fs::rename(*newFile, file);
  if (code)
    return llvm::createStringError(code, "cannot write '" + file +
                                             "': " + code.message());
  return llvm::Error::success();
}

/// Compiles a copy of the module for one instruction set.
static FailureOr<NetworkCode> compileCode(ModuleOp module,
                                          InstructionLevel level,
                                          const SharedObjectOptions &options) {
  NetworkCode code{level, module.clone(), nullptr};
  CompileTarget target = CompileTarget::object(level);
  if (llvm::Error error = selectStandaloneKernels(
          *code.module, target.isa != "none", options.small, options.costModel))
    return module.emitError() << llvm::toString(std::move(error));
  CompileOptions compile;
  compile.small = options.small;
  FailureOr<std::unique_ptr<CompiledModule>> compiled =
      CompiledModule::create(*code.module, compile, target);
  if (failed(compiled))
    return failure();
  code.compiled = std::move(*compiled);
  return code;
}

LogicalResult prune::writeSharedObject(ModuleOp module, StringRef file,
                                       const SharedObjectOptions &options) {
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
  NetworkTable table{*signature, name, options.levels};
  if (llvm::Error error = Writer(table, options, file).write(codes))
    return module.emitError() << llvm::toString(std::move(error));
  return success();
}
