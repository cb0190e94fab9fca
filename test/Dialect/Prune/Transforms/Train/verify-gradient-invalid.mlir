// RUN: prune-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(prune-verify-gradient)"

// gradient_c1
// expected-error @below {{expected a function named 'loss', found none}}
module {
}

// -----

// gradient_c1
// expected-error @below {{expected a function with a body}}
func.func private @loss(tensor<f32>) -> (tensor<f32> {prune.output = "loss"})

// -----

// gradient_c1
// expected-error @below {{expected a function of one block, got 2}}
func.func @loss(%x: tensor<f32>) -> (tensor<f32> {prune.output = "loss"}) {
  cf.br ^next
^next:
  return %x : tensor<f32>
}

// -----

// gradient_c2
// expected-error @below {{expected one result with prune.output = "loss", found 0}}
func.func @loss(%x: tensor<f32>) -> tensor<f32> {
  return %x : tensor<f32>
}

// -----

// gradient_c2
// expected-error @below {{expected one result with prune.output = "loss", found 2}}
func.func @loss(%x: tensor<f32>) -> (tensor<f32> {prune.output = "loss"}, tensor<f32> {prune.output = "loss"}) {
  return %x, %x : tensor<f32>, tensor<f32>
}

// -----

// gradient_c2
// expected-error @below {{expected the loss to be a tensor of rank zero of floats, got 'tensor<2xf32>'}}
func.func @loss(%x: tensor<2xf32>) -> (tensor<2xf32> {prune.output = "loss"}) {
  return %x : tensor<2xf32>
}

// -----

// gradient_c3
// expected-error @below {{result 1 is a gradient of 'v', which is no trainable parameter}}
func.func @loss(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<2xf32> {prune.grad_of = "v"}) {
  return %x, %w : tensor<f32>, tensor<2xf32>
}

// -----

// gradient_c3
// expected-error @below {{result 1 is a gradient of 'mean', which is no trainable parameter}}
func.func @loss(%m: tensor<2xf32> {prune.param = #prune.param<"mean", buffer>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<2xf32> {prune.grad_of = "mean"}) {
  return %x, %m : tensor<f32>, tensor<2xf32>
}

// -----

// gradient_c3
// expected-error @below {{parameter 'w' has more than one gradient}}
func.func @loss(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<2xf32> {prune.grad_of = "w"}, tensor<2xf32> {prune.grad_of = "w"}) {
  return %x, %w, %w : tensor<f32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// gradient_c4
// expected-error @below {{expected the gradient of 'w' to have type 'tensor<2xf32>', got 'tensor<f32>'}}
func.func @loss(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<f32> {prune.grad_of = "w"}) {
  return %x, %x : tensor<f32>, tensor<f32>
}

// -----

// gradient_c4
// expected-error @below {{expected trainable parameter 'w' to be a tensor of floats of static shape, got 'tensor<?xf32>'}}
func.func @loss(%w: tensor<?xf32> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}) {
  return %x : tensor<f32>
}

// -----

// gradient_c5
// expected-error @below {{trainable parameter 'w' has no gradient among the results}}
func.func @loss(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}) {
  return %x : tensor<f32>
}

// -----

// gradient_c6
// expected-error @below {{result 1 is new state "m", which has no argument}}
func.func @loss(%x: tensor<f32>) -> (tensor<f32> {prune.output = "loss"}, tensor<f32> {prune.state = "m"}) {
  return %x, %x : tensor<f32>, tensor<f32>
}

// -----

// gradient_c6
// expected-error @below {{expected state "m" of type 'tensor<2xf32>', got 'tensor<f32>'}}
func.func @loss(%m: tensor<2xf32> {prune.param = #prune.param<"m", buffer>}, %x: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<f32> {prune.state = "m"}) {
  return %x, %x : tensor<f32>, tensor<f32>
}

// -----

// gradient_c6
// expected-error @below {{state "m" is returned more than once}}
func.func @loss(%m: tensor<f32> {prune.state = "m"})
    -> (tensor<f32> {prune.output = "loss"}, tensor<f32> {prune.state = "m"}, tensor<f32> {prune.state = "m"}) {
  return %m, %m, %m : tensor<f32>, tensor<f32>, tensor<f32>
}
