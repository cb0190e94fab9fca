// RUN: prune-opt %s -split-input-file -verify-diagnostics -allow-unregistered-dialect --pass-pipeline="builtin.module(prune-differentiate)"

// expected-error @+1 {{expected a function named 'loss', found none}}
module {
}

// -----

// expected-error @+1 {{expected a function with a body}}
func.func private @loss(%w: f32 {prune.param = #prune.param<"w", weight>}) -> f32

// -----

// expected-error @+1 {{expected a function of one block, got 2}}
func.func @loss(%w: f32 {prune.param = #prune.param<"w", weight>}) -> f32 {
  cf.br ^bb1
^bb1:
  return %w : f32
}

// -----

// expected-error @+1 {{expected a scalar floating-point loss, got 'tensor<2xf32>'}}
func.func @loss(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}) -> tensor<2xf32> {
  return %w : tensor<2xf32>
}

// -----

// expected-error @+1 {{expected a scalar floating-point loss, got 'i32'}}
func.func @loss(%w: f32 {prune.param = #prune.param<"w", weight>}, %i: i32) -> i32 {
  return %i : i32
}

// -----

// expected-error @+1 {{expected a result with prune.output = "loss" or a single result}}
func.func @loss(%w: f32 {prune.param = #prune.param<"w", weight>}) -> (f32, f32) {
  return %w, %w : f32, f32
}

// -----

// expected-error @+1 {{expected a result with prune.output = "loss" or a single result without a name}}
func.func @loss(%w: f32 {prune.param = #prune.param<"w", weight>}) -> (f32 {prune.output = "score"}) {
  return %w : f32
}

// -----

// expected-error @+1 {{expected one loss, got several}}
func.func @loss(%w: f32 {prune.param = #prune.param<"w", weight>}) -> (f32 {prune.output = "loss"}, f32 {prune.output = "loss"}) {
  return %w, %w : f32, f32
}

// -----

// expected-error @+1 {{expected at least one trainable parameter}}
func.func @loss(%w: f32 {prune.param = #prune.param<"w", buffer>}) -> f32 {
  return %w : f32
}

// -----

// expected-error @+1 {{expected parameter 'w' of a floating-point type, got 'i32'}}
func.func @loss(%w: i32 {prune.param = #prune.param<"w", weight>}, %x: f32) -> f32 {
  return %x : f32
}

// -----

func.func @loss(%x: f32) -> f32 {
  // expected-error @+1 {{expected parameter 'w' as an argument; prune-lift-parameters makes it one}}
  %w = arith.constant {prune.param = #prune.param<"w", weight>} 1.0 : f32
  %0 = arith.mulf %x, %w : f32
  return %0 : f32
}

// -----

// expected-error @+1 {{expected gradients of all trainable parameters or of none; that of 'b' is missing}}
func.func @loss(%a: f32 {prune.param = #prune.param<"a", weight>}, %b: f32 {prune.param = #prune.param<"b", bias>})
    -> (f32 {prune.output = "loss"}, f32 {prune.grad_of = "a"}) {
  return %a, %b : f32, f32
}

// -----

// expected-error @+1 {{expected the gradient of 'a' to have type 'f32', got 'f64'}}
func.func @loss(%a: f32 {prune.param = #prune.param<"a", weight>}, %b: f64)
    -> (f32 {prune.output = "loss"}, f64 {prune.grad_of = "a"}) {
  return %a, %b : f32, f64
}

// -----

// expected-error @+1 {{expected a function that nothing refers to, as its signature would change, got a reference to 'loss'}}
func.func @loss(%a: f32 {prune.param = #prune.param<"a", weight>}) -> f32 {
  return %a : f32
}
func.func @caller(%a: f32) -> f32 {
  %0 = func.call @loss(%a) : (f32) -> f32
  return %0 : f32
}

// -----

// The path starts at a parameter and ends at the operation.

func.func @loss(%a: tensor<f32> {prune.param = #prune.param<"a", weight>}, %x: tensor<f32>) -> tensor<f32> {
  %0 = arith.mulf %a, %x : tensor<f32>
  %1 = math.exp %0 : tensor<f32>
  // expected-error @+1 {{no reverse-mode rule for 'test.unknown'; a gradient reaches it on the path: parameter 'a' -> arith.mulf -> math.exp -> test.unknown}}
  %2 = "test.unknown"(%x, %1) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %3 = arith.negf %2 : tensor<f32>
  return %3 : tensor<f32>
}

// -----

// Inside a structured operation the scalar operation is named.

func.func @loss(%a: tensor<4xf32> {prune.param = #prune.param<"a", weight>}, %i: tensor<f32>) -> tensor<f32> {
  %0 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]}
      ins(%a : tensor<4xf32>) outs(%i : tensor<f32>) {
    ^bb0(%in: f32, %out: f32):
      // expected-error @+1 {{no reverse-mode rule for 'math.asin'; a gradient reaches it on the path: parameter 'a' -> linalg.generic}}
      %s = math.asin %in : f32
      %t = arith.addf %s, %out : f32
      linalg.yield %t : f32
  } -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

// A product over a loop would need its partial results.

func.func @loss(%a: tensor<4xf32> {prune.param = #prune.param<"a", weight>}, %i: tensor<f32>) -> tensor<f32> {
  // expected-error @+1 {{no reverse-mode rule for a reduction that is no sum, maximum or minimum; a gradient reaches it on the path: parameter 'a' -> linalg.reduce}}
  %0 = linalg.reduce { arith.mulf } ins(%a : tensor<4xf32>) outs(%i : tensor<f32>) dimensions = [0]
  return %0 : tensor<f32>
}

// -----

// Values that a region reads without being operands.

func.func @loss(%a: f32 {prune.param = #prune.param<"a", scale>}, %p: i1) -> f32 {
  %zero = arith.constant 0.0 : f32
  // expected-error @+1 {{no reverse-mode rule for 'scf.if' with a region that reads a differentiated value; a gradient reaches it on the path: parameter 'a' -> scf.if}}
  %0 = scf.if %p -> f32 {
    scf.yield %a : f32
  } else {
    scf.yield %zero : f32
  }
  return %0 : f32
}

// -----

func.func @loss(%a: f32 {prune.param = #prune.param<"a", scale>}, %p: tensor<4xi1>, %i: tensor<f32>) -> tensor<f32> {
  %zero = arith.constant 0.0 : f32
  %0 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]}
      ins(%p : tensor<4xi1>) outs(%i : tensor<f32>) {
    ^bb0(%in: i1, %out: f32):
      // expected-error @+1 {{no reverse-mode rule for a region in the body of a structured operation}}
      %s = scf.if %in -> f32 {
        scf.yield %a : f32
      } else {
        scf.yield %zero : f32
      }
      %t = arith.addf %s, %out : f32
      linalg.yield %t : f32
  } -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

// Of a long path the middle is left out.

func.func @loss(%a: f32 {prune.param = #prune.param<"a", scale>}) -> f32 {
  %0 = math.exp %a : f32
  %1 = math.exp %0 : f32
  %2 = math.exp %1 : f32
  %3 = math.exp %2 : f32
  %4 = math.sin %3 : f32
  %5 = math.sin %4 : f32
  %6 = math.tanh %5 : f32
  %7 = math.tanh %6 : f32
  %8 = math.tanh %7 : f32
  // expected-error @+1 {{parameter 'a' -> math.exp -> math.exp -> math.exp -> math.exp -> (2 more) -> math.tanh -> math.tanh -> math.tanh -> math.asin}}
  %9 = math.asin %8 : f32
  return %9 : f32
}

// -----

// expected-error @below {{expected parameter 'w' of static shape, got 'tensor<?x4xf32>'}}
func.func @loss(%v: f32 {prune.param = #prune.param<"v", scale>}, %w: tensor<?x4xf32> {prune.param = #prune.param<"w", weight>}) -> f32 {
  return %v : f32
}
