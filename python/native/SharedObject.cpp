//===- SharedObject.cpp - Networks as shared objects in Python ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Module.h"

#include "Prune/Execution/SharedObject.h"

#include <nanobind/stl/string.h>

using namespace mlir;
using namespace mlir::prune;
using namespace mlir::prune::python;
namespace nb = nanobind;

/// The level of a name, by default that of this computer.
static InstructionLevel getLevel(const std::string &isa) {
  if (isa == "host")
    return getHostLevel();
  if (isa == "avx512")
    return InstructionLevel::Avx512;
  if (isa == "avx2")
    return InstructionLevel::Avx2;
  if (isa == "base")
    return InstructionLevel::Base;
  throw nb::value_error(
      ("isa must be 'host', 'base', 'avx2' or 'avx512', got '" + isa + "'")
          .c_str());
}

void python::bindSharedObject(nb::class_<Module> &type) {
  type.def(
      "write_shared_object",
      [](const Module &self, const std::string &path, const std::string &name,
         const std::string &function, const std::string &isa, bool small,
         const std::string &costModel) {
        SharedObjectOptions options;
        options.name = name;
        options.function = function;
        options.level = getLevel(isa);
        options.small = small;
        options.costModel = costModel;
        self.access([&](ModuleOp op) -> LogicalResult {
          OwningOpRef<ModuleOp> copy = op.clone();
          return writeSharedObject(*copy, path, options);
        });
      },
      nb::arg("path"), nb::kw_only(), nb::arg("name") = "",
      nb::arg("function") = "", nb::arg("isa") = "host",
      nb::arg("small") = false, nb::arg("cost_model") = "builtin",
      "Compiles a copy to a shared object that needs libc and libm alone, and "
      "writes a C header beside it. Its functions begin with `name`, by "
      "default the file's; `function` is the network where there are several; "
      "`isa` is the instruction set that it needs: 'base', 'avx2', 'avx512' or "
      "the best of this computer; `small` prefers small code to fast code; "
      "`cost_model` chooses kernels where nobody did before: 'builtin', so "
      "that the same network gives the same file everywhere, 'machine' or a "
      "file.");
}
