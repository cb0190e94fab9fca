//===- Calibration.cpp - Figures of this machine in Python ----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnostics.h"
#include "Module.h"

#include "Prune/Execution/Calibration.h"
#include "Prune/Execution/TimedLayer.h"
#include "Prune/Kernels/KernelFamily.h"
#include "Prune/Kernels/MachineModel.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

using namespace mlir;
using namespace mlir::prune;
using namespace mlir::prune::python;
namespace nb = nanobind;

static std::string measure(double seconds, int64_t threads) {
  CalibrationOptions options;
  options.seconds = seconds;
  options.threads = threads;
  llvm::Expected<std::string> text = [&] {
    nb::gil_scoped_release release;
    return prune::calibrate(options);
  }();
  if (!text)
    python::raise(text.takeError());
  return *text;
}

void python::bindCalibration(nb::module_ &module) {
  nb::class_<FoundCostModel>(module, "FoundCostModel",
                             "A cost model and where it came from.")
      .def_ro("text", &FoundCostModel::text, "The figures as JSON.")
      .def_ro("path", &FoundCostModel::path,
              "The file; empty when the figures are built in.")
      .def_ro("note", &FoundCostModel::note,
              "Why figures that are kept of this computer were not used.");
  module.def(
      "find_cost_model",
      [](const std::string &name, int64_t threads) {
        llvm::Expected<FoundCostModel> found = findCostModel(name, threads);
        if (!found)
          python::raise(found.takeError());
        return std::move(*found);
      },
      nb::arg("name"), nb::arg("threads") = 1,
      "The cost model 'builtin', 'machine' or of a file.");
  module.def(
      "kernel_families",
      [] {
        std::vector<std::string> names;
        for (const KernelFamily *family : getKernelFamilies())
          names.push_back(family->getName().str());
        return names;
      },
      "The names of all kernels, the dense one first.");
  module.def("default_cost_model", &getDefaultCostModel,
             "What PRUNE_COST_MODEL says, else 'machine'.");
  module.def(
      "cost_model_path",
      [](int64_t threads) { return MachineKey::getHost(threads).getPath(); },
      nb::arg("threads") = 1, "Where figures of this computer are kept.");
  module.def(
      "runtime_name",
      [] {
        auto timer = LayerTimer::create(/*threads=*/1);
        if (!timer)
          python::raise(timer.takeError());
        return (*timer)->getRuntimeName().str();
      },
      "Name and version of the runtime library of compiled code.");
  module.def(
      "machine_key",
      [](int64_t threads) {
        std::string text;
        llvm::raw_string_ostream(text)
            << llvm::json::Value(MachineKey::getHost(threads).toJson());
        return text;
      },
      nb::arg("threads") = 1,
      "What figures of this computer are kept for, as JSON.");
  module.def("measure_cost_model", &measure, nb::arg("seconds"),
             nb::arg("threads"), "Measures this computer; returns JSON.");
  module.def(
      "keep_cost_model",
      [](const std::string &text, int64_t threads) {
        llvm::Expected<std::string> path = keepCostModel(text, threads);
        if (!path)
          python::raise(path.takeError());
        return *path;
      },
      nb::arg("text"), nb::arg("threads"),
      "Keeps figures of this computer; returns the path.");
}
