//===- Signature.cpp - What functions take and return ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Reads names, kinds, shapes and element types from the attributes of the prune
// dialect, once, before lowering erases them.
//
//===----------------------------------------------------------------------===//

#include "Prune/Execution/Signature.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Destinations.h"
#include "Prune/Support/Signs.h"

#include <numeric>

using namespace mlir;
using namespace mlir::prune;

StringRef prune::toString(ValueKind kind) {
  switch (kind) {
  case ValueKind::Param:
    return "param";
  case ValueKind::State:
    return "state";
  case ValueKind::Input:
    return "input";
  case ValueKind::Output:
    return "output";
  case ValueKind::None:
    return "none";
  }
  llvm_unreachable("unknown kind");
}

int64_t prune::getNumElements(const ValueInfo &value) {
  return std::accumulate(value.shape.begin(), value.shape.end(), int64_t(1),
                         std::multiplies<int64_t>());
}

static std::optional<ElementKind> getElementKind(Type type) {
  if (type.isF32())
    return ElementKind::F32;
  if (type.isF64())
    return ElementKind::F64;
  if (type.isInteger(1))
    return ElementKind::Bool;
  if (type.isInteger(8))
    return ElementKind::I8;
  if (type.isInteger(32))
    return ElementKind::I32;
  if (type.isInteger(64))
    return ElementKind::I64;
  return std::nullopt;
}

/// Fills name, kind and role from the attributes of one argument or result.
static void describe(DictionaryAttr attributes, ValueInfo &value) {
  value.kind = ValueKind::None;
  if (!attributes)
    return;
  auto text = [&](StringRef name) {
    return attributes.getAs<StringAttr>(name);
  };
  if (auto param = attributes.getAs<ParamAttr>(PruneDialect::kParamAttrName)) {
    value.kind = ValueKind::Param;
    value.name = param.getName().str();
    value.role = stringifyParamRole(param.getRole()).str();
  }
  if (StringAttr state = text(PruneDialect::kStateAttrName)) {
    value.kind = ValueKind::State;
    value.name = state.str();
  } else if (StringAttr input = text(PruneDialect::kInputAttrName)) {
    value.kind = ValueKind::Input;
    value.name = input.str();
  } else if (StringAttr output = text(PruneDialect::kOutputAttrName)) {
    value.kind = ValueKind::Output;
    value.name = output.str();
  } else if (StringAttr parameter = text(PruneDialect::kGradOfAttrName)) {
    value.kind = ValueKind::Output;
    value.name = ("grad:" + parameter.getValue()).str();
  } else if (auto evidence = attributes.getAs<EvidenceAttr>(
                 PruneDialect::kEvidenceAttrName)) {
    value.kind = ValueKind::Output;
    value.name =
        (stringifyEvidenceKind(evidence.getKind()) + ":" + evidence.getName())
            .str();
  }
}

/// Fills shape and element type; false when compiled code has no such type.
static bool describeType(Type type, DictionaryAttr attributes,
                         ValueInfo &value) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  value.isScalar = !tensor;
  if (tensor && !tensor.hasStaticShape())
    return false;
  if (tensor)
    value.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  std::optional<ElementKind> element =
      getElementKind(getElementTypeOrSelf(type));
  value.element = element.value_or(ElementKind::F32);
  if (value.element == ElementKind::I8 && attributes &&
      attributes.contains(kUnsignedAttrName))
    value.element = ElementKind::U8;
  return element.has_value();
}

FailureOr<FunctionSignature> prune::getSignature(func::FuncOp function) {
  FunctionSignature signature;
  signature.name = function.getName().str();
  auto add = [&](StringRef what, unsigned index, Type type,
                 DictionaryAttr attributes,
                 SmallVectorImpl<ValueInfo> &values) -> LogicalResult {
    ValueInfo value;
    value.name =
        (what.take_front(what == "argument" ? 3 : 6) + Twine(index)).str();
    describe(attributes, value);
    if (!describeType(type, attributes, value))
      return function.emitOpError(what)
             << " " << index << " has type " << type
             << ", expected a tensor of static shape or a number, of f32, f64, "
                "i1, i8, i32 or i64";
    values.push_back(value);
    return success();
  };
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    if (failed(add("argument", i, type, function.getArgAttrDict(i),
                   signature.arguments)))
      return failure();
  for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
    if (failed(add("result", i, type, function.getResultAttrDict(i),
                   signature.results)))
      return failure();
  FailureOr<SmallVector<unsigned>> destinations =
      getResultDestinations(function);
  if (failed(destinations))
    return failure();
  signature.destinations = std::move(*destinations);
  return signature;
}

FailureOr<std::vector<FunctionSignature>>
prune::getSignatures(ModuleOp module) {
  std::vector<FunctionSignature> signatures;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal())
      continue;
    FailureOr<FunctionSignature> signature = getSignature(function);
    if (failed(signature))
      return failure();
    signatures.push_back(std::move(*signature));
  }
  return signatures;
}
