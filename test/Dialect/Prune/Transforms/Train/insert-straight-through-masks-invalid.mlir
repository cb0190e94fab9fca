// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks)' 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{state=true sparsity=0.5})' 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{sparsity=1.5})' 2>&1 | FileCheck %s --check-prefix=SPARSITY
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{sparsity=0.5 decay=-1.0})' 2>&1 | FileCheck %s --check-prefix=DECAY
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{sparsity=0.5 decay=1.0 mask-gradient=true})' 2>&1 | FileCheck %s --check-prefix=GRADIENT
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{sparsity=0.5 function=absent})' 2>&1 | FileCheck %s --check-prefix=ABSENT
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{state=true})' 2>&1 | FileCheck %s --check-prefix=CALLED
// RUN: not prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{granularity=row sparsity=0.5})' 2>&1 | FileCheck %s --check-prefix=GRANULARITY
// RUN: prune-opt %s --pass-pipeline='builtin.module(prune-insert-straight-through-masks{sparsity=0.5 parameters=other})' 2>&1 | FileCheck %s --check-prefix=WARNING

// NONE: expected one of sparsity, runtime-sparsity, state and an n_of_m granularity to choose masks by
// SPARSITY: expected a sparsity in [0, 1], got '1.5'
// DECAY: expected a decay that is not negative, got -1
// GRADIENT: decay needs the gradient of what is pruned: expected no mask-gradient
// ABSENT: expected a function named 'absent', found none
// CALLED: expected a function that nothing refers to
// GRANULARITY: malformed granularity 'row'
// WARNING: no parameter to mask
func.func @forward(%w: tensor<6x8xf32> {prune.param = #prune.param<"w", weight>}) -> tensor<6x8xf32> {
  return %w : tensor<6x8xf32>
}

func.func @caller(%w: tensor<6x8xf32>) -> tensor<6x8xf32> {
  %0 = call @forward(%w) : (tensor<6x8xf32>) -> tensor<6x8xf32>
  return %0 : tensor<6x8xf32>
}
