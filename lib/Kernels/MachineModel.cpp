//===- MachineModel.cpp - Figures of this machine -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The file of a machine holds its key too, and counts only where that is the
// key of this one: a home folder may be shared, and names of files are short.
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/MachineModel.h"

#include "Prune/Assembly/Isa.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"
#include "llvm/TargetParser/Host.h"

#include <unistd.h>

using namespace mlir;
using namespace mlir::prune;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

/// Name of the processor as its maker sells it, and as LLVM knows it.
static std::string getProcessor() {
  std::string known = llvm::sys::getHostCPUName().str();
  auto buffer = llvm::MemoryBuffer::getFileAsStream("/proc/cpuinfo");
  if (!buffer)
    return known;
  for (StringRef line : llvm::split((*buffer)->getBuffer(), '\n')) {
    auto [name, value] = line.split(':');
    if (name.trim() == "model name" && !value.trim().empty())
      return (value.trim() + ", " + known).str();
  }
  return known;
}

static std::string getVectors() {
  StringRef isa = assembly::getHostIsa();
  return isa == "portable" ? "base" : isa.str();
}

MachineKey MachineKey::getHost(int64_t threads) {
  MachineKey key;
  key.processor = getProcessor();
  key.isa = getVectors();
  key.caches = {0, 0, 0};
#ifdef _SC_LEVEL1_DCACHE_SIZE
  int levels[] = {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE,
                  _SC_LEVEL3_CACHE_SIZE};
  for (auto [level, bytes] : llvm::zip_equal(levels, key.caches))
    bytes = std::max<int64_t>(sysconf(level), 0);
#endif
  key.threads = threads;
  return key;
}

llvm::json::Object MachineKey::toJson() const {
  return llvm::json::Object{{"processor", processor},
                            {"isa", isa},
                            {"caches", llvm::json::Array(caches)},
                            {"threads", threads}};
}

/// The folder for caches; empty where the system has none for this user.
static SmallString<128> getCacheFolder() {
  SmallString<128> folder;
  // A relative path says nothing, by the standard of the variable.
  auto named = llvm::sys::Process::GetEnv("XDG_CACHE_HOME");
  if (named && path::is_absolute(*named)) {
    folder = *named;
  } else {
    if (!path::home_directory(folder) || !path::is_absolute(folder))
      return {};
    path::append(folder, ".cache");
  }
  path::append(folder, "mlir-prune");
  return folder;
}

std::string MachineKey::getPath() const {
  SmallString<128> folder = getCacheFolder();
  if (folder.empty())
    return {};
  std::string key = llvm::formatv("{0}", llvm::json::Value(toJson()));
  path::append(
      folder, llvm::formatv("cost-model-{0}-{1:x-16}.json", isa,
                            llvm::xxh3_64bits(llvm::arrayRefFromStringRef(key)))
                  .str());
  return folder.str().str();
}

/// Text that is a cost model, of the machine `key` when there is one.
static llvm::Expected<FoundCostModel> readText(StringRef text,
                                               const MachineKey *key) {
  llvm::Expected<CostModel> model = CostModel::parse(text);
  if (!model)
    return model.takeError();
  if (key) {
    llvm::json::Value value = llvm::cantFail(llvm::json::parse(text));
    const llvm::json::Object *found = value.getAsObject()->getObject("key");
    if (!found || *found != key->toJson())
      return llvm::createStringError("it was measured on another machine");
  }
  return FoundCostModel{std::move(*model), text.str(), "", ""};
}

/// The file of a cost model, of the machine `key` when there is one.
static llvm::Expected<FoundCostModel> readFile(StringRef file,
                                               const MachineKey *key) {
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/true);
  if (!buffer)
    return llvm::createStringError(buffer.getError(),
                                   buffer.getError().message());
  llvm::Expected<FoundCostModel> found = readText((*buffer)->getBuffer(), key);
  if (found)
    found->path = file.str();
  return found;
}

/// The kept figures of this computer; the built-in ones where there are none.
static llvm::Expected<FoundCostModel> findMachineModel(int64_t threads) {
  std::string note;
  SmallVector<int64_t, 2> counts = {threads};
  if (threads != 1)
    counts.push_back(1);
  for (int64_t count : counts) {
    MachineKey key = MachineKey::getHost(count);
    std::string file = key.getPath();
    if (file.empty() || !fs::exists(file))
      continue;
    llvm::Expected<FoundCostModel> found = readFile(file, &key);
    if (found) {
      found->note = note;
      return found;
    }
    note = "cannot use the figures in '" + file +
           "': " + llvm::toString(found.takeError());
  }
  llvm::Expected<FoundCostModel> found =
      readText(CostModel::getBuiltinText(), nullptr);
  if (found)
    found->note = note;
  return found;
}

llvm::Expected<FoundCostModel> prune::findCostModel(StringRef name,
                                                    int64_t threads) {
  if (name.empty() || name == "builtin")
    return readText(CostModel::getBuiltinText(), nullptr);
  if (name == "machine")
    return findMachineModel(threads);
  return readFile(name, nullptr);
}

std::string prune::getDefaultCostModel() {
  auto named = llvm::sys::Process::GetEnv("PRUNE_COST_MODEL");
  return named && !named->empty() ? *named : "machine";
}

llvm::Expected<std::string> prune::keepCostModel(StringRef text,
                                                 int64_t threads) {
  MachineKey key = MachineKey::getHost(threads);
  llvm::Expected<FoundCostModel> found = readText(text, &key);
  if (!found)
    return found.takeError();
  std::string file = key.getPath();
  if (file.empty())
    return llvm::createStringError("this user has no folder for caches");
  if (std::error_code error = fs::create_directories(path::parent_path(file)))
    return llvm::createStringError(error, "cannot make the folder of '" + file +
                                              "': " + error.message());
  // By way of a file that gets the name once it is whole.
  if (llvm::Error error =
          llvm::writeToOutput(file, [&](llvm::raw_ostream &stream) {
            stream << text;
            return llvm::Error::success();
          }))
    return std::move(error);
  return file;
}
