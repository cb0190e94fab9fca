// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-simplify-gathers,canonicalize)" | FileCheck %s
// RUN: prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-simplify-gathers,canonicalize,prune-simplify-gathers,canonicalize)" | FileCheck %s
// RUN: %if statistics %{ prune-opt %s -split-input-file --pass-pipeline="builtin.module(prune-simplify-gathers)" \
// RUN:   --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATS %}

// STATS: (S) 1 num-indices-simplified
// STATS: (S) 0 num-reshapes

#id4 = affine_map<(n, c, h, w) -> (n, c, h, w)>

// Nearest neighbors, as torch-mlir writes them: places in floating point.
// CHECK-LABEL: func @nearest
// CHECK-DAG: %[[TABLE:.*]] = arith.constant dense<[0, 0, 1, 1, 2]> : tensor<5xi64>
// CHECK: %[[N:.*]] = linalg.index 0 : index
// CHECK-NEXT: %[[C:.*]] = linalg.index 1 : index
// CHECK-NEXT: %[[W:.*]] = linalg.index 3 : index
// CHECK-NEXT: %[[I:.*]] = linalg.index 2 : index
// CHECK-NEXT: %[[ENTRY:.*]] = tensor.extract %[[TABLE]][%[[I]]] : tensor<5xi64>
// CHECK-NEXT: %[[H:.*]] = arith.index_cast %[[ENTRY]] : i64 to index
// CHECK-NEXT: tensor.extract %{{.*}}[%[[N]], %[[C]], %[[H]], %[[W]]]
func.func @nearest(%x: tensor<2x4x3x3xf32>) -> tensor<2x4x5x3xf32> {
  %zero = arith.constant 0.0 : f32
  %scale = arith.constant 1.7 : f32
  %last = arith.constant 2.0 : f32
  %e = tensor.empty() : tensor<2x4x5x3xf32>
  %y = linalg.generic {indexing_maps = [#id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      outs(%e : tensor<2x4x5x3xf32>) {
  ^bb0(%out: f32):
    %n = linalg.index 0 : index
    %c = linalg.index 1 : index
    %h = linalg.index 2 : index
    %w = linalg.index 3 : index
    %0 = arith.index_cast %h : index to i64
    %1 = arith.sitofp %0 : i64 to f32
    %2 = arith.divf %1, %scale : f32
    %3 = math.floor %2 : f32
    %4 = arith.maximumf %3, %zero : f32
    %5 = arith.minimumf %4, %last : f32
    %6 = arith.fptosi %5 : f32 to i64
    %7 = arith.index_cast %6 : i64 to index
    %v = tensor.extract %x[%n, %c, %7, %w] : tensor<2x4x3x3xf32>
    linalg.yield %v : f32
  } -> tensor<2x4x5x3xf32>
  return %y : tensor<2x4x5x3xf32>
}

// -----

#id1 = affine_map<(d0) -> (d0)>
#id2 = affine_map<(n, w) -> (n, w)>
#row = affine_map<(n, w) -> (n, 0)>
#column = affine_map<(n, w) -> (w)>

// Padding by reflection: tensors of indices, and what is negative counts from
// the end.
// CHECK-LABEL: func @reflect
// CHECK-NOT: tensor<2x1xi64>
// CHECK-DAG: %[[TABLE:.*]] = arith.constant dense<[1, 0, 1, 2, 1]> : tensor<5xi64>
// CHECK: linalg.generic
// CHECK-NOT: ins(
// CHECK: %[[N:.*]] = linalg.index 0 : index
// CHECK: tensor.extract %[[TABLE]]
// CHECK: tensor.extract %{{.*}}[%[[N]], %{{.*}}] : tensor<2x3xf32>
func.func @reflect(%x: tensor<2x3xf32>) -> tensor<2x5xf32> {
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %two = arith.constant 2 : i64
  %three = arith.constant 3 : i64
  %batch = arith.constant dense<[[0], [-1]]> : tensor<2x1xi64>
  %e5 = tensor.empty() : tensor<5xi64>
  %iota = linalg.generic {indexing_maps = [#id1], iterator_types = ["parallel"]} outs(%e5 : tensor<5xi64>) {
  ^bb0(%out: i64):
    %i = linalg.index 0 : index
    %0 = arith.index_cast %i : index to i64
    %1 = arith.subi %0, %one : i64
    linalg.yield %1 : i64
  } -> tensor<5xi64>
  %place = linalg.generic {indexing_maps = [#id1, #id1], iterator_types = ["parallel"]} ins(%iota : tensor<5xi64>) outs(%e5 : tensor<5xi64>) {
  ^bb0(%in: i64, %out: i64):
    %0 = math.absi %in : i64
    %1 = arith.subi %two, %0 : i64
    %2 = math.absi %1 : i64
    %3 = arith.subi %two, %2 : i64
    linalg.yield %3 : i64
  } -> tensor<5xi64>
  %e = tensor.empty() : tensor<2x5xf32>
  %y = linalg.generic {indexing_maps = [#row, #column, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%batch, %place : tensor<2x1xi64>, tensor<5xi64>) outs(%e : tensor<2x5xf32>) {
  ^bb0(%a: i64, %b: i64, %out: f32):
    %0 = arith.cmpi slt, %a, %zero : i64
    %1 = arith.addi %a, %two : i64
    %2 = arith.select %0, %1, %a : i64
    %n = arith.index_cast %2 : i64 to index
    %3 = arith.cmpi slt, %b, %zero : i64
    %4 = arith.addi %b, %three : i64
    %5 = arith.select %3, %4, %b : i64
    %w = arith.index_cast %5 : i64 to index
    %v = tensor.extract %x[%n, %w] : tensor<2x3xf32>
    linalg.yield %v : f32
  } -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

#id2 = affine_map<(n, c) -> (n, c)>
#third = affine_map<(n, c) -> (0)>

// Places at equal distances are computed, not looked up.
// CHECK-LABEL: func @every_other
// CHECK-DAG: %[[TWO:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[ONE:.*]] = arith.constant 1 : index
// CHECK: %[[C:.*]] = linalg.index 1 : index
// CHECK: %[[M:.*]] = arith.muli %[[C]], %[[TWO]] : index
// CHECK: %[[A:.*]] = arith.addi %[[M]], %[[ONE]] : index
// CHECK: tensor.extract %{{.*}}[%{{.*}}, %[[A]]]
func.func @every_other(%x: tensor<2x6xf32>) -> tensor<2x3xf32> {
  %places = arith.constant dense<[1, 3, 5]> : tensor<3xi64>
  %e = tensor.empty() : tensor<2x3xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, c) -> (c)>, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%places : tensor<3xi64>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: i64, %out: f32):
    %n = linalg.index 0 : index
    %c = arith.index_cast %a : i64 to index
    %v = tensor.extract %x[%n, %c] : tensor<2x6xf32>
    linalg.yield %v : f32
  } -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

#id2 = affine_map<(n, c) -> (n, c)>

// All elements in their order are a reshape.
// CHECK-LABEL: func @groups
// CHECK-NOT: linalg.generic
// CHECK: %[[Y:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2, 3]] : tensor<2x2x3x1xf32> into tensor<2x6xf32>
// CHECK: return %[[Y]]
func.func @groups(%x: tensor<2x2x3x1xf32>) -> tensor<2x6xf32> {
  %zero = arith.constant 0 : index
  %group = arith.constant dense<[[0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1]]> : tensor<2x6xi64>
  %channel = arith.constant dense<[[0, 1, 2, 0, 1, 2], [0, 1, 2, 0, 1, 2]]> : tensor<2x6xi64>
  %e = tensor.empty() : tensor<2x6xf32>
  %y = linalg.generic {indexing_maps = [#id2, #id2, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%group, %channel : tensor<2x6xi64>, tensor<2x6xi64>) outs(%e : tensor<2x6xf32>) {
  ^bb0(%a: i64, %b: i64, %out: f32):
    %n = linalg.index 0 : index
    %g = arith.index_cast %a : i64 to index
    %c = arith.index_cast %b : i64 to index
    %v = tensor.extract %x[%n, %g, %c, %zero] : tensor<2x2x3x1xf32>
    linalg.yield %v : f32
  } -> tensor<2x6xf32>
  return %y : tensor<2x6xf32>
}

// -----

#id2 = affine_map<(n, c) -> (n, c)>

// Places that the input decides, that leave the tensor, or that depend on two
// loops stay, and so do elements in an order of their own.
// CHECK-LABEL: func @kept
// CHECK: ins(%{{.*}}, %{{.*}} : tensor<3xi64>, tensor<3x4xi64>)
// CHECK: arith.addi
func.func @kept(%x: tensor<5x4xf32>, %token: tensor<3xi64>) -> tensor<3x4xf32> {
  %four = arith.constant 4 : index
  %mixed = arith.constant dense<[[0, 1, 2, 3], [1, 0, 2, 3], [0, 1, 2, 3]]> : tensor<3x4xi64>
  %e = tensor.empty() : tensor<3x4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, c) -> (n)>, #id2, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%token, %mixed : tensor<3xi64>, tensor<3x4xi64>) outs(%e : tensor<3x4xf32>) {
  ^bb0(%a: i64, %b: i64, %out: f32):
    %n = arith.index_cast %a : i64 to index
    %c = arith.index_cast %b : i64 to index
    %i = linalg.index 0 : index
    %beyond = arith.addi %i, %four : index
    %v = tensor.extract %x[%n, %c] : tensor<5x4xf32>
    %w = tensor.extract %x[%beyond, %c] : tensor<5x4xf32>
    %s = arith.addf %v, %w : f32
    linalg.yield %s : f32
  } -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}
