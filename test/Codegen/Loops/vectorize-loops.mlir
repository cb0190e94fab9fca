// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-vectorize-loops,canonicalize)" | FileCheck %s
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-vectorize-loops{vector-width=256},canonicalize)" | FileCheck %s --check-prefix=AVX2
// RUN: %if statistics %{ prune-opt %s --pass-pipeline="builtin.module(prune-vectorize-loops)" --prune-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STAT %}
// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-vectorize-loops)" --remarks-filter=".*" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// STAT: (S) 9 num-loops-vectorized
// STAT: (S) 3 num-loops-scalar

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#flip = affine_map<(d0, d1) -> (d1, d0)>
#none = affine_map<(d0, d1) -> ()>

// Two loops are merged into one; bytes and floats have the same lanes; the last
// vector is shorter.
// CHECK-LABEL: func.func @mask(
// CHECK-SAME: %[[X:.*]]: memref<3x12xf32>, %[[M:.*]]: memref<3x12xi8>
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %c32 step %c16
// CHECK-DAG: %[[XV:.*]] = vector.load %{{.*}}[%[[I]]] : memref<36xf32>, vector<16xf32>
// CHECK-DAG: %[[MV:.*]] = vector.load %{{.*}}[%[[I]]] : memref<36xi8>, vector<16xi8>
// CHECK: %[[BIT:.*]] = arith.cmpi ne, %[[MV]], %{{.*}} : vector<16xi8>
// CHECK: %[[R:.*]] = arith.select %[[BIT]], %[[XV]], %{{.*}} : vector<16xi1>, vector<16xf32>
// CHECK: vector.store %[[R]], %{{.*}}[%[[I]]]
// CHECK: vector.load %{{.*}}[%c32] : memref<36xf32>, vector<4xf32>
// CHECK: vector.store %{{.*}}[%c32] : memref<36xf32>, vector<4xf32>
// AVX2-LABEL: func.func @mask(
// AVX2: vector<8xf32>
func.func @mask(%x: memref<3x12xf32>, %m: memref<3x12xi8>) {
  %zero = arith.constant 0.0 : f32
  %no = arith.constant 0 : i8
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%m : memref<3x12xi8>) outs(%x : memref<3x12xf32>) {
  ^bb0(%byte: i8, %out: f32):
    %bit = arith.cmpi ne, %byte, %no : i8
    %r = arith.select %bit, %out, %zero : f32
    linalg.yield %r : f32
  }
  return
}

// What a row shares is loaded once and becomes a vector.
// CHECK-LABEL: func.func @row
// CHECK: scf.for %[[I:.*]] =
// CHECK: %[[S:.*]] = memref.load %{{.*}}[%[[I]]] : memref<3xf32>
// CHECK: vector.broadcast %[[S]] : f32 to vector<10xf32>
// CHECK: math.exp %{{.*}} : vector<10xf32>
func.func @row(%x: memref<3x10xf32>, %s: memref<3xf32>, %y: memref<3x10xf32>) {
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %s : memref<3x10xf32>, memref<3xf32>) outs(%y : memref<3x10xf32>) {
  ^bb0(%in: f32, %max: f32, %out: f32):
    %d = arith.subf %in, %max : f32
    %r = math.exp %d : f32
    linalg.yield %r : f32
  }
  return
}

// Positions along the vector loop are consecutive numbers.
// CHECK-LABEL: func.func @position
// CHECK: vector.step : vector<10xindex>
// CHECK: arith.index_cast %{{.*}} : vector<10xindex> to vector<10xi32>
// CHECK: arith.cmpi eq, %{{.*}} : vector<10xi32>
func.func @position(%labels: memref<3xi32>, %y: memref<3x10xf32>) {
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%labels : memref<3xi32>) outs(%y : memref<3x10xf32>) {
  ^bb0(%label: i32, %out: f32):
    %i = linalg.index 1 : index
    %n = arith.index_cast %i : index to i32
    %hit = arith.cmpi eq, %n, %label : i32
    %r = arith.select %hit, %one, %zero : f32
    linalg.yield %r : f32
  }
  return
}

// Four vectors of each sum, a shorter one at the end, one order.
// CHECK-LABEL: func.func @sums
// CHECK: %[[L:.*]]:8 = scf.for %{{.*}} = %c0 to %c128 step %c64
// CHECK-COUNT-4: math.absf
// CHECK: scf.yield
// CHECK: math.absf %{{.*}} : vector<8xf32>
// CHECK: vector.shuffle %{{.*}} [8, 9, 10, 11, 12, 13, 14, 15] : vector<16xf32>, vector<16xf32>
// CHECK: arith.addf %{{.*}} : vector<8xf32>
// CHECK: vector.extract %{{.*}}[0] : f32 from vector<1xf32>
// CHECK: memref.load
// CHECK: memref.store
func.func @sums(%x: memref<8x17xf32>, %s: memref<f32>, %q: memref<f32>) {
  linalg.generic {indexing_maps = [#id, #none, #none], iterator_types = ["reduction", "reduction"]}
      ins(%x : memref<8x17xf32>) outs(%s, %q : memref<f32>, memref<f32>) {
  ^bb0(%in: f32, %a: f32, %b: f32):
    %abs = math.absf %in : f32
    %sq = arith.mulf %in, %in : f32
    %a1 = arith.addf %a, %abs : f32
    %b1 = arith.addf %b, %sq : f32
    linalg.yield %a1, %b1 : f32, f32
  }
  return
}

// A sum over rows keeps a piece of the row in registers.
// CHECK-LABEL: func.func @columns
// CHECK: vector.load %{{.*}} : memref<64xf32>, vector<16xf32>
// CHECK: scf.for %[[B:.*]] = %c0 to %c100 step %c1 iter_args
// CHECK: vector.load %{{.*}}[%[[B]], %{{.*}}] : memref<100x64xf32>, vector<16xf32>
// CHECK: scf.yield %{{.*}} : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
// CHECK-COUNT-4: vector.store
func.func @columns(%x: memref<100x64xf32>, %y: memref<64xf32>) {
  linalg.reduce { arith.addf } ins(%x : memref<100x64xf32>) outs(%y : memref<64xf32>) dimensions = [0]
  return
}

// CHECK-LABEL: func.func @rows
// CHECK: scf.for
// CHECK: vector.shuffle %{{.*}} [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10, 10, 10] : vector<10xf32>, vector<10xf32>
// CHECK: arith.maximumf %{{.*}} : vector<8xf32>
func.func @rows(%x: memref<5x10xf32>, %y: memref<5xf32>) {
  linalg.reduce { arith.maximumf } ins(%x : memref<5x10xf32>) outs(%y : memref<5xf32>) dimensions = [1]
  return
}

// CHECK-LABEL: func.func @matmul
// CHECK: scf.for
// CHECK: vector.broadcast %{{.*}} : f64 to vector<8xf64>
// CHECK: arith.mulf %{{.*}} : vector<8xf64>
func.func @matmul(%a: memref<4x6xf64>, %b: memref<6x8xf64>, %c: memref<4x8xf64>) {
  linalg.matmul ins(%a, %b : memref<4x6xf64>, memref<6x8xf64>) outs(%c : memref<4x8xf64>)
  return
}

// CHECK-LABEL: func.func @fill
// CHECK: vector.store %{{.*}} : memref<20xf32>, vector<16xf32>
// CHECK: vector.store %{{.*}} : memref<20xf32>, vector<4xf32>
func.func @fill(%y: memref<4x5xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<4x5xf32>)
  return
}

// CHECK-LABEL: func.func @broadcast
// CHECK: vector.load %{{.*}} : memref<5xf32>, vector<5xf32>
// CHECK-NOT: linalg
func.func @broadcast(%x: memref<5xf32>, %y: memref<4x5xf32>) {
  linalg.broadcast ins(%x : memref<5xf32>) outs(%y : memref<4x5xf32>) dimensions = [0]
  return
}

// REMARK: stays scalar: no loop runs along contiguous elements of all operands
// CHECK-LABEL: func.func @transpose
// CHECK: linalg.transpose
func.func @transpose(%x: memref<4x5xf32>, %y: memref<5x4xf32>) {
  linalg.transpose ins(%x : memref<4x5xf32>) outs(%y : memref<5x4xf32>) permutation = [1, 0]
  return
}

// REMARK: stays scalar: an operand is no memref of static shape without gaps
// CHECK-LABEL: func.func @strided
// CHECK: linalg.generic
func.func @strided(%x: memref<4x5xf32, strided<[10, 2]>>, %y: memref<4x5xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<4x5xf32, strided<[10, 2]>>) outs(%y : memref<4x5xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  return
}

// REMARK: stays scalar: a reduction combines its values in an unknown way
// CHECK-LABEL: func.func @unknown
// CHECK: linalg.generic
func.func @unknown(%x: memref<4x5xf32>, %y: memref<f32>) {
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction", "reduction"]}
      ins(%x : memref<4x5xf32>) outs(%y : memref<f32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.subf %in, %out : f32
    linalg.yield %r : f32
  }
  return
}
