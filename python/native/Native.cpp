//===- Native.cpp - The extension module ----------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnostics.h"
#include "Module.h"

NB_MODULE(_native, module) {
  module.doc() = "The pruning compiler: modules, passes, compiled functions.";
  mlir::prune::python::bindDiagnostics(module);
  mlir::prune::python::bindCalibration(module);
  mlir::prune::python::bindModule(module);
  mlir::prune::python::bindExecutable(module);
  mlir::prune::python::bindFilter(module);
}
