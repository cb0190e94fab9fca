// Files of earlier compilers. One was written before the dialect had versions and
// is read as it is; the other with version 0, whose operations had other names.

// RUN: prune-opt %S/Inputs/unversioned.mlirbc -o %t.1.mlir
// RUN: prune-opt %S/bytecode.mlir -o %t.2.mlir
// RUN: diff %t.1.mlir %t.2.mlir
// RUN: prune-opt %S/Inputs/version-0.mlirbc | FileCheck %s

// What is written now says its version, and says it again.
// RUN: prune-opt %S/Inputs/version-0.mlirbc --emit-bytecode -o %t.3.mlirbc
// RUN: prune-opt %t.3.mlirbc --emit-bytecode -o %t.4.mlirbc
// RUN: cmp %t.3.mlirbc %t.4.mlirbc

// CHECK-LABEL: func.func @f
// CHECK-NEXT: %[[V:.*]] = prune.compress %{{.*}} pattern(dense<[1, 3]> : tensor<2xi32>) : tensor<2x3xf32> -> tensor<2xf32>
// CHECK-NEXT: prune.decompress %[[V]] pattern(dense<[1, 3]> : tensor<2xi32>) : tensor<2xf32> -> tensor<2x3xf32>
