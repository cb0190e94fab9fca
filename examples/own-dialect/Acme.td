//===- Acme.td - A dialect that knows nothing of the project ---*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ACME_TD
#define ACME_TD

include "Prune/Interfaces/ChannelOpInterface.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Acme_Dialect : Dialect {
  let name = "acme";
  let cppNamespace = "::acme";
}

// An activation, element by element. The other methods of the interface have defaults
// that are right where each result only depends on the operand in its place.
def Acme_SwishOp : Op<Acme_Dialect, "swish", [Pure, SameOperandsAndResultType,
    DeclareOpInterfaceMethods<ChannelOpInterface, ["propagateConstants"]>]> {
  let summary = "x / (1 + exp(-x))";
  let arguments = (ins AnyStaticShapeTensor:$x);
  let results = (outs AnyStaticShapeTensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($y)";
}

#endif // ACME_TD
