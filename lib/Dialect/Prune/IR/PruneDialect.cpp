//===- PruneDialect.cpp - Prune dialect -----------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/IR/PruneBytecode.h"

#include "Prune/Support/KeptIndices.h"
#include "Prune/Support/Renames.h"
#include "Prune/Support/Signs.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Transforms/InliningUtils.h"

using namespace mlir;
using namespace mlir::prune;

#include "Prune/Dialect/Prune/IR/PruneDialect.cpp.inc"

namespace {
/// Every operation may be where its function is called.
struct PruneInlinerInterface final : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void PruneDialect::initialize() {
  addInterfaces<PruneInlinerInterface>();
  addBytecodeInterface(*this);
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "Prune/Dialect/Prune/IR/PruneOps.cpp.inc"
      >();
}

std::optional<Dialect::ParseOpHook>
PruneDialect::getParseOperationHook(StringRef name) const {
  if (std::optional<ParseOpHook> hook = getRenameHook(name))
    return hook;
  return Dialect::getParseOperationHook(name);
}

Operation *PruneDialect::materializeConstant(OpBuilder &builder,
                                             Attribute value, Type type,
                                             Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

/// Checks that a discardable attribute has the type that its name promises
/// (attribute_c1), and that there is such a name (attribute_c2).
static LogicalResult verifyAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  Attribute value = attribute.getValue();
  if (name == PruneDialect::kParamAttrName) {
    if (!isa<ParamAttr>(value))
      return op->emitError() << "attribute '" << name
                             << "' expects #prune.param, got " << value;
    return success();
  }
  if (name == PruneDialect::kKernelAttrName) {
    if (!isa<KernelAttr>(value))
      return op->emitError() << "attribute '" << name
                             << "' expects #prune.kernel, got " << value;
    return success();
  }
  if (name == PruneDialect::kEvidenceAttrName) {
    if (!isa<EvidenceAttr>(value))
      return op->emitError() << "attribute '" << name
                             << "' expects #prune.evidence, got " << value;
    return success();
  }
  if (name == PruneDialect::kFrozenAttrName || name == kUnsignedAttrName) {
    if (!isa<UnitAttr>(value))
      return op->emitError()
             << "attribute '" << name << "' expects no value, got " << value;
    return success();
  }
  if (name == PruneDialect::kValueAttrName) {
    if (!isa<ElementsAttr>(value))
      return op->emitError()
             << "attribute '" << name << "' expects elements, got " << value;
    return success();
  }
  if (name == PruneDialect::kMaskAttrName) {
    auto elements = dyn_cast<ElementsAttr>(value);
    if (!elements || !elements.getElementType().isInteger(1))
      return op->emitError() << "attribute '" << name
                             << "' expects elements of i1, got " << value;
    return success();
  }
  if (name == PruneDialect::kResultAttrName) {
    if (!isa<IntegerAttr>(value))
      return op->emitError()
             << "attribute '" << name << "' expects an integer, got " << value;
    return success();
  }
  if (name == kKeptAttrName) {
    auto dims = dyn_cast<ArrayAttr>(value);
    if (!dims || !llvm::all_of(dims, llvm::IsaPred<DenseI64ArrayAttr>))
      return op->emitError() << "attribute '" << name
                             << "' expects arrays of i64, got " << value;
    return success();
  }
  bool isText = llvm::is_contained(
      {PruneDialect::kGradOfAttrName, PruneDialect::kStateAttrName,
       PruneDialect::kInputAttrName, PruneDialect::kOutputAttrName},
      name);
  if (!isText)
    return op->emitError() << "unknown attribute '" << name
                           << "' of the prune dialect";
  if (!isa<StringAttr>(value))
    return op->emitError() << "attribute '" << name
                           << "' expects a string, got " << value;
  return success();
}

/// Checks that an operation that holds a parameter is a constant, and that no
/// argument and no other value in the function has its name. The same constant
/// twice is no contradiction: constants are copied freely.
static LogicalResult verifyConstantParameter(Operation *op, ParamAttr param) {
  if (!op->hasTrait<OpTrait::ConstantLike>()) // attribute_c4
    return op->emitError() << "attribute '" << PruneDialect::kParamAttrName
                           << "' belongs on a function argument or a constant";
  auto function = op->getParentOfType<FunctionOpInterface>();
  if (!function)
    return success();
  auto hasName = [&](Attribute attribute) {
    auto other = dyn_cast_or_null<ParamAttr>(attribute);
    return other && other.getName() == param.getName();
  };
  bool isTwice = false; // attribute_c3
  for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i)
    isTwice |= hasName(function.getArgAttr(i, PruneDialect::kParamAttrName));
  function.walk([&](Operation *other) {
    isTwice |= hasName(other->getAttr(PruneDialect::kParamAttrName)) &&
               other->getAttrDictionary() != op->getAttrDictionary();
  });
  if (isTwice)
    return op->emitError() << "parameter '" << param.getName()
                           << "' is named twice";
  return success();
}

LogicalResult PruneDialect::verifyOperationAttribute(Operation *op,
                                                     NamedAttribute attribute) {
  if (failed(verifyAttribute(op, attribute)))
    return failure();
  if (auto param = dyn_cast<ParamAttr>(attribute.getValue()))
    return verifyConstantParameter(op, param);
  if (isa<EvidenceAttr>(attribute.getValue()) &&
      !op->hasTrait<OpTrait::ConstantLike>()) // attribute_c4
    return op->emitError() << "attribute '" << attribute.getName().getValue()
                           << "' belongs on a function argument or a constant";
  return success();
}

LogicalResult PruneDialect::verifyRegionArgAttribute(Operation *op,
                                                     unsigned regionIndex,
                                                     unsigned argIndex,
                                                     NamedAttribute attribute) {
  if (failed(verifyAttribute(op, attribute)))
    return failure();
  auto param = dyn_cast<ParamAttr>(attribute.getValue());
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!param || !function)
    return success();
  for (unsigned i = 0; i < argIndex; ++i) { // attribute_c3
    auto other = function.getArgAttrOfType<ParamAttr>(i, kParamAttrName);
    if (other && other.getName() == param.getName())
      return op->emitError()
             << "parameter '" << param.getName() << "' is named twice";
  }
  return success();
}

LogicalResult
PruneDialect::verifyRegionResultAttribute(Operation *op, unsigned regionIndex,
                                          unsigned resultIndex,
                                          NamedAttribute attribute) {
  return verifyAttribute(op, attribute);
}
