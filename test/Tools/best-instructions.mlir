// Code for this computer is for the best instruction set that PRUNE_MAX_ISA
// allows. A word that it does not know is the least.

// RUN: env PRUNE_MAX_ISA=sse9 prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=host})" 2>&1 >/dev/null | FileCheck %s
// RUN: env PRUNE_MAX_ISA=base prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{isa=host})" 2>&1 >/dev/null | FileCheck %s --check-prefix=BASE --allow-empty

// CHECK: warning: PRUNE_MAX_ISA is 'sse9', expected avx512, avx2 or base; base is taken
// CHECK-NOT: warning
// BASE-NOT: warning
