// RUN: prune-opt %s -verify-diagnostics --pass-pipeline="builtin.module(prune-verify-bufferizable)"

func.func @unknown(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@below {{'math.exp' op on tensors has no lowering to buffers: it can be neither compiled nor run}}
  %y = math.exp %x : tensor<4xf32>
  return %y : tensor<4xf32>
}
