// Any number of threads gives the same bits.

// RUN: prune-run %s --random-seed=1 --repeat=3 --threads=1 -o %t.1.npz
// RUN: prune-run %s --random-seed=1 --repeat=3 --threads=2 -o %t.2.npz
// RUN: %python -c "import zipfile; a, b = (zipfile.ZipFile(p) for p in (r'%t.1.npz', r'%t.2.npz')); print([(n, a.read(n) == b.read(n)) for n in a.namelist()])" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-cpu-pipeline{threads=2})" | FileCheck %s --check-prefix=LLVM
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-cpu-pipeline)" | FileCheck %s --check-prefix=ONE

// CHECK: [('w.npy', True), ('v.npy', True), ('penalty.npy', True)]
// LLVM: omp.parallel num_threads
// LLVM: omp.wsloop
// ONE-NOT: omp.

func.func @update(%w: tensor<300x785xf32> {prune.state = "w"}, %v: tensor<300x785xf32> {prune.state = "v"},
    %g: tensor<300x785xf32>, %rate: f32)
    -> (tensor<300x785xf32> {prune.state = "w"}, tensor<300x785xf32> {prune.state = "v"}, tensor<f32> {prune.output = "penalty"}) {
  %p = prune.regularize hoyer_square %w, %rate : tensor<300x785xf32>
  %w1, %v1 = prune.sgd_update %w, %g, lr %rate velocity %v {momentum = 0.9}
      : (tensor<300x785xf32>, tensor<300x785xf32>, f32, tensor<300x785xf32>)
      -> (tensor<300x785xf32>, tensor<300x785xf32>)
  return %w1, %v1, %p : tensor<300x785xf32>, tensor<300x785xf32>, tensor<f32>
}
