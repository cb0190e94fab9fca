// What torch-mlir writes for perceptrons of PyTorch and ONNX becomes the model
// form: the same short list of operations for both.

// RUN: prune-opt %S/../Integration/Inputs/mlp-torch.mlir \
// RUN:   --pass-pipeline="builtin.module(prune-import-pipeline{constants=fc1.weight,fc1.bias,fc2.weight,fc2.bias,fc3.weight,fc3.bias})" \
// RUN:   -o %t.torch.mlir
// RUN: FileCheck %s < %t.torch.mlir
// RUN: prune-opt %S/../Integration/Inputs/mlp-onnx.mlir \
// RUN:   --pass-pipeline="builtin.module(prune-import-pipeline{function=mlp constants=fc1.weight,fc1.bias,fc2.weight,fc2.bias,fc3.weight,fc3.bias})" \
// RUN:   -o %t.onnx.mlir
// RUN: FileCheck %s < %t.onnx.mlir

// A second run changes nothing.
// RUN: prune-opt %t.torch.mlir --pass-pipeline="builtin.module(prune-import-pipeline)" | diff %t.torch.mlir -
// RUN: prune-opt %t.onnx.mlir --pass-pipeline="builtin.module(prune-import-pipeline)" | diff %t.onnx.mlir -

// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[C:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK: func.func @forward(%[[X:.*]]: tensor<4x8xf32> {prune.input = "input"}) -> (tensor<4x3xf32> {prune.output = "logits"})
// CHECK-NEXT: %[[W1:.*]] = arith.constant {prune.param = #prune.param<"fc1.weight", weight>} dense_resource<{{.*}}> : tensor<6x8xf32>
// CHECK-NEXT: %[[B1:.*]] = arith.constant {prune.param = #prune.param<"fc1.bias", bias>} dense_resource<{{.*}}> : tensor<6xf32>
// CHECK-NEXT: %[[W2:.*]] = arith.constant {prune.param = #prune.param<"fc2.weight", weight>} dense_resource<{{.*}}> : tensor<5x6xf32>
// CHECK-NEXT: %[[B2:.*]] = arith.constant {prune.param = #prune.param<"fc2.bias", bias>} dense_resource<{{.*}}> : tensor<5xf32>
// CHECK-NEXT: %[[W3:.*]] = arith.constant {prune.param = #prune.param<"fc3.weight", weight>} dense_resource<{{.*}}> : tensor<3x5xf32>
// CHECK-NEXT: %[[B3:.*]] = arith.constant {prune.param = #prune.param<"fc3.bias", bias>} dense_resource<{{.*}}> : tensor<3xf32>
// CHECK-NEXT: %[[ZERO:.*]] = arith.constant 0.0
// CHECK-NEXT: %[[E1:.*]] = tensor.empty() : tensor<4x6xf32>
// CHECK-NEXT: %[[I1:.*]] = linalg.broadcast ins(%[[B1]] : tensor<6xf32>) outs(%[[E1]] : tensor<4x6xf32>) dimensions = [0]
// CHECK-NEXT: %[[Z1:.*]] = linalg.matmul indexing_maps = [#[[A]], #[[B]], #[[C]]] ins(%[[X]], %[[W1]] : tensor<4x8xf32>, tensor<6x8xf32>) outs(%[[I1]] : tensor<4x6xf32>)
// CHECK-NEXT: %[[Y1:.*]] = linalg.generic {indexing_maps = [#[[ID]], #[[ID]]], iterator_types = ["parallel", "parallel"]} ins(%[[Z1]] : tensor<4x6xf32>) outs(%[[E1]] : tensor<4x6xf32>)
// CHECK-NEXT: ^bb0(%[[IN:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: %[[M:.*]] = arith.maximumf %[[IN]], %[[ZERO]] : f32
// CHECK-NEXT: linalg.yield %[[M]] : f32
// CHECK: %[[E2:.*]] = tensor.empty() : tensor<4x5xf32>
// CHECK-NEXT: %[[I2:.*]] = linalg.broadcast ins(%[[B2]] : tensor<5xf32>) outs(%[[E2]] : tensor<4x5xf32>) dimensions = [0]
// CHECK-NEXT: %[[Z2:.*]] = linalg.matmul indexing_maps = [#[[A]], #[[B]], #[[C]]] ins(%[[Y1]], %[[W2]] : tensor<4x6xf32>, tensor<5x6xf32>) outs(%[[I2]] : tensor<4x5xf32>)
// CHECK-NEXT: %[[Y2:.*]] = linalg.generic {{.*}} ins(%[[Z2]] : tensor<4x5xf32>) outs(%[[E2]] : tensor<4x5xf32>)
// CHECK: arith.maximumf
// CHECK: %[[E3:.*]] = tensor.empty() : tensor<4x3xf32>
// CHECK-NEXT: %[[I3:.*]] = linalg.broadcast ins(%[[B3]] : tensor<3xf32>) outs(%[[E3]] : tensor<4x3xf32>) dimensions = [0]
// CHECK-NEXT: %[[Z3:.*]] = linalg.matmul indexing_maps = [#[[A]], #[[B]], #[[C]]] ins(%[[Y2]], %[[W3]] : tensor<4x5xf32>, tensor<3x5xf32>) outs(%[[I3]] : tensor<4x3xf32>)
// CHECK-NEXT: return %[[Z3]] : tensor<4x3xf32>
