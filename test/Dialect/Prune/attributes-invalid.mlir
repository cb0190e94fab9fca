// RUN: prune-opt %s --split-input-file --verify-diagnostics

// param_c1
// expected-error @below {{expected a parameter name that is not empty}}
func.func private @f(tensor<2xf32> {prune.param = #prune.param<"", weight>})

// -----

// expected-error @below {{expected ::mlir::prune::ParamRole to be one of: weight, bias, scale, buffer}}
// expected-error @below {{failed to parse Prune_ParamAttr parameter 'role'}}
func.func private @f(tensor<2xf32> {prune.param = #prune.param<"w", heavy>})

// -----

// granularity_c1
// expected-error @below {{n_of_m expects shape = [n, m] with 0 < n < m, and an axis}}
func.func private @f() attributes {a = #prune.granularity<n_of_m, shape = [4, 4], axis = 0>}

// -----

// granularity_c1
// expected-error @below {{n_of_m expects shape = [n, m] with 0 < n < m, and an axis}}
func.func private @f() attributes {a = #prune.granularity<n_of_m, shape = [2, 4]>}

// -----

// granularity_c2
// expected-error @below {{block expects a shape of positive extents and no axis}}
func.func private @f() attributes {a = #prune.granularity<block, shape = [4, 0]>}

// -----

// granularity_c2
// expected-error @below {{block expects a shape of positive extents and no axis}}
func.func private @f() attributes {a = #prune.granularity<block, shape = [4, 1], axis = 1>}

// -----

// granularity_c3
// expected-error @below {{channel expects an axis, and at most one extent, which is positive, as shape}}
func.func private @f() attributes {a = #prune.granularity<channel>}

// -----

// granularity_c3
// expected-error @below {{vector expects an axis, and at most one extent, which is positive, as shape}}
func.func private @f() attributes {a = #prune.granularity<vector, shape = [2, 2], axis = 0>}

// -----

// granularity_c3
// expected-error @below {{channel expects an axis, and at most one extent, which is positive, as shape}}
func.func private @f() attributes {a = #prune.granularity<channel, shape = [0], axis = 0>}

// -----

// granularity_c4
// expected-error @below {{unstructured expects neither shape nor axis}}
func.func private @f() attributes {a = #prune.granularity<unstructured, axis = 0>}

// -----

// granularity_c4
// expected-error @below {{filter_plane expects neither shape nor axis}}
func.func private @f() attributes {a = #prune.granularity<filter_plane, shape = [3, 3]>}

// -----

// expected-error @below {{'axis' is given twice}}
func.func private @f() attributes {a = #prune.granularity<channel, axis = 1, axis = 0>}

// -----

// expected-error @below {{'shape' is given twice}}
func.func private @f() attributes {a = #prune.granularity<block, shape = [1], shape = [2]>}

// -----

// expected-error @below {{expected 'shape' or 'axis'}}
func.func private @f() attributes {a = #prune.granularity<block, size = [1]>}

// -----

// criterion_c1
// expected-error @below {{expected a positive finite exponent p, got 0}}
func.func private @f() attributes {a = #prune.criterion<magnitude, p = 0.0>}

// -----

// criterion_c1
// expected-error @below {{expected a positive finite exponent p, got -1}}
func.func private @f() attributes {a = #prune.criterion<magnitude, p = -1.0>}

// -----

// ste_c1
// expected-error @below {{only leaky_relu takes a slope}}
func.func private @f() attributes {a = #prune.ste<relu, slope = 0.5>}

// -----

// ste_c1
// expected-error @below {{expected a slope strictly between 0 and 1, got 1}}
func.func private @f() attributes {a = #prune.ste<leaky_relu, slope = 1.0>}

// -----

// selection_c1
// expected-error @below {{expected a threshold that is not negative, got -1}}
func.func private @f() attributes {a = #prune.selection<threshold, -1.0>}

// -----

// selection_c1
// expected-error @below {{expected a sparsity in [0, 1], got 1.5}}
func.func private @f() attributes {a = #prune.selection<sparsity, 1.5>}

// -----

// attribute_c1
// expected-error @below {{attribute 'prune.param' expects #prune.param, got "w"}}
func.func private @f(tensor<2xf32> {prune.param = "w"})

// -----

// attribute_c1
// expected-error @below {{attribute 'prune.state' expects a string, got 1 : i64}}
func.func private @f(tensor<2xf32> {prune.state = 1})

// -----

// attribute_c1
// expected-error @below {{attribute 'prune.grad_of' expects a string, got #prune.param<"w", weight>}}
func.func private @f() -> (f32 {prune.grad_of = #prune.param<"w", weight>})

// -----

// attribute_c1
// expected-error @below {{attribute 'prune.kernel' expects #prune.kernel, got "csr"}}
func.func private @f() attributes {prune.kernel = "csr"}

// -----

// attribute_c1
// expected-error @below {{attribute 'prune.frozen' expects no value, got true}}
func.func private @f(tensor<2xf32> {prune.frozen = true})

// -----

// attribute_c2
// expected-error @below {{unknown attribute 'prune.wieght' of the prune dialect}}
func.func private @f(tensor<2xf32> {prune.wieght = "w"})

// -----

// attribute_c3
// expected-error @below {{parameter 'w' is named twice}}
func.func private @f(tensor<2xf32> {prune.param = #prune.param<"w", weight>},
                     tensor<3xf32> {prune.param = #prune.param<"w", bias>})

// -----

// attribute_c3
func.func @f(%w: tensor<2xf32> {prune.param = #prune.param<"w", weight>}) {
  // expected-error @below {{parameter 'w' is named twice}}
  %c = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2xf32>
  return
}

// -----

// attribute_c4
func.func @f(%a: tensor<2xf32>) {
  // expected-error @below {{attribute 'prune.param' belongs on a function argument or a constant}}
  %b = arith.addf %a, %a {prune.param = #prune.param<"w", weight>} : tensor<2xf32>
  return
}

// -----

// attribute_c3
func.func @f() {
  // expected-error @below {{parameter 'w' is named twice}}
  %a = arith.constant {prune.param = #prune.param<"w", weight>} dense<1.0> : tensor<2xf32>
  %b = arith.constant {prune.param = #prune.param<"w", weight>} dense<2.0> : tensor<2xf32>
  return
}

// -----

// attribute_c1
// expected-error @below {{attribute 'prune.mask' expects elements of i1, got dense<1.000000e+00> : tensor<2xf32>}}
func.func private @f(tensor<2xf32> {prune.mask = dense<1.0> : tensor<2xf32>})

// -----

// attribute_c1
// expected-error @below {{attribute 'prune.unsigned' expects no value, got "yes"}}
func.func private @f(tensor<2xi8> {prune.unsigned = "yes"})
