// RUN: split-file %s %t
// RUN: prune-opt %t/functions.mlir --pass-pipeline="builtin.module(prune-annotate-model)" -verify-diagnostics -split-input-file
// RUN: prune-opt %t/missing.mlir --pass-pipeline="builtin.module(prune-annotate-model{function=net})" -verify-diagnostics
// RUN: prune-opt %t/many.mlir --pass-pipeline="builtin.module(prune-annotate-model{parameters=a,b,c})" -verify-diagnostics
// RUN: prune-opt %t/twice.mlir --pass-pipeline="builtin.module(prune-annotate-model{parameters=a,a})" -verify-diagnostics
// RUN: prune-opt %t/buffer.mlir --pass-pipeline="builtin.module(prune-annotate-model{parameters=a buffers=b})" -verify-diagnostics
// RUN: prune-opt %t/integer.mlir --pass-pipeline="builtin.module(prune-annotate-model{parameters=a})" -verify-diagnostics
// RUN: prune-opt %t/constants.mlir --pass-pipeline="builtin.module(prune-annotate-model{constants=a,b})" -verify-diagnostics
// RUN: prune-opt %t/constant-twice.mlir --pass-pipeline="builtin.module(prune-annotate-model{parameters=a constants=a})" -verify-diagnostics

//--- functions.mlir
// expected-error@below {{expected one public function with a body, found 2; name the network with the option 'function'}}
module {
  // expected-note@below {{'one'}}
  func.func @one() {
    return
  }
  // expected-note@below {{'two'}}
  func.func @two() {
    return
  }
}

// -----

// expected-error@below {{expected one public function with a body, found 0}}
module {
  func.func private @external()
}

// -----

module {
  // expected-error@below {{cannot rename 'main' to 'forward': the module has a symbol of that name}}
  func.func @main() {
    return
  }
  func.func private @forward()
}

//--- missing.mlir
// expected-error@below {{expected a function named 'net', found none}}
module {
}

//--- many.mlir
// expected-error@below {{expected at most 2 parameter names, one per argument, got 3}}
func.func @main(%a: tensor<2xf32>, %b: tensor<2xf32>) {
  return
}

//--- twice.mlir
// expected-error@below {{parameter 'a' is named twice}}
func.func @main(%a: tensor<2xf32>, %b: tensor<2xf32>) {
  return
}

//--- buffer.mlir
// expected-error@below {{buffer 'b' is not among the parameters}}
func.func @main(%a: tensor<2xf32>) {
  return
}

//--- integer.mlir
// expected-error@below {{expected a tensor of floating-point elements for parameter 'a', got 'tensor<2xi32>'}}
func.func @main(%a: tensor<2xi32>) {
  return
}

//--- constants.mlir
// expected-error@below {{expected names of 1 constants, got 2}}
func.func @main() -> tensor<2xf32> {
  %0 = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  return %0 : tensor<2xf32>
}

//--- constant-twice.mlir
// expected-error@below {{parameter 'a' is named twice}}
func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {
  %0 = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  return %0 : tensor<2xf32>
}
