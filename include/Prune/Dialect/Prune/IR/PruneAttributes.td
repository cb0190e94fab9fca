//===- PruneAttributes.td - Prune dialect attributes -------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_IR_PRUNEATTRIBUTES_TD
#define PRUNE_DIALECT_PRUNE_IR_PRUNEATTRIBUTES_TD

include "Prune/Dialect/Prune/IR/PruneDialect.td"
include "Prune/Dialect/Prune/IR/PruneEnums.td"
include "mlir/IR/AttrTypeBase.td"

class Prune_Attr<string name, string attrMnemonic> : AttrDef<Prune_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Prune_ParamAttr : Prune_Attr<"Param", "param"> {
  let summary = "name and role of a network parameter";
  let description = [{
    Marks a function argument or an `arith.constant` as a parameter of the
    network. The name is unique in a function (`fc1.weight`); the role tells
    passes what may be pruned (`weight`), what carries constants away (`bias`),
    what is not trained (`buffer`), and what opens and closes gates of weights
    (`auxiliary`, `prune.gate`).

    Example: `#prune.param<"fc1.weight", weight>`

    **Constraints**

    * `param_c1`: the name is not empty.
  }];
  let parameters = (ins StringRefParameter<"unique name">:$name,
                        EnumParameter<Prune_ParamRole>:$role);
  let assemblyFormat = "`<` $name `,` $role `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Buffers are not trained, all others are.
    bool isTrainable() const { return getRole() != ParamRole::Buffer; }
  }];
}

def Prune_GranularityAttr : Prune_Attr<"Granularity", "granularity"> {
  let summary = "which elements of a weight are pruned together";
  let description = [{
    From irregular to regular (MIT 6.5940, lecture 3):

    * `unstructured`: single elements.
    * `n_of_m`: of every `m` consecutive elements along `axis` at most `n` stay;
      `shape = [n, m]`.
    * `block`: aligned blocks of `shape`, one extent per dimension.
    * `vector`: whole one-dimensional rows along `axis`, or with `shape = [k]` pieces
      of `k` consecutive elements along it.
    * `filter_plane`: the trailing two dimensions of a 4-D weight `[O, I, kh, kw]`.
    * `channel`: all elements that share an index of `axis` (0 is the output
      channel or neuron), or with `shape = [k]` one of `k` consecutive indices: an
      attention head is a channel of as many features as the head has.

    Where an extent is no multiple, the last group along it is smaller. It is scored
    over the elements that it has, and counts as that many. The last group of
    `n_of_m` has fewer than `m` elements and keeps at most `n` of these.

    Example: `#prune.granularity<block, shape = [4, 1]>`,
    `#prune.granularity<channel, shape = [64], axis = 0>`

    **Constraints**

    * `granularity_c1`: `n_of_m` has `shape = [n, m]` with `0 < n < m`, and an axis.
    * `granularity_c2`: `block` has a shape of positive extents and no axis.
    * `granularity_c3`: `vector` and `channel` have an axis, and no shape or
      `shape = [k]` with `0 < k`.
    * `granularity_c4`: `unstructured` and `filter_plane` have neither.
  }];
  let parameters = (ins EnumParameter<Prune_GranularityKind>:$kind,
                        OptionalArrayRefParameter<"int64_t">:$shape,
                        DefaultValuedParameter<"int64_t", "-1">:$axis);
  // The optional parts follow one another, which the declarative groups cannot
  // tell apart by their common comma.
  let assemblyFormat = "`<` $kind `` custom<ShapeAndAxis>($shape, $axis) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The step of a dimension of which a group has all.
    static constexpr int64_t kWhole = 0;
    /// Extents of a group of a weight of the given rank, which it fits: `kWhole`
    /// where a group has all of the dimension, which has no place in the grid then.
    SmallVector<int64_t> getSteps(int64_t rank) const;
    /// Shape of the grid of groups over a weight of the given shape, one score
    /// per group; failure when the granularity does not fit the shape.
    FailureOr<SmallVector<int64_t>> getGridShape(ArrayRef<int64_t> shape) const;
    /// Position in the grid of the group that holds the element at `index`.
    SmallVector<int64_t> getGroup(ArrayRef<int64_t> index) const;
  }];
}

def Prune_CriterionAttr : Prune_Attr<"Criterion", "criterion"> {
  let summary = "how important a group of weights is";
  let description = [{
    The score of a group is a sum, or a mean, over its elements `w` and over what
    the criterion judges them by, the evidence `e` (`#prune.evidence`). Groups of
    small scores are pruned first. No score is negative.

    | criterion | evidence | element | group | source |
    |---|---|---|---|---|
    | `magnitude` | none | `\|w\|^p` | sum`^(1/p)` | MIT 6.5940, lecture 3 |
    | `taylor` | `gradient` | `e w` | `\|sum\|` | Molchanov 2019 |
    | `snip` | `gradient` | `\|e w\|` | sum | Lee 2019 |
    | `obd` | `curvature` | `e w^2 / 2` | sum | LeCun 1989 |
    | `obs` | `inverse_hessian` | `w^2 / (2 e)` | sum | Hassibi 1993, diagonal of the inverse |
    | `wanda` | `input_norm` | `\|w\| e` | sum | Sun 2024 |
    | `batch_norm_scale` | `scale` | `\|e\|` | mean | Liu 2017, network slimming |
    | `apoz` | `zero_share` | `1 - e` | mean | Hu 2016 |
    | `mean_activation` | `activation` | `e` | mean | Molchanov 2017 |
    | `geometric_median` | `distance` | `e` | mean | He 2019, FPGM |
    | `random` | `noise` | `e` | mean | the usual baseline |

    The magnitude of a single element is `|w|` whatever `p`.

    Example: `#prune.criterion<magnitude, p = 2.0>`, `#prune.criterion<wanda>`

    **Constraints**

    * `criterion_c1`: `p` is positive and finite, and only `magnitude` sets it.
  }];
  let parameters = (ins EnumParameter<Prune_CriterionKind>:$kind,
                        DefaultValuedParameter<"::llvm::APFloat", "::llvm::APFloat(1.0)">:$p);
  let assemblyFormat = "`<` $kind (`,` `p` `=` $p^)? `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// What the criterion judges a weight by besides the weight.
    std::optional<EvidenceKind> getEvidence() const;
    /// True when a score is a mean of the elements of a group, not a sum.
    bool isMean() const;
  }];
}

def Prune_EvidenceAttr : Prune_Attr<"Evidence", "evidence"> {
  let summary = "what is known of a parameter besides its values";
  let description = [{
    Marks a function argument or an `arith.constant` (`prune.evidence`) as
    evidence for `#prune.criterion` about the parameter of that name. Its shape
    broadcasts to that of the parameter: of one rank, each extent that of the
    parameter or one.

    * `gradient`: of the loss by each element, a mean over rows.
    * `curvature`: diagonal of the Hessian of the loss, or of the Fisher matrix.
    * `inverse_hessian`: diagonal of the inverse of the Hessian, above zero.
    * `input_norm`: Euclidean norm over the rows of what each element is multiplied
      with.
    * `scale`: of the batch normalization behind each output channel.
    * `zero_share`: of the activations of each output channel, in [0, 1].
    * `activation`: mean of their magnitudes.
    * `distance`: sum of the Euclidean distances to the other filters.
    * `noise`: numbers in [0, 1) that are drawn once.
    * `input_gram`: a result of `prune-collect-evidence` for solvers outside the
      compiler. It is a matrix of its own shape and no criterion judges by it.

    Example: `#prune.evidence<"fc1.weight", input_norm>`

    **Constraints**

    * `evidence_c1`: the name is not empty.
  }];
  let parameters = (ins StringRefParameter<"name of the parameter">:$name,
                        EnumParameter<Prune_EvidenceKind>:$kind);
  let assemblyFormat = "`<` $name `,` $kind `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// True when evidence of type `type` broadcasts to a parameter of type `whole`.
    static bool broadcasts(RankedTensorType type, Type whole);
  }];
}

def Prune_SteAttr : Prune_Attr<"Ste", "ste"> {
  let summary = "straight-through estimator of the indicator function";
  let description = [{
    The indicator `h(m) = 1[m > 0]` has no useful derivative; the adjoint of
    `prune.gate` uses `s'(m)` of a surrogate instead (AutoPrune, section 3.2):
    `linear` 1; `hard_sigmoid` 1/2 for |m| < 1, else 0; `relu` 1[m > 0];
    `leaky_relu` 1 for m > 0, else `slope`; `softplus` 1/(1+exp(-m)).

    Example: `#prune.ste<leaky_relu, slope = 0.1>`

    **Constraints**

    * `ste_c1`: `slope` lies strictly between 0 and 1, and only `leaky_relu` sets it.
  }];
  let parameters = (ins EnumParameter<Prune_SteKind>:$kind,
                        DefaultValuedParameter<"::llvm::APFloat", "::llvm::APFloat(0.01)">:$slope);
  let assemblyFormat = "`<` $kind (`,` `slope` `=` $slope^)? `>`";
  let genVerifyDecl = 1;
}

def Prune_SelectionAttr : Prune_Attr<"Selection", "selection"> {
  let summary = "how a mask follows from scores";
  let description = [{
    * `keep_all`: every group stays (an `n_of_m` granularity still applies).
    * `threshold`: a group is pruned when its score is below or equal to `value`.
    * `sparsity`: the share `value` of all elements with the smallest scores is
      pruned, `round(value * elements)`; ties break by index, lower first.

    Example: `#prune.selection<sparsity, 0.9>`

    **Constraints**

    * `selection_c1`: a threshold is not negative; a sparsity lies in [0, 1].
  }];
  let parameters = (ins EnumParameter<Prune_SelectionKind>:$kind,
                        DefaultValuedParameter<"::llvm::APFloat", "::llvm::APFloat(0.0)">:$value);
  let assemblyFormat = "`<` $kind (`,` $value^)? `>`";
  let genVerifyDecl = 1;
}

def Prune_KernelAttr : Prune_Attr<"Kernel", "kernel"> {
  let summary = "kernel chosen for a contraction, and its plan";
  let description = [{
    `dense` runs a oneDNN primitive, or loops of our own in its place. The others
    are our own: `csr` a product with the weight in compressed rows, `lanes` a
    product for up to four columns, which permutes inputs in registers,
    `straight_line` machine code that is generated for the weight.

    The plan says how the kernel runs the layer: numbers by name, which
    `prune-select-kernels` decides for the weight and a person may change. What
    it leaves out the kernel decides. [KernelFamilies](KernelFamilies.md) lists
    the names; others are errors in `prune-verify-kernels` and where code is
    generated.

    Example: `#prune.kernel<csr>`,
    `#prune.kernel<straight_line, {blocks = 0, segment_bytes = 24576, tile_rows = 22}>`
  }];
  let parameters = (ins EnumParameter<Prune_KernelKind>:$kind,
                        OptionalParameter<"::mlir::DictionaryAttr">:$plan);
  let builders = [AttrBuilder<(ins "KernelKind":$kind), [{
    return $_get($_ctxt, kind, ::mlir::DictionaryAttr());
  }]>];
  let assemblyFormat = "`<` $kind (`,` $plan^)? `>`";
}

#endif // PRUNE_DIALECT_PRUNE_IR_PRUNEATTRIBUTES_TD
