// Every bad input ends with status 1 and one message.

// RUN: %python %S/Inputs/make-npz.py %t.npz x "<f4" "3," 1,2,3
// RUN: not prune-run %s %t.npz --function=h 2>&1 | FileCheck %s --check-prefix=FUNCTION
// FUNCTION: prune-run: error: no function 'h'; there are: f, g
// RUN: not prune-run %s %t.npz 2>&1 | FileCheck %s --check-prefix=CHOOSE
// CHOOSE: error: choose a function with --function; there are: f, g
// RUN: not prune-run %s --function=f 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: error: function 'f' needs an array for its argument 'x', float32 of shape (3,)
// RUN: not prune-run %s %t.none.npz --function=f 2>&1 | FileCheck %s --check-prefix=FILE
// FILE: error: cannot open '{{.*}}none.npz': No such file
// RUN: not prune-run %s %s --function=f 2>&1 | FileCheck %s --check-prefix=ZIP
// ZIP: error: cannot open '{{.*}}errors.mlir': Not a zip archive
// RUN: not prune-run %s %t.npz --function=f --repeat=0 2>&1 | FileCheck %s --check-prefix=REPEAT
// REPEAT: error: --repeat is 0, expected at least 1
// RUN: not prune-run %s %t.npz --function=f --threads=0 2>&1 | FileCheck %s --check-prefix=THREADS
// THREADS: error: --threads is 0, expected at least 1
// RUN: not prune-run %s %t.npz --function=f -o %t.no-folder/x.npz 2>&1 | FileCheck %s --check-prefix=OUTPUT
// OUTPUT: error: cannot {{(open|write)}} '{{.*}}no-folder
// RUN: not prune-run %t.no.mlir 2>&1 | FileCheck %s --check-prefix=MODULE
// MODULE: could not open input file

// RUN: %python %S/Inputs/make-npz.py %t.shape.npz x "<f4" "2," 1,2
// RUN: not prune-run %s %t.shape.npz --function=f 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: error: array 'x' is float32 of shape (2,), but argument 'x' of function 'f' is float32 of shape (3,)
// RUN: %python %S/Inputs/make-npz.py %t.extra.npz x "<f4" "3," 1,2,3 y "<f4" "" 1
// RUN: not prune-run %s %t.extra.npz --function=f 2>&1 | FileCheck %s --check-prefix=EXTRA
// EXTRA: error: array 'y' is no argument of function 'f'
// RUN: %python %S/Inputs/make-npz.py %t.big.npz x ">f4" "3," 1,2,3
// RUN: not prune-run %s %t.big.npz --function=f 2>&1 | FileCheck %s --check-prefix=ENDIAN
// ENDIAN: error: '{{.*}}': array 'x': the elements are big-endian, expected little-endian
// RUN: %python %S/Inputs/make-npz.py %t.type.npz x "<c8" "3," 1,2,3
// RUN: not prune-run %s %t.type.npz --function=f 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: array 'x': the elements have type '<c8', expected one of f4, f8, i1, u1, i4, i8, b1
// RUN: %python %S/Inputs/make-npz.py %t.order.npz x "F<f4" "3," 1,2,3
// RUN: not prune-run %s %t.order.npz --function=f 2>&1 | FileCheck %s --check-prefix=ORDER
// ORDER: array 'x': the elements are in Fortran order, expected C order
// RUN: %python %S/Inputs/make-npz.py %t.cut.npz x "<f4!" "3," 1,2,3
// RUN: not prune-run %s %t.cut.npz --function=f 2>&1 | FileCheck %s --check-prefix=CUT
// CUT: array 'x': it has 11 bytes of elements, which does not fit the shape (3,)
// RUN: %python %S/Inputs/make-npz.py %t.huge.npz x "<f4" "4611686018427387904, 8" 1
// RUN: not prune-run %s %t.huge.npz --function=f 2>&1 | FileCheck %s --check-prefix=HUGE
// HUGE: array 'x': it has 4 bytes of elements, which does not fit the shape
// RUN: %python %S/Inputs/make-npz.py %t.raw.npz x raw "" ""
// RUN: not prune-run %s %t.raw.npz --function=f 2>&1 | FileCheck %s --check-prefix=RAW
// RAW: array 'x': it is no .npy file

func.func @f(%x: tensor<3xf32> {prune.input = "x"}) -> tensor<3xf32> {
  return %x : tensor<3xf32>
}
func.func @g() {
  return
}
