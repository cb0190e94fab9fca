//===- KernelInterfaces.td - Windows over images -----------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_IR_KERNELINTERFACES_TD
#define PRUNE_DIALECT_KERNEL_IR_KERNELINTERFACES_TD

include "mlir/IR/OpBase.td"

def Kernel_WindowOpInterface : OpInterface<"WindowOpInterface"> {
  let description = [{
    Operations that move a window over images: convolutions and poolings, and
    what computes their gradients. Images are batches of planes of `f32` in one
    of two orders, `nchw` and `nhwc`; the weights of convolutions are
    `[f, c / groups, kh, kw]` in both.

    **Constraints**

    * `window_c1`: all operands are tensors and there is one result per
      destination, of its type, or all are memrefs and there is no result.
    * `window_c2`: shapes are static, and memrefs lie without gaps in row-major
      order.
    * `window_c3`: there are two positive strides, two positive dilations, four
      numbers of rows and columns of padding (top, left, bottom, right) that are
      not negative, and a positive number of groups.
    * `window_c4`: the extents of all operands agree: with `H` the height of the
      input and of its padding together, the output has
      `(H - (kh - 1) * dilation - 1) / stride + 1` rows, rounded down, and
      columns likewise.
  }];
  let cppNamespace = "::mlir::kernel";
  let methods = [
    InterfaceMethod<"All extents and how the window moves.",
                    "::mlir::kernel::WindowShape", "getWindowShape">,
    InterfaceMethod<"True for a batch of images; false for weights and vectors.",
                    "bool", "isImage", (ins "::mlir::OpOperand &":$operand)>,
    InterfaceMethod<"The order of the dimensions of images.",
                    "::mlir::kernel::Layout", "getLayout">,
    InterfaceMethod<"Changes the order; the operands must follow.",
                    "void", "setLayout", (ins "::mlir::kernel::Layout":$layout)>,
    InterfaceMethod<"Padding at the top, left, bottom and right.",
                    "::llvm::ArrayRef<int64_t>", "getPadding">,
    InterfaceMethod<"Changes the padding; the operands must follow.",
                    "void", "setPadding", (ins "::llvm::ArrayRef<int64_t>":$padding)>
  ];
}

#endif // PRUNE_DIALECT_KERNEL_IR_KERNELINTERFACES_TD
