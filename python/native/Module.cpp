//===- Module.cpp - A module of the compiler in Python --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Module.h"

#include "Diagnostics.h"

#include "Prune/InitAllDialects.h"
#include "Prune/InitAllPasses.h"
#include "Prune/Kernels/MachineModel.h"
#include "Prune/Support/Renames.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/Remarks.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

using namespace mlir;
using namespace mlir::prune;
using namespace mlir::prune::python;
namespace nb = nanobind;

static const DialectRegistry &getRegistry() {
  static const std::unique_ptr<DialectRegistry> registry = [] {
    auto created = std::make_unique<DialectRegistry>();
    mlir::registerAllDialects(*created);
    mlir::registerAllExtensions(*created);
    mlir::registerAllPasses();
    prune::registerAllDialects(*created);
    prune::registerAllPasses();
    Executable::registerDialects(*created);
    return created;
  }();
  return *registry;
}

Context::Context() : context(getRegistry(), MLIRContext::Threading::DISABLED) {}

void Module::access(llvm::function_ref<LogicalResult(ModuleOp)> use) const {
  nb::gil_scoped_release release;
  std::lock_guard<std::mutex> lock(context->mutex);
  DiagnosticCollector diagnostics(&context->context);
  if (failed(use(*module)))
    diagnostics.raise();
}

/// A module that `parse` makes in a new context.
static std::unique_ptr<Module>
load(llvm::function_ref<OwningOpRef<ModuleOp>(const ParserConfig &)> parse) {
  nb::gil_scoped_release release;
  auto context = std::make_shared<Context>();
  DiagnosticCollector diagnostics(&context->context);
  OwningOpRef<ModuleOp> module = parse(ParserConfig(&context->context));
  if (!module)
    diagnostics.raise();
  return std::make_unique<Module>(std::move(context), std::move(module));
}

/// Bytecode with resources must lie as aligned as they are; pages are enough
/// for all.
static constexpr uint64_t kSourceAlignment = 4096;

/// Reads text or bytecode; blobs of bytecode stay where they are in the buffer.
static OwningOpRef<ModuleOp> read(std::unique_ptr<llvm::MemoryBuffer> buffer,
                                  const ParserConfig &config) {
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(buffer), SMLoc());
  return parseSourceFile<ModuleOp>(sources, config);
}

std::unique_ptr<Module> Module::parse(StringRef source, StringRef name) {
  return load([&](const ParserConfig &config) {
    auto copy = llvm::WritableMemoryBuffer::getNewUninitMemBuffer(
        source.size(), name, llvm::Align(kSourceAlignment));
    llvm::copy(source, copy->getBufferStart());
    return read(std::move(copy), config);
  });
}

std::unique_ptr<Module> Module::fromFile(const std::string &path) {
  return load([&](const ParserConfig &config) -> OwningOpRef<ModuleOp> {
    auto buffer = llvm::MemoryBuffer::getFile(
        path, /*IsText=*/false, /*RequiresNullTerminator=*/true,
        /*IsVolatile=*/false, llvm::Align(kSourceAlignment));
    if (buffer)
      return read(std::move(*buffer), config);
    emitError(UnknownLoc::get(config.getContext()))
        << "cannot read '" << path << "': " << buffer.getError().message();
    return {};
  });
}

namespace {

/// Hands remarks over as values.
class RemarkCollector : public remark::detail::MLIRRemarkStreamerBase {
public:
  explicit RemarkCollector(std::vector<Remark> &remarks) : remarks(remarks) {}

  void streamOptimizationRemark(const remark::detail::Remark &remark) override {
    Remark &copy = remarks.emplace_back();
    copy.kind = remark.getRemarkTypeString().str();
    copy.name = remark.getRemarkName().str();
    copy.category = remark.getCombinedCategoryName().str();
    copy.function = remark.getFunction().str();
    copy.location = python::toString(remark.getLocation());
    copy.message = remark.getMsg();
    for (const auto &argument : remark.getArgs())
      copy.arguments.emplace_back(argument.key, argument.val);
  }

private:
  std::vector<Remark> &remarks;
};

/// Collects remarks while it lives.
class RemarkScope {
public:
  RemarkScope(MLIRContext &context, std::vector<Remark> &remarks)
      : context(context) {
    remark::RemarkCategories categories;
    categories.passed = categories.missed = ".*";
    categories.analysis = categories.failed = ".*";
    (void)remark::enableOptimizationRemarks(
        context, std::make_unique<RemarkCollector>(remarks),
        std::make_unique<remark::RemarkEmittingPolicyAll>(), categories);
  }
  ~RemarkScope() { context.setRemarkEngine(nullptr); }

private:
  MLIRContext &context;
};

} // namespace

/// Adds the passes of a textual pipeline, which may name its anchor.
static LogicalResult addPipeline(StringRef pipeline, PassManager &manager) {
  std::string message;
  llvm::raw_string_ostream stream(message);
  LogicalResult result = success();
  pipeline = pipeline.trim();
  if (pipeline.starts_with("builtin.module(")) {
    FailureOr<OpPassManager> parsed = parsePassPipeline(pipeline, stream);
    result = parsed;
    if (succeeded(result))
      static_cast<OpPassManager &>(manager) = std::move(*parsed);
  } else {
    result = parsePassPipeline(pipeline, manager, stream);
  }
  if (succeeded(result))
    return success();
  std::string renamed = explainOldNames(pipeline);
  return emitError(UnknownLoc::get(manager.getContext()))
         << "cannot parse the pass pipeline: "
         << (renamed.empty() ? StringRef(message).trim() : StringRef(renamed));
}

std::vector<Remark> Module::run(const std::string &pipeline) {
  std::vector<Remark> remarks;
  access([&](ModuleOp op) -> LogicalResult {
    PassManager manager(op.getContext(), ModuleOp::getOperationName());
    if (failed(addPipeline(pipeline, manager)))
      return failure();
    RemarkScope scope(*op.getContext(), remarks);
    return manager.run(op);
  });
  return remarks;
}

std::string Module::print() const {
  std::string text;
  access([&](ModuleOp op) {
    llvm::raw_string_ostream stream(text);
    op.print(stream);
    return success();
  });
  return text;
}

std::string Module::writeBytecode() const {
  std::string bytes;
  access([&](ModuleOp op) {
    llvm::raw_string_ostream stream(bytes);
    return writeBytecodeToFile(op, stream);
  });
  return bytes;
}

std::unique_ptr<Module> Module::clone() const {
  OwningOpRef<ModuleOp> copy;
  access([&](ModuleOp op) {
    copy = op.clone();
    return success();
  });
  return std::make_unique<Module>(context, std::move(copy));
}

std::vector<FunctionSignature> Module::getSignatures() const {
  std::vector<FunctionSignature> signatures;
  access([&](ModuleOp op) -> LogicalResult {
    FailureOr<std::vector<FunctionSignature>> found = prune::getSignatures(op);
    if (succeeded(found))
      signatures = std::move(*found);
    return found;
  });
  return signatures;
}

std::unique_ptr<Executable>
Module::compile(const CompileOptions &options) const {
  std::unique_ptr<Executable> executable;
  access([&](ModuleOp op) -> LogicalResult {
    OwningOpRef<ModuleOp> copy = op.clone();
    FailureOr<std::unique_ptr<Executable>> created =
        Executable::create(*copy, options);
    if (succeeded(created))
      executable = std::move(*created);
    return created;
  });
  return executable;
}

static void bindInformation(nb::module_ &module) {
  nb::class_<ValueInfo>(module, "ValueInfo",
                        "An argument or a result of a function.")
      .def_ro("name", &ValueInfo::name)
      .def_prop_ro(
          "kind",
          [](const ValueInfo &v) { return prune::toString(v.kind).str(); })
      .def_ro("role", &ValueInfo::role)
      .def_prop_ro("shape",
                   [](const ValueInfo &v) {
                     nb::list shape;
                     for (int64_t extent : v.shape)
                       shape.append(extent);
                     return nb::tuple(shape);
                   })
      .def_prop_ro(
          "dtype",
          [](const ValueInfo &v) { return prune::toString(v.element).str(); })
      .def_ro("is_scalar", &ValueInfo::isScalar)
      .def("__repr__", [](const ValueInfo &v) {
        return "ValueInfo(name='" + v.name + "', kind='" +
               prune::toString(v.kind).str() + "')";
      });
  auto list = [](ArrayRef<ValueInfo> values) {
    return std::vector<ValueInfo>(values.begin(), values.end());
  };
  nb::class_<FunctionSignature>(module, "FunctionInfo",
                                "A public function with its signature.")
      .def_ro("name", &FunctionSignature::name)
      .def_prop_ro(
          "arguments",
          [=](const FunctionSignature &f) { return list(f.arguments); })
      .def_prop_ro("results",
                   [=](const FunctionSignature &f) { return list(f.results); })
      .def("__repr__", [](const FunctionSignature &f) {
        return "FunctionInfo(name='" + f.name + "')";
      });
  nb::class_<Remark>(module, "Remark", "A decision that a pass reported.")
      .def_ro("kind", &Remark::kind)
      .def_ro("name", &Remark::name)
      .def_ro("category", &Remark::category)
      .def_ro("function", &Remark::function)
      .def_ro("location", &Remark::location)
      .def_ro("message", &Remark::message)
      .def_ro("arguments", &Remark::arguments)
      .def("__repr__", [](const Remark &r) {
        return "Remark(" + r.kind + ", " + r.name + ": " + r.message + ")";
      });
}

void python::bindModule(nb::module_ &module) {
  bindInformation(module);
  nb::class_<Module> type(module, "Module",
                          "An MLIR module in a context of its own.");
  type.def_static(
          "parse",
          [](const std::string &source) {
            return Module::parse(source, "<string>");
          },
          nb::arg("source"), "Reads the text of a module.")
      .def_static(
          "parse",
          [](nb::bytes source) {
            return Module::parse(StringRef(source.c_str(), source.size()),
                                 "<bytes>");
          },
          nb::arg("source"), "Reads the text or bytecode of a module.")
      .def_static("from_file", &Module::fromFile, nb::arg("path"),
                  "Reads a file of text or bytecode.")
      .def("run", &Module::run, nb::arg("pipeline"),
           "Runs a textual pass pipeline in place and returns the remarks.")
      .def("__str__", &Module::print)
      .def(
          "to_bytecode",
          [](const Module &self) {
            std::string bytes = self.writeBytecode();
            return nb::bytes(bytes.data(), bytes.size());
          },
          "The module as MLIR bytecode.")
      .def("clone", &Module::clone, "A copy that shares the constants.")
      .def("functions", &Module::getSignatures,
           "Signatures of the public functions.");
  bindParameters(type);
  bindLayers(type);
  bindOperations(type);
  bindSharedObject(type);
  type.def(
      "compile",
      [](const Module &self, bool reference, int64_t threads, bool profile,
         nb::object dumpAsm, int64_t optimization,
         const std::optional<std::string> &costModel) {
        CompileOptions options;
        options.costModel = costModel.value_or(getDefaultCostModel());
        options.reference = reference;
        options.threads = threads;
        options.profile = profile;
        if (threads < 1)
          throw nb::value_error("threads must be at least 1");
        if (optimization < 0 || optimization > 3)
          throw nb::value_error("optimization must be 0, 1, 2 or 3");
        options.optimization = static_cast<unsigned>(optimization);
        if (!dumpAsm.is_none())
          options.assemblyFile = nb::cast<std::string>(nb::str(dumpAsm));
        return self.compile(options);
      },
      nb::arg("reference") = false, nb::arg("threads") = 1,
      nb::arg("profile") = false, nb::arg("dump_asm") = nb::none(),
      nb::arg("optimization") = 3, nb::arg("cost_model") = nb::none(),
      "Compiles a copy for this machine. `reference` gives plain scalar loops "
      "for comparison; `profile` measures the time of each costly operation; "
      "`dump_asm` names a file that receives the assembly; `optimization` is "
      "the effort of LLVM, from 0 (compiles fast, runs slowly) to 3; "
      "`cost_model` chooses kernels where nobody did before: 'builtin', "
      "'machine' for the figures that are kept of this computer, or a file; by "
      "default what PRUNE_COST_MODEL says, else 'machine'.");
}
