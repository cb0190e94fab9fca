//===- Executable.cpp - Compiled modules ----------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Lowers a module, takes its large constants out, optimizes the LLVM module for
// the host, and compiles it with the execution engine. Symbols of the runtime
// are registered one by one, because two runtimes with the same symbols may
// live in one process.
//
//===----------------------------------------------------------------------===//

#include "Prune/Execution/Executable.h"

#include "ConstantData.h"
#include "Runtime.h"
#include "Target.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Transforms/Lower/Passes.h"
#include "Prune/Pipelines/CpuPipeline.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/OpenMP/OpenMPToLLVMIRTranslation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Target/TargetMachine.h"

#include <chrono>

using namespace mlir;
using namespace mlir::prune;

void Executable::registerDialects(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerOpenMPDialectTranslation(registry);
}

Executable::Executable() : constants(std::make_unique<ConstantData>()) {}
Executable::~Executable() = default;

FailureOr<std::unique_ptr<Executable>>
Executable::create(ModuleOp module, const CompileOptions &options) {
  std::unique_ptr<Executable> executable(new Executable());
  FailureOr<std::vector<FunctionSignature>> signatures =
      prune::getSignatures(module);
  if (failed(signatures))
    return failure();
  executable->signatures = std::move(*signatures);
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

/// Addresses of everything that the module calls but does not define.
static FailureOr<llvm::StringMap<void *>>
resolveSymbols(ModuleOp module, const Runtime &runtime) {
  llvm::StringMap<void *> symbols;
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
  return symbols;
}

/// True when a kernel was chosen for a layer of the module.
static bool hasKernels(ModuleOp module) {
  WalkResult result = module.walk([](Operation *op) {
    return op->hasAttr(PruneDialect::kKernelAttrName) ? WalkResult::interrupt()
                                                      : WalkResult::advance();
  });
  return result.wasInterrupted();
}

LogicalResult Executable::compile(ModuleOp module,
                                  const CompileOptions &options) {
  auto fail = [&](llvm::Error error) -> LogicalResult {
    return module.emitError() << llvm::toString(std::move(error));
  };
  auto loaded = Runtime::load(options.reference);
  if (!loaded)
    return fail(loaded.takeError());
  runtime = std::move(*loaded);

  auto target = createHostTarget(options.reference, options.optimization);
  if (!target)
    return fail(target.takeError());

  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  CpuPipelineOptions pipeline;
  pipeline.reference = options.reference;
  pipeline.profile = options.profile;
  pipeline.vectorWidth = getHostVectorBits(**target);
  // The naive runtime has no threads.
  if (runtime->lookup("__kmpc_fork_call"))
    pipeline.threads = threads;
  // Nobody has to know that kernels are chosen to get fast ones.
  if (!options.reference && !hasKernels(module))
    manager.addPass(createSelectKernelsPass());
  buildCpuPipeline(manager, pipeline);
  if (failed(manager.run(module)))
    return failure();
  if (options.profile)
    profile = std::make_unique<Profile>(module);
  FailureOr<llvm::StringMap<void *>> symbols = resolveSymbols(module, *runtime);
  if (failed(symbols))
    return failure();
  if (llvm::Error error = constants->extract(module))
    return fail(std::move(error));
  for (const auto &constant : constants->getSymbols())
    (*symbols)[constant.getKey()] = constant.getValue();

  transformer = createOptimizer(target->get(), options.assemblyFile,
                                options.optimization);
  if (llvm::Error error = createEngine(module, std::move(*target), *symbols,
                                       options.optimization))
    return fail(std::move(error));
  return success();
}

llvm::Error Executable::createEngine(
    ModuleOp module, std::unique_ptr<llvm::TargetMachine> target,
    const llvm::StringMap<void *> &symbols, unsigned optimization) {
  ExecutionEngineOptions options;
  options.transformer = transformer;
  options.jitCodeGenOptLevel = getCodeGenLevel(optimization);
  options.enableGDBNotificationListener = false;
  options.enablePerfNotificationListener = false;
  auto created = ExecutionEngine::create(module, options, std::move(target));
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
  for (const FunctionSignature &signature : signatures) {
    auto function = engine->lookupPacked("_mlir_ciface_" + signature.name);
    if (!function)
      return function.takeError();
  }
  if (!profile)
    return llvm::Error::success();
  return profile->attach(
      [&](StringRef symbol) { return engine->lookup(symbol); });
}

llvm::Expected<const FunctionSignature *>
Executable::findSignature(StringRef name) const {
  for (const FunctionSignature &signature : signatures)
    if (signature.name == name)
      return &signature;
  return llvm::createStringError("no function '" + name +
                                 "'; there are: " + getFunctionNames());
}

std::string Executable::getFunctionNames() const {
  auto getName = [](const FunctionSignature &s) { return s.name; };
  return llvm::join(llvm::map_range(signatures, getName), ", ");
}

StringRef Executable::getRuntimeName() const { return runtime->getName(); }

namespace {

/// Descriptors and pointers of one call, in the layout of compressed functions.
class CallFrame {
public:
  void addTensor(void *data, const ValueInfo &value) {
    descriptors.emplace_back();
    SmallVector<int64_t> &words = descriptors.back();
    int64_t rank = value.shape.size();
    words.resize(3 + 2 * rank);
    words[0] = words[1] = reinterpret_cast<int64_t>(data);
    words[2] = 0;
    int64_t stride = 1;
    for (int64_t i = rank; i-- > 0;) {
      words[3 + i] = value.shape[i];
      words[3 + rank + i] = stride;
      stride *= value.shape[i];
    }
  }

  void addScalar(void *data) {
    descriptors.emplace_back();
    scalars.emplace_back(descriptors.size() - 1, data);
  }

  /// Pointers for a compressed function; valid while the frame is not changed.
  MutableArrayRef<void *> getPointers() {
    addresses.clear();
    for (SmallVector<int64_t> &words : descriptors)
      addresses.push_back(words.data());
    for (auto [index, data] : scalars)
      addresses[index] = data;
    pointers.clear();
    for (void *&address : addresses)
      pointers.push_back(&address);
    for (auto [index, data] : scalars)
      pointers[index] = data;
    return pointers;
  }

private:
  SmallVector<SmallVector<int64_t>> descriptors;
  SmallVector<std::pair<unsigned, void *>> scalars;
  SmallVector<void *> addresses;
  SmallVector<void *> pointers;
};

} // namespace

static llvm::Expected<CallFrame> makeFrame(const FunctionSignature &signature,
                                           ArrayRef<void *> arguments,
                                           ArrayRef<void *> destinations) {
  size_t outputs = 0;
  for (unsigned destination : signature.destinations)
    outputs += destination >= signature.arguments.size();
  if (arguments.size() != signature.arguments.size() ||
      destinations.size() != outputs)
    return llvm::createStringError(
        llvm::inconvertibleErrorCode(),
        "function '%s' takes %zu arguments and %zu destinations, got %zu and "
        "%zu",
        signature.name.c_str(), signature.arguments.size(), outputs,
        arguments.size(), destinations.size());
  CallFrame frame;
  for (auto [value, data] : llvm::zip_equal(signature.arguments, arguments)) {
    if (value.isScalar)
      frame.addScalar(data);
    else
      frame.addTensor(data, value);
  }
  for (auto [value, destination] :
       llvm::zip_equal(signature.results, signature.destinations))
    if (destination >= signature.arguments.size())
      frame.addTensor(destinations[destination - signature.arguments.size()],
                      value);
  return frame;
}

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
      makeFrame(signature, arguments, destinations);
  if (!frame)
    return frame.takeError();
  auto function = engine->lookupPacked("_mlir_ciface_" + signature.name);
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
