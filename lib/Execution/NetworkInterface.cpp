//===- NetworkInterface.cpp - C interface of a network --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The functions behind the interface are in the static runtime and take the
// network's table. Here the table is written, and for each of them a function
// under the network's own name that passes it on, so that several networks can
// be linked into one program. The code of each instruction set is in an object
// of its own, of which the table names one function.
//
//===----------------------------------------------------------------------===//

#include "NetworkInterface.h"

#include "CallingConvention.h"

#include "prune_network.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::prune;

static_assert(PRUNE_NETWORK_F32 == int(ElementKind::F32) &&
              PRUNE_NETWORK_F64 == int(ElementKind::F64) &&
              PRUNE_NETWORK_I8 == int(ElementKind::I8) &&
              PRUNE_NETWORK_U8 == int(ElementKind::U8) &&
              PRUNE_NETWORK_I32 == int(ElementKind::I32) &&
              PRUNE_NETWORK_I64 == int(ElementKind::I64) &&
              PRUNE_NETWORK_BOOL == int(ElementKind::Bool));
static_assert(PRUNE_NETWORK_BASE == int(InstructionLevel::Base) &&
              PRUNE_NETWORK_AVX2 == int(InstructionLevel::Avx2) &&
              PRUNE_NETWORK_AVX512 == int(InstructionLevel::Avx512));

bool prune::isIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name,
                      [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

std::string prune::getNetworkName(StringRef file) {
  StringRef stem = llvm::sys::path::stem(file);
  stem.consume_front("lib");
  std::string name = stem.str();
  for (char &c : name)
    c = llvm::isAlnum(c) ? c : '_';
  return isIdentifier(name) ? name : "network_" + name;
}

namespace {

/// Writes the table and the functions of one network.
class InterfaceBuilder {
public:
  InterfaceBuilder(llvm::Module &module, const NetworkTable &table)
      : module(module), table(table), signature(table.signature),
        builder(module.getContext()) {}

  void addTable();
  void addFunctions();

private:
  llvm::Constant *addConstant(llvm::Constant *value, StringRef suffix);
  llvm::Constant *addList(ArrayRef<llvm::Constant *> values, StringRef suffix);
  llvm::Constant *makeValue(const ValueInfo &value);
  llvm::Constant *makeCode(InstructionLevel level);
  llvm::Constant *addWeights();
  void addFunction(StringRef suffix, llvm::Type *result,
                   ArrayRef<llvm::Type *> arguments, bool takesTable);

  llvm::Module &module;
  const NetworkTable &table;
  const FunctionSignature &signature;
  llvm::IRBuilder<> builder;
  llvm::Constant *written = nullptr;
};

} // namespace

static std::string getCallName(InstructionLevel level) {
  return ("prune_network_call_" + toString(level)).str();
}

llvm::Constant *InterfaceBuilder::addConstant(llvm::Constant *value,
                                              StringRef suffix) {
  return new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                  llvm::GlobalValue::InternalLinkage, value,
                                  "prune_network_" + suffix);
}

/// A prune_network_value.
llvm::Constant *InterfaceBuilder::makeValue(const ValueInfo &value) {
  llvm::LLVMContext &context = module.getContext();
  auto *text = llvm::ConstantDataArray::getString(context, value.name);
  SmallVector<uint64_t> extents(value.shape.begin(), value.shape.end());
  llvm::Constant *shape = llvm::ConstantPointerNull::get(builder.getPtrTy());
  if (!extents.empty()) {
    auto *numbers = llvm::ConstantDataArray::get(context, extents);
    shape = addConstant(numbers, "shape");
  }
  int64_t bytes = getNumElements(value) * getByteWidth(value.element);
  llvm::Constant *members[] = {addConstant(text, "name"), shape,
                               builder.getInt64(bytes),
                               builder.getInt32(int32_t(value.element)),
                               builder.getInt32(value.shape.size())};
  return llvm::ConstantStruct::getAnon(members);
}

llvm::Constant *InterfaceBuilder::addList(ArrayRef<llvm::Constant *> values,
                                          StringRef suffix) {
  auto *type = llvm::ArrayType::get(values.front()->getType(), values.size());
  return addConstant(llvm::ConstantArray::get(type, values), suffix);
}

/// A prune_network_code.
llvm::Constant *InterfaceBuilder::makeCode(InstructionLevel level) {
  llvm::Type *pointer = builder.getPtrTy();
  auto *type = llvm::FunctionType::get(builder.getVoidTy(), {pointer},
                                       /*isVarArg=*/false);
  auto *function = llvm::Function::Create(
      type, llvm::GlobalValue::ExternalLinkage, getCallName(level), module);
  function->setVisibility(llvm::GlobalValue::HiddenVisibility);
  return llvm::ConstantStruct::getAnon(
      {function, builder.getInt64(int64_t(level))});
}

/// A prune_network_weights, or null.
llvm::Constant *InterfaceBuilder::addWeights() {
  if (!table.weights)
    return llvm::ConstantPointerNull::get(builder.getPtrTy());
  StringRef bytes(reinterpret_cast<const char *>(&*table.weights),
                  sizeof(*table.weights));
  llvm::Constant *header =
      addConstant(llvm::ConstantDataArray::getString(module.getContext(), bytes,
                                                     /*AddNull=*/false),
                  "weights_header");
  cast<llvm::GlobalVariable>(header)->setAlignment(llvm::Align(8));
  auto *place = new llvm::GlobalVariable(
      module, builder.getInt8Ty(), /*isConstant=*/false,
      llvm::GlobalValue::ExternalLinkage, nullptr, kWeightsPlace);
  return addConstant(llvm::ConstantStruct::getAnon({place, header}), "weights");
}

/// A prune_network.
void InterfaceBuilder::addTable() {
  SmallVector<llvm::Constant *> values, codes;
  for (const ValueInfo &value : signature.arguments)
    values.push_back(makeValue(value));
  for (auto [value, destination] :
       llvm::zip_equal(signature.results, signature.destinations))
    if (destination >= signature.arguments.size())
      values.push_back(makeValue(value));
  for (InstructionLevel level : table.levels)
    codes.push_back(makeCode(level));
  llvm::Constant *valueList = addList(values, "values");
  llvm::Constant *codeList = addList(codes, "codes");
  int64_t outputs = getNumDestinations(signature);
  llvm::Constant *members[] = {valueList,
                               codeList,
                               addWeights(),
                               builder.getInt32(signature.arguments.size()),
                               builder.getInt32(outputs),
                               builder.getInt32(codes.size()),
                               builder.getInt32(table.threads)};
  written = addConstant(llvm::ConstantStruct::getAnon(members), "table");
}

void InterfaceBuilder::addFunction(StringRef suffix, llvm::Type *result,
                                   ArrayRef<llvm::Type *> arguments,
                                   bool takesTable) {
  SmallVector<llvm::Type *> types(arguments);
  if (takesTable)
    types.insert(types.begin(), builder.getPtrTy());
  auto *innerType = llvm::FunctionType::get(result, types, /*isVarArg=*/false);
  auto *outerType =
      llvm::FunctionType::get(result, arguments, /*isVarArg=*/false);
  llvm::FunctionCallee inner =
      module.getOrInsertFunction(("prune_network_" + suffix).str(), innerType);
  auto *outer =
      llvm::Function::Create(outerType, llvm::GlobalValue::ExternalLinkage,
                             table.name + "_" + suffix, module);
  builder.SetInsertPoint(
      llvm::BasicBlock::Create(module.getContext(), "", outer));
  SmallVector<llvm::Value *> values;
  if (takesTable)
    values.push_back(written);
  for (llvm::Argument &argument : outer->args())
    values.push_back(&argument);
  llvm::CallInst *call = builder.CreateCall(inner, values);
  call->setTailCall();
  if (result->isVoidTy())
    builder.CreateRetVoid();
  else
    builder.CreateRet(call);
}

void InterfaceBuilder::addFunctions() {
  llvm::Type *number = builder.getInt32Ty();
  llvm::Type *pointer = builder.getPtrTy();
  if (table.weights)
    addFunction("create_with_weights", number, {pointer, pointer}, true);
  else
    addFunction("create", number, {pointer}, true);
  addFunction("destroy", builder.getVoidTy(), {pointer}, false);
  addFunction("input_count", number, {}, true);
  addFunction("output_count", number, {}, true);
  addFunction("input", pointer, {number}, true);
  addFunction("output", pointer, {number}, true);
  addFunction("isa", number, {pointer}, false);
  addFunction("set_isa", number, {pointer, number}, false);
  addFunction("set_threads", number, {pointer, number}, false);
  addFunction("run", number, {pointer, pointer, pointer, pointer, pointer},
              false);
  addFunction("message", pointer, {number}, false);
}

/// Hides what the objects of the network and the runtime have for each other.
static void hideDeclarations(llvm::Module &module) {
  for (llvm::Function &function : module) {
    function.setDoesNotThrow();
    StringRef name = function.getName();
    bool isRuntime = name.starts_with("prune_") ||
                     name.starts_with("__kmpc_") ||
                     name.starts_with("_mlir_memref_to_llvm_");
    if (function.isDeclaration() && isRuntime)
      function.setVisibility(llvm::GlobalValue::HiddenVisibility);
  }
  for (llvm::GlobalVariable &global : module.globals())
    if (global.isDeclaration())
      global.setVisibility(llvm::GlobalValue::HiddenVisibility);
}

void prune::addNetworkInterface(llvm::Module &module,
                                const NetworkTable &table) {
  InterfaceBuilder builder(module, table);
  builder.addTable();
  builder.addFunctions();
  hideDeclarations(module);
}

/// The function takes pointers to descriptors. Numbers are loaded from the data
/// of theirs.
void prune::addNetworkCall(llvm::Module &module,
                           const FunctionSignature &signature,
                           InstructionLevel level) {
  // First, because a function of the network may have any name.
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
  llvm::IRBuilder<> builder(module.getContext());
  llvm::Function *callee = module.getFunction(getInterfaceName(signature.name));
  llvm::Type *pointer = builder.getPtrTy();
  auto *type = llvm::FunctionType::get(builder.getVoidTy(), {pointer},
                                       /*isVarArg=*/false);
  auto *function = llvm::Function::Create(
      type, llvm::GlobalValue::ExternalLinkage, getCallName(level), module);
  function->setVisibility(llvm::GlobalValue::HiddenVisibility);
  builder.SetInsertPoint(
      llvm::BasicBlock::Create(module.getContext(), "", function));
  SmallVector<llvm::Value *> arguments;
  for (auto [i, parameter] :
       llvm::enumerate(callee->getFunctionType()->params())) {
    llvm::Value *place =
        builder.CreateConstGEP1_64(pointer, function->getArg(0), i);
    llvm::Value *argument = builder.CreateLoad(pointer, place);
    if (!parameter->isPointerTy()) {
      argument = builder.CreateLoad(pointer, argument);
      argument = builder.CreateLoad(parameter, argument);
    }
    arguments.push_back(argument);
  }
  builder.CreateCall(callee, arguments);
  builder.CreateRetVoid();
  hideDeclarations(module);
}
