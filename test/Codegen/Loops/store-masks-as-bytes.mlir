// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-store-masks-as-bytes)" | FileCheck %s
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-store-masks-as-bytes)" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-store-masks-as-bytes)" | FileCheck %s --check-prefix=NONE

// STAT: (S) {{[1-9][0-9]*}} num-values-widened
// NONE-NOT: xi1>

#id = affine_map<(d0) -> (d0)>

// CHECK-LABEL: func.func @select
// CHECK-SAME: %[[M:[a-z0-9]+]]: tensor<4xi8> {prune.state = "mask:w"}
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}}, %[[M]] : tensor<4xf32>, tensor<4xi8>)
// CHECK: ^bb0(%[[X:.*]]: f32, %[[BYTE:.*]]: i8, %{{.*}}: f32):
// CHECK: %[[ZERO:.*]] = arith.constant 0 : i8
// CHECK: %[[BIT:.*]] = arith.cmpi ne, %[[BYTE]], %[[ZERO]] : i8
// CHECK: arith.select %[[BIT]], %[[X]]
func.func @select(%x: tensor<4xf32>, %m: tensor<4xi1> {prune.state = "mask:w"}) -> tensor<4xf32> {
  %zero = arith.constant 0.0 : f32
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%x, %m : tensor<4xf32>, tensor<4xi1>) outs(%x : tensor<4xf32>) {
  ^bb0(%in: f32, %bit: i1, %out: f32):
    %r = arith.select %bit, %in, %zero : f32
    linalg.yield %r : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @produce
// CHECK-SAME: -> tensor<4xi8>
// CHECK: tensor.empty() : tensor<4xi8>
// CHECK: %[[B:.*]] = arith.cmpf
// CHECK: %[[E:.*]] = arith.extui %[[B]] : i1 to i8
// CHECK: linalg.yield %[[E]] : i8
func.func @produce(%x: tensor<4xf32>) -> tensor<4xi1> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xi1>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xi1>) {
  ^bb0(%in: f32, %out: i1):
    %r = arith.cmpf ogt, %in, %zero : f32
    linalg.yield %r : i1
  } -> tensor<4xi1>
  return %y : tensor<4xi1>
}

// CHECK-LABEL: func.func @constants
// CHECK-DAG: arith.constant dense<[1, 0, 1]> : tensor<3xi8>
// CHECK-DAG: arith.constant dense<1> : tensor<2x2xi8>
func.func @constants() -> (tensor<3xi1>, tensor<2x2xi1>) {
  %a = arith.constant dense<[true, false, true]> : tensor<3xi1>
  %b = arith.constant dense<true> : tensor<2x2xi1>
  return %a, %b : tensor<3xi1>, tensor<2x2xi1>
}

// CHECK-LABEL: func.func @elements
// CHECK: %[[BYTE:.*]] = tensor.extract
// CHECK: %[[BIT:.*]] = arith.cmpi ne, %[[BYTE]]
// CHECK: arith.andi %[[BIT]]
// CHECK: arith.extui
// CHECK: tensor.insert {{.*}} : tensor<4xi8>
// CHECK: linalg.fill ins(%{{.*}} : i8) outs(%{{.*}} : tensor<4xi8>)
func.func @elements(%m: tensor<4xi1>, %b: i1, %i: index) -> (tensor<4xi1>, tensor<4xi1>) {
  %e = tensor.extract %m[%i] : tensor<4xi1>
  %a = arith.andi %e, %b : i1
  %n = tensor.insert %a into %m[%i] : tensor<4xi1>
  %empty = tensor.empty() : tensor<4xi1>
  %f = linalg.fill ins(%a : i1) outs(%empty : tensor<4xi1>) -> tensor<4xi1>
  return %n, %f : tensor<4xi1>, tensor<4xi1>
}

// CHECK-LABEL: func.func @moved
// CHECK: tensor.collapse_shape {{.*}} : tensor<2x2xi8> into tensor<4xi8>
// CHECK: linalg.generic
func.func @moved(%m: tensor<2x2xi1>) -> (tensor<4xi1>, tensor<2x2xi1>) {
  %c = tensor.collapse_shape %m [[0, 1]] : tensor<2x2xi1> into tensor<4xi1>
  %e = tensor.empty() : tensor<2x2xi1>
  %t = linalg.transpose ins(%m : tensor<2x2xi1>) outs(%e : tensor<2x2xi1>) permutation = [1, 0]
  return %c, %t : tensor<4xi1>, tensor<2x2xi1>
}

// Nothing to do.
// CHECK-LABEL: func.func @floats
// CHECK-NEXT: return
func.func @floats(%x: tensor<4xf32>, %b: i1) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// A resource of bits is a resource of bytes.
// CHECK-LABEL: func.func @resource
// CHECK: arith.constant dense_resource<mask> : tensor<4xi8>
func.func @resource() -> tensor<4xi1> {
  %m = arith.constant dense_resource<mask> : tensor<4xi1>
  return %m : tensor<4xi1>
}

{-#
  dialect_resources: { builtin: { mask: "0x0100000001000101" } }
#-}
