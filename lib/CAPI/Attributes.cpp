//===- Attributes.cpp - C API of the attributes ---------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune-c/Attributes.h"

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"

using namespace mlir;
using namespace mlir::prune;

// Values of the C enumerations are those of the dialect.
static_assert(static_cast<int>(ParamRole::Auxiliary) ==
              MlirPruneParamRoleAuxiliary);
static_assert(static_cast<int>(GranularityKind::Channel) ==
              MlirPruneGranularityChannel);
static_assert(static_cast<int>(CriterionKind::Random) ==
              MlirPruneCriterionRandom);
static_assert(static_cast<int>(SelectionKind::Sparsity) ==
              MlirPruneSelectionSparsity);

/// The enumerator of a number that a program in C gave, or none with an error
/// at the location; `symbolize` is the function of the enumeration.
template <typename Enum>
static std::optional<Enum> toEnum(MlirLocation location, int number,
                                  std::optional<Enum> symbolize(uint32_t),
                                  StringRef what) {
  std::optional<Enum> found = symbolize(static_cast<uint32_t>(number));
  if (!found)
    emitError(unwrap(location))
        << "no " << what << " has the number " << number;
  return found;
}

/// An attribute of checked parameters; null, with what its verifier says at the
/// location, where they do not fit.
template <typename AttrT, typename... Args>
static MlirAttribute getChecked(MlirLocation location, Args &&...args) {
  Location loc = unwrap(location);
  return wrap(Attribute(AttrT::getChecked([&] { return emitError(loc); },
                                          loc.getContext(),
                                          std::forward<Args>(args)...)));
}

//===----------------------------------------------------------------------===//
// #prune.param
//===----------------------------------------------------------------------===//

bool mlirAttributeIsAPruneParam(MlirAttribute attribute) {
  return isa<ParamAttr>(unwrap(attribute));
}

MlirAttribute mlirPruneParamAttrGetChecked(MlirLocation location,
                                           MlirStringRef name,
                                           MlirPruneParamRole role) {
  std::optional<ParamRole> found =
      toEnum(location, role, symbolizeParamRole, "role");
  if (!found)
    return wrap(Attribute());
  return getChecked<ParamAttr>(location, unwrap(name), *found);
}

MlirStringRef mlirPruneParamAttrGetName(MlirAttribute attribute) {
  return wrap(cast<ParamAttr>(unwrap(attribute)).getName());
}

MlirPruneParamRole mlirPruneParamAttrGetRole(MlirAttribute attribute) {
  return static_cast<MlirPruneParamRole>(
      cast<ParamAttr>(unwrap(attribute)).getRole());
}

//===----------------------------------------------------------------------===//
// #prune.granularity
//===----------------------------------------------------------------------===//

bool mlirAttributeIsAPruneGranularity(MlirAttribute attribute) {
  return isa<GranularityAttr>(unwrap(attribute));
}

MlirAttribute mlirPruneGranularityAttrGetChecked(MlirLocation location,
                                                 MlirPruneGranularityKind kind,
                                                 intptr_t rank,
                                                 const int64_t *shape,
                                                 int64_t axis) {
  std::optional<GranularityKind> found =
      toEnum(location, kind, symbolizeGranularityKind, "granularity");
  if (!found)
    return wrap(Attribute());
  ArrayRef<int64_t> extents(shape, static_cast<size_t>(rank));
  return getChecked<GranularityAttr>(location, *found, extents, axis);
}

MlirPruneGranularityKind
mlirPruneGranularityAttrGetKind(MlirAttribute attribute) {
  return static_cast<MlirPruneGranularityKind>(
      cast<GranularityAttr>(unwrap(attribute)).getKind());
}

intptr_t mlirPruneGranularityAttrGetRank(MlirAttribute attribute) {
  return static_cast<intptr_t>(
      cast<GranularityAttr>(unwrap(attribute)).getShape().size());
}

int64_t mlirPruneGranularityAttrGetDim(MlirAttribute attribute, intptr_t dim) {
  return cast<GranularityAttr>(unwrap(attribute))
      .getShape()[static_cast<size_t>(dim)];
}

int64_t mlirPruneGranularityAttrGetAxis(MlirAttribute attribute) {
  return cast<GranularityAttr>(unwrap(attribute)).getAxis();
}

//===----------------------------------------------------------------------===//
// #prune.criterion
//===----------------------------------------------------------------------===//

bool mlirAttributeIsAPruneCriterion(MlirAttribute attribute) {
  return isa<CriterionAttr>(unwrap(attribute));
}

MlirAttribute mlirPruneCriterionAttrGetChecked(MlirLocation location,
                                               MlirPruneCriterionKind kind,
                                               double p) {
  std::optional<CriterionKind> found =
      toEnum(location, kind, symbolizeCriterionKind, "criterion");
  if (!found)
    return wrap(Attribute());
  return getChecked<CriterionAttr>(location, *found, llvm::APFloat(p));
}

MlirPruneCriterionKind mlirPruneCriterionAttrGetKind(MlirAttribute attribute) {
  return static_cast<MlirPruneCriterionKind>(
      cast<CriterionAttr>(unwrap(attribute)).getKind());
}

double mlirPruneCriterionAttrGetP(MlirAttribute attribute) {
  return cast<CriterionAttr>(unwrap(attribute)).getP().convertToDouble();
}

//===----------------------------------------------------------------------===//
// #prune.selection
//===----------------------------------------------------------------------===//

bool mlirAttributeIsAPruneSelection(MlirAttribute attribute) {
  return isa<SelectionAttr>(unwrap(attribute));
}

MlirAttribute mlirPruneSelectionAttrGetChecked(MlirLocation location,
                                               MlirPruneSelectionKind kind,
                                               double value) {
  std::optional<SelectionKind> found =
      toEnum(location, kind, symbolizeSelectionKind, "selection");
  if (!found)
    return wrap(Attribute());
  return getChecked<SelectionAttr>(location, *found, llvm::APFloat(value));
}

MlirPruneSelectionKind mlirPruneSelectionAttrGetKind(MlirAttribute attribute) {
  return static_cast<MlirPruneSelectionKind>(
      cast<SelectionAttr>(unwrap(attribute)).getKind());
}

double mlirPruneSelectionAttrGetValue(MlirAttribute attribute) {
  return cast<SelectionAttr>(unwrap(attribute)).getValue().convertToDouble();
}
