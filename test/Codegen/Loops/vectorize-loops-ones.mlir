// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-vectorize-loops,canonicalize)" | FileCheck %s

#id = affine_map<(b, r, c) -> (b, r, c)>
#row = affine_map<(b, r, c) -> (b, r, 0)>
#first = affine_map<(b, r, c) -> (0, r, c)>
#one = affine_map<(b, r, c) -> (0, 0, 0)>

// The maximum of each row, as softmax subtracts it, has a dimension of one element, which goes.
// CHECK-LABEL: func.func @subtract(
// CHECK-SAME: %[[X:.*]]: memref<2x3x32xf32>, %[[M:.*]]: memref<2x3x1xf32>
// CHECK: %[[ROWS:.*]] = memref.collapse_shape %[[M]] {{.*}} : memref<2x3x1xf32> into memref<6xf32>
// CHECK: memref.load %[[ROWS]]
// CHECK: arith.subf {{.*}} : vector<16xf32>
// CHECK-NOT: linalg.generic
func.func @subtract(%x: memref<2x3x32xf32>, %m: memref<2x3x1xf32>) {
  linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%m : memref<2x3x1xf32>) outs(%x : memref<2x3x32xf32>) {
  ^bb0(%max: f32, %value: f32):
    %r = arith.subf %value, %max : f32
    linalg.yield %r : f32
  }
  return
}

// In front, and in all dimensions.
// CHECK-LABEL: func.func @front(
// CHECK: memref.collapse_shape %{{.*}} {{.*}} : memref<1x3x32xf32> into memref<96xf32>
// CHECK: arith.mulf {{.*}} : vector<16xf32>
// CHECK-NOT: linalg.generic
func.func @front(%x: memref<2x3x32xf32>, %m: memref<1x3x32xf32>, %s: memref<1x1x1xf32>) {
  linalg.generic {indexing_maps = [#first, #one, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%m, %s : memref<1x3x32xf32>, memref<1x1x1xf32>) outs(%x : memref<2x3x32xf32>) {
  ^bb0(%scale: f32, %factor: f32, %value: f32):
    %t = arith.mulf %scale, %factor : f32
    %r = arith.mulf %value, %t : f32
    linalg.yield %r : f32
  }
  return
}

// With gaps between its elements a dimension stays, and so does the operation.
// CHECK-LABEL: func.func @strided(
// CHECK: linalg.generic
func.func @strided(%x: memref<2x3x32xf32>, %m: memref<2x3x1xf32, strided<[6, 2, 1]>>) {
  linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%m : memref<2x3x1xf32, strided<[6, 2, 1]>>) outs(%x : memref<2x3x32xf32>) {
  ^bb0(%max: f32, %value: f32):
    %r = arith.subf %value, %max : f32
    linalg.yield %r : f32
  }
  return
}
