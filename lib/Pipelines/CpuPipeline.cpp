//===- CpuPipeline.cpp - From tensors to the LLVM dialect -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One builder function per form; each begins with the dialects that are alive
// when it starts. `reference` leaves out what makes code fast and so gives the
// path that everything else is compared with.
//
//===----------------------------------------------------------------------===//

#include "Prune/Pipelines/CpuPipeline.h"

#include "Prune/Codegen/Loops/Passes.h"
#include "Prune/Codegen/Passes.h"
#include "Prune/Conversion/Passes.h"
#include "Prune/Dialect/OneDNN/Transforms/Passes.h"
#include "Prune/Profiling/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::prune;

/// Alive: func, linalg, tensor, arith, math, scf, prune.
static void addToLinalg(OpPassManager &manager,
                        const CpuPipelineOptions &options) {
  // While kernels are chosen and layers are one operation each.
  if (!options.reference) {
    TileBatchPassOptions tile;
    tile.threads = options.threads;
    manager.addPass(createTileBatchPass(tile));
  }
  // Functions get memrefs as arguments below and then cannot be called any
  // more, so every call goes first.
  manager.addPass(createInlinerPass());
  manager.addPass(createSymbolDCEPass());
  // While operations are what the network is made of.
  if (options.profile)
    manager.addPass(createNameOperationsPass());
  // While a pooling and its gradient are still one operation each.
  if (!options.reference)
    manager.addPass(createConvertPoolingToKernelPass());
  // While compressed weights are decompressed by one operation each.
  if (!options.reference) {
    ConvertCompressedToKernelPassOptions compressed;
    compressed.model = options.model;
    compressed.threads = options.threads;
    manager.addPass(createConvertCompressedToKernelPass(compressed));
  }
  // Masks, penalties and updates become loop nests that fuse with others.
  manager.addPass(createConvertPruneToLinalgPass());
  // A softmax becomes reductions and element-wise operations.
  manager.addPass(createDecomposeAggregatesPass());
  // Sums and products of whole tensors become generics, which fuse.
  manager.addPass(createConvertElementwiseToLinalgPass());
  // Powers are scalars now; fusion is to see the multiplications that they are.
  manager.addPass(createExpandPowersPass());
  // Equal reductions and broadcasts become one before anything is fused.
  manager.addPass(createCSEPass());
  manager.addPass(createCanonicalizerPass());
}

/// Alive: func, linalg, tensor, arith, math, scf.
static void addToKernels(OpPassManager &manager,
                         const CpuPipelineOptions &options) {
  if (options.reference)
    return;
  // Sparse layers first: the dense ones after them take their transpositions as
  // a flag.
  manager.addPass(createConvertPruneToKernelPass());
  // Before fusion, which would hide biases and activations in other loops.
  manager.addPass(createConvertLinalgToOneDNNPass());
  // While biases and activations are constants beside their weights.
  GenerateKernelsPassOptions generate;
  generate.isa = options.isa;
  manager.addPass(createGenerateKernelsPass(generate));
  // While element-wise operations are single and their operands not fused yet.
  manager.addPass(createPropagateLayoutsPass());
  // Chains of element-wise operations read and write memory once.
  manager.addPass(createLinalgElementwiseOpFusionPass());
  // Fusion leaves dead producers and duplicate constants behind.
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

/// Alive: func, linalg, tensor, arith, math, scf, kernel, onednn.
static void addToDestinations(OpPassManager &manager) {
  // After fusion, because fused bodies need no mask in memory; before
  // bufferization, because memory has no vectors of bits.
  manager.addPass(createStoreMasksAsBytesPass());
  // Common subexpression elimination made one buffer of many.
  manager.addPass(createSeparateDestinationsPass());
  // The state of a recurrent network has one place for all steps.
  manager.addPass(createCopyIterArgsPass());
  // Fixes where results and state live, so that bufferization can place
  // computations there.
  manager.addPass(createResultsToDestinationsPass());
}

/// Alive: as before, and bufferization, memref.
static void addToBuffers(OpPassManager &manager,
                         const CpuPipelineOptions &options) {
  // A result that starts from tensor.empty is computed in its destination.
  manager.addPass(bufferization::createEmptyTensorEliminationPass());
  // Upstream's own message names no operation.
  manager.addPass(createVerifyBufferizablePass());
  // In place wherever the analysis finds no later reader.
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  // For loops whose state cannot stay in one place.
  bufferize.allowReturnAllocsFromLoops = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  manager.addPass(bufferization::createOneShotBufferizePass(bufferize));
  // Removes the copies of a state onto itself.
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  // Every temporary is freed after its last use, so that the caching allocator
  // hands it to the next one.
  bufferization::buildBufferDeallocationPipeline(manager);
  manager.addNestedPass<func::FuncOp>(
      bufferization::createOptimizeAllocationLivenessPass());
  // Once it is known how long they live.
  if (!options.reference) {
    PlanArenaPassOptions arena;
    arena.fill = options.fill;
    manager.addNestedPass<func::FuncOp>(createPlanArenaPass(arena));
  }
  // While each operation says what it is and on which shapes.
  if (options.profile)
    manager.addPass(createProfileFunctionsPass());
}

/// Alive: func, linalg, arith, math, scf, memref, kernel, onednn.
static void addToLoops(OpPassManager &manager,
                       const CpuPipelineOptions &options) {
  // Primitives become calls with raw pointers and sizes.
  manager.addPass(createConvertOneDNNToRuntimePass());
  manager.addPass(createConvertKernelToRuntimePass());
  // Copies of slices become loops, too, instead of calls of a run-time
  // function.
  manager.addPass(createConvertStridedCopiesPass());
  if (!options.reference) {
    // What no kernel took becomes loops over vectors,
    VectorizeLoopsPassOptions vectorize;
    vectorize.vectorWidth = options.vectorWidth;
    vectorize.threaded = options.threads > 1;
    manager.addPass(createVectorizeLoopsPass(vectorize));
    // whose functions LLVM would call element by element.
    manager.addPass(createApproximateMathPass());
  }
  // The rest becomes loops over scalars.
  manager.addPass(createConvertLinalgToLoopsPass());
  manager.addPass(createCanonicalizerPass());
  // Constants and broadcasts leave the loops.
  manager.addPass(createLoopInvariantCodeMotionPass());
  manager.addPass(createCSEPass());
}

/// Alive: func, arith, math, scf, memref, vector, affine.
static void addToLlvm(OpPassManager &manager,
                      const CpuPipelineOptions &options) {
  // Views become offsets and strides that the memref conversion understands.
  manager.addPass(memref::createExpandStridedMetadataPass());
  // The line above computes addresses with affine.apply.
  manager.addPass(createLowerAffinePass());
  if (!options.reference && options.threads > 1) {
    // Parallel loops become parallel regions of LLVM's OpenMP, whose threads
    // the runtime uses too.
    ConvertSCFToOpenMPPassOptions parallel;
    parallel.numThreads = options.threads;
    manager.addPass(createConvertSCFToOpenMPPass(parallel));
    // Allocation scopes, which hold one block, go before loops become blocks.
    manager.addPass(createCanonicalizerPass());
  }
  // LLVM has no structured control flow.
  manager.addPass(createSCFToControlFlowPass());
  // Mathematical functions with an LLVM intrinsic; the others call libm
  // for each element of a vector.
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createConvertMathToLibmPass());
  // Vector operations become LLVM's vector instructions and intrinsics.
  manager.addPass(createConvertVectorToLLVMPass());
  // Allocation goes through the runtime's caching allocator.
  FinalizeMemRefToLLVMConversionPassOptions memref;
  memref.useGenericFunctions = true;
  memref.useAlignedAlloc = true;
  manager.addPass(createFinalizeMemRefToLLVMConversionPass(memref));
  // Bounds of parallel loops, and what their regions hold.
  if (!options.reference && options.threads > 1)
    manager.addPass(createConvertOpenMPToLLVMPass());
  // The rest is one to one.
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createConvertIndexToLLVMPass());
  manager.addPass(createUBToLLVMConversionPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
  manager.addPass(createCanonicalizerPass());
}

void prune::buildCpuPipeline(OpPassManager &manager,
                             const CpuPipelineOptions &options) {
  auto done = [&](CpuForm form) { return options.stopAfter == form; };
  addToLinalg(manager, options);
  if (done(CpuForm::Linalg))
    return;
  addToKernels(manager, options);
  if (done(CpuForm::Kernel))
    return;
  addToDestinations(manager);
  if (done(CpuForm::Destination))
    return;
  addToBuffers(manager, options);
  if (done(CpuForm::Buffer))
    return;
  addToLoops(manager, options);
  if (done(CpuForm::Loop))
    return;
  addToLlvm(manager, options);
}

void prune::registerCpuPipeline() {
  PassPipelineRegistration<CpuPipelineOptions>(
      "prune-cpu-pipeline",
      "Lower tensors to the LLVM dialect for the CPU, stoppable after any form",
      buildCpuPipeline);
}
