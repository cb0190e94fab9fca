//===- Passes.td - Profiling passes -------------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_PROFILING_PASSES_TD
#define PRUNE_PROFILING_PASSES_TD

include "mlir/Pass/PassBase.td"

def NameOperationsPass : Pass<"prune-name-operations"> {
  let summary = "Name operations in their locations, for reports on compiled code";
  let description = [{
    Puts a name around the location of every operation of a function: what the
    operation is and the parameter that it reads, `prune.sgd_update fc1.weight`.
    What reads no parameter has the name of the parameter that an operation of
    the same location reads, as the gradient of a layer has the location of the
    layer, else the name that its location has already. Lowering keeps locations,
    so that a profile can say where a loop comes from. Nothing else changes.

    ```mlir
    %w1, %v1 = prune.sgd_update ... loc("net.mlir":7:3)
    ```

    becomes

    ```mlir
    %w1, %v1 = prune.sgd_update ... loc("prune.sgd_update fc1.weight"("net.mlir":7:3))
    ```

    Operations that have such a name already keep it.
  }];
  let statistics = [
    Statistic<"numNamed", "num-operations-named", "Operations that got a name">
  ];
}

def ProfileFunctionsPass : Pass<"prune-profile-functions", "::mlir::ModuleOp"> {
  let summary = "Measure the time of each costly operation of a function";
  let description = [{
    Before: bufferized functions. After: every operation at the top level of a
    function, or of a loop that calls primitives, that computes on memory, such as
    a primitive, a loop nest or a copy, stands between two calls of the runtime, which add the time and a call to
    the counters of its site. Operations that only allocate, free or compute on
    numbers are not measured.

    The counters are the public global `prune_profile_counters`, an array of
    `prune_rt_profile_site`. The public constant `prune_profile_names` has a line
    for each site in the same order: the function, what the operation is, a
    description with shapes, and the parameter that prune-name-operations noted,
    separated by tabulators.

    ```mlir
    onednn.matmul ins(%x, %w : memref<64x784xf32>, memref<784x300xf32>) outs(%y : memref<64x300xf32>)
    ```

    becomes

    ```mlir
    llvm.call @prune_rt_profile_begin(%site) : (!llvm.ptr) -> ()
    onednn.matmul ins(%x, %w : memref<64x784xf32>, memref<784x300xf32>) outs(%y : memref<64x300xf32>)
    llvm.call @prune_rt_profile_end(%site) : (!llvm.ptr) -> ()
    ```

    with the line `forward<tab>onednn.matmul<tab>matmul 64x300x784<tab>fc1.weight`.
    A module that is profiled already is left alone.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
  let statistics = [
    Statistic<"numSites", "num-sites-profiled", "Operations that are measured">
  ];
}

#endif // PRUNE_PROFILING_PASSES_TD
