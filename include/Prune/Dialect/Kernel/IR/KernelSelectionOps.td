//===- KernelSelectionOps.td - Selection by rank -----------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_IR_KERNELSELECTIONOPS_TD
#define PRUNE_DIALECT_KERNEL_IR_KERNELSELECTIONOPS_TD

include "Prune/Dialect/Kernel/IR/KernelBase.td"

def Kernel_ByteVector : AnyTypeOf<[1DTensorOf<[I8]>, MemRefRankOf<[I8], [1]>]>;

def Kernel_SelectGroupsOp : Op<Kernel_Dialect, "select_groups", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "marks the groups that stay when the smallest scores are pruned";
  let description = [{
    The run-time form of `prune.select_mask` by sparsity. The scores of several weights lie one behind the other:
    `groups` holds, for each run of scores, their number and the number of
    elements that each of them stands for; a weight with smaller groups at its edge
    is several runs. A byte of the result is 0 where the
    group is pruned, else 1. Groups are pruned in the order of their scores, of
    equal ones that of lower index first, as long as each brings the number of
    pruned elements nearer to `round(sparsity * elements)`. A NaN counts as infinite;
    a sparsity outside of [0, 1] is the nearest end of it.

    Example:

    ```mlir
    %kept = kernel.select_groups ins(%scores : tensor<30xf32>) sparsity(%r)
        outs(%init : tensor<30xi8>) groups = [20, 1, 10, 25] -> tensor<30xi8>
    ```

    **Constraints**

    * `select_groups_c1`: as `spmm_c1`.
    * `select_groups_c2`: `groups` has two positive numbers per run, and the
      numbers of scores add up to the extent of scores and destination.
    * `select_groups_c3`: memrefs have an innermost stride of one.
  }];
  let arguments = (ins Kernel_Vector:$scores, F64:$sparsity, Kernel_ByteVector:$output,
                       DenseI64ArrayAttr:$groups);
  let results = (outs Variadic<1DTensorOf<[I8]>>:$result);
  let assemblyFormat = [{
    `ins` `(` $scores `:` type($scores) `)` `sparsity` `(` $sparsity `)`
    `outs` `(` $output `:` type($output) `)` `groups` `=` $groups attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
  let hasVerifier = 1;
}

#endif // PRUNE_DIALECT_KERNEL_IR_KERNELSELECTIONOPS_TD
