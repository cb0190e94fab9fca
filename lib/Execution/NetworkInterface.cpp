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
// be linked into one program.
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
  InterfaceBuilder(llvm::Module &module, const FunctionSignature &signature,
                   StringRef name)
      : module(module), signature(signature), name(name),
        builder(module.getContext()) {}

  llvm::GlobalVariable *addTable(InstructionLevel level);
  void addFunctions(llvm::GlobalVariable *table);

private:
  llvm::Constant *addConstant(llvm::Constant *value, StringRef suffix);
  llvm::Constant *makeValue(const ValueInfo &value);
  llvm::Function *addCall();
  void addFunction(StringRef suffix, llvm::Type *result,
                   ArrayRef<llvm::Type *> arguments,
                   llvm::GlobalVariable *table);

  llvm::Module &module;
  const FunctionSignature &signature;
  StringRef name;
  llvm::IRBuilder<> builder;
};

} // namespace

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

/// The function that takes pointers to descriptors. Numbers are loaded from the
/// data of theirs.
llvm::Function *InterfaceBuilder::addCall() {
  llvm::Function *callee = module.getFunction(getInterfaceName(signature.name));
  llvm::Type *pointer = builder.getPtrTy();
  auto *type = llvm::FunctionType::get(builder.getVoidTy(), {pointer},
                                       /*isVarArg=*/false);
  auto *function = llvm::Function::Create(
      type, llvm::GlobalValue::InternalLinkage, "prune_network_call", module);
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
  return function;
}

/// A prune_network.
llvm::GlobalVariable *InterfaceBuilder::addTable(InstructionLevel level) {
  SmallVector<llvm::Constant *> values;
  for (const ValueInfo &value : signature.arguments)
    values.push_back(makeValue(value));
  for (auto [value, destination] :
       llvm::zip_equal(signature.results, signature.destinations))
    if (destination >= signature.arguments.size())
      values.push_back(makeValue(value));
  auto *type = llvm::ArrayType::get(values.front()->getType(), values.size());
  llvm::Constant *list =
      addConstant(llvm::ConstantArray::get(type, values), "values");
  int64_t outputs = getNumDestinations(signature);
  llvm::Constant *members[] = {
      list, addCall(), builder.getInt32(signature.arguments.size()),
      builder.getInt32(outputs), builder.getInt32(int32_t(level))};
  return cast<llvm::GlobalVariable>(
      addConstant(llvm::ConstantStruct::getAnon(members), "table"));
}

void InterfaceBuilder::addFunction(StringRef suffix, llvm::Type *result,
                                   ArrayRef<llvm::Type *> arguments,
                                   llvm::GlobalVariable *table) {
  SmallVector<llvm::Type *> types(arguments);
  if (table)
    types.insert(types.begin(), builder.getPtrTy());
  auto *innerType = llvm::FunctionType::get(result, types, /*isVarArg=*/false);
  auto *outerType =
      llvm::FunctionType::get(result, arguments, /*isVarArg=*/false);
  llvm::FunctionCallee inner =
      module.getOrInsertFunction(("prune_network_" + suffix).str(), innerType);
  auto *outer =
      llvm::Function::Create(outerType, llvm::GlobalValue::ExternalLinkage,
                             name + "_" + suffix, module);
  builder.SetInsertPoint(
      llvm::BasicBlock::Create(module.getContext(), "", outer));
  SmallVector<llvm::Value *> values;
  if (table)
    values.push_back(table);
  for (llvm::Argument &argument : outer->args())
    values.push_back(&argument);
  llvm::CallInst *call = builder.CreateCall(inner, values);
  call->setTailCall();
  if (result->isVoidTy())
    builder.CreateRetVoid();
  else
    builder.CreateRet(call);
}

void InterfaceBuilder::addFunctions(llvm::GlobalVariable *table) {
  llvm::Type *number = builder.getInt32Ty();
  llvm::Type *pointer = builder.getPtrTy();
  addFunction("create", number, {pointer}, table);
  addFunction("destroy", builder.getVoidTy(), {pointer}, nullptr);
  addFunction("input_count", number, {}, table);
  addFunction("output_count", number, {}, table);
  addFunction("input", pointer, {number}, table);
  addFunction("output", pointer, {number}, table);
  addFunction("set_threads", number, {pointer, number}, nullptr);
  addFunction("run", number, {pointer, pointer, pointer, pointer, pointer},
              nullptr);
  addFunction("message", pointer, {number}, nullptr);
}

void prune::addNetworkInterface(llvm::Module &module,
                                const FunctionSignature &signature,
                                StringRef name, InstructionLevel level) {
  // First, because the network's own name may be that of a function.
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
  InterfaceBuilder builder(module, signature, name);
  builder.addFunctions(builder.addTable(level));
  for (llvm::Function &function : module) {
    function.setDoesNotThrow();
    bool isRuntime = function.getName().starts_with("prune_") ||
                     function.getName().starts_with("_mlir_memref_to_llvm_");
    if (function.isDeclaration() && isRuntime)
      function.setVisibility(llvm::GlobalValue::HiddenVisibility);
  }
  for (llvm::GlobalVariable &global : module.globals())
    if (global.isDeclaration())
      global.setVisibility(llvm::GlobalValue::HiddenVisibility);
}
