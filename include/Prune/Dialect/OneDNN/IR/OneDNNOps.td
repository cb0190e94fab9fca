//===- OneDNNOps.td - oneDNN dialect -----------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_ONEDNN_IR_ONEDNNOPS_TD
#define PRUNE_DIALECT_ONEDNN_IR_ONEDNNOPS_TD

include "Prune/Dialect/Kernel/IR/KernelBase.td"

def OneDNN_Dialect : Dialect {
  let name = "onednn";
  let summary = "oneDNN primitives in destination-passing style";
  let description = [{
    The target dialect: one operation per oneDNN primitive with the post-ops
    fused. Operations work on ranked tensors and, after bufferization, on memrefs
    whose innermost stride is one; they lower to calls of the C interface in
    `runtime/`, where oneDNN runs them, or loops of our own where it is not there.
    What never is a primitive of oneDNN is in the `kernel` dialect.
  }];
  let cppNamespace = "::mlir::onednn";
  let dependentDialects = ["::mlir::kernel::KernelDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];

  let extraClassDeclaration = [{
    /// Tells the present name where an operation is written by an old one.
    std::optional<ParseOpHook> getParseOperationHook(StringRef name) const override;
  }];
}

def OneDNN_MatmulOp : Op<OneDNN_Dialect, "matmul", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
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
        {transpose_b, activation = #kernel.activation<relu>} -> tensor<64x300xf32>
    ```

    **Constraints**

    * `matmul_c1`: all operands are tensors and there is one result of the type of
      the destination, or all are memrefs and there is no result.
    * `matmul_c2`: static shapes agree in `m`, `n` and `k`.
    * `matmul_c3`: memrefs have an innermost stride of one.
  }];
  let arguments = (ins Kernel_Matrix:$a, Kernel_Matrix:$b, Optional<Kernel_Vector>:$bias,
                       Kernel_Matrix:$output, UnitAttr:$transpose_a, UnitAttr:$transpose_b,
                       UnitAttr:$accumulate, UnitAttr:$constant_b,
                       DefaultValuedAttr<Kernel_ActivationAttr, "::mlir::kernel::Activation::None">:$activation);
  let assemblyFormat = [{
    `ins` `(` $a `,` $b `:` type($a) `,` type($b) `)` (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
  let results = (outs Variadic<2DTensorOf<[F32]>>:$result);
  let extraClassDeclaration = [{
    MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

include "Prune/Dialect/OneDNN/IR/OneDNNWindowOps.td"

#endif // PRUNE_DIALECT_ONEDNN_IR_ONEDNNOPS_TD
