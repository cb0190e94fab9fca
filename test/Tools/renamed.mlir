// Names of passes and options that changed before version 0.1: the error says the new one.
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score,prune-select-masks{parameters=ratio ratio=0.5})" 2>&1 | FileCheck %s --check-prefix=OPTION
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-shrink-pipeline{quality=1 stop-after=masked})" 2>&1 | FileCheck %s --check-prefix=PIPELINE
// RUN: not prune-opt %s --prune-mark-model 2>&1 | FileCheck %s --check-prefix=FLAG
// RUN: not prune-opt %s --prune-score --prune-select-masks="parameters=quality ratio=0.5" 2>&1 | FileCheck %s --check-prefix=OPTION
// RUN: not prune-opt %s --pass-pipeline="builtin.module(prune-score{granularity=kernel})" 2>&1 | FileCheck %s --check-prefix=GRANULARITY
// RUN: not prune-opt %s --pass-pipeline "builtin.module(prune-mark-model)" 2>&1 | FileCheck %s --check-prefix=FLAG
// Values of options are no names, and neither are those of other flags.
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{parameters='a pack' ignore={ratio quality}})" | FileCheck %s
// RUN: prune-opt %s --debug-only=prune-mark-model | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-score{parameters=pack,ratio ignore=quality})" | FileCheck %s

// OPTION: error: 'ratio' is called 'sparsity' now{{$}}
// PIPELINE: error: 'prune-shrink-pipeline' is called 'prune-compress-pipeline' now, 'quality' is called 'std-factor' now{{$}}
// FLAG: error: 'prune-mark-model' is called 'prune-annotate-model' now{{$}}
// GRANULARITY: error: malformed granularity 'kernel', {{.*}}; kernel is called filter_plane now
// CHECK: func @forward
func.func @forward(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
