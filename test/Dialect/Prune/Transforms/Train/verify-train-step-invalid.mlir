// RUN: prune-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(prune-verify-train-step)"

// train_step_c1
// expected-error @below {{expected a function named 'train_step', found none}}
module {
}

// -----

// train_step_c2
// expected-error @below {{expected one result with prune.output = "loss", found 0}}
func.func @train_step() {
  return
}

// -----

// train_step_c3
// expected-error @below {{two arguments carry the state "a"}}
func.func @train_step(%a: tensor<2xf32> {prune.state = "a"}, %b: tensor<2xf32> {prune.state = "a"}, %l: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}) {
  return %l : tensor<f32>
}

// -----

// train_step_c3
// expected-error @below {{two results carry the state "a"}}
func.func @train_step(%a: tensor<f32> {prune.state = "a"})
    -> (tensor<f32> {prune.output = "loss"}, tensor<f32> {prune.state = "a"}, tensor<f32> {prune.state = "a"}) {
  return %a, %a, %a : tensor<f32>, tensor<f32>, tensor<f32>
}

// -----

// train_step_c4
// expected-error @below {{state "a" has no argument}}
func.func @train_step(%l: tensor<f32>)
    -> (tensor<f32> {prune.output = "loss"}, tensor<f32> {prune.state = "a"}) {
  return %l, %l : tensor<f32>, tensor<f32>
}

// -----

// train_step_c4
// expected-error @below {{expected state "a" of type 'tensor<2xf32>', got 'tensor<f32>'}}
func.func @train_step(%l: tensor<f32>, %a: tensor<2xf32> {prune.state = "a"})
    -> (tensor<f32> {prune.output = "loss"}, tensor<f32> {prune.state = "a"}) {
  return %l, %l : tensor<f32>, tensor<f32>
}

// -----

// train_step_c5
// expected-error @below {{expected parameter 'w' to be state that is returned}}
func.func @train_step(%l: tensor<f32>, %w: tensor<2xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"})
    -> (tensor<f32> {prune.output = "loss"}) {
  return %l : tensor<f32>
}

// -----

// train_step_c5
// expected-error @below {{expected parameter 'w' to be state that is returned}}
func.func @train_step(%l: tensor<f32>, %w: tensor<2xf32> {prune.param = #prune.param<"w", weight>})
    -> (tensor<f32> {prune.output = "loss"}) {
  return %l : tensor<f32>
}

// -----

// train_step_c6
// expected-error @below {{state "mask:w" has no parameter}}
func.func @train_step(%l: tensor<f32>, %m: tensor<2xi1> {prune.state = "mask:w"})
    -> (tensor<f32> {prune.output = "loss"}) {
  return %l : tensor<f32>
}

// -----

// train_step_c6
// expected-error @below {{expected state "mask:w" of type 'tensor<2xi1>', got 'tensor<2xi8>'}}
func.func @train_step(%l: tensor<f32>, %m: tensor<2xi8> {prune.state = "mask:w"},
                      %w: tensor<2xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"})
    -> (tensor<f32> {prune.output = "loss"}, tensor<2xf32> {prune.state = "w"}) {
  return %l, %w : tensor<f32>, tensor<2xf32>
}

// -----

// train_step_c6
// expected-error @below {{expected state "velocity:w" of type 'tensor<2xf32>', got 'tensor<3xf32>'}}
func.func @train_step(%l: tensor<f32>, %v: tensor<3xf32> {prune.state = "velocity:w"},
                      %w: tensor<2xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"})
    -> (tensor<f32> {prune.output = "loss"}, tensor<2xf32> {prune.state = "w"}) {
  return %l, %w : tensor<f32>, tensor<2xf32>
}

// -----

// train_step_c7
// expected-error @below {{result 1 of a training step is a gradient}}
func.func @train_step(%l: tensor<f32>, %w: tensor<2xf32> {prune.param = #prune.param<"w", weight>, prune.state = "w"})
    -> (tensor<f32> {prune.output = "loss"}, tensor<2xf32> {prune.grad_of = "w"}) {
  return %l, %w : tensor<f32>, tensor<2xf32>
}
