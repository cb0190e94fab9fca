//===- KernelPoolOps.td - Poolings and their gradients -----*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_IR_KERNELPOOLOPS_TD
#define PRUNE_DIALECT_KERNEL_IR_KERNELPOOLOPS_TD

include "Prune/Dialect/Kernel/IR/KernelBase.td"

def Kernel_Workspace : AnyTypeOf<[4DTensorOf<[I8]>, MemRefRankOf<[I8], [4]>]>;

class Kernel_WindowOp<string mnemonic> : Kernel_WindowOpOf<Kernel_Dialect, mnemonic>;

def Kernel_MaxPoolOp : Kernel_WindowOp<"max_pool"> {
  let summary = "largest element in each window";
  let description = [{
    The largest element in each window; padding never wins. The second
    destination, the workspace, receives where in its window the first of them is,
    as the number of the element in row-major order.

    Example:

    ```mlir
    %y, %k = kernel.max_pool ins(%x : tensor<8x24x24x20xf32>)
        outs(%e, %d : tensor<8x12x12x20xf32>, tensor<8x12x12x20xi8>)
        {window = array<i64: 2, 2>, strides = array<i64: 2, 2>, layout = #kernel.layout<nhwc>}
        -> tensor<8x12x12x20xf32>, tensor<8x12x12x20xi8>
    ```

    **Constraints**

    * `max_pool_c1`: the workspace has the shape of the output, and a window at
      most 256 elements.
  }];
  let arguments = !con((ins Kernel_Image:$x, Kernel_Image:$output, Optional<Kernel_Workspace>:$workspace,
                            DenseI64ArrayAttr:$window), movement);
  let assemblyFormat = [{
    `ins` `(` $x `:` type($x) `)`
    `outs` `(` $output (`,` $workspace^)? `:` type($output) (`,` type($workspace)^)? `)`
    attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = common # [{
    MutableOperandRange getDpsInitsMutable() {
      return MutableOperandRange(getOperation(), /*start=*/1, getNumOperands() - 1);
    }
  }];
}

def Kernel_MaxPoolBackwardOp : Kernel_WindowOp<"max_pool_backward"> {
  let summary = "gradient of a max pooling";
  let description = [{
    Sends each element of `dy` to the element of `dx` that the workspace of
    `kernel.max_pool` names, and adds up where windows overlap.

    Example:

    ```mlir
    %dx = kernel.max_pool_backward ins(%dy, %k : tensor<8x20x12x12xf32>, tensor<8x20x12x12xi8>)
        outs(%e : tensor<8x20x24x24xf32>) {window = array<i64: 2, 2>, strides = array<i64: 2, 2>}
        -> tensor<8x20x24x24xf32>
    ```

    **Constraints**

    * `max_pool_backward_c1`: the workspace has the shape of `dy`, and a window at
      most 256 elements.
  }];
  let arguments = !con((ins Kernel_Image:$dy, Kernel_Workspace:$workspace, Kernel_Image:$output,
                            DenseI64ArrayAttr:$window), movement);
  let assemblyFormat = [{
    `ins` `(` $dy `,` $workspace `:` type($dy) `,` type($workspace) `)`
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
}

def Kernel_AveragePoolOp : Kernel_WindowOp<"average_pool"> {
  let summary = "mean of each window";
  let description = [{
    The mean of the elements in each window. Padding does not count, or, with
    `include_padding`, counts as zeros.

    Example:

    ```mlir
    %y = kernel.average_pool ins(%x : tensor<8x20x24x24xf32>) outs(%e : tensor<8x20x12x12xf32>)
        {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<8x20x12x12xf32>
    ```

  }];
  let arguments = !con((ins Kernel_Image:$x, Kernel_Image:$output, DenseI64ArrayAttr:$window), movement,
                       (ins UnitAttr:$include_padding));
  let assemblyFormat = [{
    `ins` `(` $x `:` type($x) `)`
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
}

def Kernel_AveragePoolBackwardOp : Kernel_WindowOp<"average_pool_backward"> {
  let summary = "gradient of an average pooling";
  let description = [{
    The adjoint of `kernel.average_pool`: every element of `dx` receives its share
    of the elements of `dy` whose windows it is in.

    Example:

    ```mlir
    %dx = kernel.average_pool_backward ins(%dy : tensor<8x20x12x12xf32>) outs(%e : tensor<8x20x24x24xf32>)
        {window = array<i64: 2, 2>, strides = array<i64: 2, 2>} -> tensor<8x20x24x24xf32>
    ```

  }];
  let arguments = !con((ins Kernel_Image:$dy, Kernel_Image:$output, DenseI64ArrayAttr:$window), movement,
                       (ins UnitAttr:$include_padding));
  let assemblyFormat = [{
    `ins` `(` $dy `:` type($dy) `)`
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
}

#endif // PRUNE_DIALECT_KERNEL_IR_KERNELPOOLOPS_TD
