// RUN: %python %S/Inputs/make-npz.py %t.npz x "<f4" "2, 3" 1,2,3,4,5,6 n "<i8" "" 41 s "<f4" "" 2
// RUN: prune-run %s %t.npz --function=scale --output=%t.out.npz | FileCheck %s
// RUN: prune-run %s %t.npz --function=scale --reference | FileCheck %s --check-prefixes=CHECK,NAIVE
// RUN: %python -c "import zipfile; print([z.filename for z in zipfile.ZipFile(r'%t.out.npz').infolist()])" | FileCheck %s --check-prefix=NAMES

// CHECK: scale on {{(naive|loops|onednn [0-9.]+)}}: 1 call, median
// NAIVE-SAME: ms
// CHECK: y: float32 (2, 3) min 2 max 12 mean 7
// CHECK: result1: float32 () min 21 max 21
// CHECK: n: int64 () min 42 max 42 mean 42
// NAMES: ['y.npy', 'result1.npy', 'n.npy']

// The results of one run are arguments of another one; by position, too.
// RUN: %python %S/Inputs/make-npz.py %t.arr.npz arr_1 "<i8" "" 7 arr_0 "<f4" "2, 3" 0,0,0,0,0,-1 arr_2 "<f4" "" 3
// RUN: prune-run %s %t.arr.npz --function=scale | FileCheck %s --check-prefix=POSITION
// POSITION: y: float32 (2, 3) min -3 max 0
// POSITION: n: int64 () min 8

// RUN: prune-run %s --function=masked --random-seed=1 --repeat=5 --threads=2 -o %t.1.npz | FileCheck %s --check-prefix=RANDOM
// RUN: prune-run %s --function=masked --random-seed=1 --reference -o %t.2.npz
// RUN: %python -c "import zipfile; a, b = (zipfile.ZipFile(p).read('result0.npy') for p in (r'%t.1.npz', r'%t.2.npz')); print(a == b)" | FileCheck %s --check-prefix=SAME
// RANDOM: masked on {{.*}}: 5 calls, median
// RANDOM: result0: float64 (20,)
// SAME: True

// RUN: prune-run %s --function=masked --random-seed=1 --dump-asm=%t.s
// RUN: FileCheck %s --check-prefix=ASM < %t.s
// ASM: _mlir_ciface_masked

#id = affine_map<(d0) -> (d0)>

func.func @scale(%x: tensor<2x3xf32> {prune.input = "x"}, %n: tensor<i64> {prune.state = "n"}, %s: f32 {prune.input = "s"})
    -> (tensor<2x3xf32> {prune.output = "y"}, tensor<f32>, tensor<i64> {prune.state = "n"}) {
  %one = arith.constant 1 : i64
  %zero = arith.constant 0.0 : f32
  %splat = tensor.splat %s : tensor<2x3xf32>
  %y = arith.mulf %x, %splat : tensor<2x3xf32>
  %e = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x3xf32>) outs(%f : tensor<f32>) dimensions = [0, 1]
  %v = tensor.extract %n[] : tensor<i64>
  %w = arith.addi %v, %one : i64
  %m = tensor.from_elements %w : tensor<i64>
  return %y, %sum, %m : tensor<2x3xf32>, tensor<f32>, tensor<i64>
}

func.func @masked(%x: tensor<20xf64>, %m: tensor<20xi1>) -> tensor<20xf64> {
  %zero = arith.constant dense<0.0> : tensor<20xf64>
  %r = arith.select %m, %x, %zero : tensor<20xi1>, tensor<20xf64>
  return %r : tensor<20xf64>
}
