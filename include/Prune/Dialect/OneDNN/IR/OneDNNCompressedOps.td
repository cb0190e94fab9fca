//===- OneDNNCompressedOps.td - Sparse training products ---*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Included by OneDNNOps.td, which has the types of operands.

#ifndef PRUNE_DIALECT_ONEDNN_IR_ONEDNNCOMPRESSEDOPS_TD
#define PRUNE_DIALECT_ONEDNN_IR_ONEDNNCOMPRESSEDOPS_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def OneDNN_SddmmOp : Op<OneDNN_Dialect, "sddmm", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "elements of a dense product at the places of a sparse matrix";
  let description = [{
    `V[p] = sum over k of A[i, k] * B[indices[p], k]` for each row `i` and each `p`
    from `pointers[i]` to `pointers[i + 1] - 1`: the product `A * B^T` of two dense
    matrices `[m, k]` and `[n, k]`, computed only where a matrix `[m, n]` in
    compressed rows has elements. With the gradient of a layer's output and its
    input, both feature-major, it is the gradient of the weight's kept values. No
    primitive of oneDNN, but the runtime's own.

    Example:

    ```mlir
    %g = onednn.sddmm ins(%i, %p, %dy, %x : tensor<9xi32>, tensor<4xi32>,
        tensor<3x64xf32>, tensor<8x64xf32>) outs(%init : tensor<9xf32>) -> tensor<9xf32>
    ```

    **Constraints**

    * `sddmm_c1`: as `matmul_c1`.
    * `sddmm_c2`: there are as many indices as results, one pointer more
      than rows of A, and static shapes agree in `k`.
    * `sddmm_c3`: memrefs have an innermost stride of one.
  }];
  let arguments = (ins OneDNN_IndexVector:$indices, OneDNN_IndexVector:$pointers,
                       OneDNN_Matrix:$a, OneDNN_Matrix:$b, OneDNN_Vector:$output);
  let results = (outs Variadic<1DTensorOf<[F32]>>:$result);
  let assemblyFormat = [{
    `ins` `(` $indices `,` $pointers `,` $a `,` $b `:` type($indices) `,` type($pointers) `,`
    type($a) `,` type($b) `)` `outs` `(` $output `:` type($output) `)` attr-dict
    (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
  let hasVerifier = 1;
}

def OneDNN_TransposeOp : Op<OneDNN_Dialect, "transpose", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "transpose of a matrix";
  let description = [{
    `Y[j, i] = X[i, j]`. The runtime's own: oneDNN's reorders are no faster and
    loops that read or write columns are several times slower.

    Example:

    ```mlir
    %y = onednn.transpose ins(%x : tensor<64x784xf32>) outs(%init : tensor<784x64xf32>)
        -> tensor<784x64xf32>
    ```

    **Constraints**

    * `transpose_c1`: as `matmul_c1`.
    * `transpose_c2`: static shapes agree with their dimensions exchanged.
    * `transpose_c3`: memrefs have an innermost stride of one.
  }];
  let arguments = (ins OneDNN_Matrix:$x, OneDNN_Matrix:$output);
  let results = (outs Variadic<2DTensorOf<[F32]>>:$result);
  let assemblyFormat = [{
    `ins` `(` $x `:` type($x) `)` `outs` `(` $output `:` type($output) `)` attr-dict
    (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
  let hasVerifier = 1;
}

#endif // PRUNE_DIALECT_ONEDNN_IR_ONEDNNCOMPRESSEDOPS_TD
