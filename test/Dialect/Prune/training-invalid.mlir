// RUN: prune-opt %s --split-input-file --verify-diagnostics

// apply_mask_c2
func.func @f(%w: tensor<4xf32>, %m: tensor<4xi1>) {
  // expected-error @below {{expected a decay that is not negative, and 'straight_through' with it, got 1.000000e-01}}
  %0 = prune.apply_mask %w, %m {decay = 0.1 : f64} : tensor<4xf32>
  return
}

// -----

// gate_c1
func.func @f(%w: tensor<4x2xf32>, %m: tensor<2xf32>) {
  // expected-error @below {{expected auxiliary parameters of type 'tensor<4xf32>', got 'tensor<2xf32>'}}
  %0 = prune.gate %w, %m ste(<softplus>) granularity(<channel, axis = 0>) : tensor<4x2xf32>, tensor<2xf32>
  return
}

// -----

// gate_c1
func.func @f(%w: tensor<4xf32>, %m: tensor<4xf32>) {
  // expected-error @below {{does not fit a weight of shape 4}}
  %0 = prune.gate %w, %m ste(<softplus>) granularity(<filter_plane>) : tensor<4xf32>, tensor<4xf32>
  return
}

// -----

// select_mask_c3
func.func @f(%s: tensor<4xf32>, %r: f64) {
  // expected-error @below {{expected a run-time value of element type 'f32', got 'f64'}}
  %0 = prune.select_mask %s selection(<sparsity>) value %r : f64 granularity(<unstructured>) : (tensor<4xf32>) -> tensor<4xi1>
  return
}

// -----

// select_mask_c4
func.func @f(%s: tensor<4xf32>, %r: f32) {
  // expected-error @below {{expected a threshold or a sparsity with a run-time value}}
  %0 = prune.select_mask %s selection(<keep_all>) value %r : f32 granularity(<unstructured>) : (tensor<4xf32>) -> tensor<4xi1>
  return
}

// -----

// regularize_c2
func.func @f(%w: tensor<4xf32>, %r: f32) {
  // expected-error @below {{expected a granularity}}
  %0 = prune.regularize group_lasso %w, %r : tensor<4xf32>
  return
}

// -----

// regularize_c2
func.func @f(%w: tensor<4xf32>, %r: f32) {
  // expected-error @below {{expected no granularity}}
  %0 = prune.regularize l1 %w, %r granularity(<unstructured>) : tensor<4xf32>
  return
}

// -----

// regularize_c2
func.func @f(%w: tensor<8xf32>, %r: f32) {
  // expected-error @below {{does not group a weight of shape 8}}
  %0 = prune.regularize group_lasso %w, %r granularity(<n_of_m, shape = [2, 4], axis = 0>) : tensor<8xf32>
  return
}

// -----

// regularize_c3
func.func @f(%w: tensor<4xf32>, %r: f32) {
  // expected-error @below {{expected an estimator}}
  %0 = prune.regularize open_gates %w, %r : tensor<4xf32>
  return
}

// -----

// regularize_c3
func.func @f(%w: tensor<4xf32>, %r: f32) {
  // expected-error @below {{expected no estimator}}
  %0 = prune.regularize l1 %w, %r ste(<linear>) : tensor<4xf32>
  return
}

// -----

// regularize_gradient_c2
func.func @f(%w: tensor<4xf32>, %r: f32) {
  // expected-error @below {{expected a granularity}}
  %0 = prune.regularize_gradient group_hoyer_square %w, %r : tensor<4xf32>
  return
}

// -----

// proximal_c1
func.func @f(%w: tensor<4xf32>, %r: f32) {
  // expected-error @below {{expected no granularity}}
  %0 = prune.proximal l1 %w, %r granularity(<unstructured>) : tensor<4xf32>
  return
}

// -----

// batch_norm_c1
func.func @f(%x: tensor<4xf32>, %c: tensor<4xf32>) {
  // expected-error @below {{expected an input of at least two dimensions, got 'tensor<4xf32>'}}
  %0 = prune.batch_norm %x, %c, %c, %c, %c epsilon 1.0e-5 : tensor<4xf32>, tensor<4xf32>
  return
}

// -----

// batch_norm_c1
func.func @f(%x: tensor<4x3xf32>, %c: tensor<4xf32>) {
  // expected-error @below {{expected one element per channel, 'tensor<3xf32>', got 'tensor<4xf32>'}}
  %0 = prune.batch_norm %x, %c, %c, %c, %c epsilon 1.0e-5 : tensor<4x3xf32>, tensor<4xf32>
  return
}

// -----

// batch_norm_c2
func.func @f(%x: tensor<4x3xf32>, %c: tensor<3xf32>) {
  // expected-error @below {{expected a positive epsilon}}
  %0 = prune.batch_norm %x, %c, %c, %c, %c epsilon 0.0 : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %c: tensor<3xf32>) {
  // expected-error @below {{attribute 'fixed_scale' failed to satisfy constraint: unit attribute}}
  %0 = prune.batch_norm %x, %c, %c, %c, %c epsilon 1.0 {fixed_scale = 1 : i32} : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

// batch_norm_training_c1
func.func @f(%x: tensor<4x3xf32>, %c: tensor<3xf32>) {
  // expected-error @below {{expected a positive epsilon}}
  %0, %1, %2 = prune.batch_norm_training %x, %c, %c epsilon 0.0 : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

// batch_norm_gradient_c1
func.func @f(%x: tensor<4x3xf32>, %c: tensor<3xf32>) {
  // expected-error @below {{expected a positive epsilon}}
  %0, %1, %2 = prune.batch_norm_gradient %x, %c, %c, %c, %x epsilon 0.0 : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

// max_pool_gradient_c1
func.func @f(%x: tensor<4x3xf32>, %y: tensor<4x3xf32>) {
  // expected-error @below {{expected input and output [n, c, h, w]}}
  %0 = prune.max_pool_gradient %x, %y, %y window [2, 2] strides [2, 2] dilations [1, 1] : tensor<4x3xf32>, tensor<4x3xf32>
  return
}

// -----

// max_pool_gradient_c2
func.func @f(%x: tensor<1x1x4x4xf32>, %y: tensor<1x1x2x2xf32>) {
  // expected-error @below {{expected two positive numbers each for window, strides and dilations}}
  %0 = prune.max_pool_gradient %x, %y, %y window [2, 0] strides [2, 2] dilations [1, 1] : tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>
  return
}

// -----

// max_pool_gradient_c2
func.func @f(%x: tensor<1x1x4x4xf32>, %y: tensor<1x1x2x2xf32>) {
  // expected-error @below {{expected extent 3 in dimension 3 of the output, got 2}}
  %0 = prune.max_pool_gradient %x, %y, %y window [2, 2] strides [2, 1] dilations [1, 1] : tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>
  return
}

// -----

// sgd_update_c5
func.func @f(%w: tensor<4xf32>, %r: f32) {
  // expected-error @below {{expected a mask with freeze_masked}}
  %0 = prune.sgd_update %w, %w, lr %r {freeze_masked} : (tensor<4xf32>, tensor<4xf32>, f32) -> tensor<4xf32>
  return
}

// -----

// adam_update_c3
func.func @f(%w: tensor<4xf32>, %r: f32, %t: i64) {
  // expected-error @below {{expected a mask with freeze_masked}}
  %0, %1, %2 = prune.adam_update %w, %w, lr %r step %t moments %w, %w {freeze_masked} : (tensor<4xf32>, tensor<4xf32>, f32, i64, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// sgd_update_c5
func.func @f(%w: tensor<4xf32>, %m: tensor<4xi1>, %r: f32) {
  // expected-error @below {{expected freeze_masked with decay_frozen}}
  %0 = prune.sgd_update %w, %w, lr %r mask %m {decay_frozen} : (tensor<4xf32>, tensor<4xf32>, f32, tensor<4xi1>) -> tensor<4xf32>
  return
}

// -----

// sgd_update_c6
func.func @f(%w: tensor<4xf32>, %r: f32) {
  // expected-error @below {{expected a positive clamp}}
  %0 = prune.sgd_update %w, %w, lr %r {clamp = 0.0 : f64} : (tensor<4xf32>, tensor<4xf32>, f32) -> tensor<4xf32>
  return
}

// -----

// adam_update_c4
func.func @f(%w: tensor<4xf32>, %r: f32, %t: i64) {
  // expected-error @below {{expected a positive clamp}}
  %0, %1, %2 = prune.adam_update %w, %w, lr %r step %t moments %w, %w {clamp = -1.0 : f64} : (tensor<4xf32>, tensor<4xf32>, f32, i64, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}
