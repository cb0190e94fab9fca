#!/usr/bin/env bash
# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Prunes a network with an mlir-opt that knows nothing of the project:
#   run.sh PREFIX net.mlir          PREFIX is where the project is installed
set -euo pipefail
prefix=$1 network=$2
mlir_opt=${MLIR_OPT:-mlir-opt-22}

# The dialects come with the plugin, and the passes with the dialects.
"$mlir_opt" --load-dialect-plugin="$prefix/lib/PrunePlugin.so" "$network" --pass-pipeline='
  builtin.module(
    prune-score,
    prune-select-masks{threshold=0.2},
    prune-fold-masks,
    prune-eliminate-dead-neurons)'
