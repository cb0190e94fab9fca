// RUN: prune-opt %s --split-input-file --verify-diagnostics

// apply_mask_c1
func.func @f(%w: tensor<4xf32>, %m: tensor<3xi1>) {
  // expected-error @below {{failed to verify that mask has the shape of the weight and element type i1}}
  %0 = "prune.apply_mask"(%w, %m) : (tensor<4xf32>, tensor<3xi1>) -> tensor<4xf32>
  return
}

// -----

// apply_mask_c1
func.func @f(%w: tensor<4xf32>, %m: tensor<4xi8>) {
  // expected-error @below {{operand #1 must be statically shaped tensor of 1-bit signless integer values}}
  %0 = "prune.apply_mask"(%w, %m) : (tensor<4xf32>, tensor<4xi8>) -> tensor<4xf32>
  return
}

// -----

// apply_mask_c1
func.func @f(%w: tensor<4xf32>, %m: tensor<4xi1>) {
  // expected-error @below {{failed to verify that all of {weight, result} have same type}}
  %0 = "prune.apply_mask"(%w, %m) : (tensor<4xf32>, tensor<4xi1>) -> tensor<4xf64>
  return
}

// -----

func.func @f(%w: tensor<?xf32>, %m: tensor<4xi1>) {
  // expected-error @below {{'weight' must be statically shaped tensor of floating-point values, but got 'tensor<?xf32>'}}
  %0 = prune.apply_mask %w, %m : tensor<?xf32>
  return
}

// -----

func.func @f(%w: tensor<*xf32>, %m: tensor<4xi1>) {
  // expected-error @below {{invalid kind of type specified}}
  %0 = prune.apply_mask %w, %m : tensor<*xf32>
  return
}

// -----

// gate_c1
func.func @f(%w: tensor<4xf32>, %a: tensor<4xf64>) {
  // expected-error @below {{expected auxiliary parameters of type 'tensor<4xf32>', got 'tensor<4xf64>'}}
  %0 = "prune.gate"(%w, %a) {ste = #prune.ste<relu>} : (tensor<4xf32>, tensor<4xf64>) -> tensor<4xf32>
  return
}

// -----

// score_c1
func.func @f(%w: tensor<4x2xf32>) {
  // expected-error @below {{granularity #prune.granularity<filter_plane> does not fit a weight of shape 4x2}}
  %0 = prune.score %w criterion(<magnitude>) granularity(<filter_plane>) : tensor<4x2xf32> -> tensor<4x2xf32>
  return
}

// -----

// score_c1
func.func @f(%w: tensor<4x2xf32>) {
  // expected-error @below {{granularity #prune.granularity<channel, axis = 2> does not fit a weight of shape 4x2}}
  %0 = prune.score %w criterion(<magnitude>) granularity(<channel, axis = 2>) : tensor<4x2xf32> -> tensor<4xf32>
  return
}

// -----

// score_c2
func.func @f(%w: tensor<5x2xf32>) {
  // expected-error @below {{expected scores of shape 2x2, got 1x2}}
  %0 = prune.score %w criterion(<magnitude>) granularity(<block, shape = [4, 1]>) : tensor<5x2xf32> -> tensor<1x2xf32>
  return
}

// -----

// score_c2
func.func @f(%w: tensor<5x2xf32>) {
  // expected-error @below {{expected scores of element type 'f32', got 'f64'}}
  %0 = prune.score %w criterion(<magnitude>) granularity(<vector, axis = 1>) : tensor<5x2xf32> -> tensor<5xf64>
  return
}

// -----

// score_c3
func.func @f(%w: tensor<5x2xf32>) {
  // expected-error @below {{criterion #prune.criterion<wanda> expects evidence 'input_norm'}}
  %0 = prune.score %w criterion(<wanda>) granularity(<unstructured>) : tensor<5x2xf32> -> tensor<5x2xf32>
  return
}

// -----

// score_c3
func.func @f(%w: tensor<5x2xf32>) {
  // expected-error @below {{criterion #prune.criterion<magnitude> takes no evidence}}
  %0 = prune.score %w, %w criterion(<magnitude>) granularity(<unstructured>) : tensor<5x2xf32>, tensor<5x2xf32> -> tensor<5x2xf32>
  return
}

// -----

// score_c3
func.func @f(%w: tensor<5x2xf32>, %e: tensor<5x3xf32>) {
  // expected-error @below {{expected evidence that broadcasts to 'tensor<5x2xf32>', got 'tensor<5x3xf32>'}}
  %0 = prune.score %w, %e criterion(<snip>) granularity(<unstructured>) : tensor<5x2xf32>, tensor<5x3xf32> -> tensor<5x2xf32>
  return
}

// -----

// score_c3
func.func @f(%w: tensor<5x2xf32>, %e: tensor<2xf32>) {
  // expected-error @below {{expected evidence that broadcasts to 'tensor<5x2xf32>', got 'tensor<2xf32>'}}
  %0 = prune.score %w, %e criterion(<snip>) granularity(<unstructured>) : tensor<5x2xf32>, tensor<2xf32> -> tensor<5x2xf32>
  return
}

// -----

// score_c3
func.func @f(%w: tensor<5x2xf32>, %e: tensor<5x2xf64>) {
  // expected-error @below {{expected evidence that broadcasts to 'tensor<5x2xf32>', got 'tensor<5x2xf64>'}}
  %0 = prune.score %w, %e criterion(<snip>) granularity(<unstructured>) : tensor<5x2xf32>, tensor<5x2xf64> -> tensor<5x2xf32>
  return
}

// -----

// criterion_c1
func.func @f(%w: tensor<5x2xf32>) {
  // expected-error @below {{only magnitude takes an exponent p}}
  %0 = prune.score %w, %w criterion(<snip, p = 2.0>) granularity(<unstructured>) : tensor<5x2xf32>, tensor<5x2xf32> -> tensor<5x2xf32>
  return
}

// -----

// evidence_c1
// expected-error @below {{expected a parameter name that is not empty}}
func.func @f(%e: tensor<5x2xf32> {prune.evidence = #prune.evidence<"", noise>}) {
  return
}

// -----

// attribute_c1
// expected-error @below {{attribute 'prune.evidence' expects #prune.evidence, got "noise"}}
func.func @f(%e: tensor<5x2xf32> {prune.evidence = "noise"}) {
  return
}

// -----

// attribute_c4
func.func @f(%e: tensor<5x2xf32>) {
  // expected-error @below {{attribute 'prune.evidence' belongs on a function argument or a constant}}
  %0 = arith.negf %e {prune.evidence = #prune.evidence<"w", noise>} : tensor<5x2xf32>
  return
}

// -----

// select_mask_c1
func.func @f() {
  // expected-error @below {{expected as many masks as scores and at least one, got 0 scores and 0 masks}}
  prune.select_mask selection(<keep_all>) granularity(<unstructured>) : () -> ()
  return
}

// -----

// select_mask_c1
func.func @f(%s: tensor<4xf32>) {
  // expected-error @below {{expected as many masks as scores and at least one, got 1 scores and 2 masks}}
  %0:2 = prune.select_mask %s selection(<sparsity, 0.5>) granularity(<unstructured>) : (tensor<4xf32>) -> (tensor<4xi1>, tensor<4xi1>)
  return
}

// -----

// select_mask_c2
func.func @f(%s: tensor<4xf32>) {
  // expected-error @below {{expected scores of shape 3, got 4}}
  %0 = prune.select_mask %s selection(<sparsity, 0.5>) granularity(<channel, axis = 0>) : (tensor<4xf32>) -> tensor<3x4xi1>
  return
}

// -----

// select_mask_c2
func.func @f(%s: tensor<4xf32>) {
  // expected-error @below {{granularity #prune.granularity<filter_plane> does not fit a mask of shape 4}}
  %0 = prune.select_mask %s selection(<sparsity, 0.5>) granularity(<filter_plane>) : (tensor<4xf32>) -> tensor<4xi1>
  return
}

// -----

// select_mask_c3
func.func @f(%s: tensor<4xf32>, %t: tensor<4xf64>) {
  // expected-error @below {{expected scores of one element type, got 'f32' and 'f64'}}
  %0:2 = prune.select_mask %s, %t selection(<sparsity, 0.5>) granularity(<unstructured>) : (tensor<4xf32>, tensor<4xf64>) -> (tensor<4xi1>, tensor<4xi1>)
  return
}

// -----

// regularize_c1
func.func @f(%w: tensor<4xf32>, %s: f64) {
  // expected-error @below {{failed to verify that scalar has the element type of the weight}}
  %0 = "prune.regularize"(%w, %s) {kind = #prune<regularizer l1>} : (tensor<4xf32>, f64) -> tensor<f32>
  return
}

// -----

// regularize_c1
func.func @f(%w: tensor<4xf32>, %s: f32) {
  // expected-error @below {{failed to verify that result is a tensor of rank zero of the same element type}}
  %0 = "prune.regularize"(%w, %s) {kind = #prune<regularizer l1>} : (tensor<4xf32>, f32) -> tensor<f64>
  return
}

// -----

// regularize_gradient_c1
func.func @f(%w: tensor<4xf32>, %s: f64) {
  // expected-error @below {{failed to verify that scalar has the element type of the weight}}
  %0 = "prune.regularize_gradient"(%w, %s) {kind = #prune<regularizer l1>} : (tensor<4xf32>, f64) -> tensor<4xf32>
  return
}

// -----

func.func @f(%w: tensor<4xf32>, %s: f32) {
  // expected-error @below {{expected ::mlir::prune::RegularizerKind to be one of: l1, l2, hoyer, hoyer_square}}
  // expected-error @below {{failed to parse Prune_RegularizerKindAttr parameter 'value'}}
  %0 = prune.regularize l3 %w, %s : tensor<4xf32>
  return
}

// -----

// dropout_c1
func.func @f(%x: tensor<4xf32>, %t: i64) {
  // expected-error @below {{expected a rate in [0, 1), got 1}}
  %0 = prune.dropout %x, %t rate 1.0 seed 7 : tensor<4xf32>
  return
}

// -----

// softmax_cross_entropy_c1
func.func @f(%z: tensor<5x10xf32>, %y: tensor<4xi32>) {
  // expected-error @below {{expected logits [batch, classes] and labels [batch], got 5x10 and 4}}
  %0 = prune.softmax_cross_entropy %z, %y : tensor<5x10xf32>, tensor<4xi32>
  return
}

// -----

// softmax_cross_entropy_c1
func.func @f(%z: tensor<5xf32>, %y: tensor<i32>) {
  // expected-error @below {{expected logits [batch, classes] and labels [batch], got 5 and scalar}}
  %0 = prune.softmax_cross_entropy %z, %y : tensor<5xf32>, tensor<i32>
  return
}

// -----

// softmax_cross_entropy_c1
func.func @f(%z: tensor<5x10xf32>, %t: tensor<5xf32>) {
  // expected-error @below {{expected shares of the classes of the type of logits [batch, classes], got 'tensor<5xf32>' and 'tensor<5x10xf32>'}}
  %0 = prune.softmax_cross_entropy %z, %t : tensor<5x10xf32>, tensor<5xf32>
  return
}

// -----

// softmax_cross_entropy_c2
func.func @f(%z: tensor<5x10xf32>, %y: tensor<5xi32>) {
  // expected-error @below {{failed to verify that result is a tensor of rank zero of the same element type}}
  %0 = "prune.softmax_cross_entropy"(%z, %y) : (tensor<5x10xf32>, tensor<5xi32>) -> tensor<f64>
  return
}

// -----

// sgd_update_c1
func.func @f(%w: tensor<4xf32>, %lr: f32) {
  // expected-error @below {{expected a velocity, in and out, exactly when momentum is not zero}}
  %0 = prune.sgd_update %w, %w, lr %lr {momentum = 0.9 : f64} : (tensor<4xf32>, tensor<4xf32>, f32) -> tensor<4xf32>
  return
}

// -----

// sgd_update_c1
func.func @f(%w: tensor<4xf32>, %lr: f32) {
  // expected-error @below {{expected a velocity, in and out, exactly when momentum is not zero}}
  %0:2 = prune.sgd_update %w, %w, lr %lr velocity %w : (tensor<4xf32>, tensor<4xf32>, f32, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// sgd_update_c2
func.func @f(%w: tensor<4xf32>, %lr: f32) {
  // expected-error @below {{expected momentum with nesterov}}
  %0 = prune.sgd_update %w, %w, lr %lr {nesterov} : (tensor<4xf32>, tensor<4xf32>, f32) -> tensor<4xf32>
  return
}

// -----

// sgd_update_c3
func.func @f(%w: tensor<4xf32>, %lr: f32) {
  // expected-error @below {{expected a momentum in [0, 1), got 1}}
  %0:2 = prune.sgd_update %w, %w, lr %lr velocity %w {momentum = 1.0 : f64} : (tensor<4xf32>, tensor<4xf32>, f32, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// sgd_update_c3
func.func @f(%w: tensor<4xf32>, %lr: f32) {
  // expected-error @below {{expected a weight decay that is not negative}}
  %0 = prune.sgd_update %w, %w, lr %lr {weight_decay = -1.0 : f64} : (tensor<4xf32>, tensor<4xf32>, f32) -> tensor<4xf32>
  return
}

// -----

// sgd_update_c4
func.func @f(%w: tensor<4xf32>, %g: tensor<3xf32>, %lr: f32) {
  // expected-error @below {{expected gradient, state and results of the weight's type 'tensor<4xf32>'}}
  %0 = prune.sgd_update %w, %g, lr %lr : (tensor<4xf32>, tensor<3xf32>, f32) -> tensor<4xf32>
  return
}

// -----

// sgd_update_c4
func.func @f(%w: tensor<4xf32>, %m: tensor<3xi1>, %lr: f32) {
  // expected-error @below {{expected a mask of type 'tensor<4xi1>', got 'tensor<3xi1>'}}
  %0 = prune.sgd_update %w, %w, lr %lr mask %m : (tensor<4xf32>, tensor<4xf32>, f32, tensor<3xi1>) -> tensor<4xf32>
  return
}

// -----

// sgd_update_c4
func.func @f(%w: tensor<4xf32>, %lr: f64) {
  // expected-error @below {{expected a learning rate of type 'f32', got 'f64'}}
  %0 = prune.sgd_update %w, %w, lr %lr : (tensor<4xf32>, tensor<4xf32>, f64) -> tensor<4xf32>
  return
}

// -----

// adam_update_c1
func.func @f(%w: tensor<4xf32>, %lr: f32, %t: i64) {
  // expected-error @below {{expected beta1 and beta2 in [0, 1)}}
  %0:3 = prune.adam_update %w, %w, lr %lr step %t moments %w, %w {beta2 = 1.0 : f64}
      : (tensor<4xf32>, tensor<4xf32>, f32, i64, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// adam_update_c1
func.func @f(%w: tensor<4xf32>, %lr: f32, %t: i64) {
  // expected-error @below {{expected a positive epsilon}}
  %0:3 = prune.adam_update %w, %w, lr %lr step %t moments %w, %w {epsilon = 0.0 : f64}
      : (tensor<4xf32>, tensor<4xf32>, f32, i64, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// adam_update_c1
func.func @f(%w: tensor<4xf32>, %lr: f32, %t: i64) {
  // expected-error @below {{expected a weight decay that is not negative}}
  %0:3 = prune.adam_update %w, %w, lr %lr step %t moments %w, %w {weight_decay = -0.1 : f64}
      : (tensor<4xf32>, tensor<4xf32>, f32, i64, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// adam_update_c2
func.func @f(%w: tensor<4xf32>, %m: tensor<4xf64>, %lr: f32, %t: i64) {
  // expected-error @below {{expected gradient, state and results of the weight's type 'tensor<4xf32>'}}
  %0:3 = prune.adam_update %w, %w, lr %lr step %t moments %w, %m
      : (tensor<4xf32>, tensor<4xf32>, f32, i64, tensor<4xf32>, tensor<4xf64>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// adam_update_c2
func.func @f(%w: tensor<4xf32>, %m: tensor<2x2xi1>, %lr: f32, %t: i64) {
  // expected-error @below {{expected a mask of type 'tensor<4xi1>', got 'tensor<2x2xi1>'}}
  %0:3 = prune.adam_update %w, %w, lr %lr step %t moments %w, %w mask %m
      : (tensor<4xf32>, tensor<4xf32>, f32, i64, tensor<4xf32>, tensor<4xf32>, tensor<2x2xi1>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}
