//===- Diagnostics.cpp - Diagnostics as exceptions ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <nanobind/stl/string.h>

using namespace mlir;
using namespace mlir::prune;
using namespace mlir::prune::python;
namespace nb = nanobind;

std::string python::toString(Location location) {
  auto file = location->findInstanceOf<FileLineColLoc>();
  // A module as a whole lies at line 0.
  if (file && file.getLine() == 0)
    return file.getFilename().str();
  if (file)
    return (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" +
            Twine(file.getColumn()))
        .str();
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (!isa<UnknownLoc>(location))
    stream << location;
  return text;
}

static Message makeMessage(Diagnostic &diagnostic) {
  Message message;
  llvm::raw_string_ostream severity(message.severity);
  switch (diagnostic.getSeverity()) {
  case DiagnosticSeverity::Note:
    severity << "note";
    break;
  case DiagnosticSeverity::Warning:
    severity << "warning";
    break;
  case DiagnosticSeverity::Error:
    severity << "error";
    break;
  case DiagnosticSeverity::Remark:
    severity << "remark";
    break;
  }
  // A diagnostic may quote bytes of a broken file, which are no text.
  message.location =
      llvm::json::fixUTF8(python::toString(diagnostic.getLocation()));
  message.text = llvm::json::fixUTF8(diagnostic.str());
  return message;
}

DiagnosticCollector::DiagnosticCollector(MLIRContext *context)
    : handler(context, [this](Diagnostic &diagnostic) {
        messages.push_back(makeMessage(diagnostic));
        // Notes repeat whole operations, which would drown the message.
        return success();
      }) {}

void python::raise(llvm::Error error) {
  std::string text = llvm::json::fixUTF8(llvm::toString(std::move(error)));
  throw DiagnosticError{{{"error", "", text}}};
}

/// What `str()` of the exception gives: the errors, one per line.
static std::string summarize(const std::vector<Message> &messages) {
  std::string text;
  for (const Message &message : messages) {
    if (message.severity != "error")
      continue;
    if (!text.empty())
      text += "\n";
    if (!message.location.empty())
      text += message.location + ": ";
    text += message.text;
  }
  return text.empty() ? "failed without a diagnostic" : text;
}

static void setPythonError(nb::handle type, const DiagnosticError &error) {
  nb::list diagnostics;
  for (const Message &message : error.messages)
    diagnostics.append(
        nb::make_tuple(message.severity, message.location, message.text));
  nb::object exception = type(summarize(error.messages));
  exception.attr("diagnostics") = diagnostics;
  PyErr_SetObject(type.ptr(), exception.ptr());
}

void python::bindDiagnostics(nb::module_ &module) {
  PyObject *type = PyErr_NewExceptionWithDoc(
      "mlir_prune._native.PruneError",
      "An error that the compiler reported. `diagnostics` is a list of "
      "(severity, location, message).",
      PyExc_RuntimeError, nullptr);
  nb::object error = nb::steal(type);
  error.attr("diagnostics") = nb::list();
  module.attr("PruneError") = error;
  nb::register_exception_translator(
      [](const std::exception_ptr &pointer, void *payload) {
        try {
          std::rethrow_exception(pointer);
        } catch (const DiagnosticError &caught) {
          setPythonError(nb::handle(static_cast<PyObject *>(payload)), caught);
        }
      },
      // The module keeps the type alive as long as the interpreter runs.
      error.release().ptr());
}
