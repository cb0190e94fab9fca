//===-- Prune-c/Attributes.h - C API of the attributes ------------*- C -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What each attribute means is in docs/generated of the project. Functions that
// make one check it: what its verifier refuses is told at the location, and the
// result is null. Attributes that are not here are parsed
// (`mlirAttributeParseGet`).
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_C_ATTRIBUTES_H
#define PRUNE_C_ATTRIBUTES_H

#include "mlir-c/IR.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum MlirPruneParamRole {
  MlirPruneParamRoleWeight = 0,
  MlirPruneParamRoleBias = 1,
  MlirPruneParamRoleScale = 2,
  MlirPruneParamRoleBuffer = 3,
  MlirPruneParamRoleAuxiliary = 4,
} MlirPruneParamRole;

typedef enum MlirPruneGranularityKind {
  MlirPruneGranularityUnstructured = 0,
  MlirPruneGranularityNOfM = 1,
  MlirPruneGranularityBlock = 2,
  MlirPruneGranularityVector = 3,
  MlirPruneGranularityFilterPlane = 4,
  MlirPruneGranularityChannel = 5,
} MlirPruneGranularityKind;

typedef enum MlirPruneCriterionKind {
  MlirPruneCriterionMagnitude = 0,
  MlirPruneCriterionTaylor = 1,
  MlirPruneCriterionSnip = 2,
  MlirPruneCriterionOptimalBrainDamage = 3,
  MlirPruneCriterionOptimalBrainSurgeon = 4,
  MlirPruneCriterionWanda = 5,
  MlirPruneCriterionBatchNormScale = 6,
  MlirPruneCriterionApoz = 7,
  MlirPruneCriterionMeanActivation = 8,
  MlirPruneCriterionGeometricMedian = 9,
  MlirPruneCriterionRandom = 10,
} MlirPruneCriterionKind;

typedef enum MlirPruneSelectionKind {
  MlirPruneSelectionKeepAll = 0,
  MlirPruneSelectionThreshold = 1,
  MlirPruneSelectionSparsity = 2,
} MlirPruneSelectionKind;

//===----------------------------------------------------------------------===//
// #prune.param
//===----------------------------------------------------------------------===//

MLIR_CAPI_EXPORTED bool mlirAttributeIsAPruneParam(MlirAttribute attribute);

/// A parameter of the network; the name is not empty.
MLIR_CAPI_EXPORTED MlirAttribute mlirPruneParamAttrGetChecked(
    MlirLocation location, MlirStringRef name, MlirPruneParamRole role);
MLIR_CAPI_EXPORTED MlirStringRef
mlirPruneParamAttrGetName(MlirAttribute attribute);
MLIR_CAPI_EXPORTED MlirPruneParamRole
mlirPruneParamAttrGetRole(MlirAttribute attribute);

//===----------------------------------------------------------------------===//
// #prune.granularity
//===----------------------------------------------------------------------===//

MLIR_CAPI_EXPORTED bool
mlirAttributeIsAPruneGranularity(MlirAttribute attribute);

/// Which elements are pruned together. `shape` has `rank` extents, none where
/// `rank` is 0; `axis` is -1 for none.
MLIR_CAPI_EXPORTED MlirAttribute mlirPruneGranularityAttrGetChecked(
    MlirLocation location, MlirPruneGranularityKind kind, intptr_t rank,
    const int64_t *shape, int64_t axis);
MLIR_CAPI_EXPORTED MlirPruneGranularityKind
mlirPruneGranularityAttrGetKind(MlirAttribute attribute);
MLIR_CAPI_EXPORTED intptr_t
mlirPruneGranularityAttrGetRank(MlirAttribute attribute);
/// An extent of the shape; `dim` is below its rank.
MLIR_CAPI_EXPORTED int64_t
mlirPruneGranularityAttrGetDim(MlirAttribute attribute, intptr_t dim);
MLIR_CAPI_EXPORTED int64_t
mlirPruneGranularityAttrGetAxis(MlirAttribute attribute);

//===----------------------------------------------------------------------===//
// #prune.criterion
//===----------------------------------------------------------------------===//

MLIR_CAPI_EXPORTED bool mlirAttributeIsAPruneCriterion(MlirAttribute attribute);

/// How important a group of weights is; `p` is the norm of `magnitude`, and 1
/// for all others.
MLIR_CAPI_EXPORTED MlirAttribute mlirPruneCriterionAttrGetChecked(
    MlirLocation location, MlirPruneCriterionKind kind, double p);
MLIR_CAPI_EXPORTED MlirPruneCriterionKind
mlirPruneCriterionAttrGetKind(MlirAttribute attribute);
MLIR_CAPI_EXPORTED double mlirPruneCriterionAttrGetP(MlirAttribute attribute);

//===----------------------------------------------------------------------===//
// #prune.selection
//===----------------------------------------------------------------------===//

MLIR_CAPI_EXPORTED bool mlirAttributeIsAPruneSelection(MlirAttribute attribute);

/// How a mask follows from scores: `value` is a threshold or a sparsity.
MLIR_CAPI_EXPORTED MlirAttribute mlirPruneSelectionAttrGetChecked(
    MlirLocation location, MlirPruneSelectionKind kind, double value);
MLIR_CAPI_EXPORTED MlirPruneSelectionKind
mlirPruneSelectionAttrGetKind(MlirAttribute attribute);
MLIR_CAPI_EXPORTED double
mlirPruneSelectionAttrGetValue(MlirAttribute attribute);

#ifdef __cplusplus
}
#endif

#endif // PRUNE_C_ATTRIBUTES_H
