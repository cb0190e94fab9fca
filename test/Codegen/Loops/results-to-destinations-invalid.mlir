// RUN: prune-opt %s --pass-pipeline="builtin.module(prune-results-to-destinations)" -split-input-file -verify-diagnostics

// expected-error @below {{result 0 is the new state 'w', but no argument holds that state}}
func.func @missing(%w: tensor<4xf32>) -> (tensor<4xf32> {prune.state = "w"}) {
  return %w : tensor<4xf32>
}

// -----

// expected-error @below {{state 'w' comes in as 'tensor<4xf32>' and goes out as 'tensor<2xf32>'}}
func.func @retyped(%w: tensor<4xf32> {prune.state = "w"}, %v: tensor<2xf32>) -> (tensor<2xf32> {prune.state = "w"}) {
  return %v : tensor<2xf32>
}

// -----

// expected-error @below {{two results are the new state 'w'}}
func.func @twice(%w: tensor<4xf32> {prune.state = "w"})
    -> (tensor<4xf32> {prune.state = "w"}, tensor<4xf32> {prune.state = "w"}) {
  return %w, %w : tensor<4xf32>, tensor<4xf32>
}

// -----

// expected-error @below {{state result 0 has type 'f32', expected a tensor}}
func.func @scalar(%n: f32 {prune.state = "n"}) -> (f32 {prune.state = "n"}) {
  return %n : f32
}

// -----

// expected-error @below {{argument 0 has type 'tensor<?xf32>', expected a static shape}}
func.func @dynamic(%x: tensor<?xf32>) {
  return
}

// -----

// expected-error @below {{result 0 has type 'tensor<?xf32>', expected a tensor of static shape or a scalar}}
func.func @dynamic(%n: index) -> tensor<?xf32> {
  %x = tensor.empty(%n) : tensor<?xf32>
  return %x : tensor<?xf32>
}

// -----

// expected-error @below {{has 2 blocks, expected structured control flow in one block}}
func.func @blocks(%x: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^bb1
^bb1:
  return %x : tensor<4xf32>
}

// -----

func.func @callee(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func @caller(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{uses the public function 'callee', expected it to be inlined}}
  %y = call @callee(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
