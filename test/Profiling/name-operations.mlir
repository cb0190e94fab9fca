// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-name-operations)" --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-name-operations,prune-name-operations)" --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-name-operations,prune-name-operations)" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT: (S) 10 num-operations-named

// What reads a parameter, what has its location, and what has a name already.
// CHECK-LABEL: func.func @step
func.func @step(%w: tensor<4xf32> {prune.param = #prune.param<"fc1.weight", weight>}, %m: tensor<4xi1>, %x: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK: prune.apply_mask {{.*}} loc("prune.apply_mask fc1.weight"("net":1:1))
  %t = prune.apply_mask %w, %m : tensor<4xf32> loc("net":1:1)
  // CHECK: math.exp {{.*}} loc("math.exp fc1.weight"("net":1:1))
  %e = math.exp %x : tensor<4xf32> loc("net":1:1)
  // CHECK: math.log {{.*}} loc("math.log conv1"("conv1"("net":2:1)))
  %l = math.log %e : tensor<4xf32> loc("conv1"("net":2:1))
  // CHECK: math.sin {{.*}} loc("math.sin"("net":3:1))
  %s = math.sin %l : tensor<4xf32> loc("net":3:1)
  // CHECK: arith.addf {{.*}} loc("arith.addf"("net":3:1))
  %r = arith.addf %s, %t : tensor<4xf32> loc("net":3:1)
  // CHECK: return {{.*}} loc("net":4:1)
  return %r, %s : tensor<4xf32>, tensor<4xf32> loc("net":4:1)
}

// A location of two parameters stands for neither.
// CHECK-LABEL: func.func @shared
func.func @shared(%v: tensor<4xf32> {prune.param = #prune.param<"fc1.bias", bias>}, %w: tensor<4xf32> {prune.param = #prune.param<"fc2.bias", bias>})
    -> tensor<4xf32> {
  // CHECK: math.exp {{.*}} loc("math.exp fc1.bias"("net":1:1))
  %a = math.exp %v : tensor<4xf32> loc("net":1:1)
  // CHECK: math.exp {{.*}} loc("math.exp fc2.bias"("net":1:1))
  %b = math.exp %w : tensor<4xf32> loc("net":1:1)
  // CHECK: arith.addf {{.*}} loc("arith.addf"("net":1:1))
  %c = arith.addf %a, %b : tensor<4xf32> loc("net":1:1)
  return %c : tensor<4xf32>
}

// What reads a decompressed weight has the name of the weight.
// CHECK-LABEL: func.func @compressed
func.func @compressed(%v: tensor<2xf32> {prune.param = #prune.param<"fc1.weight", weight>}) -> tensor<4xf32> {
  // CHECK: prune.decompress {{.*}} loc("prune.decompress fc1.weight"("net":1:1))
  %w = prune.decompress %v pattern(dense<[0, 3]> : tensor<2xi32>) : tensor<2xf32> -> tensor<4xf32> loc("net":1:1)
  // CHECK: math.exp {{.*}} loc("math.exp fc1.weight"("net":2:1))
  %e = math.exp %w : tensor<4xf32> loc("net":2:1)
  return %e : tensor<4xf32>
}

func.func private @external(tensor<4xf32>)
