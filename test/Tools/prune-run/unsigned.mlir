// Bytes that are marked as unsigned are arrays of uint8.

// RUN: %python %S/Inputs/make-npz.py %t.npz x "|u1" "3," 1,200,255
// RUN: prune-run %s %t.npz --function=f --reference -o %t.out.npz | FileCheck %s
// RUN: %python %S/Inputs/make-npz.py %t.signed.npz x "|i1" "3," 1,2,3
// RUN: not prune-run %s %t.signed.npz --function=f 2>&1 | FileCheck %s --check-prefix=SIGNED

// CHECK: value: float32 (3,) min 1 max 255
// CHECK: byte: uint8 (3,) min 1 max 255
// SIGNED: error: array 'x' is int8 of shape (3,), but argument 'x' of function 'f' is uint8 of shape (3,)

func.func @f(%x: tensor<3xi8> {prune.input = "x", prune.unsigned})
    -> (tensor<3xf32> {prune.output = "value"},
        tensor<3xi8> {prune.output = "byte", prune.unsigned}) {
  %value = arith.uitofp %x : tensor<3xi8> to tensor<3xf32>
  return %value, %x : tensor<3xf32>, tensor<3xi8>
}
