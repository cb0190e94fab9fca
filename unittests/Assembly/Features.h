//===- Features.h - What this computer can run ------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_UNITTESTS_ASSEMBLY_FEATURES_H
#define PRUNE_UNITTESTS_ASSEMBLY_FEATURES_H

#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

namespace prune_test {

inline bool hasAvx512() {
  static llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  return features.lookup("avx512f") && features.lookup("avx512vl");
}

} // namespace prune_test

#endif // PRUNE_UNITTESTS_ASSEMBLY_FEATURES_H
