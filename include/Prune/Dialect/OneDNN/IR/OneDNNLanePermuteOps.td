//===- OneDNNLanePermuteOps.td - Few columns ---------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Included by OneDNNOps.td, which has the types of operands.

#ifndef PRUNE_DIALECT_ONEDNN_IR_ONEDNNLANEPERMUTEOPS_TD
#define PRUNE_DIALECT_ONEDNN_IR_ONEDNNLANEPERMUTEOPS_TD

include "mlir/IR/OpBase.td"

def OneDNN_LaneSteps : AnyTypeOf<[2DTensorOf<[I16]>, MemRefRankOf<[I16], [2]>]>;
def OneDNN_LaneGroups : AnyTypeOf<[2DTensorOf<[I32]>, MemRefRankOf<[I32], [2]>]>;

def OneDNN_LanePermuteOp : OneDNN_Op<"lane_permute"> {
  let summary = "product of few rows with a sparse weight packed in steps";
  let description = [{
    `Y = activation(X * W^T + bias)` for a constant sparse `W` of shape `[m, k]`. `X` is
    `[n, k]`, `Y` is `[n, m]`, as networks hold a batch, with a small `n`; the bias has
    `m` elements. The weight lies in groups of 16 rows: `rows` is the order of the rows,
    each element of `groups` the first step and the first value of a group, and each
    element of `steps` a window of 32 inputs with, for each row of its group, which
    input of the window it takes, if any (`prune_rt_lane_step` of the runtime). The
    `values` are in the order in which they are taken; 15 more follow. No primitive of
    oneDNN, but the runtime's own.

    Example:

    ```mlir
    %y = onednn.lane_permute ins(%v, %s, %g, %r, %x : tensor<24xf32>, tensor<5x7xi16>,
        tensor<2x2xi32>, tensor<3xi32>, tensor<1x64xf32>) bias(%b : tensor<3xf32>)
        outs(%init : tensor<1x3xf32>) {activation = #onednn.activation<relu>}
        -> tensor<1x3xf32>
    ```

    **Constraints**

    * `lane_permute_c1`: as `matmul_c1`.
    * `lane_permute_c2`: steps have seven numbers and groups two; there is one group
      more than 16 rows make up; static shapes agree in `m` and `n`.
    * `lane_permute_c3`: memrefs have an innermost stride of one.
  }];
  let arguments = (ins OneDNN_Vector:$values, OneDNN_LaneSteps:$steps,
                       OneDNN_LaneGroups:$groups, OneDNN_IndexVector:$rows, OneDNN_Matrix:$x,
                       Optional<OneDNN_Vector>:$bias, OneDNN_Matrix:$output,
                       DefaultValuedAttr<OneDNN_ActivationAttr, "Activation::None">:$activation);
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

#endif // PRUNE_DIALECT_ONEDNN_IR_ONEDNNLANEPERMUTEOPS_TD
