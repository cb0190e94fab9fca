// A network of a framework goes through every pipeline as a built one does:
// trained, pruned and shrunk, compiled.

// RUN: prune-opt %S/Inputs/mlp-torch.mlir --pass-pipeline="builtin.module(prune-import-pipeline)" -o %t.torch.mlir
// RUN: prune-opt %S/Inputs/mlp-onnx.mlir --pass-pipeline="builtin.module(prune-import-pipeline)" -o %t.onnx.mlir

// RUN: prune-opt %t.torch.mlir --pass-pipeline="builtin.module(prune-lift-parameters{keep-values=false},prune-train-pipeline)" -o %t.torch.train.mlir
// RUN: FileCheck %s --check-prefix=TRAIN < %t.torch.train.mlir
// RUN: prune-opt %t.onnx.mlir --pass-pipeline="builtin.module(prune-lift-parameters{keep-values=false},prune-train-pipeline)" -o %t.onnx.train.mlir
// RUN: FileCheck %s --check-prefix=TRAIN < %t.onnx.train.mlir
// RUN: prune-opt %t.torch.train.mlir --pass-pipeline="builtin.module(prune-cpu-pipeline)" | FileCheck %s --check-prefix=TRAINED
// RUN: prune-opt %t.onnx.train.mlir --pass-pipeline="builtin.module(prune-cpu-pipeline)" | FileCheck %s --check-prefix=TRAINED

// TRAIN-LABEL: func.func @train_step(
// TRAIN-SAME: tensor<6x8xf32> {{{[^}]*}}prune.state = "fc0.weight"
// TRAIN-SAME: tensor<3xf32> {{{[^}]*}}prune.state = "fc2.bias"
// TRAIN-SAME: tensor<4x8xf32> {prune.input = "input"}
// TRAIN-SAME: tensor<4xi32> {prune.input = "labels"}
// TRAIN-SAME: prune.output = "loss"
// TRAINED: llvm.func @train_step(

// RUN: prune-opt %t.torch.mlir --pass-pipeline="builtin.module(prune-compress-pipeline{sparsity=0.6})" -o %t.torch.compact.mlir
// RUN: FileCheck %s --check-prefix=COMPACT < %t.torch.compact.mlir
// RUN: prune-opt %t.onnx.mlir --pass-pipeline="builtin.module(prune-compress-pipeline{sparsity=0.6})" -o %t.onnx.compact.mlir
// RUN: FileCheck %s --check-prefix=COMPACT < %t.onnx.compact.mlir

// COMPACT-LABEL: func.func @forward(
// COMPACT-SAME: tensor<4x8xf32> {prune.input = "input"}) -> (tensor<4x3xf32> {prune.output = "logits"})
// COMPACT-NOT: prune.apply_mask
// COMPACT-COUNT-3: linalg.matmul

// RUN: prune-opt %t.torch.compact.mlir --pass-pipeline="builtin.module(prune-select-kernels,prune-cpu-pipeline)" | FileCheck %s --check-prefix=COMPILED
// RUN: prune-opt %t.onnx.compact.mlir --pass-pipeline="builtin.module(prune-select-kernels,prune-cpu-pipeline)" | FileCheck %s --check-prefix=COMPILED
// RUN: prune-opt %t.torch.mlir --pass-pipeline="builtin.module(prune-cpu-pipeline{reference=true})" | FileCheck %s --check-prefix=COMPILED

// COMPILED: llvm.func @forward(
// COMPILED-NOT: linalg.
