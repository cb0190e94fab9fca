//===- ObjectFiles.cpp - Object files -------------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constants reach their object by the assembler's `.incbin`, from a file with
// all their bytes: linear copies, at the speed of the disk.
//
//===----------------------------------------------------------------------===//

#include "ObjectFiles.h"

#include "NetworkInterface.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::prune;
namespace fs = llvm::sys::fs;

static llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

TemporaryFiles::~TemporaryFiles() {
  for (const std::string &file : files)
    (void)fs::remove(file);
}

llvm::Expected<std::string> TemporaryFiles::create(StringRef suffix) {
  SmallString<128> path;
  if (std::error_code code = fs::createTemporaryFile("prune", suffix, path))
    return makeError("cannot write a temporary file: " + code.message());
  return files.emplace_back(path.str());
}

llvm::Expected<std::string> TemporaryFiles::createBeside(StringRef file) {
  SmallString<128> path;
  std::error_code code = fs::createUniqueFile(file + ".%%%%%%", path);
  if (code)
    return makeError("cannot write '" + file + "': " + code.message());
  renames.emplace_back(path.str(), file);
  return files.emplace_back(path.str());
}

llvm::Error TemporaryFiles::rename() {
  for (const auto &[from, to] : llvm::reverse(renames))
    if (std::error_code code = fs::rename(from, to))
      return makeError("cannot write '" + to + "': " + code.message());
  return llvm::Error::success();
}

/// Writes what `write` gives to a stream.
static llvm::Error
writeFile(StringRef file,
          llvm::function_ref<llvm::Error(llvm::raw_pwrite_stream &)> write) {
  std::error_code code;
  llvm::raw_fd_ostream stream(file, code);
  if (!code) {
    if (llvm::Error error = write(stream))
      return error;
    stream.close();
    code = stream.error();
    stream.clear_error();
  }
  if (code)
    return makeError("cannot write '" + file + "': " + code.message());
  return llvm::Error::success();
}

llvm::Error prune::writeObject(llvm::Module &module,
                               llvm::TargetMachine &target, StringRef file) {
  return writeFile(file, [&](llvm::raw_pwrite_stream &stream) -> llvm::Error {
    llvm::legacy::PassManager manager;
    if (target.addPassesToEmitFile(manager, stream, nullptr,
                                   llvm::CodeGenFileType::ObjectFile))
      return makeError("the target cannot write object files");
    manager.run(module);
    return llvm::Error::success();
  });
}

llvm::Error prune::writeBytes(StringRef bytes, StringRef file) {
  return writeFile(file, [&](llvm::raw_pwrite_stream &stream) {
    stream << bytes;
    return llvm::Error::success();
  });
}

/// The directives that declare the symbols of a constant here.
static std::string addLabels(ArrayRef<std::string> symbols) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (const std::string &symbol : symbols)
    stream << ".globl \"" << symbol << "\"\n"
           << ".hidden \"" << symbol << "\"\n"
           << "\"" << symbol << "\":\n";
  return text;
}

/// The largest page that a computer of the target may have.
static uint64_t getPageSize(const llvm::Triple &triple) {
  return triple.isX86() ? 4096 : 65536;
}

/// The directives that reserve pages for a file of weights.
static std::string placeFile(const NetworkData &data,
                             const llvm::Triple &triple) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  uint64_t page = getPageSize(triple);
  stream << ".section \".bss.prune.weights\",\"aw\",@nobits\n"
         << ".balign " << page << "\n"
         << addLabels({kWeightsPlace.str()});
  uint64_t end = 0;
  for (const NetworkData::Part &part : data.getParts()) {
    if (part.isCode)
      continue;
    stream << ".skip " << part.offset - end << "\n" << addLabels(part.symbols);
    end = part.offset;
  }
  stream << ".skip " << llvm::alignTo(data.getFileSize(), page) - end << "\n";
  return text;
}

/// The directives that place one constant.
static std::string placeConstant(const NetworkData::Part &part,
                                 StringRef bytesFile, size_t offset) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  StringRef section = part.isCode ? ".text.prune." : ".rodata.prune.";
  StringRef flags = part.isCode ? "ax" : "a";
  stream << ".section \"" << section << part.symbols.front() << "\",\"" << flags
         << "\",@progbits\n"
         << ".balign " << ConstantData::kAlignment << "\n"
         << addLabels(part.symbols) << ".incbin \"";
  stream.write_escaped(bytesFile);
  stream << "\", " << offset << ", " << part.bytes.size() << "\n";
  return text;
}

llvm::Error prune::writeConstants(const NetworkData &data,
                                  llvm::TargetMachine &target, bool inFile,
                                  StringRef file, TemporaryFiles &temporaries) {
  llvm::Expected<std::string> bytesFile = temporaries.create("bin");
  if (!bytesFile)
    return bytesFile.takeError();
  llvm::LLVMContext context;
  llvm::Module module("constants", context);
  module.setDataLayout(target.createDataLayout());
  module.setTargetTriple(target.getTargetTriple());
  if (inFile)
    module.appendModuleInlineAsm(placeFile(data, target.getTargetTriple()));
  llvm::Error error =
      writeFile(*bytesFile, [&](llvm::raw_pwrite_stream &stream) {
        size_t offset = 0;
        for (const NetworkData::Part &part : data.getParts()) {
          if (inFile && !part.isCode)
            continue;
          stream.write(part.bytes.data(), part.bytes.size());
          module.appendModuleInlineAsm(placeConstant(part, *bytesFile, offset));
          offset += part.bytes.size();
        }
        return llvm::Error::success();
      });
  if (error)
    return error;
  return writeObject(module, target, file);
}
