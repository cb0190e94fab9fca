// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-train-pipeline{optimizer=sgd momentum=0.9},prune-cpu-pipeline{stop-after=buffer})" \
// RUN:   | FileCheck %s --implicit-check-not=linalg.conv --implicit-check-not=linalg.pooling \
// RUN:   --implicit-check-not=linalg.transpose --implicit-check-not=memref.copy

// A training step of LeNet-5: every convolution and pooling is a kernel on
// images in the order nhwc, which only the flatten turns, once on the way there
// and once on the way back. Nothing is copied; biases and their gradients come
// with the convolutions.

// CHECK-LABEL: func @forward
// CHECK: onednn.convolution {{.*}} bias({{.*}} {layout = #kernel.layout<nhwc>}
// CHECK: kernel.max_pool ins(%{{.*}} : {{.*}}) outs(%{{[a-z0-9_]+}} : memref<4x12x12x20xf32>)
// CHECK: onednn.convolution
// CHECK: kernel.max_pool
// CHECK: linalg.transpose
// CHECK-COUNT-2: onednn.matmul

// CHECK-LABEL: func @train_step
// CHECK: onednn.convolution ins({{.*}} : memref<4x28x28x1xf32>, memref<20x1x5x5xf32>) bias({{.*}} {layout = #kernel.layout<nhwc>}
// CHECK: kernel.max_pool {{.*}} outs(%{{.*}}, %{{.*}} : memref<4x12x12x20xf32>, memref<4x12x12x20xi8>)
// CHECK: onednn.convolution
// CHECK: kernel.max_pool {{.*}} outs(%{{.*}}, %{{.*}} : memref<4x4x4x50xf32>, memref<4x4x4x50xi8>)
// CHECK: linalg.transpose
// CHECK-COUNT-6: onednn.matmul
// CHECK: linalg.transpose
// CHECK: kernel.max_pool_backward
// CHECK: onednn.convolution_backward_data
// CHECK: onednn.convolution_backward_weights {{.*}} outs(%{{.*}}, %{{.*}} : memref<50x20x5x5xf32>, memref<50xf32>)
// CHECK: kernel.max_pool_backward
// CHECK: onednn.convolution_backward_weights {{.*}} outs(%{{.*}}, %{{.*}} : memref<20x1x5x5xf32>, memref<20xf32>)
// CHECK-NOT: {{^ *}}onednn.
// CHECK: return
func.func @forward(%input: tensor<4x1x28x28xf32> {prune.input = "input"}, %conv0_bias: tensor<20xf32> {prune.param = #prune.param<"conv0.bias", bias>}, %conv0_weight: tensor<20x1x5x5xf32> {prune.param = #prune.param<"conv0.weight", weight>}, %conv2_bias: tensor<50xf32> {prune.param = #prune.param<"conv2.bias", bias>}, %conv2_weight: tensor<50x20x5x5xf32> {prune.param = #prune.param<"conv2.weight", weight>}, %fc4_weight: tensor<500x800xf32> {prune.param = #prune.param<"fc4.weight", weight>}, %fc4_bias: tensor<500xf32> {prune.param = #prune.param<"fc4.bias", bias>}, %fc6_weight: tensor<10x500xf32> {prune.param = #prune.param<"fc6.weight", weight>}, %fc6_bias: tensor<10xf32> {prune.param = #prune.param<"fc6.bias", bias>}) -> (tensor<4x10xf32> {prune.output = "logits"}) {
%v1 = tensor.empty() : tensor<4x20x24x24xf32>
%v2 = linalg.broadcast ins(%conv0_bias : tensor<20xf32>) outs(%v1 : tensor<4x20x24x24xf32>) dimensions = [0, 2, 3]
%v3 = linalg.conv_2d_nchw_fchw {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>} ins(%input, %conv0_weight : tensor<4x1x28x28xf32>, tensor<20x1x5x5xf32>) outs(%v2 : tensor<4x20x24x24xf32>) -> tensor<4x20x24x24xf32>
%v4 = tensor.empty() : tensor<2x2xf32>
%v5 = arith.constant 0xFF800000 : f32
%v6 = tensor.empty() : tensor<4x20x12x12xf32>
%v7 = linalg.fill ins(%v5 : f32) outs(%v6 : tensor<4x20x12x12xf32>) -> tensor<4x20x12x12xf32>
%v8 = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>, dilations = dense<1> : vector<2xi64>} ins(%v3, %v4 : tensor<4x20x24x24xf32>, tensor<2x2xf32>) outs(%v7 : tensor<4x20x12x12xf32>) -> tensor<4x20x12x12xf32>
%v9 = tensor.empty() : tensor<4x50x8x8xf32>
%v10 = linalg.broadcast ins(%conv2_bias : tensor<50xf32>) outs(%v9 : tensor<4x50x8x8xf32>) dimensions = [0, 2, 3]
%v11 = linalg.conv_2d_nchw_fchw {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>} ins(%v8, %conv2_weight : tensor<4x20x12x12xf32>, tensor<50x20x5x5xf32>) outs(%v10 : tensor<4x50x8x8xf32>) -> tensor<4x50x8x8xf32>
%v12 = tensor.empty() : tensor<2x2xf32>
%v13 = arith.constant 0xFF800000 : f32
%v14 = tensor.empty() : tensor<4x50x4x4xf32>
%v15 = linalg.fill ins(%v13 : f32) outs(%v14 : tensor<4x50x4x4xf32>) -> tensor<4x50x4x4xf32>
%v16 = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>, dilations = dense<1> : vector<2xi64>} ins(%v11, %v12 : tensor<4x50x8x8xf32>, tensor<2x2xf32>) outs(%v15 : tensor<4x50x4x4xf32>) -> tensor<4x50x4x4xf32>
%v17 = tensor.collapse_shape %v16 [[0], [1, 2, 3]] : tensor<4x50x4x4xf32> into tensor<4x800xf32>
%v18 = tensor.empty() : tensor<4x500xf32>
%v19 = linalg.broadcast ins(%fc4_bias : tensor<500xf32>) outs(%v18 : tensor<4x500xf32>) dimensions = [0]
%v20 = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>] ins(%v17, %fc4_weight : tensor<4x800xf32>, tensor<500x800xf32>) outs(%v19 : tensor<4x500xf32>) -> tensor<4x500xf32>
%v21 = arith.constant 0.0 : f32
%v22 = tensor.empty() : tensor<4x500xf32>
%v23 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%v20 : tensor<4x500xf32>) outs(%v22 : tensor<4x500xf32>) {
^bb0(%x: f32, %out: f32):
%r = arith.maximumf %x, %v21 : f32
linalg.yield %r : f32
} -> tensor<4x500xf32>
%v24 = tensor.empty() : tensor<4x10xf32>
%v25 = linalg.broadcast ins(%fc6_bias : tensor<10xf32>) outs(%v24 : tensor<4x10xf32>) dimensions = [0]
%v26 = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>] ins(%v23, %fc6_weight : tensor<4x500xf32>, tensor<10x500xf32>) outs(%v25 : tensor<4x10xf32>) -> tensor<4x10xf32>
return %v26 : tensor<4x10xf32>
}
