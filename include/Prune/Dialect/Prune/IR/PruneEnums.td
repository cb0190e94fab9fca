//===- PruneEnums.td - Prune dialect enumerations ----------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_IR_PRUNEENUMS_TD
#define PRUNE_DIALECT_PRUNE_IR_PRUNEENUMS_TD

include "mlir/IR/EnumAttr.td"

class Prune_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::mlir::prune";
  let genSpecializedAttr = 0;
}

def Prune_ParamRole : Prune_Enum<"ParamRole", "role of a parameter", [
  I32EnumAttrCase<"Weight", 0, "weight">,
  I32EnumAttrCase<"Bias", 1, "bias">,
  I32EnumAttrCase<"Scale", 2, "scale">,
  I32EnumAttrCase<"Buffer", 3, "buffer">,
  I32EnumAttrCase<"Auxiliary", 4, "auxiliary">
]>;

def Prune_GranularityKind : Prune_Enum<"GranularityKind", "shape of what is pruned together", [
  I32EnumAttrCase<"Unstructured", 0, "unstructured">,
  I32EnumAttrCase<"NOfM", 1, "n_of_m">,
  I32EnumAttrCase<"Block", 2, "block">,
  I32EnumAttrCase<"Vector", 3, "vector">,
  I32EnumAttrCase<"FilterPlane", 4, "filter_plane">,
  I32EnumAttrCase<"Channel", 5, "channel">
]>;

def Prune_CriterionKind : Prune_Enum<"CriterionKind", "what a score measures", [
  I32EnumAttrCase<"Magnitude", 0, "magnitude">,
  I32EnumAttrCase<"Taylor", 1, "taylor">,
  I32EnumAttrCase<"Snip", 2, "snip">,
  I32EnumAttrCase<"OptimalBrainDamage", 3, "obd">,
  I32EnumAttrCase<"OptimalBrainSurgeon", 4, "obs">,
  I32EnumAttrCase<"Wanda", 5, "wanda">,
  I32EnumAttrCase<"BatchNormScale", 6, "batch_norm_scale">,
  I32EnumAttrCase<"Apoz", 7, "apoz">,
  I32EnumAttrCase<"MeanActivation", 8, "mean_activation">,
  I32EnumAttrCase<"GeometricMedian", 9, "geometric_median">,
  I32EnumAttrCase<"Random", 10, "random">
]>;

def Prune_EvidenceKind : Prune_Enum<"EvidenceKind", "what a criterion judges a weight by", [
  I32EnumAttrCase<"Gradient", 0, "gradient">,
  I32EnumAttrCase<"Curvature", 1, "curvature">,
  I32EnumAttrCase<"InverseHessian", 2, "inverse_hessian">,
  I32EnumAttrCase<"InputNorm", 3, "input_norm">,
  I32EnumAttrCase<"Scale", 4, "scale">,
  I32EnumAttrCase<"ZeroShare", 5, "zero_share">,
  I32EnumAttrCase<"Activation", 6, "activation">,
  I32EnumAttrCase<"Distance", 7, "distance">,
  I32EnumAttrCase<"Noise", 8, "noise">,
  I32EnumAttrCase<"InputGram", 9, "input_gram">
]>;

def Prune_SteKind : Prune_Enum<"SteKind", "straight-through estimator", [
  I32EnumAttrCase<"Linear", 0, "linear">,
  I32EnumAttrCase<"HardSigmoid", 1, "hard_sigmoid">,
  I32EnumAttrCase<"Relu", 2, "relu">,
  I32EnumAttrCase<"LeakyRelu", 3, "leaky_relu">,
  I32EnumAttrCase<"Softplus", 4, "softplus">
]>;

def Prune_GateRule : Prune_Enum<"GateRule", "how the gradient reaches the auxiliary parameters", [
  I32EnumAttrCase<"Sign", 0, "sign">,
  I32EnumAttrCase<"Chain", 1, "chain">
]>;

def Prune_RegularizerKind : Prune_Enum<"RegularizerKind", "penalty on a tensor", [
  I32EnumAttrCase<"L1", 0, "l1">,
  I32EnumAttrCase<"L2", 1, "l2">,
  I32EnumAttrCase<"Hoyer", 2, "hoyer">,
  I32EnumAttrCase<"HoyerSquare", 3, "hoyer_square">,
  I32EnumAttrCase<"TransformedL1", 4, "transformed_l1">,
  I32EnumAttrCase<"GroupLasso", 5, "group_lasso">,
  I32EnumAttrCase<"GroupHoyerSquare", 6, "group_hoyer_square">,
  I32EnumAttrCase<"OpenGates", 7, "open_gates">
]>;

def Prune_ProximalKind : Prune_Enum<"ProximalKind", "penalty whose proximal step is taken", [
  I32EnumAttrCase<"L1", 0, "l1">,
  I32EnumAttrCase<"GroupLasso", 1, "group_lasso">
]>;

def Prune_SelectionKind : Prune_Enum<"SelectionKind", "how a mask follows from scores", [
  I32EnumAttrCase<"KeepAll", 0, "keep_all">,
  I32EnumAttrCase<"Threshold", 1, "threshold">,
  I32EnumAttrCase<"Sparsity", 2, "sparsity">
]>;

def Prune_KernelKind : Prune_Enum<"KernelKind", "kernel family of a contraction", [
  I32EnumAttrCase<"Dense", 0, "dense">,
  I32EnumAttrCase<"Csr", 1, "csr">,
  I32EnumAttrCase<"StraightLine", 2, "straight_line">,
  I32EnumAttrCase<"Lanes", 3, "lanes">
]>;

#endif // PRUNE_DIALECT_PRUNE_IR_PRUNEENUMS_TD
