// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=chanel:0})" 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=block:4xa})" 2>&1 | FileCheck %s --check-prefix=NUMBER
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=channel})" 2>&1 | FileCheck %s --check-prefix=AXIS
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=n_of_m:4:4:1})" 2>&1 | FileCheck %s --check-prefix=NOFM
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{p=0})" 2>&1 | FileCheck %s --check-prefix=P
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{roles=weights})" 2>&1 | FileCheck %s --check-prefix=ROLE
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{ignore=fc[})" 2>&1 | FileCheck %s --check-prefix=GLOB
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{criterion=batch_norm_scale})" 2>&1 | FileCheck %s --check-prefix=ELEMENTS
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-mask-pipeline{criterion=apoz granularity=n_of_m:2:4:1 sparsity=0.5})" 2>&1 | FileCheck %s --check-prefix=PATTERN

// ELEMENTS: error: criterion 'batch_norm_scale' gives all elements of an output channel one score: expected a granularity of whole channels, such as channel:0, got 'unstructured'
// PATTERN: error: criterion 'apoz' gives all elements of an output channel one score: {{.*}}, got 'n_of_m:2:4:1'
// NAME: error: malformed granularity 'chanel:0', expected unstructured, filter_plane, channel:[<extent>:]<axis>
// NUMBER: error: malformed granularity 'block:4xa'
// AXIS: error: channel expects an axis, and at most one extent
// NOFM: error: n_of_m expects shape = [n, m] with 0 < n < m, and an axis
// P: error: expected a positive finite exponent p, got 0
// ROLE: error: expected a role weight, bias, scale, buffer or auxiliary, got 'weights'
// GLOB: error: 'fc[' is no glob pattern: invalid glob pattern
module {}
