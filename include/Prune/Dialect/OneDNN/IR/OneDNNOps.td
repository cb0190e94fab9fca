//===- OneDNNOps.td - oneDNN dialect -----------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_ONEDNN_IR_ONEDNNOPS_TD
#define PRUNE_DIALECT_ONEDNN_IR_ONEDNNOPS_TD

include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def OneDNN_Dialect : Dialect {
  let name = "onednn";
  let summary = "oneDNN primitives in destination-passing style";
  let description = [{
    The target dialect: one operation per oneDNN primitive with the post-ops
    fused, and a few that oneDNN lacks: the ranking of scores, elements of a
    product at given places, the transpose of a matrix. Operations work on ranked
    tensors and, after bufferization, on memrefs whose innermost stride is one;
    they lower to calls of the C ABI in `runtime/`, which has a naive and a oneDNN
    implementation.
  }];
  let cppNamespace = "::mlir::onednn";
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];

  let extraClassDeclaration = [{
    /// Tells the present name where an operation is written by an old one.
    std::optional<ParseOpHook> getParseOperationHook(StringRef name) const override;
  }];
}

def OneDNN_Activation : I32EnumAttr<"Activation", "activation fused into a primitive", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Relu", 1, "relu">,
  I32EnumAttrCase<"Sigmoid", 2, "sigmoid">,
  I32EnumAttrCase<"Tanh", 3, "tanh">
]> {
  let cppNamespace = "::mlir::onednn";
  let genSpecializedAttr = 0;
}
def OneDNN_ActivationAttr : EnumAttr<OneDNN_Dialect, OneDNN_Activation, "activation"> {
  let assemblyFormat = "`<` $value `>`";
}

def OneDNN_Layout : I32EnumAttr<"Layout", "order of the dimensions of images", [
  I32EnumAttrCase<"Nchw", 0, "nchw">,
  I32EnumAttrCase<"Nhwc", 1, "nhwc">
]> {
  let cppNamespace = "::mlir::onednn";
  let genSpecializedAttr = 0;
}
def OneDNN_LayoutAttr : EnumAttr<OneDNN_Dialect, OneDNN_Layout, "layout"> {
  let assemblyFormat = "`<` $value `>`";
}

def OneDNN_Matrix : AnyTypeOf<[2DTensorOf<[F32]>, MemRefRankOf<[F32], [2]>]>;
def OneDNN_Vector : AnyTypeOf<[1DTensorOf<[F32]>, MemRefRankOf<[F32], [1]>]>;
def OneDNN_IndexVector : AnyTypeOf<[1DTensorOf<[I32]>, MemRefRankOf<[I32], [1]>]>;

class OneDNN_Op<string mnemonic, list<Trait> traits = []>
    : Op<OneDNN_Dialect, mnemonic, !listconcat([
        DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>], traits)> {
  let results = (outs Variadic<2DTensorOf<[F32]>>:$result);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def OneDNN_MatmulOp : OneDNN_Op<"matmul"> {
  let summary = "dense matrix product with bias and activation";
  let description = [{
    `C = activation(op(A) * op(B) + bias [+ C])` where `op` transposes when
    `transpose_a` or `transpose_b` is set. `op(A)` is `[m, k]`, `op(B)` is
    `[k, n]`, `C` is `[m, n]`, the bias has `n` elements, one per column. With
    `accumulate` the old value of `C` is added before the activation. With
    `constant_b` the matrix `B` never changes: the runtime packs it once.

    Example:

    ```mlir
    %y = onednn.matmul ins(%x, %w : tensor<64x784xf32>, tensor<300x784xf32>)
        bias(%b : tensor<300xf32>) outs(%init : tensor<64x300xf32>)
        {transpose_b, activation = #onednn.activation<relu>} -> tensor<64x300xf32>
    ```

    **Constraints**

    * `matmul_c1`: all operands are tensors and there is one result of the type of
      the destination, or all are memrefs and there is no result.
    * `matmul_c2`: static shapes agree in `m`, `n` and `k`.
    * `matmul_c3`: memrefs have an innermost stride of one.
  }];
  let arguments = (ins OneDNN_Matrix:$a, OneDNN_Matrix:$b, Optional<OneDNN_Vector>:$bias,
                       OneDNN_Matrix:$output, UnitAttr:$transpose_a, UnitAttr:$transpose_b,
                       UnitAttr:$accumulate, UnitAttr:$constant_b,
                       DefaultValuedAttr<OneDNN_ActivationAttr, "Activation::None">:$activation);
  let assemblyFormat = [{
    `ins` `(` $a `,` $b `:` type($a) `,` type($b) `)` (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
}

def OneDNN_SpmmOp : OneDNN_Op<"spmm"> {
  let summary = "product of a matrix in compressed sparse rows with a dense matrix";
  let description = [{
    `Y = activation(W * X + bias)` for a sparse `W` of shape `[m, k]` given by
    `values`, column `indices` (both of length nnz, ascending in each row) and row
    `pointers` (length m + 1). Indices and pointers are constant; with
    `constant_values` so are the values, and the runtime may prepare them once,
    else it reads them in every call. `X` is `[k, n]`, `Y` is `[m, n]`, the
    bias has `m` elements, one per row: activations are feature-major, the only
    order in which oneDNN's sparse kernel is fast.

    Example:

    ```mlir
    %y = onednn.spmm ins(%v, %i, %p, %x : tensor<9xf32>, tensor<9xi32>,
        tensor<4xi32>, tensor<8x64xf32>) bias(%b : tensor<3xf32>)
        outs(%init : tensor<3x64xf32>) {activation = #onednn.activation<relu>}
        -> tensor<3x64xf32>
    ```

    **Constraints**

    * `spmm_c1`: as `matmul_c1`.
    * `spmm_c2`: values and indices have one length; there is one pointer
      more than rows; static shapes agree in `m` and `n`.
    * `spmm_c3`: memrefs have an innermost stride of one.
  }];
  let arguments = (ins OneDNN_Vector:$values, OneDNN_IndexVector:$indices,
                       OneDNN_IndexVector:$pointers, OneDNN_Matrix:$x,
                       Optional<OneDNN_Vector>:$bias, OneDNN_Matrix:$output,
                       UnitAttr:$constant_values,
                       DefaultValuedAttr<OneDNN_ActivationAttr, "Activation::None">:$activation);
  let assemblyFormat = [{
    `ins` `(` $values `,` $indices `,` $pointers `,` $x `:` type($values) `,` type($indices) `,`
    type($pointers) `,` type($x) `)` (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
}

include "Prune/Dialect/OneDNN/IR/OneDNNCompressedOps.td"
include "Prune/Dialect/OneDNN/IR/OneDNNLanePermuteOps.td"
include "Prune/Dialect/OneDNN/IR/OneDNNSelectionOps.td"
include "Prune/Dialect/OneDNN/IR/OneDNNWindowOps.td"

#endif // PRUNE_DIALECT_ONEDNN_IR_ONEDNNOPS_TD
