//===- PruneAttributes.cpp - Prune dialect attributes ---------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace mlir::prune;

#include "Prune/Dialect/Prune/IR/PruneEnums.cpp.inc"

/// Parses `[, shape = [..]] [, axis = n]`, in any order.
static ParseResult parseShapeAndAxis(AsmParser &parser,
                                     SmallVectorImpl<int64_t> &shape,
                                     int64_t &axis) {
  bool hasShape = false, hasAxis = false;
  axis = -1;
  auto parseExtent = [&]() {
    return parser.parseInteger(shape.emplace_back());
  };
  while (succeeded(parser.parseOptionalComma())) {
    SMLoc loc = parser.getCurrentLocation();
    StringRef keyword;
    if (parser.parseKeyword(&keyword) || parser.parseEqual())
      return failure();
    if (keyword != "axis" && keyword != "shape")
      return parser.emitError(loc, "expected 'shape' or 'axis'");
    bool &isGiven = keyword == "axis" ? hasAxis : hasShape;
    if (isGiven)
      return parser.emitError(loc) << "'" << keyword << "' is given twice";
    isGiven = true;
    ParseResult parsed = keyword == "axis"
                             ? parser.parseInteger(axis)
                             : parser.parseCommaSeparatedList(
                                   AsmParser::Delimiter::Square, parseExtent);
    if (parsed)
      return failure();
  }
  return success();
}

static void printShapeAndAxis(AsmPrinter &printer, ArrayRef<int64_t> shape,
                              int64_t axis) {
  if (!shape.empty()) {
    printer << ", shape = [";
    llvm::interleaveComma(shape, printer);
    printer << "]";
  }
  if (axis != -1)
    printer << ", axis = " << axis;
}

#define GET_ATTRDEF_CLASSES
#include "Prune/Dialect/Prune/IR/PruneAttributes.cpp.inc"

void PruneDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Prune/Dialect/Prune/IR/PruneAttributes.cpp.inc"
      >();
}

using EmitErrorFn = function_ref<InFlightDiagnostic()>;

LogicalResult ParamAttr::verify(EmitErrorFn emitError, StringRef name,
                                ParamRole role) {
  if (name.empty()) // param_c1
    return emitError() << "expected a parameter name that is not empty";
  return success();
}

LogicalResult GranularityAttr::verify(EmitErrorFn emitError,
                                      GranularityKind kind,
                                      ArrayRef<int64_t> shape, int64_t axis) {
  switch (kind) {
  case GranularityKind::NOfM: // granularity_c1
    if (shape.size() != 2 || shape[0] <= 0 || shape[0] >= shape[1] || axis < 0)
      return emitError()
             << "n_of_m expects shape = [n, m] with 0 < n < m, and an axis";
    return success();
  case GranularityKind::Block: // granularity_c2
    if (shape.empty() || axis != -1 ||
        llvm::any_of(shape, [](int64_t s) { return s <= 0; }))
      return emitError()
             << "block expects a shape of positive extents and no axis";
    return success();
  case GranularityKind::Vector:
  case GranularityKind::Channel: // granularity_c3
    if (shape.size() > 1 || (!shape.empty() && shape[0] <= 0) || axis < 0)
      return emitError() << stringifyGranularityKind(kind)
                         << " expects an axis, and at most one extent, which "
                            "is positive, as shape";
    return success();
  case GranularityKind::Unstructured:
  case GranularityKind::FilterPlane: // granularity_c4
    if (!shape.empty() || axis != -1)
      return emitError() << stringifyGranularityKind(kind)
                         << " expects neither shape nor axis";
    return success();
  }
  llvm_unreachable("unknown granularity");
}

SmallVector<int64_t> GranularityAttr::getSteps(int64_t rank) const {
  SmallVector<int64_t> steps(rank, 1);
  switch (getKind()) {
  case GranularityKind::Unstructured:
  case GranularityKind::NOfM:
    return steps;
  case GranularityKind::Block:
    return SmallVector<int64_t>(getShape());
  case GranularityKind::Vector:
    steps[getAxis()] = getShape().empty() ? kWhole : getShape().front();
    return steps;
  case GranularityKind::FilterPlane:
    steps[2] = steps[3] = kWhole;
    return steps;
  case GranularityKind::Channel:
    steps.assign(rank, kWhole);
    steps[getAxis()] = getShape().empty() ? 1 : getShape().front();
    return steps;
  }
  llvm_unreachable("unknown granularity");
}

/// True when a weight of this rank has groups of the granularity.
static bool fitsRank(GranularityAttr granularity, int64_t rank) {
  switch (granularity.getKind()) {
  case GranularityKind::Unstructured:
    return true;
  case GranularityKind::Block:
    return static_cast<int64_t>(granularity.getShape().size()) == rank;
  case GranularityKind::FilterPlane:
    return rank == 4;
  case GranularityKind::NOfM:
  case GranularityKind::Vector:
  case GranularityKind::Channel:
    return granularity.getAxis() < rank;
  }
  llvm_unreachable("unknown granularity");
}

FailureOr<SmallVector<int64_t>>
GranularityAttr::getGridShape(ArrayRef<int64_t> shape) const {
  if (!fitsRank(*this, shape.size()))
    return failure();
  SmallVector<int64_t> grid;
  for (auto [extent, step] : llvm::zip_equal(shape, getSteps(shape.size())))
    if (step != kWhole)
      grid.push_back(llvm::divideCeil(extent, step));
  return grid;
}

SmallVector<int64_t> GranularityAttr::getGroup(ArrayRef<int64_t> index) const {
  SmallVector<int64_t> group;
  for (auto [position, step] : llvm::zip_equal(index, getSteps(index.size())))
    if (step != kWhole)
      group.push_back(position / step);
  return group;
}

LogicalResult CriterionAttr::verify(EmitErrorFn emitError, CriterionKind kind,
                                    APFloat exponent) {
  double p = exponent.convertToDouble();
  if (!std::isfinite(p) || p <= 0.0) // criterion_c1
    return emitError() << "expected a positive finite exponent p, got " << p;
  if (p != 1.0 && kind != CriterionKind::Magnitude) // criterion_c1
    return emitError() << "only magnitude takes an exponent p";
  return success();
}

std::optional<EvidenceKind> CriterionAttr::getEvidence() const {
  switch (getKind()) {
  case CriterionKind::Magnitude:
    return std::nullopt;
  case CriterionKind::Taylor:
  case CriterionKind::Snip:
    return EvidenceKind::Gradient;
  case CriterionKind::OptimalBrainDamage:
    return EvidenceKind::Curvature;
  case CriterionKind::OptimalBrainSurgeon:
    return EvidenceKind::InverseHessian;
  case CriterionKind::Wanda:
    return EvidenceKind::InputNorm;
  case CriterionKind::BatchNormScale:
    return EvidenceKind::Scale;
  case CriterionKind::Apoz:
    return EvidenceKind::ZeroShare;
  case CriterionKind::MeanActivation:
    return EvidenceKind::Activation;
  case CriterionKind::GeometricMedian:
    return EvidenceKind::Distance;
  case CriterionKind::Random:
    return EvidenceKind::Noise;
  }
  llvm_unreachable("unknown criterion");
}

bool CriterionAttr::isMean() const {
  switch (getKind()) {
  case CriterionKind::BatchNormScale:
  case CriterionKind::Apoz:
  case CriterionKind::MeanActivation:
  case CriterionKind::GeometricMedian:
  case CriterionKind::Random:
    return true;
  default:
    return false;
  }
}

LogicalResult EvidenceAttr::verify(EmitErrorFn emitError, StringRef name,
                                   EvidenceKind kind) {
  if (name.empty()) // evidence_c1
    return emitError() << "expected a parameter name that is not empty";
  return success();
}

bool EvidenceAttr::broadcasts(RankedTensorType type, Type whole) {
  auto to = dyn_cast<RankedTensorType>(whole);
  return to && type.getRank() == to.getRank() &&
         type.getElementType() == to.getElementType() &&
         llvm::all_of(llvm::zip_equal(type.getShape(), to.getShape()),
                      [](auto extents) {
                        auto [extent, all] = extents;
                        return extent == all || extent == 1;
                      });
}

LogicalResult SteAttr::verify(EmitErrorFn emitError, SteKind kind,
                              APFloat slopeValue) {
  double slope = slopeValue.convertToDouble();
  bool isDefault = slope == 0.01;
  if (!isDefault && kind != SteKind::LeakyRelu) // ste_c1
    return emitError() << "only leaky_relu takes a slope";
  if (!(slope > 0.0 && slope < 1.0)) // ste_c1
    return emitError() << "expected a slope strictly between 0 and 1, got "
                       << slope;
  return success();
}

LogicalResult SelectionAttr::verify(EmitErrorFn emitError, SelectionKind kind,
                                    APFloat number) {
  double value = number.convertToDouble();
  // selection_c1
  if (kind == SelectionKind::Threshold && !(value >= 0.0))
    return emitError() << "expected a threshold that is not negative, got "
                       << value;
  if (kind == SelectionKind::Sparsity && !(value >= 0.0 && value <= 1.0))
    return emitError() << "expected a sparsity in [0, 1], got " << value;
  return success();
}
