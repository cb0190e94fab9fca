//===- prune-run.cpp - Runs compiled functions ----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Compiles a module, calls one of its functions with arrays from an `.npz` file
// and writes what comes out. With --repeat it reports times, with --reference
// it uses plain loops and the naive runtime.
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"

#include "Prune/Execution/Executable.h"
#include "Prune/InitAllDialects.h"
#include "Prune/Support/DebugOptions.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"

using namespace mlir;
using namespace mlir::prune;
namespace cl = llvm::cl;

namespace {

/// The command line. Made in main, after the options that LLVM's own libraries
/// register are gone: some have the same names.
struct Options {
  cl::opt<std::string> module{cl::Positional, cl::Required,
                              cl::desc("<module>")};
  cl::opt<std::string> input{cl::Positional, cl::desc("<inputs.npz>")};
  cl::opt<std::string> function{
      "function", cl::desc("Function to call (default: the only one)")};
  cl::opt<std::string> output{
      "output", cl::desc("File .npz for the results, updated state included")};
  cl::alias outputAlias{"o", cl::desc("Same as --output"),
                        cl::aliasopt(output)};
  cl::opt<bool> reference{"reference",
                          cl::desc("Plain scalar loops on the naive runtime")};
  cl::opt<int64_t> repeat{"repeat", cl::init(1),
                          cl::desc("Calls to make and to time")};
  cl::opt<int64_t> threads{"threads", cl::init(1),
                           cl::desc("Threads that a call may use")};
  cl::opt<uint64_t> randomSeed{
      "random-seed", cl::desc("Fill arguments without an array at random")};
  cl::opt<std::string> assembly{
      "dump-asm", cl::desc("File for the assembly of the module")};
};

} // namespace

static llvm::Error makeError(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// The function of that name; without a name the only one.
static llvm::Expected<const FunctionSignature *>
chooseFunction(const Executable &executable, StringRef name) {
  ArrayRef<FunctionSignature> all = executable.getSignatures();
  if (!name.empty())
    return executable.findSignature(name);
  if (all.size() == 1)
    return &all.front();
  return makeError("choose a function with --function; there are: " +
                   executable.getFunctionNames());
}

/// One line per array: type, shape, smallest and largest element, mean.
static void summarize(const NpyArray &array) {
  double low = 0, high = 0, sum = 0;
  int64_t count = array.getNumElements();
  auto scan = [&](auto *data) {
    for (int64_t i = 0; i < count; ++i) {
      double value = data[i];
      low = i ? std::min(low, value) : value;
      high = i ? std::max(high, value) : value;
      sum += value;
    }
  };
  switch (array.element) {
  case ElementKind::F32:
    scan(reinterpret_cast<float *>(array.getData()));
    break;
  case ElementKind::F64:
    scan(reinterpret_cast<double *>(array.getData()));
    break;
  case ElementKind::I32:
    scan(reinterpret_cast<int32_t *>(array.getData()));
    break;
  case ElementKind::I64:
    scan(reinterpret_cast<int64_t *>(array.getData()));
    break;
  case ElementKind::U8:
    scan(reinterpret_cast<uint8_t *>(array.getData()));
    break;
  case ElementKind::I8:
  case ElementKind::Bool:
    scan(reinterpret_cast<int8_t *>(array.getData()));
    break;
  }
  llvm::outs() << array.name << ": " << prune::toString(array.element) << " (";
  llvm::interleaveComma(array.shape, llvm::outs());
  llvm::outs() << (array.shape.size() == 1 ? ",)" : ")");
  if (count)
    llvm::outs() << llvm::format(" min %.6g max %.6g mean %.6g", low, high,
                                 sum / count);
  llvm::outs() << "\n";
}

static void reportTimes(const FunctionSignature &signature, StringRef runtime,
                        std::vector<double> seconds) {
  llvm::sort(seconds);
  double sum = 0;
  for (double value : seconds)
    sum += value;
  size_t middle = seconds.size() / 2;
  double median = seconds.size() % 2
                      ? seconds[middle]
                      : (seconds[middle - 1] + seconds[middle]) / 2;
  llvm::outs() << signature.name << " on " << runtime << ": " << seconds.size()
               << (seconds.size() == 1 ? " call, " : " calls, ")
               << llvm::format("median %.6f ms, min %.6f ms, mean %.6f ms\n",
                               1e3 * median, 1e3 * seconds.front(),
                               1e3 * sum / seconds.size());
}

/// Results in their order: state from the arguments, the rest from their own
/// space, under the names of the results.
static std::vector<NpyArray> takeResults(const FunctionSignature &signature,
                                         std::vector<NpyArray> &arguments,
                                         std::vector<NpyArray> &outputs) {
  std::vector<NpyArray> results;
  for (auto [value, destination] :
       llvm::zip_equal(signature.results, signature.destinations)) {
    size_t count = signature.arguments.size();
    results.push_back(std::move(destination < count
                                    ? arguments[destination]
                                    : outputs[destination - count]));
    results.back().name = value.name;
  }
  return results;
}

static llvm::Error run(Executable &executable, const Options &options) {
  llvm::Expected<const FunctionSignature *> signature =
      chooseFunction(executable, options.function);
  if (!signature)
    return signature.takeError();
  std::vector<NpyArray> inputs;
  if (!options.input.empty()) {
    llvm::Expected<std::vector<NpyArray>> read = readNpz(options.input);
    if (!read)
      return read.takeError();
    inputs = std::move(*read);
  }
  std::optional<uint64_t> seed;
  if (options.randomSeed.getNumOccurrences())
    seed = options.randomSeed;
  llvm::Expected<std::vector<NpyArray>> arguments =
      collectArguments(**signature, std::move(inputs), seed);
  if (!arguments)
    return arguments.takeError();
  std::vector<NpyArray> outputs = makeDestinations(**signature);

  auto getData = [](const NpyArray &array) -> void * {
    return array.getData();
  };
  SmallVector<void *> in = llvm::map_to_vector(*arguments, getData);
  SmallVector<void *> out = llvm::map_to_vector(outputs, getData);
  llvm::Expected<std::vector<double>> seconds =
      executable.time(**signature, in, out, options.repeat, /*minSeconds=*/0);
  if (!seconds)
    return seconds.takeError();
  reportTimes(**signature, executable.getRuntimeName(), std::move(*seconds));
  std::vector<NpyArray> results = takeResults(**signature, *arguments, outputs);
  for (const NpyArray &result : results)
    summarize(result);
  return options.output.empty() ? llvm::Error::success()
                                : writeNpz(options.output, results);
}

static llvm::Error checkAtLeastOne(StringRef name, int64_t value) {
  if (value >= 1)
    return llvm::Error::success();
  return makeError("--" + name + " is " + Twine(value) +
                   ", expected at least 1");
}

/// Status 1 and a message.
static int fail(llvm::Error error) {
  llvm::errs() << "prune-run: error: " << llvm::toString(std::move(error))
               << "\n";
  return 1;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  SmallVector<cl::Option *> foreign;
  for (auto &option : cl::getRegisteredOptions())
    foreign.push_back(option.second);
  for (cl::Option *option : foreign)
    option->removeArgument();
  Options options;
  prune::registerDebugOptions();
  cl::ParseCommandLineOptions(
      argc, argv, "Runs a function of a module on arrays of numpy\n");
  if (llvm::Error error = checkAtLeastOne("repeat", options.repeat))
    return fail(std::move(error));
  if (llvm::Error error = checkAtLeastOne("threads", options.threads))
    return fail(std::move(error));

  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  prune::registerAllDialects(registry);
  Executable::registerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  auto module = parseSourceFile<ModuleOp>(options.module, &context);
  if (!module)
    return 1;
  CompileOptions compile;
  compile.reference = options.reference;
  compile.threads = options.threads;
  compile.assemblyFile = options.assembly;
  FailureOr<std::unique_ptr<Executable>> executable =
      Executable::create(*module, compile);
  if (failed(executable))
    return 1;
  if (llvm::Error error = run(**executable, options))
    return fail(std::move(error));
  return 0;
}
