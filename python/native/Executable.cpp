//===- Executable.cpp - Compiled modules in Python ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arrays.h"
#include "Diagnostics.h"
#include "Module.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

using namespace mlir;
using namespace mlir::prune;
using namespace mlir::prune::python;
namespace nb = nanobind;

static const FunctionSignature &find(const Executable &executable,
                                     const std::string &name) {
  llvm::Expected<const FunctionSignature *> found =
      executable.findSignature(name);
  if (!found)
    throw nb::value_error(llvm::toString(found.takeError()).c_str());
  return **found;
}

/// Arguments in the order of the signature from a dictionary by name.
static nb::list orderArguments(const FunctionSignature &signature,
                               nb::dict arrays) {
  nb::list ordered;
  for (const ValueInfo &value : signature.arguments) {
    nb::str name(value.name.c_str());
    if (!arrays.contains(name))
      throw nb::value_error(("function '" + signature.name +
                             "' needs an argument '" + value.name + "'")
                                .c_str());
    ordered.append(arrays[name]);
  }
  if (nb::len(arrays) == nb::len(ordered))
    return ordered;
  for (auto [key, array] : arrays) {
    std::string name = nb::cast<std::string>(key);
    if (llvm::none_of(signature.arguments, [&](const ValueInfo &value) {
          return value.name == name;
        }))
      throw nb::value_error(
          ("function '" + signature.name + "' has no argument '" + name + "'")
              .c_str());
  }
  throw nb::value_error(
      ("function '" + signature.name + "' names an argument twice").c_str());
}

namespace {

/// Everything that one call needs, made from Python objects.
class Call {
public:
  Call(const FunctionSignature &signature, nb::handle objects)
      : signature(signature) {
    size_t count = nb::len(objects);
    if (count != signature.arguments.size())
      throw nb::value_error(("function '" + signature.name + "' takes " +
                             std::to_string(signature.arguments.size()) +
                             " arguments, got " + std::to_string(count))
                                .c_str());
    for (size_t i = 0; i < count; ++i)
      arguments.add(objects[i], signature.arguments[i], signature.isUpdated(i),
                    signature.name);
    for (auto [value, destination] :
         llvm::zip_equal(signature.results, signature.destinations)) {
      if (destination < count) {
        results.append(objects[destination]);
        continue;
      }
      auto [array, data] = makeArray(value);
      results.append(array);
      destinations.push_back(data);
    }
  }

  std::vector<double> run(Executable &executable, int64_t repeat,
                          double minSeconds) {
    nb::gil_scoped_release release;
    llvm::Expected<std::vector<double>> seconds = executable.time(
        signature, arguments.getPointers(), destinations, repeat, minSeconds);
    if (!seconds)
      raise(seconds.takeError());
    return std::move(*seconds);
  }

  nb::list getResults() const { return results; }

private:
  const FunctionSignature &signature;
  ArgumentBuffers arguments;
  SmallVector<void *> destinations;
  nb::list results;
};

} // namespace

static nb::list callWithArrays(Executable &executable,
                               const std::string &function, nb::args arrays) {
  Call call(find(executable, function), arrays);
  call.run(executable, /*repeat=*/1, /*minSeconds=*/0);
  return call.getResults();
}

static nb::dict callWithNames(Executable &executable,
                              const std::string &function, nb::dict arrays) {
  const FunctionSignature &signature = find(executable, function);
  Call call(signature, orderArguments(signature, arrays));
  call.run(executable, /*repeat=*/1, /*minSeconds=*/0);
  nb::list results = call.getResults();
  nb::dict outputs;
  for (size_t i = 0; i < signature.results.size(); ++i)
    if (signature.destinations[i] >= signature.arguments.size())
      outputs[signature.results[i].name.c_str()] = results[i];
  return outputs;
}

static std::vector<double> timeCalls(Executable &executable,
                                     const std::string &function,
                                     nb::object arguments, int64_t repeat,
                                     double minSeconds) {
  const FunctionSignature &signature = find(executable, function);
  nb::object ordered = arguments;
  if (nb::isinstance<nb::dict>(arguments))
    ordered = orderArguments(signature, nb::cast<nb::dict>(arguments));
  Call call(signature, ordered);
  return call.run(executable, repeat, minSeconds);
}

static Profile &getProfile(const Executable &executable) {
  if (Profile *profile = executable.getProfile())
    return *profile;
  throw nb::value_error("no times were taken: compile with profile=True");
}

static void bindProfile(nb::module_ &module) {
  nb::class_<ProfileEntry>(module, "ProfileEntry",
                           "What an operation of a function took.")
      .def_ro("function", &ProfileEntry::function)
      .def_ro("kind", &ProfileEntry::kind)
      .def_ro("name", &ProfileEntry::name)
      .def_ro("label", &ProfileEntry::label)
      .def_ro("calls", &ProfileEntry::calls)
      .def_ro("seconds", &ProfileEntry::seconds)
      .def("__repr__", [](const ProfileEntry &e) {
        return "ProfileEntry(name='" + e.name + "')";
      });
}

void python::bindExecutable(nb::module_ &module) {
  bindProfile(module);
  nb::class_<Executable>(module, "Executable",
                         "A module compiled for this machine.")
      .def("__call__", &callWithArrays, nb::arg("function"), nb::arg("arrays"),
           "Calls a function with arrays in order and returns all results; "
           "state is updated in place and returned as the array passed in.")
      .def("call", &callWithNames, nb::arg("function"), nb::arg("arrays"),
           "Calls a function with arrays by name, updates state in place and "
           "returns the other results by name.")
      .def("time", &timeCalls, nb::arg("function"), nb::arg("args"),
           nb::arg("repeat") = 1, nb::arg("min_seconds") = 0.0,
           "Runs a function at least `repeat` times and for at least "
           "`min_seconds`; returns the seconds of each run. State changes.")
      .def(
          "profile",
          [](const Executable &self) { return getProfile(self).getEntries(); },
          "What each operation of the code took since the last reset, in its "
          "order. Needs `profile` when compiling.")
      .def(
          "reset_profile",
          [](const Executable &self) { getProfile(self).reset(); },
          "Sets the calls and seconds of the profile to zero.")
      .def("functions",
           [](const Executable &self) {
             ArrayRef<FunctionSignature> all = self.getSignatures();
             return std::vector<FunctionSignature>(all.begin(), all.end());
           })
      .def_prop_ro(
          "runtime",
          [](const Executable &self) { return self.getRuntimeName().str(); },
          "Name and version of the runtime library in use.");
}
