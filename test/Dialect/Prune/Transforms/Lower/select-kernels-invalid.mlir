// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{kernel=fast})" 2>&1 | FileCheck %s --check-prefix=KERNEL
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{model=%S/Inputs/missing.json})" 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{model=%S/Inputs/no-bandwidth.json})" 2>&1 | FileCheck %s --check-prefix=BANDWIDTH
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-select-kernels{model=%s})" 2>&1 | FileCheck %s --check-prefix=JSON

// KERNEL: error: expected kernel to be 'auto', 'dense', 'csr', 'straight_line' or 'lanes', got 'fast'
// MISSING: error: cannot use the cost model '{{.*}}missing.json': No such file
// BANDWIDTH: error: cannot use the cost model '{{.*}}': expected 'bandwidth' to be a list
// JSON: error: cannot use the cost model '{{.*}}': {{.*}}JSON
module {}
