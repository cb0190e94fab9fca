//===- NetworkWriter.cpp - The files of a network -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One object holds the C interface, one for each instruction set its code, one
// the constants of all, and the static runtime the rest; the linker leaves out
// what is not used. All files are written under other names and renamed when
// all is well.
//
//===----------------------------------------------------------------------===//

#include "NetworkWriter.h"

#include "Linker.h"
#include "NetworkData.h"
#include "Runtime.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Target/TargetMachine.h"

#include <cstring>

using namespace mlir;
using namespace mlir::prune;
namespace fs = llvm::sys::fs;

namespace {

/// Writes the files of one network.
class Writer {
public:
  Writer(NetworkTable &table, const SharedObjectOptions &options,
         StringRef file)
      : table(table), options(options), file(file) {}

  llvm::Error write(ArrayRef<NetworkCode> codes);

private:
  llvm::Error addCode(const NetworkCode &code);
  llvm::Error addInterface(llvm::TargetMachine &target);
  llvm::Error addRuntime(ArrayRef<NetworkCode> codes);
  llvm::Error addConstants(llvm::TargetMachine &target);
  llvm::Error writeWeights(StringRef to);
  llvm::Error compile(ArrayRef<NetworkCode> codes);
  llvm::Expected<std::string> addObject();

  NetworkTable &table;
  const SharedObjectOptions &options;
  StringRef file;
  TemporaryFiles temporaries;
  NetworkData data;
  /// What is linked.
  SmallVector<std::string> inputs;
  /// Shared libraries besides those of C.
  SmallVector<std::string> libraries;
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

/// Functions of the runtime that call oneDNN where it is built in.
static constexpr StringLiteral kOneDNNFunctions[] = {
    "prune_rt_matmul_f32", "prune_rt_convolution_f32",
    "prune_rt_convolution_backward_data_f32",
    "prune_rt_convolution_backward_weights_f32"};

llvm::Error Writer::addRuntime(ArrayRef<NetworkCode> codes) {
  bool usesOneDNN =
      !options.standalone && llvm::any_of(codes, [](const NetworkCode &code) {
        return llvm::any_of(kOneDNNFunctions, [&](StringRef name) {
          return code.compiled->getModule().lookupSymbol(name);
        });
      });
  StringRef name =
      options.small ? "libprune_runtime_small.a" : "libprune_runtime_static.a";
  if (usesOneDNN) {
    auto found = Runtime::findOneDNN();
    if (!found)
      return found.takeError();
    libraries = std::move(*found);
    if (!libraries.empty())
      name = "libprune_runtime_onednn.a";
  }
  SmallString<64> archive(options.triple);
  llvm::sys::path::append(archive, name);
  std::string library = Runtime::findLibrary(archive);
  if (library.empty() && !options.triple.empty())
    return llvm::createStringError(
        "the runtime was not built for " + options.triple +
        " (configure with PRUNE_CROSS_TARGETS=" + options.triple + ")");
  if (library.empty())
    return llvm::createStringError("the static runtime library " + archive +
                                   " is not found");
  inputs.push_back(library);
  return llvm::Error::success();
}

llvm::Error Writer::addConstants(llvm::TargetMachine &target) {
  llvm::Expected<std::string> object = addObject();
  if (!object)
    return object.takeError();
  return writeConstants(data, target, /*inFile=*/!options.weights.empty(),
                        *object, temporaries);
}

llvm::Error Writer::writeWeights(StringRef to) {
  std::string bytes = data.makeFile();
  table.weights.emplace();
  std::memcpy(&*table.weights, bytes.data(), sizeof(*table.weights));
  return writeBytes(bytes, to);
}

llvm::Error Writer::compile(ArrayRef<NetworkCode> codes) {
  for (const NetworkCode &code : codes)
    if (llvm::Error error = addCode(code))
      return error;
  if (!options.weights.empty()) {
    llvm::Expected<std::string> weights =
        temporaries.createBeside(options.weights);
    if (!weights)
      return weights.takeError();
    if (llvm::Error error = writeWeights(*weights))
      return error;
  }
  // The last code needs the fewest instructions.
  llvm::TargetMachine &target = codes.back().compiled->getTarget();
  if (llvm::Error error = addInterface(target))
    return error;
  if (llvm::Error error = addConstants(target))
    return error;
  return addRuntime(codes);
}

llvm::Error Writer::write(ArrayRef<NetworkCode> codes) {
  SmallString<128> header(file);
  llvm::sys::path::replace_extension(header, "h");
  // Nothing may be left half done at the end.
  for (StringRef path : {file, StringRef(header), StringRef(options.weights)})
    if (fs::is_directory(path))
      return llvm::createStringError("cannot write '" + path +
                                     "': it is a folder");
  if (options.weights == file || options.weights == header)
    return llvm::createStringError("expected a file of its own for the "
                                   "weights, got '" +
                                   options.weights + "'");
  auto newFile = temporaries.createBeside(file);
  auto newHeader = temporaries.createBeside(header);
  for (auto *made : {&newFile, &newHeader})
    if (!*made)
      return made->takeError();
  if (llvm::Error error = compile(codes))
    return error;
  LinkJob job{
      inputs,        *newFile,       llvm::sys::path::filename(file).str(),
      options.small, options.triple, libraries};
  bool isArchive = llvm::sys::path::extension(file) == ".a";
  if (llvm::Error error = isArchive ? linkStaticLibrary(job, temporaries)
                                    : linkSharedObject(job, temporaries))
    return error;
  if (llvm::Error error = writeBytes(makeNetworkHeader(table), *newHeader))
    return error;
  return temporaries.rename();
}

llvm::Error prune::writeNetwork(NetworkTable table, ArrayRef<NetworkCode> codes,
                                const SharedObjectOptions &options,
                                StringRef file) {
  return Writer(table, options, file).write(codes);
}
