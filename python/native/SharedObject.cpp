//===- SharedObject.cpp - Networks as shared objects in Python ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnostics.h"
#include "Module.h"

#include "Prune/Execution/SharedObject.h"

#include <nanobind/stl/string.h>

using namespace mlir;
using namespace mlir::prune;
using namespace mlir::prune::python;
namespace nb = nanobind;

void python::bindSharedObject(nb::class_<Module> &type) {
  type.def(
      "write_shared_object",
      [](const Module &self, const std::string &path, const std::string &name,
         const std::string &function, const std::string &isa, bool small,
         const std::string &weights, int64_t threads, const std::string &target,
         const std::string &costModel, bool standalone) {
        SharedObjectOptions options;
        options.name = name;
        options.function = function;
        auto triple = parseTarget(target);
        if (!triple)
          raise(triple.takeError());
        options.triple = *triple;
        auto levels = parseInstructionLevels(isa, options.triple);
        if (!levels)
          raise(levels.takeError());
        options.levels = std::move(*levels);
        options.small = small;
        options.weights = weights;
        options.threads = threads;
        options.costModel = costModel;
        options.standalone = standalone;
        self.access([&](ModuleOp op) -> LogicalResult {
          return writeSharedObject(op, path, options);
        });
      },
      nb::arg("path"), nb::kw_only(), nb::arg("name") = "",
      nb::arg("function") = "", nb::arg("isa") = "host",
      nb::arg("small") = false, nb::arg("weights") = "", nb::arg("threads") = 1,
      nb::arg("target") = "", nb::arg("cost_model") = "builtin",
      nb::arg("standalone") = false,
      "Compiles a copy to a shared object, or a static library when the path "
      "ends in .a, and writes a C header beside it. It needs libc and libm, "
      "and "
      "oneDNN's library where a layer uses that, which `standalone` rules "
      "out. Its functions begin with `name`, by default the file's; "
      "`function` is the network where there are several; `isa` are the "
      "instruction sets between commas that there is code for, of which the "
      "best one that a computer has runs there: 'base', 'avx2', 'avx512', "
      "'host' for the best of this one or 'all'; `small` prefers small code to "
      "fast code; `weights` is a file for the weights, which are in the shared "
      "object otherwise; `threads` are those of a new handle; `target` is the "
      "machine that it is for, by default this computer's architecture; "
      "`cost_model` chooses kernels where nobody did before: 'builtin', so "
      "that the same network gives the same file everywhere, 'machine' or a "
      "file.");
}
