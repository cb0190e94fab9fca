//===- prune-in-c.c - Prune a network from C ------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   prune-in-c PIPELINE < net.mlir
//
// runs a pipeline on a module and prints it. Before that it makes attributes
// and reads them again.
//
//===----------------------------------------------------------------------===//

#include "Prune-c/Attributes.h"
#include "Prune-c/Dialects.h"
#include "Prune-c/Passes.h"

#include "mlir-c/IR.h"
#include "mlir-c/Pass.h"
#include "mlir-c/RegisterEverything.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(MlirStringRef text, void *file) {
  fwrite(text.data, 1, text.length, file);
}

static MlirStringRef toRef(const char *text) {
  return mlirStringRefCreateFromCString(text);
}

// Everything of the file, with a zero behind it; null where memory is short.
static char *readAll(FILE *file) {
  size_t used = 0, room = 1 << 16;
  char *text = malloc(room);
  while (text) {
    used += fread(text + used, 1, room - used - 1, file);
    if (used < room - 1)
      break;
    char *larger = realloc(text, room *= 2);
    if (!larger)
      free(text);
    text = larger;
  }
  if (text)
    text[used] = '\0';
  return text;
}

// Returns how many attributes are not what they were made as.
static int checkAttributes(MlirContext context) {
  MlirLocation location = mlirLocationUnknownGet(context);
  int wrong = 0;

  MlirAttribute param = mlirPruneParamAttrGetChecked(
      location, toRef("fc1.weight"), MlirPruneParamRoleWeight);
  wrong += !mlirAttributeIsAPruneParam(param);
  wrong += mlirAttributeIsAPruneCriterion(param);
  wrong += !mlirStringRefEqual(mlirPruneParamAttrGetName(param),
                               toRef("fc1.weight"));
  wrong += mlirPruneParamAttrGetRole(param) != MlirPruneParamRoleWeight;

  int64_t shape[] = {2, 4};
  MlirAttribute pattern = mlirPruneGranularityAttrGetChecked(
      location, MlirPruneGranularityNOfM, 2, shape, 1);
  wrong += !mlirAttributeEqual(
      pattern,
      mlirAttributeParseGet(
          context,
          toRef("#prune.granularity<n_of_m, shape = [2, 4], axis = 1>")));
  wrong += mlirPruneGranularityAttrGetKind(pattern) != MlirPruneGranularityNOfM;
  wrong += mlirPruneGranularityAttrGetRank(pattern) != 2;
  wrong += mlirPruneGranularityAttrGetDim(pattern, 1) != 4;
  wrong += mlirPruneGranularityAttrGetAxis(pattern) != 1;

  MlirAttribute norm = mlirPruneCriterionAttrGetChecked(
      location, MlirPruneCriterionMagnitude, 2.0);
  wrong += mlirPruneCriterionAttrGetKind(norm) != MlirPruneCriterionMagnitude;
  wrong += mlirPruneCriterionAttrGetP(norm) != 2.0;

  MlirAttribute rule = mlirPruneSelectionAttrGetChecked(
      location, MlirPruneSelectionSparsity, 0.5);
  wrong += mlirPruneSelectionAttrGetKind(rule) != MlirPruneSelectionSparsity;
  wrong += mlirPruneSelectionAttrGetValue(rule) != 0.5;

  // Four of two do not stay: told at the location, and nothing comes of it.
  int64_t upsideDown[] = {4, 2};
  wrong += !mlirAttributeIsNull(mlirPruneGranularityAttrGetChecked(
      location, MlirPruneGranularityNOfM, 2, upsideDown, 1));
  wrong += !mlirAttributeIsNull(mlirPruneCriterionAttrGetChecked(
      location, (MlirPruneCriterionKind)99, 1.0));
  return wrong;
}

static int run(MlirContext context, const char *pipeline, const char *text) {
  MlirModule module = mlirModuleCreateParse(context, toRef(text));
  if (mlirModuleIsNull(module))
    return 1;
  MlirPassManager passes = mlirPassManagerCreate(context);
  MlirOpPassManager nested = mlirPassManagerGetAsOpPassManager(passes);
  MlirLogicalResult result =
      mlirOpPassManagerAddPipeline(nested, toRef(pipeline), print, stderr);
  if (mlirLogicalResultIsSuccess(result))
    result = mlirPassManagerRunOnOp(passes, mlirModuleGetOperation(module));
  if (mlirLogicalResultIsSuccess(result))
    mlirOperationPrint(mlirModuleGetOperation(module), print, stdout);
  mlirPassManagerDestroy(passes);
  mlirModuleDestroy(module);
  return mlirLogicalResultIsFailure(result);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: prune-in-c PIPELINE < NET.mlir\n");
    return 1;
  }
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  mlirRegisterAllDialects(registry);
  mlirPruneRegisterAllDialects(registry);
  mlirPruneRegisterAllPasses();
  MlirContext context = mlirContextCreateWithRegistry(registry, false);
  mlirDialectHandleLoadDialect(mlirGetDialectHandle__prune__(), context);

  char *text = readAll(stdin);
  int wrong = checkAttributes(context);
  if (wrong)
    fprintf(stderr, "%d attributes are not what they were made as\n", wrong);
  int code = wrong || !text || run(context, argv[1], text);
  free(text);
  mlirContextDestroy(context);
  mlirDialectRegistryDestroy(registry);
  return code;
}
