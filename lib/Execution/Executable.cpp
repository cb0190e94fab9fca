//===- Executable.cpp - Compiled modules ----------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Compiles a module for this computer and has the execution engine make machine
// code of it. Symbols of the runtime are registered one by one, because two
// runtimes with the same symbols may live in one process.
//
//===----------------------------------------------------------------------===//

#include "Prune/Execution/Executable.h"

#include "CallingConvention.h"
#include "ConstantData.h"
#include "Runtime.h"
#include "Target.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Process.h"
#include "llvm/Target/TargetMachine.h"

#include <chrono>

using namespace mlir;
using namespace mlir::prune;

Executable::Executable() = default;
Executable::~Executable() = default;

FailureOr<std::unique_ptr<Executable>>
Executable::create(ModuleOp module, const CompileOptions &options) {
  std::unique_ptr<Executable> executable(new Executable());
  executable->threads = options.threads;
  if (failed(executable->compile(module, options)))
    return failure();
  return executable;
}

/// What LLVM's code for parallel regions and loops calls.
static constexpr StringLiteral kOpenMPFunctions[] = {
    "__kmpc_global_thread_num",
    "__kmpc_push_num_threads",
    "__kmpc_fork_call",
    "__kmpc_for_static_init_4u",
    "__kmpc_for_static_init_8u",
    "__kmpc_for_static_fini",
    "__kmpc_barrier"};

/// Adds the addresses of everything that the module calls but does not define.
static LogicalResult resolveSymbols(ModuleOp module, const Runtime &runtime,
                                    llvm::StringMap<void *> &symbols) {
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    if (!function.isExternal())
      continue;
    void *address = runtime.lookup(function.getName());
    if (!address)
      return function.emitError("the runtime library has no function '")
             << function.getName() << "'";
    symbols[function.getName()] = address;
  }
  // Parallel regions call OpenMP, but only in the LLVM module.
  for (StringRef name : kOpenMPFunctions)
    if (void *address = runtime.lookup(name))
      symbols[name] = address;
  return success();
}

LogicalResult Executable::compile(ModuleOp module, CompileOptions options) {
  auto fail = [&](llvm::Error error) -> LogicalResult {
    return module.emitError() << llvm::toString(std::move(error));
  };
  auto loaded = Runtime::load(options.reference);
  if (!loaded)
    return fail(loaded.takeError());
  runtime = std::move(*loaded);
  // The naive runtime has no threads.
  if (!runtime->lookup("__kmpc_fork_call"))
    options.threads = 1;
  // As the runtime does with what it allocates. Files are the same without.
  options.poison |= llvm::sys::Process::GetEnv("PRUNE_RT_POISON").has_value();
  FailureOr<std::unique_ptr<CompiledModule>> created =
      CompiledModule::create(module, options);
  if (failed(created))
    return failure();
  compiled = std::move(*created);
  ConstantData &constants = compiled->getConstants();
  if (llvm::Error error = constants.load())
    return fail(std::move(error));
  llvm::StringMap<void *> symbols = constants.getSymbols();
  if (failed(resolveSymbols(module, *runtime, symbols)))
    return failure();
  if (llvm::Error error = createEngine(symbols, options.optimization))
    return fail(std::move(error));
  return success();
}

llvm::Error Executable::createEngine(const llvm::StringMap<void *> &symbols,
                                     unsigned optimization) {
  ExecutionEngineOptions options;
  options.transformer = compiled->getOptimizer();
  options.jitCodeGenOptLevel = getCodeGenLevel(optimization);
  options.enableGDBNotificationListener = false;
  options.enablePerfNotificationListener = false;
  auto created = ExecutionEngine::create(compiled->getModule(), options,
                                         compiled->takeTarget());
  if (!created)
    return created.takeError();
  engine = std::move(*created);
  engine->registerSymbols([&](llvm::orc::MangleAndInterner interner) {
    llvm::orc::SymbolMap map;
    for (auto &symbol : symbols)
      map[interner(symbol.getKey())] = {
          llvm::orc::ExecutorAddr::fromPtr(symbol.getValue()),
          llvm::JITSymbolFlags::Exported};
    return map;
  });
  // Registers the destructors that release what call sites prepared.
  engine->initialize();
  // Compiles everything now, so that no call pays for it and errors appear
  // here.
  for (const FunctionSignature &signature : getSignatures()) {
    auto function = engine->lookupPacked(getInterfaceName(signature.name));
    if (!function)
      return function.takeError();
  }
  Profile *profile = getProfile();
  if (!profile)
    return llvm::Error::success();
  return profile->attach(
      [&](StringRef symbol) { return engine->lookup(symbol); });
}

llvm::Expected<const FunctionSignature *>
Executable::findSignature(StringRef name) const {
  for (const FunctionSignature &signature : getSignatures())
    if (signature.name == name)
      return &signature;
  return llvm::createStringError("no function '" + name +
                                 "'; there are: " + getFunctionNames());
}

std::string Executable::getFunctionNames() const {
  auto getName = [](const FunctionSignature &s) { return s.name; };
  return llvm::join(llvm::map_range(getSignatures(), getName), ", ");
}

StringRef Executable::getRuntimeName() const { return runtime->getName(); }

llvm::Error Executable::call(const FunctionSignature &signature,
                             ArrayRef<void *> arguments,
                             ArrayRef<void *> destinations) {
  llvm::Expected<std::vector<double>> seconds =
      time(signature, arguments, destinations, /*repeat=*/1, /*minSeconds=*/0);
  return seconds ? llvm::Error::success() : seconds.takeError();
}

llvm::Expected<std::vector<double>>
Executable::time(const FunctionSignature &signature, ArrayRef<void *> arguments,
                 ArrayRef<void *> destinations, int64_t repeat,
                 double minSeconds) {
  llvm::Expected<CallFrame> frame =
      CallFrame::create(signature, arguments, destinations);
  if (!frame)
    return frame.takeError();
  auto function = engine->lookupPacked(getInterfaceName(signature.name));
  if (!function)
    return function.takeError();
  MutableArrayRef<void *> pointers = frame->getPointers();
  runtime->setThreads(threads);
  int64_t flushing = runtime->flushDenormals(1);
  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds;
  double total = 0;
  while (static_cast<int64_t>(seconds.size()) < repeat || total < minSeconds) {
    Clock::time_point start = Clock::now();
    (*function)(pointers.data());
    seconds.push_back(
        std::chrono::duration<double>(Clock::now() - start).count());
    total += seconds.back();
  }
  runtime->flushDenormals(flushing);
  return seconds;
}
