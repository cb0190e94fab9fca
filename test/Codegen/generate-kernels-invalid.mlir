// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-generate-kernels{isa=mmx})" 2>&1 | FileCheck %s
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=mmx})" 2>&1 | FileCheck %s
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-print-costs{isa=mmx})" 2>&1 | FileCheck %s

// CHECK: error: expected isa to be 'host', 'none', 'portable', 'avx2' or 'avx512', got 'mmx'
module {}
