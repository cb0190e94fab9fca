// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{kernel=fast})" 2>&1 | FileCheck %s --check-prefix=KERNEL
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{model=%S/Inputs/missing.json})" 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{model=%S/Inputs/no-call.json})" 2>&1 | FileCheck %s --check-prefix=CALL
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{model=%S/Inputs/no-cache.json})" 2>&1 | FileCheck %s --check-prefix=CACHE
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{model=%s})" 2>&1 | FileCheck %s --check-prefix=JSON

// KERNEL: error: expected kernel to be 'auto', 'dense', 'csr', 'lanes' or 'straight_line', got 'fast'
// MISSING: error: cannot use the cost model '{{.*}}missing.json': No such file
// CALL: error: cannot use the cost model '{{.*}}': expected 'dense.call' to be a number that is not negative
// CACHE: error: cannot use the cost model '{{.*}}': expected 'cache_bytes' to be a number that is not negative
// JSON: error: cannot use the cost model '{{.*}}': {{.*}}JSON
module {}
