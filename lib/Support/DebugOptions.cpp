//===- DebugOptions.cpp - debug and --debug-only of our tools -------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Support/DebugOptions.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Debug.h"

#include <string>
#include <vector>

namespace cl = llvm::cl;

namespace {

struct DebugOptions {
  cl::opt<bool> debug{"debug", cl::Hidden,
                      cl::desc("Print the debug output of our own code"),
                      cl::cb<void, bool>([](bool isOn) { turnOn(isOn); })};
  cl::list<std::string> types{
      "debug-only",
      cl::Hidden,
      cl::CommaSeparated,
      cl::desc("Print the debug output of these types, the flags of passes"),
      cl::value_desc("type,..."),
      cl::cb<void, std::string>(
          [this](const std::string &type) { add(type); })};

private:
  static void turnOn([[maybe_unused]] bool isOn) {
#ifndef NDEBUG
    llvm::DebugFlag = isOn;
#endif
  }

  void add([[maybe_unused]] const std::string &type) {
#ifndef NDEBUG
    turnOn(true);
    known.push_back(type);
    std::vector<const char *> names;
    for (const std::string &name : known)
      names.push_back(name.c_str());
    llvm::setCurrentDebugTypes(names.data(), names.size());
#endif
  }

  std::vector<std::string> known;
};

} // namespace

void mlir::prune::registerDebugOptions() {
  if (cl::getRegisteredOptions().count("debug-only"))
    return;
  static DebugOptions options;
}
