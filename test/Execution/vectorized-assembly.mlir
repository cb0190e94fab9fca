// The machine code of element-wise loops and reductions has no arithmetic on
// single numbers, and masks are compared as vectors of bytes.

// RUN: prune-run %s --function=update --random-seed=1 --dump-asm=%t.s
// RUN: FileCheck %s < %t.s

// CHECK-LABEL: {{^}}update:
// CHECK-NOT: {{(add|sub|mul|fmadd[0-9]*|fnmadd[0-9]*|max|min)ss}}
// CHECK: {{(add|sub|mul|fmadd[0-9]*|fnmadd[0-9]*)ps}}
// CHECK-NOT: {{(add|sub|mul|fmadd[0-9]*|fnmadd[0-9]*|max|min)ss}}
// CHECK: .Lfunc_end
func.func @update(%w: tensor<300x784xf32> {prune.state = "w"}, %v: tensor<300x784xf32> {prune.state = "v"},
    %m: tensor<300x784xi1> {prune.state = "mask:w"}, %g: tensor<300x784xf32>, %rate: f32)
    -> (tensor<300x784xf32> {prune.state = "w"}, tensor<300x784xf32> {prune.state = "v"}) {
  %w1, %v1 = prune.sgd_update %w, %g, lr %rate velocity %v mask %m {momentum = 0.9}
      : (tensor<300x784xf32>, tensor<300x784xf32>, f32, tensor<300x784xf32>, tensor<300x784xi1>)
      -> (tensor<300x784xf32>, tensor<300x784xf32>)
  return %w1, %v1 : tensor<300x784xf32>, tensor<300x784xf32>
}

// Row maxima, exponentials and row sums of a softmax: no call of the C library.
// CHECK-LABEL: {{^}}softmax:
// CHECK-NOT: {{[$]expf}}
// CHECK: mulps
// CHECK-NOT: {{[$]expf}}
// CHECK: .Lfunc_end
func.func @softmax(%x: tensor<64x48xf32>) -> tensor<64x48xf32> {
  %e = tensor.empty() : tensor<64x48xf32>
  %y = linalg.softmax dimension(1) ins(%x : tensor<64x48xf32>) outs(%e : tensor<64x48xf32>) -> tensor<64x48xf32>
  return %y : tensor<64x48xf32>
}
