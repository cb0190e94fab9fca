//===- Isa.cpp - Instruction sets of generated code -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Assembly/Isa.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir::prune;
using assembly::VectorSet;

bool assembly::isAllowed(llvm::StringRef isa) {
  auto most = llvm::sys::Process::GetEnv("PRUNE_MAX_ISA");
  if (!most || *most == "avx512")
    return true;
  if (*most == "avx2")
    return isa != "avx512";
  // Any other word is taken as the least, which every computer runs.
  static const bool isKnown = *most == "base" || [&] {
    llvm::WithColor::warning() << "PRUNE_MAX_ISA is '" << *most
                               << "', expected avx512, avx2 or base; base is "
                                  "taken\n";
    return false;
  }();
  (void)isKnown;
  return isa != "avx512" && isa != "avx2";
}

llvm::StringRef assembly::getHostIsa() {
#if defined(__x86_64__)
  static const llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto has = [&](std::initializer_list<llvm::StringRef> names) {
    return llvm::all_of(
        names, [&](llvm::StringRef name) { return features.lookup(name); });
  };
  if (has({"avx512f", "avx512vl"}) && isAllowed("avx512"))
    return "avx512";
  if (has({"avx2", "fma", "bmi2", "popcnt"}) && isAllowed("avx2"))
    return "avx2";
#endif
  return "portable";
}

std::optional<llvm::StringRef> assembly::getIsa(llvm::StringRef name) {
  if (name == "host")
    return getHostIsa();
  if (name == "none")
    return "";
  if (getVectorSet(name))
    return name;
  return std::nullopt;
}

std::optional<VectorSet> assembly::getVectorSet(llvm::StringRef isa) {
  if (isa == "avx512")
    return VectorSet::Avx512;
  if (isa == "avx2")
    return VectorSet::Avx2;
  if (isa == "portable")
    return VectorSet::Portable;
  return std::nullopt;
}
