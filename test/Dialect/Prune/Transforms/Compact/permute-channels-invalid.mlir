// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-permute-channels{n=4 m=4})" 2>&1 | FileCheck %s --check-prefix=ALL
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-permute-channels{n=0})" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-permute-channels{sweeps=-1})" 2>&1 | FileCheck %s --check-prefix=SWEEPS

// ALL: error: expected 0 < n < m and positive sweeps, got n = 4, m = 4 and sweeps = 20
// NONE: error: expected 0 < n < m and positive sweeps, got n = 0, m = 4 and sweeps = 20
// SWEEPS: error: expected 0 < n < m and positive sweeps, got n = 2, m = 4 and sweeps = -1
