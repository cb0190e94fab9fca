//===- KernelProductOps.td - Sparse products and transposes *- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_IR_KERNELPRODUCTOPS_TD
#define PRUNE_DIALECT_KERNEL_IR_KERNELPRODUCTOPS_TD

include "Prune/Dialect/Kernel/IR/KernelBase.td"

class Kernel_ProductOp<string mnemonic> : Op<Kernel_Dialect, mnemonic, [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let results = (outs Variadic<2DTensorOf<[F32]>>:$result);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Kernel_SpmmOp : Kernel_ProductOp<"spmm"> {
  let summary = "product of a matrix in compressed sparse rows with a dense matrix";
  let description = [{
    `Y = activation(W * X + bias)` for a sparse `W` of shape `[m, k]` given by
    `values`, column `indices` (both of length nnz, ascending in each row) and row
    `pointers` (length m + 1). `X` is `[k, n]`, `Y` is `[m, n]`, the bias has `m`
    elements, one per row: activations are feature-major, so that a non-zero
    meets a vector of columns.

    Example:

    ```mlir
    %y = kernel.spmm ins(%v, %i, %p, %x : tensor<9xf32>, tensor<9xi32>,
        tensor<4xi32>, tensor<8x64xf32>) bias(%b : tensor<3xf32>)
        outs(%init : tensor<3x64xf32>) {activation = #kernel.activation<relu>}
        -> tensor<3x64xf32>
    ```

    **Constraints**

    * `spmm_c1`: all operands are tensors and there is one result of the type of
      the destination, or all are memrefs and there is no result.
    * `spmm_c2`: values and indices have one length; there is one pointer
      more than rows; static shapes agree in `m` and `n`.
    * `spmm_c3`: memrefs have an innermost stride of one.
  }];
  let arguments = (ins Kernel_Vector:$values, Kernel_IndexVector:$indices,
                       Kernel_IndexVector:$pointers, Kernel_Matrix:$x,
                       Optional<Kernel_Vector>:$bias, Kernel_Matrix:$output,
                       DefaultValuedAttr<Kernel_ActivationAttr, "Activation::None">:$activation);
  let assemblyFormat = [{
    `ins` `(` $values `,` $indices `,` $pointers `,` $x `:` type($values) `,` type($indices) `,`
    type($pointers) `,` type($x) `)` (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
}

def Kernel_SddmmOp : Op<Kernel_Dialect, "sddmm", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "elements of a dense product at the places of a sparse matrix";
  let description = [{
    `V[p] = sum over k of A[i, k] * B[indices[p], k]` for each row `i` and each `p`
    from `pointers[i]` to `pointers[i + 1] - 1`: the product `A * B^T` of two dense
    matrices `[m, k]` and `[n, k]`, computed only where a matrix `[m, n]` in
    compressed rows has elements. With the gradient of a layer's output and its
    input, both feature-major, it is the gradient of the weight's kept values.

    Example:

    ```mlir
    %g = kernel.sddmm ins(%i, %p, %dy, %x : tensor<9xi32>, tensor<4xi32>,
        tensor<3x64xf32>, tensor<8x64xf32>) outs(%init : tensor<9xf32>) -> tensor<9xf32>
    ```

    **Constraints**

    * `sddmm_c1`: as `spmm_c1`.
    * `sddmm_c2`: there are as many indices as results, one pointer more
      than rows of A, and static shapes agree in `k`.
    * `sddmm_c3`: memrefs have an innermost stride of one.
  }];
  let arguments = (ins Kernel_IndexVector:$indices, Kernel_IndexVector:$pointers,
                       Kernel_Matrix:$a, Kernel_Matrix:$b, Kernel_Vector:$output);
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

def Kernel_TransposeOp : Op<Kernel_Dialect, "transpose", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "transpose of a matrix";
  let description = [{
    `Y[j, i] = X[i, j]`, in blocks that stay in registers: loops that read or write
    columns are several times slower.

    Example:

    ```mlir
    %y = kernel.transpose ins(%x : tensor<64x784xf32>) outs(%init : tensor<784x64xf32>)
        -> tensor<784x64xf32>
    ```

    **Constraints**

    * `transpose_c1`: as `spmm_c1`.
    * `transpose_c2`: static shapes agree with their dimensions exchanged.
    * `transpose_c3`: memrefs have an innermost stride of one.
  }];
  let arguments = (ins Kernel_Matrix:$x, Kernel_Matrix:$output);
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

def Kernel_LaneSteps : AnyTypeOf<[2DTensorOf<[I16]>, MemRefRankOf<[I16], [2]>]>;
def Kernel_LaneGroups : AnyTypeOf<[2DTensorOf<[I32]>, MemRefRankOf<[I32], [2]>]>;

def Kernel_LanePermuteOp : Kernel_ProductOp<"lane_permute"> {
  let summary = "product of few rows with a sparse weight packed in steps";
  let description = [{
    `Y = activation(X * W^T + bias)` for a constant sparse `W` of shape `[m, k]`. `X` is
    `[n, k]`, `Y` is `[n, m]`, as networks hold a batch, with a small `n`; the bias has
    `m` elements. The weight lies in groups of 16 rows: `rows` is the order of the rows,
    each element of `groups` the first step and the first value of a group, and each
    element of `steps` a window of 32 inputs with, for each row of its group, which
    input of the window it takes, if any (`prune_rt_lane_step` of the runtime). The
    `values` are in the order in which they are taken; 15 more follow.

    Example:

    ```mlir
    %y = kernel.lane_permute ins(%v, %s, %g, %r, %x : tensor<24xf32>, tensor<5x7xi16>,
        tensor<2x2xi32>, tensor<3xi32>, tensor<1x64xf32>) bias(%b : tensor<3xf32>)
        outs(%init : tensor<1x3xf32>) {activation = #kernel.activation<relu>}
        -> tensor<1x3xf32>
    ```

    **Constraints**

    * `lane_permute_c1`: as `spmm_c1`.
    * `lane_permute_c2`: steps have seven numbers and groups two; there is one group
      more than 16 rows make up; static shapes agree in `m` and `n`.
    * `lane_permute_c3`: memrefs have an innermost stride of one.
  }];
  let arguments = (ins Kernel_Vector:$values, Kernel_LaneSteps:$steps,
                       Kernel_LaneGroups:$groups, Kernel_IndexVector:$rows, Kernel_Matrix:$x,
                       Optional<Kernel_Vector>:$bias, Kernel_Matrix:$output,
                       DefaultValuedAttr<Kernel_ActivationAttr, "Activation::None">:$activation);
  let assemblyFormat = [{
    `ins` `(` $values `,` $steps `,` $groups `,` $rows `,` $x `:` type($values) `,`
    type($steps) `,` type($groups) `,` type($rows) `,` type($x) `)`
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
}

#endif // PRUNE_DIALECT_KERNEL_IR_KERNELPRODUCTOPS_TD
