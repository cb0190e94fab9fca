// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-pooling-to-kernel)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(convert-pooling-to-kernel,convert-pooling-to-kernel)" | FileCheck %s

#id = affine_map<(n, c, h, w) -> (n, c, h, w)>

// A pooling and its gradient share the workspace.
// CHECK-LABEL: func @max_pool
// CHECK-SAME: (%[[X:.*]]: tensor<8x20x24x24xf32>, %[[DY:.*]]: tensor<8x20x12x12xf32>)
func.func @max_pool(%x: tensor<8x20x24x24xf32>, %dy: tensor<8x20x12x12xf32>) -> (tensor<8x20x12x12xf32>, tensor<8x20x24x24xf32>) {
  %lowest = arith.constant 0xFF800000 : f32
  %k = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<8x20x12x12xf32>
  %i = linalg.fill ins(%lowest : f32) outs(%e : tensor<8x20x12x12xf32>) -> tensor<8x20x12x12xf32>
  // CHECK: %[[P:.*]]:2 = kernel.max_pool ins(%[[X]] : tensor<8x20x24x24xf32>) outs(%{{.*}}, %{{.*}} : tensor<8x20x12x12xf32>, tensor<8x20x12x12xi8>)
  // CHECK-SAME: {strides = array<i64: 2, 2>, window = array<i64: 2, 2>}
  %y = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>} ins(%x, %k : tensor<8x20x24x24xf32>, tensor<2x2xf32>)
      outs(%i : tensor<8x20x12x12xf32>) -> tensor<8x20x12x12xf32>
  // CHECK: %[[DX:.*]] = kernel.max_pool_backward ins(%[[DY]], %[[P]]#1 : {{.*}}) outs(%{{.*}} : tensor<8x20x24x24xf32>)
  // CHECK: return %[[P]]#0, %[[DX]]
  %dx = prune.max_pool_gradient %x, %y, %dy window [2, 2] strides [2, 2] dilations [1, 1] : tensor<8x20x24x24xf32>, tensor<8x20x12x12xf32>
  return %y, %dx : tensor<8x20x12x12xf32>, tensor<8x20x24x24xf32>
}

// Without a gradient there is no workspace.
// CHECK-LABEL: func @inference
func.func @inference(%x: tensor<8x24x24x20xf32>) -> tensor<8x11x11x20xf32> {
  %lowest = arith.constant -3.40282347E+38 : f32
  %k = tensor.empty() : tensor<3x3xf32>
  %e = tensor.empty() : tensor<8x11x11x20xf32>
  %i = linalg.fill ins(%lowest : f32) outs(%e : tensor<8x11x11x20xf32>) -> tensor<8x11x11x20xf32>
  // CHECK: kernel.max_pool ins(%{{.*}}) outs(%{{.*}} : tensor<8x11x11x20xf32>) {layout = #kernel.layout<nhwc>, strides = array<i64: 2, 2>, window = array<i64: 3, 3>}
  %y = linalg.pooling_nhwc_max {strides = dense<2> : vector<2xi64>} ins(%x, %k : tensor<8x24x24x20xf32>, tensor<3x3xf32>)
      outs(%i : tensor<8x11x11x20xf32>) -> tensor<8x11x11x20xf32>
  return %y : tensor<8x11x11x20xf32>
}

// An initial value that may win.
// CHECK-LABEL: func @clamped
func.func @clamped(%x: tensor<8x20x24x24xf32>) -> tensor<8x20x12x12xf32> {
  %zero = arith.constant 0.0 : f32
  %k = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<8x20x12x12xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<8x20x12x12xf32>) -> tensor<8x20x12x12xf32>
  // CHECK: linalg.pooling_nchw_max
  %y = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>} ins(%x, %k : tensor<8x20x24x24xf32>, tensor<2x2xf32>)
      outs(%i : tensor<8x20x12x12xf32>) -> tensor<8x20x12x12xf32>
  return %y : tensor<8x20x12x12xf32>
}

#spread = affine_map<(n, c, i, j, k, l) -> (n, c, i * 2 + k, j * 2 + l)>
#dy = affine_map<(n, c, i, j, k, l) -> (n, c, i, j)>
#window = affine_map<(n, c, i, j, k, l) -> (k, l)>

// A sum over windows, divided, and its adjoint.
// CHECK-LABEL: func @mean
// CHECK-SAME: (%[[X:.*]]: tensor<8x20x24x24xf32>, %[[DY:.*]]: tensor<8x20x12x12xf32>)
func.func @mean(%x: tensor<8x20x24x24xf32>, %dy: tensor<8x20x12x12xf32>) -> (tensor<8x20x12x12xf32>, tensor<8x20x24x24xf32>) {
  %zero = arith.constant 0.0 : f32
  %four = arith.constant 4.0 : f32
  %quarter = arith.constant 0.25 : f32
  %k = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<8x20x12x12xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<8x20x12x12xf32>) -> tensor<8x20x12x12xf32>
  // CHECK: %[[Y:.*]] = kernel.average_pool ins(%[[X]] : tensor<8x20x24x24xf32>)
  %s = linalg.pooling_nchw_sum {strides = dense<2> : vector<2xi64>} ins(%x, %k : tensor<8x20x24x24xf32>, tensor<2x2xf32>)
      outs(%i : tensor<8x20x12x12xf32>) -> tensor<8x20x12x12xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s : tensor<8x20x12x12xf32>) outs(%e : tensor<8x20x12x12xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.divf %in, %four : f32
    linalg.yield %r : f32
  } -> tensor<8x20x12x12xf32>
  %d = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%dy : tensor<8x20x12x12xf32>) outs(%e : tensor<8x20x12x12xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.mulf %in, %quarter : f32
    linalg.yield %r : f32
  } -> tensor<8x20x12x12xf32>
  %ex = tensor.empty() : tensor<8x20x24x24xf32>
  %zx = linalg.fill ins(%zero : f32) outs(%ex : tensor<8x20x24x24xf32>) -> tensor<8x20x24x24xf32>
  // CHECK: %[[DX:.*]] = kernel.average_pool_backward ins(%[[DY]] : tensor<8x20x12x12xf32>)
  %dx = linalg.generic {indexing_maps = [#dy, #window, #spread],
      iterator_types = ["parallel", "parallel", "reduction", "reduction", "reduction", "reduction"]}
      ins(%d, %k : tensor<8x20x12x12xf32>, tensor<2x2xf32>) outs(%zx : tensor<8x20x24x24xf32>) {
  ^bb0(%in: f32, %unused: f32, %out: f32):
    %r = arith.addf %out, %in : f32
    linalg.yield %r : f32
  } -> tensor<8x20x24x24xf32>
  // CHECK: return %[[Y]], %[[DX]]
  return %y, %dx : tensor<8x20x12x12xf32>, tensor<8x20x24x24xf32>
}

// A sum that is not divided stays.
// CHECK-LABEL: func @sum
func.func @sum(%x: tensor<8x20x24x24xf32>) -> tensor<8x20x12x12xf32> {
  %zero = arith.constant 0.0 : f32
  %k = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty() : tensor<8x20x12x12xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<8x20x12x12xf32>) -> tensor<8x20x12x12xf32>
  // CHECK: linalg.pooling_nchw_sum
  %s = linalg.pooling_nchw_sum {strides = dense<2> : vector<2xi64>} ins(%x, %k : tensor<8x20x24x24xf32>, tensor<2x2xf32>)
      outs(%i : tensor<8x20x12x12xf32>) -> tensor<8x20x12x12xf32>
  return %s : tensor<8x20x12x12xf32>
}
