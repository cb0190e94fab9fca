//===- Linker.cpp - Linking of networks -----------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The C compiler of the user links, because it knows where libc is. What uses
// oneDNN is linked to the library that this process uses. A static
// library is one object, so that hidden symbols, which the parts of a network
// have for each other, can be made local: two networks of one program have the
// same. Groups of sections, which a linker keeps once by their name, are
// dissolved for the same reason.
//
//===----------------------------------------------------------------------===//

#include "Linker.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/Binary.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace mlir;
using namespace mlir::prune;
namespace fs = llvm::sys::fs;

/// The program of this name with its options.
static std::optional<SmallVector<std::string>> findProgram(StringRef command) {
  SmallVector<StringRef> words;
  llvm::SplitString(command, words);
  // A path may have spaces, too.
  if (words.empty() || fs::exists(command))
    words = {command};
  auto found = llvm::sys::findProgramByName(words.front());
  if (!found || !fs::can_execute(*found))
    return std::nullopt;
  SmallVector<std::string> program = {*found};
  for (StringRef word : llvm::drop_begin(words))
    program.push_back(word.str());
  return program;
}

/// The C compiler with its options: the one that the user names, else one of
/// the usual names. Clang is told the target; its own linker knows all.
static llvm::Expected<SmallVector<std::string>> findCompiler(StringRef triple) {
  SmallVector<std::string> names = {"clang-22", "clang"};
  if (triple.empty())
    names.append({"cc", "gcc"});
  else
    names.insert(names.begin(), (triple + "-gcc").str());
  if (auto given = llvm::sys::Process::GetEnv("CC"))
    names = {*given};
  for (const std::string &name : names) {
    auto program = findProgram(name);
    if (!program)
      continue;
    bool isClang =
        llvm::sys::path::filename(program->front()).contains("clang");
    if (!triple.empty() && isClang)
      program->append({("--target=" + triple).str(), "-fuse-ld=lld"});
    return *program;
  }
  return llvm::createStringError("cannot link: no C compiler found under " +
                                 llvm::join(names, ", ") +
                                 " (name one in the environment variable CC)");
}

/// The first line that says what is wrong.
static std::string findMessage(StringRef output) {
  SmallVector<StringRef> lines;
  output.split(lines, '\n', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef line : lines)
    if (line.contains("error") || line.contains("undefined"))
      return line.trim().str();
  return lines.empty() ? "no message" : lines.front().trim().str();
}

/// Runs the C compiler.
static llvm::Error runCompiler(StringRef triple, ArrayRef<std::string> options,
                               TemporaryFiles &temporaries) {
  auto compiler = findCompiler(triple);
  if (!compiler)
    return compiler.takeError();
  llvm::Expected<std::string> output = temporaries.create("txt");
  if (!output)
    return output.takeError();
  SmallVector<StringRef> arguments(compiler->begin(), compiler->end());
  llvm::append_range(arguments, options);
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(*output),
                                          StringRef(*output)};
  std::string message;
  int result = llvm::sys::ExecuteAndWait(compiler->front(), arguments,
                                         /*Env=*/std::nullopt, redirects,
                                         /*SecondsToWait=*/0,
                                         /*MemoryLimit=*/0, &message);
  if (result == 0)
    return llvm::Error::success();
  if (message.empty())
    if (auto buffer = llvm::MemoryBuffer::getFile(*output))
      message = findMessage((*buffer)->getBuffer());
  return llvm::createStringError("cannot link: " + message);
}

/// The options for shared libraries that the loader is to find: beside the file
/// first, where they can be shipped, then where they are on this computer. The
/// library of C++ is oneDNN's own.
static void addLibraries(const LinkJob &job,
                         SmallVectorImpl<std::string> &options) {
  if (job.libraries.empty())
    return;
  SmallVector<std::string> folders = {"$ORIGIN"};
  for (const std::string &library : job.libraries) {
    options.push_back(library);
    std::string folder = llvm::sys::path::parent_path(library).str();
    if (!llvm::is_contained(folders, folder))
      folders.push_back(folder);
  }
  options.push_back("-l:libstdc++.so.6");
  options.push_back("-Wl,--enable-new-dtags");
  // A name of a folder may have a comma.
  for (const std::string &option :
       {std::string("-rpath"), llvm::join(folders, ":")})
    llvm::append_range(options, ArrayRef<std::string>{"-Xlinker", option});
}

llvm::Error prune::linkSharedObject(const LinkJob &job,
                                    TemporaryFiles &temporaries) {
  // No start files: nothing of C++ has to be set up. Nothing of the machine
  // that links is kept, so that the same inputs give the same bytes.
  SmallVector<std::string> options = {"-shared", "-nostartfiles", "-o",
                                      job.file};
  llvm::append_range(options, job.inputs);
  for (StringRef option :
       {"-static-libgcc", "-lm", "-Wl,--as-needed", "-Wl,--gc-sections",
        "-Wl,--exclude-libs,ALL", "-Wl,-z,defs", "-Wl,-z,noexecstack",
        "-Wl,-z,noseparate-code", "-Wl,--build-id=none", "-Wl,-O2", "-Wl,-s"})
    options.push_back(option.str());
  addLibraries(job, options);
  options.push_back("-Wl,-soname," + job.name);
  // Write-protected tables end with a page, up to which the file is padded; so
  // is what is before the first written byte, for the sake of a page of memory.
  if (job.small) {
    options.push_back("-Wl,-z,norelro");
    options.push_back("-Wl,-z,common-page-size=64");
  }
  return runCompiler(job.triple, options, temporaries);
}

/// A copy of an object in which hidden symbols are local.
static llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
localizeSymbols(StringRef file, StringRef name) {
  auto object = llvm::object::createBinary(file);
  if (!object)
    return object.takeError();
  llvm::objcopy::ConfigManager config;
  config.ELF.LocalizeHidden = true;
  config.Common.DiscardMode = llvm::objcopy::DiscardType::None;
  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  if (llvm::Error error = llvm::objcopy::executeObjcopyOnBinary(
          config, *object->getBinary(), stream))
    return std::move(error);
  return llvm::MemoryBuffer::getMemBufferCopy(
      StringRef(bytes.data(), bytes.size()), name);
}

llvm::Error prune::linkStaticLibrary(const LinkJob &job,
                                     TemporaryFiles &temporaries) {
  llvm::Expected<std::string> object = temporaries.create("o");
  if (!object)
    return object.takeError();
  SmallVector<std::string> options = {"-r", "-nostdlib", "-o", *object};
  llvm::append_range(options, job.inputs);
  options.push_back("-Wl,--force-group-allocation");
  options.push_back("-Wl,--build-id=none");
  if (llvm::Error error = runCompiler(job.triple, options, temporaries))
    return error;
  std::string name = (llvm::sys::path::stem(job.name) + ".o").str();
  auto member = localizeSymbols(*object, name);
  if (!member)
    return member.takeError();
  return llvm::writeArchive(
      job.file, llvm::NewArchiveMember((*member)->getMemBufferRef()),
      llvm::SymtabWritingMode::NormalSymtab, llvm::object::Archive::K_GNU,
      /*Deterministic=*/true, /*Thin=*/false);
}
