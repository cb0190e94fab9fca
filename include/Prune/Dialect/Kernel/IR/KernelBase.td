//===- KernelBase.td - What kernels of any dialect share ---*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_IR_KERNELBASE_TD
#define PRUNE_DIALECT_KERNEL_IR_KERNELBASE_TD

include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "Prune/Dialect/Kernel/IR/KernelInterfaces.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let summary = "kernels of our own in destination-passing style";
  let description = [{
    Operations that run our own code instead of a library's: sparse products,
    poolings, transposes, the ranking of scores, and code that was generated for
    one weight. They work on ranked tensors and, after bufferization, on memrefs
    whose rows lie without gaps; they lower to calls of the C interface in
    `runtime/`.
  }];
  let cppNamespace = "::mlir::kernel";
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def Kernel_Activation : I32EnumAttr<"Activation", "activation fused into a primitive", [
  I32EnumAttrCase<"None", 0, "none">,
  I32EnumAttrCase<"Relu", 1, "relu">,
  I32EnumAttrCase<"Sigmoid", 2, "sigmoid">,
  I32EnumAttrCase<"Tanh", 3, "tanh">
]> {
  let cppNamespace = "::mlir::kernel";
  let genSpecializedAttr = 0;
}
def Kernel_ActivationAttr : EnumAttr<Kernel_Dialect, Kernel_Activation, "activation"> {
  let assemblyFormat = "`<` $value `>`";
}

def Kernel_Layout : I32EnumAttr<"Layout", "order of the dimensions of images", [
  I32EnumAttrCase<"Nchw", 0, "nchw">,
  I32EnumAttrCase<"Nhwc", 1, "nhwc">
]> {
  let cppNamespace = "::mlir::kernel";
  let genSpecializedAttr = 0;
}
def Kernel_LayoutAttr : EnumAttr<Kernel_Dialect, Kernel_Layout, "layout"> {
  let assemblyFormat = "`<` $value `>`";
}

def Kernel_Matrix : AnyTypeOf<[2DTensorOf<[F32]>, MemRefRankOf<[F32], [2]>]>;
def Kernel_Vector : AnyTypeOf<[1DTensorOf<[F32]>, MemRefRankOf<[F32], [1]>]>;
def Kernel_IndexVector : AnyTypeOf<[1DTensorOf<[I32]>, MemRefRankOf<[I32], [1]>]>;

def Kernel_Image : AnyTypeOf<[4DTensorOf<[F32]>, MemRefRankOf<[F32], [4]>]>;

/// A convolution or pooling, of any dialect.
class Kernel_WindowOpOf<Dialect dialect, string mnemonic, list<Trait> traits = []>
    : Op<dialect, mnemonic, !listconcat([
        DestinationStyleOpInterface, Kernel_WindowOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>], traits)> {
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  /// How the window moves, shared by all operations.
  dag movement = (ins DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides,
                      DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations,
                      DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$padding,
                      DefaultValuedAttr<Kernel_LayoutAttr, "::mlir::kernel::Layout::Nchw">:$layout);
  dag grouped = (ins DefaultValuedAttr<I64Attr, "1">:$groups);
  code common = [{
    ::mlir::kernel::WindowShape getWindowShape();
    bool isImage(OpOperand &operand);
  }];
  let extraClassDeclaration = common # [{
    MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
}

#endif // PRUNE_DIALECT_KERNEL_IR_KERNELBASE_TD
