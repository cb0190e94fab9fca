//===- prune-calibrate.cpp - Measures the figures of the cost model -------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Times the kernels of the oneDNN runtime on this machine and writes a cost
// model, which prune-select-kernels reads, or keeps it where `machine` is
// looked for.
//
//===----------------------------------------------------------------------===//

#include "Prune/Execution/Calibration.h"
#include "Prune/Kernels/KernelFamily.h"
#include "Prune/Kernels/MachineModel.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::prune;

static cl::OptionCategory category("Calibration options");
static cl::opt<std::string> outputFile("o", cl::desc("Output file"),
                                       cl::value_desc("path"), cl::init("-"),
                                       cl::cat(category));
static cl::opt<bool> keep("keep",
                          cl::desc("Keep the figures for this machine, instead "
                                   "of writing them to a file"),
                          cl::cat(category));
static cl::opt<std::string>
    machine("machine", cl::desc("Description of the machine for the file"),
            cl::init("this machine"), cl::cat(category));
static cl::opt<bool> families("families",
                              cl::desc("Print a table of the kernels"),
                              cl::cat(category));
static cl::opt<double> seconds("seconds",
                               cl::desc("Time to measure for, in all"),
                               cl::init(CalibrationOptions().seconds),
                               cl::cat(category));
// LLVM has an option `threads`.
static cl::opt<int64_t> threads("call-threads", cl::desc("Threads of a call"),
                                cl::init(1), cl::cat(category));

static int fail(Error error) {
  WithColor::error() << toString(std::move(error)) << "\n";
  return 1;
}

/// Writes a text where -o says.
static int write(StringRef text) {
  Error error = writeToOutput(outputFile, [&](raw_ostream &stream) {
    stream << text;
    return Error::success();
  });
  return error ? fail(std::move(error)) : 0;
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, "Measures the cost model\n");
  if (families)
    return write("# Kernels\n\n" + describeKernelFamilies());
  if (threads < 1)
    return fail(createStringError("expected --call-threads to be at least 1"));
  CalibrationOptions options;
  options.seconds = seconds;
  options.threads = threads;
  options.machine = machine;
  Expected<std::string> text = calibrate(options);
  if (!text)
    return fail(text.takeError());
  if (keep) {
    Expected<std::string> path = keepCostModel(*text, threads);
    if (!path)
      return fail(path.takeError());
    outs() << *path << "\n";
    return 0;
  }
  return write(*text);
}
