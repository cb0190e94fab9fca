// Two layers with acme.swish between them. All weights of the middle neuron are
// below the threshold, and swish(0) is 0: the neuron leaves, and the operation of
// the foreign dialect becomes smaller with it.

#x = affine_map<(rows, out, in) -> (rows, in)>
#w = affine_map<(rows, out, in) -> (out, in)>
#y = affine_map<(rows, out, in) -> (rows, out)>
func.func @forward(%x: tensor<8x4xf32> {prune.input = "x"}) -> (tensor<8x2xf32> {prune.output = "y"}) {
  %w1 = arith.constant {prune.param = #prune.param<"fc1.weight", weight>}
      dense<[[0.9, 0.8, -0.7, 0.6], [0.1, 0.0, 0.1, -0.1], [-0.5, 0.4, 0.9, 0.8]]> : tensor<3x4xf32>
  %w2 = arith.constant {prune.param = #prune.param<"fc2.weight", weight>}
      dense<[[0.7, 0.6, -0.8], [0.9, -0.5, 0.4]]> : tensor<2x3xf32>
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<8x3xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x3xf32>) -> tensor<8x3xf32>
  %z1 = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%x, %w1 : tensor<8x4xf32>, tensor<3x4xf32>) outs(%i1 : tensor<8x3xf32>) -> tensor<8x3xf32>
  %h = acme.swish %z1 : tensor<8x3xf32>
  %e2 = tensor.empty() : tensor<8x2xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<8x2xf32>) -> tensor<8x2xf32>
  %z2 = linalg.matmul indexing_maps = [#x, #w, #y]
      ins(%h, %w2 : tensor<8x3xf32>, tensor<2x3xf32>) outs(%i2 : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %z2 : tensor<8x2xf32>
}
