//===- Isa.cpp - Instruction sets of generated code -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Assembly/Isa.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir::prune;

static llvm::StringRef getHostIsa() {
#if defined(__x86_64__)
  static bool hasAvx512 = [] {
    llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
    return features.lookup("avx512f") && features.lookup("avx512vl");
  }();
  return hasAvx512 ? "avx512" : "";
#else
  return "";
#endif
}

std::optional<llvm::StringRef> assembly::getIsa(llvm::StringRef name) {
  if (name == "host")
    return getHostIsa();
  if (name == "avx512")
    return name;
  if (name == "none")
    return "";
  return std::nullopt;
}
