//===- KernelOps.td - kernel dialect -----------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_IR_KERNELOPS_TD
#define PRUNE_DIALECT_KERNEL_IR_KERNELOPS_TD

include "Prune/Dialect/Kernel/IR/KernelBase.td"

def Kernel_Images : AnyTypeOf<[RankedTensorOf<[F32]>, StridedMemRefRankOf<[F32], [2, 3, 4]>]>;

def Kernel_GeneratedOp : Op<Kernel_Dialect, "generated", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "convolution or product whose weights became machine code";
  let description = [{
    Applies a sparse weight to images `[n, c, h, w]`, or to a matrix `[c, w]` as
    one image of one row. `code` is machine code for the instruction set `isa`,
    which holds where the zeros are; `stream` are the bias and the weights in the
    order in which the code reads them. For `portable` there is no code, and the
    stream says where the zeros are, too. `segments` has for each piece of the code
    where it begins in `code`, in bytes, and in `stream`, in floats. `panels` has
    seven numbers for every 16 results of a channel, those of `prune_rt_panel`:
    where its inputs and results lie in the images, in floats, which of the 16 are
    results, where these go, and which read an input that is none. `shape` holds the numbers of `prune_rt_generated`, from
    `images` to `weights`. With `accumulate` results are added to what the
    destination holds.

    `prune-generate-kernels` makes this operation from a convolution or a sparse
    product; nothing else knows what the code computes.

    Example:

    ```mlir
    %y = kernel.generated ins(%x : tensor<1x16x8x8xf32>) outs(%e : tensor<1x32x8x8xf32>)
        {code = dense_resource<code> : tensor<4160xi8>, stream = dense_resource<stream> : tensor<512xf32>,
         segments = array<i64: 0, 0, 2048, 256>, panels = array<i32: 0, 0, -1, 0, 0, 0, 0, ...>,
         shape = array<i64: ...>, isa = "avx512"} -> tensor<1x32x8x8xf32>
    ```

    **Constraints**

    * `generated_c1`: input and destination are tensors and there is one result of
      the type of the destination, or both are memrefs without gaps and there is
      no result.
    * `generated_c2`: `shape` has 29 numbers; the extents of the images in it are
      those of the operands, and its groups divide channels and the results of an
      image, where images are no lanes, and the tiles of all groups `segments`.
    * `generated_c3`: `segments` are pairs that lie inside `code` and `stream`;
      `panels` has seven numbers for each panel.
  }];
  let arguments = (ins Kernel_Images:$x, Kernel_Images:$output, ElementsAttr:$code,
                       ElementsAttr:$stream, DenseI64ArrayAttr:$segments,
                       DenseI32ArrayAttr:$panels, DenseI64ArrayAttr:$shape, StrAttr:$isa,
                       UnitAttr:$accumulate);
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let assemblyFormat = [{
    `ins` `(` $x `:` type($x) `)` `outs` `(` $output `:` type($output) `)` attr-dict
    (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
  let hasVerifier = 1;
}

def Kernel_ReorderOp : Op<Kernel_Dialect, "reorder", [
    DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "images in the order that generated code reads";
  let description = [{
    Brings images `[n, c, h, w]`, or a matrix `[c, w]` as one image of one row, to
    the order of panels `[n, panels, c, 16]` or planes `[n, c, plane]`, or of
    images in lanes `[n / 16, plane, c + spare, 16]`, or back with `reverse`.
    `shape` holds images, channels, height, width, columns, lead and plane, and how
    many images lie together. Position (r, q) of a channel has place
    `r * columns + q`. A panel holds 16 places of all channels. A plane holds `lead`
    zeros, then the places of a channel; it is 0 for panels. Where 16 images lie
    together, it holds places, each of all channels, of which there is an odd
    number. Whatever is no position is zero.

    Example:

    ```mlir
    %p = kernel.reorder ins(%x : tensor<1x8x4x4xf32>) outs(%e : tensor<1x2x8x16xf32>)
        {shape = array<i64: 1, 8, 4, 4, 5, 0, 0, 1>} -> tensor<1x2x8x16xf32>
    ```

    **Constraints**

    * `reorder_c1`: input and destination are tensors and there is one result of
      the type of the destination, or both are memrefs without gaps and there is
      no result.
    * `reorder_c2`: `shape` has 8 numbers, at least 1 but for `lead` and `plane`, with
      no fewer columns than width; a plane holds `lead` and its places. 1 or 16
      images lie together, which divides their number; 16 have a plane. Input and
      destination have as many elements as the shape says.
  }];
  let arguments = (ins Kernel_Images:$x, Kernel_Images:$output, DenseI64ArrayAttr:$shape,
                       UnitAttr:$reverse);
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$result);
  let assemblyFormat = [{
    `ins` `(` $x `:` type($x) `)` `outs` `(` $output `:` type($output) `)` attr-dict
    (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
  let hasVerifier = 1;
}

include "Prune/Dialect/Kernel/IR/KernelConvolutionOps.td"
include "Prune/Dialect/Kernel/IR/KernelPoolOps.td"
include "Prune/Dialect/Kernel/IR/KernelProductOps.td"
include "Prune/Dialect/Kernel/IR/KernelSelectionOps.td"

#endif // PRUNE_DIALECT_KERNEL_IR_KERNELOPS_TD
