//===- PruneCompressOps.td - Weights as kept values --------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_IR_PRUNECOMPRESSOPS_TD
#define PRUNE_DIALECT_PRUNE_IR_PRUNECOMPRESSOPS_TD

include "Prune/Dialect/Prune/IR/PruneOpBase.td"

def Prune_DecompressOp : Prune_Op<"decompress"> {
  let summary = "weight from the values that a constant pattern keeps";
  let description = [{
    The dense tensor whose element at `pattern[p]`, counted in row-major order, is
    `values[p]`; all others are zero. A weight whose mask does not move is trained
    as the vector of its values: what is pruned is not in memory, has no gradient,
    no moment and no update.

    The pattern is a constant of `i32`. One that is not small is a `dense_resource`
    that all operations of a weight share; it is neither hashed nor copied.

    The adjoint of the values is `prune.compress` of the adjoint.

    Example:

    ```mlir
    %w = prune.decompress %v pattern(dense<[0, 2, 5]> : tensor<3xi32>)
        : tensor<3xf32> -> tensor<2x3xf32>
    ```

    **Constraints**

    * `decompress_c1`: the values are a vector of the element type of the result.
    * `decompress_c2`: the pattern has one index of type `i32` for each value, at least
      one.
    * `decompress_c3`: the indices ascend strictly and are within the elements of the
      result.
  }];
  let arguments = (ins Prune_FloatTensor:$values, ElementsAttr:$pattern);
  let results = (outs Prune_FloatTensor:$result);
  let assemblyFormat = [{
    $values `pattern` `(` $pattern `)` attr-dict `:` type($values) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Prune_CompressOp : Prune_Op<"compress"> {
  let summary = "values of a dense tensor at a constant pattern";
  let description = [{
    The vector whose element `p` is the element of the dense tensor at
    `pattern[p]`, counted in row-major order; see `prune.decompress`, which it undoes
    and whose adjoint it is. The adjoint of the dense tensor is `prune.decompress` of
    the adjoint.

    Example:

    ```mlir
    %v = prune.compress %g pattern(dense<[0, 2, 5]> : tensor<3xi32>)
        : tensor<2x3xf32> -> tensor<3xf32>
    ```

    **Constraints**

    * `compress_c1`: as `decompress_c1`, `decompress_c2` and `decompress_c3`, with the result in the
      place of the values.
  }];
  let arguments = (ins Prune_FloatTensor:$dense, ElementsAttr:$pattern);
  let results = (outs Prune_FloatTensor:$values);
  let assemblyFormat = [{
    $dense `pattern` `(` $pattern `)` attr-dict `:` type($dense) `->` type($values)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // PRUNE_DIALECT_PRUNE_IR_PRUNECOMPRESSOPS_TD
