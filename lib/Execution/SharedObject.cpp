//===- SharedObject.cpp - Networks as shared objects ----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One object holds the code and the C interface, a second one the constants,
// and the static runtime the rest; the linker leaves out what is not used. Both
// files are written under other names and renamed when all is well.
//
//===----------------------------------------------------------------------===//

#include "Prune/Execution/SharedObject.h"

#include "ConstantData.h"
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

/// Writes the files of one network.
class Writer {
public:
  Writer(CompiledModule &compiled, const FunctionSignature &signature,
         StringRef name, StringRef file)
      : compiled(compiled), signature(signature), name(name), file(file) {}

  llvm::Error write(const SharedObjectOptions &options);

private:
  llvm::Error writeCode(StringRef object, const SharedObjectOptions &options);
  llvm::Error writeHeader(StringRef to);

  CompiledModule &compiled;
  const FunctionSignature &signature;
  StringRef name, file;
};

} // namespace

llvm::Error Writer::writeCode(StringRef object,
                              const SharedObjectOptions &options) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = compiled.translate(context);
  if (!module)
    return llvm::createStringError("the module cannot be translated to LLVM");
  addNetworkInterface(*module, signature, name, options.level);
  if (llvm::Error error = compiled.getOptimizer()(module.get()))
    return error;
  return writeObject(*module, compiled.getTarget(), object);
}

llvm::Error Writer::writeHeader(StringRef to) {
  std::error_code code;
  llvm::raw_fd_ostream stream(to, code, fs::OF_Text);
  if (!code) {
    stream << makeNetworkHeader(signature, name);
    stream.close();
    code = stream.error();
    stream.clear_error();
  }
  if (code)
    return llvm::createStringError(code, "cannot write '" + to +
                                             "': " + code.message());
  return llvm::Error::success();
}

llvm::Error Writer::write(const SharedObjectOptions &options) {
  TemporaryFiles temporaries;
  SmallString<128> header(file);
  llvm::sys::path::replace_extension(header, "h");
  // Nothing may be left half done at the end.
  for (StringRef path : {file, StringRef(header)})
    if (fs::is_directory(path))
      return llvm::createStringError("cannot write '" + path +
                                     "': it is a folder");
  StringRef archive =
      options.small ? "libprune_runtime_small.a" : "libprune_runtime_static.a";
  std::string library = Runtime::findLibrary(archive);
  if (library.empty())
    return llvm::createStringError("the static runtime library " + archive +
                                   " is not found");
  auto object = temporaries.create("o"), constants = temporaries.create("o");
  auto newFile = temporaries.createBeside(file);
  auto newHeader = temporaries.createBeside(header);
  for (auto *made : {&object, &constants, &newFile, &newHeader})
    if (!*made)
      return made->takeError();
  if (llvm::Error error = writeCode(*object, options))
    return error;
  if (llvm::Error error =
          writeConstants(compiled.getConstants().getPieces(),
                         compiled.getTarget(), *constants, temporaries))
    return error;
  if (llvm::Error error =
          linkSharedObject({*object, *constants, library}, *newFile,
                           llvm::sys::path::filename(file), temporaries))
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

LogicalResult prune::writeSharedObject(ModuleOp module, StringRef file,
                                       const SharedObjectOptions &options) {
  auto fail = [&](llvm::Error error) -> LogicalResult {
    return module.emitError() << llvm::toString(std::move(error));
  };
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
    return fail(signature.takeError());
  CompileTarget target = CompileTarget::object(options.level);
  if (llvm::Error error =
          selectStandaloneKernels(module, /*hasCode=*/target.isa != "none",
                                  options.small, options.costModel))
    return fail(std::move(error));
  CompileOptions compile;
  compile.small = options.small;
  FailureOr<std::unique_ptr<CompiledModule>> compiled =
      CompiledModule::create(module, compile, target);
  if (failed(compiled))
    return failure();
  if (llvm::Error error =
          Writer(**compiled, *signature, name, file).write(options))
    return fail(std::move(error));
  return success();
}
