// RUN: prune-opt %s | prune-opt | FileCheck %s
// RUN: prune-opt %s --mlir-print-op-generic | prune-opt | FileCheck %s
// RUN: prune-opt %s --emit-bytecode | prune-opt | FileCheck %s

// CHECK-LABEL: func private @roles
// CHECK-SAME: #prune.param<"fc1.weight", weight>
// CHECK-SAME: #prune.param<"b", bias>
// CHECK-SAME: #prune.param<"quote\22d name", scale>
// CHECK-SAME: #prune.param<"m", buffer>
func.func private @roles(tensor<2xf32> {prune.param = #prune.param<"fc1.weight", weight>},
                         tensor<2xf32> {prune.param = #prune.param<"b", bias>},
                         tensor<2xf32> {prune.param = #prune.param<"quote\"d name", scale>},
                         tensor<2xf32> {prune.param = #prune.param<"m", buffer>})

// CHECK-LABEL: func private @markers
// CHECK-SAME: {prune.state = "velocity:w"}, f32 {prune.input = "strength"}
// CHECK-SAME: -> (f32 {prune.output = "loss"}, tensor<2xf32> {prune.grad_of = "w"})
func.func private @markers(tensor<2xf32> {prune.state = "velocity:w"}, f32 {prune.input = "strength"})
    -> (f32 {prune.output = "loss"}, tensor<2xf32> {prune.grad_of = "w"})

// CHECK-LABEL: func private @granularities
func.func private @granularities() attributes {
  // CHECK: test.block = #prune.granularity<block, shape = [4, 1]>
  test.block = #prune.granularity<block, shape = [4, 1]>,
  // CHECK-SAME: test.channel = #prune.granularity<channel, axis = 1>
  test.channel = #prune.granularity<channel, axis = 1>,
  // CHECK-SAME: test.kernel = #prune.granularity<filter_plane>
  test.kernel = #prune.granularity<filter_plane>,
  // CHECK-SAME: test.n_of_m = #prune.granularity<n_of_m, shape = [2, 4], axis = 1>
  test.n_of_m = #prune.granularity<n_of_m, axis = 1, shape = [2, 4]>,
  // CHECK-SAME: test.unstructured = #prune.granularity<unstructured>
  test.unstructured = #prune.granularity<unstructured>,
  // CHECK-SAME: test.vector = #prune.granularity<vector, axis = 0>
  test.vector = #prune.granularity<vector, axis = 0>
}

// Numbers keep every bit; defaults are not printed.
// CHECK-LABEL: func private @numbers
func.func private @numbers() attributes {
  // CHECK: test.p1 = #prune.criterion<magnitude>
  test.p1 = #prune.criterion<magnitude, p = 1.0>,
  // CHECK-SAME: test.p2 = #prune.criterion<magnitude, p = 2.000000e+00>
  test.p2 = #prune.criterion<magnitude, p = 2.0>,
  // CHECK-SAME: test.p3 = #prune.criterion<magnitude, p = 0.33333333333333331>
  test.p3 = #prune.criterion<magnitude, p = 0.33333333333333331>,
  // CHECK-SAME: test.s1 = #prune.selection<keep_all>
  test.s1 = #prune.selection<keep_all>,
  // CHECK-SAME: test.s2 = #prune.selection<sparsity, 1.000000e+00>
  test.s2 = #prune.selection<sparsity, 1.0>,
  // CHECK-SAME: test.s3 = #prune.selection<threshold, 2.500000e-03>
  test.s3 = #prune.selection<threshold, 2.5e-3>
}

// CHECK-LABEL: func private @estimators
func.func private @estimators() attributes {
  // CHECK: test.s1 = #prune.ste<linear>, test.s2 = #prune.ste<hard_sigmoid>, test.s3 = #prune.ste<relu>
  test.s1 = #prune.ste<linear>, test.s2 = #prune.ste<hard_sigmoid>, test.s3 = #prune.ste<relu>,
  // CHECK-SAME: test.s4 = #prune.ste<leaky_relu>, test.s5 = #prune.ste<leaky_relu, slope = 2.000000e-01>
  test.s4 = #prune.ste<leaky_relu, slope = 0.01>, test.s5 = #prune.ste<leaky_relu, slope = 0.2>,
  // CHECK-SAME: test.s6 = #prune.ste<softplus>
  test.s6 = #prune.ste<softplus>
}

// CHECK-LABEL: func @constants
func.func @constants(%x: tensor<2x2xf32>, %init: tensor<2x2xf32>) -> tensor<2x2xf32> {
  // CHECK: arith.constant {prune.param = #prune.param<"w", weight>} dense<1.000000e+00>
  %w = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2x2xf32>
  // CHECK: linalg.matmul {prune.kernel = #prune.kernel<csr>}
  %0 = linalg.matmul {prune.kernel = #prune.kernel<csr>} ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>)
      outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// One parameter may be there in several copies, which folding makes and merges.
// CHECK-LABEL: func @copies
func.func @copies() {
  // CHECK-COUNT-2: #prune.param<"w", weight>
  %a = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2xf32>
  %b = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2xf32>
  return
}
