//===- PruneOpBase.td - Bases of prune operations ----------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_IR_PRUNEOPBASE_TD
#define PRUNE_DIALECT_PRUNE_IR_PRUNEOPBASE_TD

include "Prune/Dialect/Prune/IR/PruneAttributes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Prune_Op<string mnemonic, list<Trait> traits = []>
    : Op<Prune_Dialect, mnemonic, !listconcat([Pure], traits)>;

class Prune_MaskMatches<string weight, string mask>
    : TypesMatchWith<"mask has the shape of the weight and element type i1", weight, mask,
                     "getMaskType($_self)">;
class Prune_ScalarMatches<string weight, string scalar>
    : TypesMatchWith<"scalar has the element type of the weight", weight, scalar,
                     "getElementTypeOrSelf($_self)">;
class Prune_ScalarTensorMatches<string weight, string scalar>
    : TypesMatchWith<"result is a tensor of rank zero of the same element type", weight, scalar,
                     "RankedTensorType::get({}, getElementTypeOrSelf($_self))">;

def Prune_GateRuleAttr : EnumAttr<Prune_Dialect, Prune_GateRule, "rule">;
def Prune_RegularizerKindAttr
    : EnumAttr<Prune_Dialect, Prune_RegularizerKind, "regularizer">;

def Prune_ProximalKindAttr : EnumAttr<Prune_Dialect, Prune_ProximalKind, "proximal">;

def Prune_FloatTensor : StaticShapeTensorOf<[AnyFloat]>;
def Prune_MaskTensor : StaticShapeTensorOf<[I1]>;
def Prune_ScalarTensor : 0DTensorOf<[AnyFloat]>;

#endif // PRUNE_DIALECT_PRUNE_IR_PRUNEOPBASE_TD
