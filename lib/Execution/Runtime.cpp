//===- Runtime.cpp - The runtime library in use ---------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runtime.h"

#include "prune_runtime.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

#include <dlfcn.h>
#include <link.h>

using namespace mlir;
using namespace mlir::prune;

/// The file that holds this code, links resolved: a library, or the program
/// itself, which the loader only knows as it was called.
static llvm::SmallString<256> getOwnPath() {
  Dl_info self;
  void *here = reinterpret_cast<void *>(&getOwnPath);
  llvm::SmallString<256> path;
  if (!dladdr(here, &self) || !self.dli_fname)
    return path;
  if (llvm::sys::path::is_absolute(self.dli_fname))
    (void)llvm::sys::fs::real_path(self.dli_fname, path);
  if (path.empty())
    path = llvm::sys::fs::getMainExecutable(self.dli_fname, here);
  return path;
}

/// The folder where the loader finds the libraries: that of a run path of the
/// program, for one which this code was linked into. Empty for none.
static llvm::SmallString<256> getLoaderFolder() {
  llvm::SmallString<256> folder;
  for (const char *name :
       {"libprune_runtime.so", "libprune_runtime_naive.so"}) {
    void *library = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
    if (!library)
      continue;
    struct link_map *loaded = nullptr;
    if (dlinfo(library, RTLD_DI_LINKMAP, static_cast<void *>(&loaded)) == 0)
      (void)llvm::sys::fs::real_path(loaded->l_name, folder);
    dlclose(library);
    llvm::sys::path::remove_filename(folder);
    break;
  }
  return folder;
}

/// Folders that may hold the libraries, best first.
static llvm::SmallVector<std::string> getFolders() {
  llvm::SmallVector<std::string> folders;
  if (auto folder = llvm::sys::Process::GetEnv("PRUNE_RUNTIME_DIR"))
    return {*folder};
  llvm::SmallString<256> folder = getOwnPath();
  for (int level = 0; level < 4 && !folder.empty(); ++level) {
    llvm::sys::path::remove_filename(folder);
    folders.push_back(folder.str().str());
    llvm::SmallString<256> library(folder);
    llvm::sys::path::append(library, "lib");
    folders.push_back(library.str().str());
  }
  return folders;
}

/// Path of a file in a folder, empty when it is not there.
static std::string findIn(llvm::StringRef folder, llvm::StringRef name) {
  llvm::SmallString<256> path(folder);
  llvm::sys::path::append(path, name);
  return llvm::sys::fs::exists(path) ? path.str().str() : std::string();
}

std::string Runtime::findLibrary(llvm::StringRef name) {
  for (llvm::StringRef folder : getFolders())
    if (std::string path = findIn(folder, name); !path.empty())
      return path;
  if (llvm::sys::Process::GetEnv("PRUNE_RUNTIME_DIR"))
    return {};
  llvm::SmallString<256> folder = getLoaderFolder();
  return folder.empty() ? std::string() : findIn(folder, name);
}

static llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

llvm::Expected<std::unique_ptr<Runtime>> Runtime::load(bool naive) {
  std::string path = naive ? "" : findLibrary("libprune_runtime.so");
  if (path.empty())
    path = findLibrary("libprune_runtime_naive.so");
  if (path.empty())
    return makeError("no runtime library found: neither libprune_runtime.so "
                     "nor libprune_runtime_naive.so lies in any of: " +
                     llvm::join(getFolders(), ", "));
  void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return makeError(llvm::Twine("cannot load the runtime library: ") +
                     dlerror());
  // Never unloaded: OpenMP threads and kept memory outlive an executable.
  std::unique_ptr<Runtime> runtime(new Runtime(handle));
  if (llvm::Error error = runtime->resolve())
    return std::move(error);
  return runtime;
}

llvm::Error Runtime::resolve() {
  auto find = [&](auto &function, const char *name) -> llvm::Error {
    using Function = std::remove_reference_t<decltype(function)>;
    function = reinterpret_cast<Function>(dlsym(handle, name));
    if (function)
      return llvm::Error::success();
    return makeError(llvm::Twine("the runtime library lacks ") + name);
  };
  int64_t (*version)() = nullptr;
  if (llvm::Error error = find(version, "prune_rt_abi_version"))
    return error;
  if (int64_t found = version(); found != PRUNE_RT_ABI_VERSION)
    return makeError("the runtime library has interface version " +
                     llvm::Twine(found) + ", expected " +
                     llvm::Twine(PRUNE_RT_ABI_VERSION));
  if (llvm::Error error = find(implementation, "prune_rt_implementation"))
    return error;
  if (llvm::Error error = find(setNumThreads, "prune_rt_set_num_threads"))
    return error;
  if (llvm::Error error = find(setFlushing, "prune_rt_flush_denormals"))
    return error;
  return find(release, "prune_rt_release_slot");
}

llvm::Expected<llvm::SmallVector<std::string>> Runtime::findOneDNN() {
  llvm::Expected<std::unique_ptr<Runtime>> runtime = load(/*naive=*/false);
  if (!runtime)
    return runtime.takeError();
  llvm::SmallVector<std::string> paths;
  if (!(*runtime)->getName().starts_with("onednn"))
    return paths;
  for (const char *symbol : {"dnnl_version", "omp_set_num_threads"}) {
    Dl_info library;
    void *address = dlsym((*runtime)->handle, symbol);
    if (!address || !dladdr(address, &library) || !library.dli_fname)
      return makeError(llvm::Twine("no library has ") + symbol);
    paths.push_back(library.dli_fname);
  }
  return paths;
}

void *Runtime::lookup(llvm::StringRef name) const {
  std::string symbol = name.str();
  if (void *address = dlsym(handle, symbol.c_str()))
    return address;
  return dlsym(RTLD_DEFAULT, symbol.c_str());
}

llvm::StringRef Runtime::getName() const { return implementation(); }

void Runtime::setThreads(int64_t threads) const { setNumThreads(threads); }

int64_t Runtime::flushDenormals(int64_t enable) const {
  return setFlushing(enable);
}

void Runtime::releaseSlot(void **slot) const { release(slot); }
