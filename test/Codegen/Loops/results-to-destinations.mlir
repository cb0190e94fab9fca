// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-results-to-destinations)" | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-results-to-destinations)" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}

// STAT: (S) 5 num-destinations-added
// STAT: (S) 1 num-states-updated

// CHECK-LABEL: func.func @outputs
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<4xf32> {prune.input = "input"}
// CHECK-SAME: %[[N:[a-z0-9]+]]: f32
// CHECK-SAME: %[[Y:[a-z0-9]+]]: memref<4xf32> {prune.output = "y", prune.result = 0 : i64}
// CHECK-SAME: %[[S:[a-z0-9]+]]: memref<f32> {prune.result = 1 : i64}
// CHECK-SAME: attributes {llvm.emit_c_interface}
// CHECK: %[[T:.*]] = bufferization.to_tensor %[[X]] restrict : memref<4xf32>
// CHECK: %[[E:.*]] = math.exp %[[T]]
// CHECK: bufferization.materialize_in_destination %[[E]] in restrict writable %[[Y]]
// CHECK: memref.store %[[N]], %[[S]][]
// CHECK-NEXT: return
func.func @outputs(%x: tensor<4xf32> {prune.input = "input"}, %n: f32)
    -> (tensor<4xf32> {prune.output = "y"}, f32) {
  %y = math.exp %x : tensor<4xf32>
  return %y, %n : tensor<4xf32>, f32
}

// The update moves behind the last reader of the old state, and only the state
// is writable.
// CHECK-LABEL: func.func @state
// CHECK-SAME: %[[W:[a-z0-9]+]]: memref<4xf32> {prune.result = 1 : i64, prune.state = "w"}
// CHECK-SAME: %[[M:[a-z0-9]+]]: memref<4xf32> {prune.state = "mask:w"}
// CHECK-DAG: %[[OLD:.*]] = bufferization.to_tensor %[[W]] restrict writable
// CHECK-DAG: %[[MASK:.*]] = bufferization.to_tensor %[[M]] restrict :
// CHECK: %[[LOSS:.*]] = math.exp %[[OLD]]
// CHECK: %[[NEW:.*]] = arith.mulf %[[OLD]], %[[MASK]]
// CHECK: materialize_in_destination %[[LOSS]] in restrict writable
// CHECK: materialize_in_destination %[[OLD]] in restrict writable
// CHECK: materialize_in_destination %[[NEW]] in writable %[[W]]
func.func @state(%w: tensor<4xf32> {prune.state = "w"}, %m: tensor<4xf32> {prune.state = "mask:w"})
    -> (tensor<4xf32> {prune.output = "loss"}, tensor<4xf32> {prune.state = "w"}, tensor<4xf32>) {
  %w1 = arith.mulf %w, %m : tensor<4xf32>
  %loss = math.exp %w : tensor<4xf32>
  return %loss, %w1, %w : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func private @helper
// CHECK-SAME: -> tensor<4xf32>
func.func private @helper(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// CHECK-LABEL: func.func @nothing() attributes {llvm.emit_c_interface}
func.func @nothing() {
  return
}

// CHECK-LABEL: func.func private @declared
// CHECK-SAME: -> tensor<4xf32>
func.func private @declared(tensor<4xf32>) -> tensor<4xf32>

// The argument itself as a result is a copy.
// CHECK-LABEL: func.func @identity
// CHECK: materialize_in_destination
func.func @identity(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
