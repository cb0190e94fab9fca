//===- Profile.cpp - Times of operations in compiled code -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Profiling/Profile.h"

#include "prune_runtime.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace mlir::prune;

Profile::Profile(ModuleOp module) {
  auto names = module.lookupSymbol<LLVM::GlobalOp>(kProfileNames);
  auto text =
      names ? dyn_cast_or_null<StringAttr>(names.getValueAttr()) : StringAttr();
  if (!text)
    return;
  SmallVector<StringRef> lines;
  text.getValue().rtrim('\0').split(lines, '\n', /*MaxSplit=*/-1,
                                    /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    auto [function, rest] = line.split('\t');
    auto [kind, description] = rest.split('\t');
    auto [name, label] = description.split('\t');
    sites.push_back({function.str(), kind.str(), name.str(), label.str()});
  }
}

llvm::Error
Profile::attach(function_ref<llvm::Expected<void *>(StringRef symbol)> lookup) {
  if (sites.empty())
    return llvm::Error::success();
  llvm::Expected<void *> address = lookup(kProfileCounters);
  if (!address)
    return address.takeError();
  counters = static_cast<prune_rt_profile_site *>(*address);
  return llvm::Error::success();
}

std::vector<ProfileEntry> Profile::getEntries() const {
  std::vector<ProfileEntry> entries = sites;
  for (auto [index, entry] : llvm::enumerate(entries)) {
    entry.calls = counters[index].calls;
    entry.seconds = static_cast<double>(counters[index].nanoseconds) * 1e-9;
  }
  return entries;
}

void Profile::reset() {
  std::fill_n(counters, sites.size(), prune_rt_profile_site());
}
