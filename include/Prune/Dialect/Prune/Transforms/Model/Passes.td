//===- Passes.td - Model phase passes ----------------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_TRANSFORMS_MODEL_PASSES_TD
#define PRUNE_DIALECT_PRUNE_TRANSFORMS_MODEL_PASSES_TD

include "mlir/Pass/PassBase.td"

def BindParametersPass : Pass<"prune-bind-parameters", "ModuleOp"> {
  let summary = "Convert parameter arguments into constants with values";
  let description = [{
    Before: parameters are function arguments with `prune.param`. After: they are
    `arith.constant` with `prune.param` and a `dense_resource` value at the entry
    of the function, in the order of the arguments, and are gone from the
    signature. The value is the argument's `prune.value`. Values from elsewhere,
    such as arrays of numpy, are bound by `Module.bind` of the Python package.

    ```mlir
    func.func @f(%x: tensor<2xf32>, %b: tensor<2xf32>
        {prune.param = #prune.param<"b", bias>, prune.value = dense_resource<b> : tensor<2xf32>})
    // becomes
    func.func @f(%x: tensor<2xf32>) {
      %b = arith.constant {prune.param = #prune.param<"b", bias>} dense_resource<b> : tensor<2xf32>
    ```

    Functions that carry training state (`prune.state`) or gradients
    (`prune.grad_of`) keep their arguments unless they are named in `functions`.

    Refuses, with an error, a parameter without a value or with a value of
    another type, and a function that others call.
  }];
  let options = [
    ListOption<"functions", "functions", "std::string",
               "functions to change (all that carry neither state nor gradients if empty)">,
    Option<"values", "values", "std::string", "\"\"",
           "gone: passes read no files, see the description">,
  ];
  let statistics = [
    Statistic<"numParametersBound", "num-parameters-bound", "parameters turned into constants">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def LiftParametersPass : Pass<"prune-lift-parameters", "ModuleOp"> {
  let summary = "Convert parameter constants into function arguments";
  let description = [{
    The inverse of `prune-bind-parameters`. Before: parameters are constants with
    `prune.param`. After: they are arguments behind the others, in the order of
    the constants, and remember their value in `prune.value` unless
    `keep-values=false`. Lifting and then binding gives back the same module.

    ```mlir
    func.func @f(%x: tensor<2xf32>) {
      %b = arith.constant {prune.param = #prune.param<"b", bias>} dense_resource<b> : tensor<2xf32>
    // becomes
    func.func @f(%x: tensor<2xf32>, %b: tensor<2xf32>
        {prune.param = #prune.param<"b", bias>, prune.value = dense_resource<b> : tensor<2xf32>})
    ```

    Copies of one constant become one argument. Refuses, with an error, a function
    that others call.
  }];
  let options = [
    ListOption<"functions", "functions", "std::string", "functions to change (all if empty)">,
    Option<"keepValues", "keep-values", "bool", "true",
           "remember the values in prune.value">,
  ];
  let statistics = [
    Statistic<"numParametersLifted", "num-parameters-lifted", "parameters turned into arguments">,
  ];
}

//===----------------------------------------------------------------------===//
// Bringing a network of another framework into the model form
//===----------------------------------------------------------------------===//

def SimplifyImportsPass : Pass<"prune-simplify-imports", "::mlir::ModuleOp"> {
  let summary = "Remove what frameworks leave around a network";
  let description = [{
    Frameworks surround a network with things that the model form does not have.
    This pass takes a module of `linalg` on tensors as torch-mlir and others
    emit it and

    * removes run-time assertions (`cf.assert`): they guard inputs that the
      framework's own kernels do not support and change no value,
    * replaces loads of `ml_program` globals that nothing stores to by
      `arith.constant` named (by location) after the global, and erases private
      globals without users,
    * evaluates `arith.truncf` of a constant, so that no double constant is left
      in a single-precision body,
    * turns compare and select into `arith.maximumf` or `arith.minimumf` where the
      two agree for all values, NaN included (relu),
    * names generic operations that only fill, broadcast into what a contraction
      starts from, or transpose what one reads,
    * takes element-wise operations out of the bodies of contractions:
      `out + f(x) * w` becomes `f` and a contraction,
    * drops results of structured operations that nobody reads,
    * makes one slice of a slice of a slice,
    * lets concatenations read operands of static shape that were cast to dynamic
      ones,
    * makes a slice of padding by less than nothing,
    * takes back padding that lies behind the last window of a pooling,
    * sums (global pooling) into a tensor without the unit dimensions that the sum
      leaves, which come back as a reshape.

    Example:

    ```mlir
    %c = arith.cmpf ugt, %in, %zero : f32
    %s = arith.select %c, %in, %zero : f32
    ```

    becomes

    ```mlir
    %s = arith.maximumf %in, %zero : f32
    ```

    Globals that are stored to are left alone with a remark.
  }];
  let statistics = [
    Statistic<"numAssertionsRemoved", "num-assertions-removed", "Run-time assertions removed">,
    Statistic<"numGlobalsInlined", "num-globals-inlined", "Loads of globals replaced by constants">,
    Statistic<"numSelectsReplaced", "num-selects-replaced",
              "Compare and select pairs turned into a maximum or minimum">,
    Statistic<"numContractionsSplit", "num-contractions-split",
              "Contractions whose body was split">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def SimplifyGathersPass : Pass<"prune-simplify-gathers", "::mlir::ModuleOp"> {
  let summary = "Write computed places as short as they can be";
  let description = [{
    Frameworks write flips, upsampling, padding by reflection, uneven pooling and
    selections by index as a `linalg.generic` that reads another tensor by
    `tensor.extract`, at places that it computes, in long chains, in floating
    point, from tensors of indices. Where a place depends on constants and on one
    loop counter alone, this pass evaluates it at every counter and writes it as
    the counter, as `offset + step * counter`, or as a table. What only copies all
    elements in their order becomes a reshape, or nothing. Values are the same to
    the bit: places are evaluated in the arithmetic that they are written in.

    Example (nearest neighbors of 5 rows in 10):

    ```mlir
    %0 = linalg.index 2 : index
    %1 = arith.index_cast %0 : index to i64
    %2 = arith.sitofp %1 : i64 to f32
    %3 = arith.divf %2, %two : f32
    %4 = math.floor %3 : f32
    %5 = arith.fptosi %4 : f32 to i64
    %row = arith.index_cast %5 : i64 to index
    %e = tensor.extract %x[%batch, %channel, %row, %column] : tensor<2x4x5x3xf32>
    ```

    becomes

    ```mlir
    %0 = linalg.index 2 : index
    %1 = tensor.extract %table[%0] : tensor<10xi64>
    %row = arith.index_cast %1 : i64 to index
    %e = tensor.extract %x[%batch, %channel, %row, %column] : tensor<2x4x5x3xf32>
    ```

    Places that depend on the input of the network (embeddings) or on two loops,
    and those that leave the tensor, stay as they are.
  }];
  let statistics = [
    Statistic<"numIndicesSimplified", "num-indices-simplified", "Places written shorter">,
    Statistic<"numReshapes", "num-reshapes", "Gathers that became reshapes">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def CanonicalizeWeightsPass : Pass<"prune-canonicalize-weights", "::mlir::func::FuncOp"> {
  let summary = "Store the weights of contractions as [out, in]";
  let description = [{
    Before: contractions of the network read their weight through
    `linalg.transpose` (what PyTorch's linear layers become), or a constant that
    is stored as [in, out] (what ONNX's MatMul holds). After: the transpose is
    folded into the `indexing_maps` of the contraction, and two-dimensional weight
    constants are stored as [out, in], the order of PyTorch.

    Example:

    ```mlir
    %t = linalg.transpose ins(%w : tensor<5x6xf32>) outs(%e : tensor<6x5xf32>) permutation = [1, 0]
    %y = linalg.matmul ins(%x, %t : tensor<2x6xf32>, tensor<6x5xf32>) outs(%i : tensor<2x5xf32>) -> tensor<2x5xf32>
    ```

    becomes

    ```mlir
    %y = linalg.matmul indexing_maps = [(m, n, k) -> (m, k), (m, n, k) -> (n, k), (m, n, k) -> (m, n)]
        ins(%x, %w : tensor<2x6xf32>, tensor<5x6xf32>) outs(%i : tensor<2x5xf32>) -> tensor<2x5xf32>
    ```

    A weight that is broadcast over a batch (what ONNX's MatMul of a matrix with
    activations of rank three is), or that has a batch of one, is read as the
    matrix that it is: the product becomes a `linalg.matmul` of the activations
    with all but their last dimension merged, and a reshape.

    ```mlir
    %b = linalg.broadcast ins(%w : tensor<5x8xf32>) outs(%e : tensor<2x5x8xf32>) dimensions = [0]
    %y = linalg.batch_matmul ins(%x, %b : tensor<2x7x5xf32>, tensor<2x5x8xf32>) outs(%i : tensor<2x7x8xf32>) -> tensor<2x7x8xf32>
    ```

    becomes

    ```mlir
    %f = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x7x5xf32> into tensor<14x5xf32>
    %j = tensor.collapse_shape %i [[0, 1], [2]] : tensor<2x7x8xf32> into tensor<14x8xf32>
    %z = linalg.matmul ins(%f, %w : tensor<14x5xf32>, tensor<5x8xf32>) outs(%j : tensor<14x8xf32>) -> tensor<14x8xf32>
    %y = tensor.expand_shape %z [[0, 1], [2]] output_shape [2, 7, 8] : tensor<14x8xf32> into tensor<2x7x8xf32>
    ```

    A reshape may merge what the weight is repeated along with other dimensions
    (ONNX's MatMul of a matrix with activations of rank four merges their first
    two). The loop over the merged dimension becomes a loop for each of them, so
    that the weight is read as it is; what is left of a batch stays in a
    `linalg.contract`.

    ```mlir
    %b = linalg.broadcast ins(%w : tensor<5x8xf32>) outs(%e : tensor<2x3x5x8xf32>) dimensions = [0, 1]
    %c = tensor.collapse_shape %b [[0, 1], [2], [3]] : tensor<2x3x5x8xf32> into tensor<6x5x8xf32>
    %y = linalg.batch_matmul ins(%x, %c : tensor<6x7x5xf32>, tensor<6x5x8xf32>) outs(%i : tensor<6x7x8xf32>) -> tensor<6x7x8xf32>
    ```

    becomes a `linalg.matmul` of `tensor<42x5xf32>` with `%w`.

    An element-wise product with a weight and a sum over one of its dimensions
    (what `(x * w).sum(-1)` and the product of a matrix and a vector become) are
    one contraction.

    A copy is folded where the operation may have the maps that follow. Where it
    may not (a transposition that moves the batch of a `linalg.batch_matmul`), a
    copied weight makes it a `linalg.contract`, and a copied activation stays a
    copy.

    A weight that is a function argument keeps the order in which its caller holds
    it, and so does a constant with more than one use.
  }];
  let options = [
    Option<"keepOrder", "keep-order", "bool", /*default=*/"false",
           "Leave constants in the order in which they are stored">
  ];
  let statistics = [
    Statistic<"numTransposesFolded", "num-transposes-folded",
              "Transposes folded into a contraction">,
    Statistic<"numBroadcastsFolded", "num-broadcasts-folded",
              "Broadcasts of weights folded into a contraction">,
    Statistic<"numSumsFused", "num-sums-fused",
              "Sums fused with the product with a weight in front of them">,
    Statistic<"numLoopsSplit", "num-loops-split",
              "Contractions over merged dimensions that got a loop for each">,
    Statistic<"numProductsFlattened", "num-products-flattened",
              "Contractions that became a product of two matrices after a reshape">,
    Statistic<"numWeightsTransposed", "num-weights-transposed",
              "Weight constants stored in the other order">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def RecognizeBatchNormsPass : Pass<"prune-recognize-batch-norms", "::mlir::func::FuncOp"> {
  let summary = "Convert element-wise operations that normalize into batch norms";
  let description = [{
    Frameworks write the inference form of batch normalization as a string of
    element-wise operations. Before: channels (dimension 1) go through
    `(x - mean) / sqrt(variance + epsilon) * scale + bias` in any order of factors
    and summands, as one operation or many, with values per channel that are
    broadcast or have unit dimensions. After: that is one `prune.batch_norm`, also
    where an activation follows in the same operation; what only fed the old form is
    gone. A scale or bias that is not there, or is one number for all channels,
    becomes a constant and is marked as no parameter (`fixed_scale`, `fixed_bias`).

    Example:

    ```mlir
    %0 = linalg.generic ... ins(%variance : tensor<4xf32>)  // math.sqrt of %in + 1.0e-05
    %1 = linalg.generic ... ins(%0 : tensor<4xf32>)         // 1 / %in
    %2 = linalg.generic ... ins(%x, %mean : ...)            // arith.subf
    %3 = linalg.generic ... ins(%2, %1 : ...)               // arith.mulf
    %4 = linalg.generic ... ins(%3, %scale : ...)           // arith.mulf
    %5 = linalg.generic ... ins(%4, %bias : ...)            // arith.addf
    ```

    becomes

    ```mlir
    %5 = prune.batch_norm %x, %scale, %bias, %mean, %variance epsilon 1.0e-05
        : tensor<2x4x16x16xf32>, tensor<4xf32>
    ```

    Anything else, like statistics per column, is left alone.
  }];
  let statistics = [
    Statistic<"numRecognized", "num-batch-norms-recognized", "Batch normalizations recognized">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::prune::PruneDialect"];
}

def FoldReparametrizationsPass
    : Pass<"prune-fold-reparametrizations", "::mlir::func::FuncOp"> {
  let summary = "Evaluate weights that are computed from constants";
  let description = [{
    Frameworks keep some weights in parts: `torch.nn.utils.prune` as a weight and a
    mask, weight normalization as a direction and a length, quantized networks as
    integers, a scale and a zero point. Before: what a contraction or convolution
    reads as its weight, starts from, or has added to its result is computed from
    constants. After: it is one constant with the value that was computed, loop by
    loop in the order of the loops and rounded to the type of each step. Its
    location names it like the weight that it stands for (`fc.weight` for
    `fc.weight_orig` and `fc.weight_mask`), which is what `prune-annotate-model` calls
    it. A weight [in, out] is stored as [out, in].

    Example:

    ```mlir
    %w = arith.constant dense_resource<fc.weight_orig> : tensor<4x3xf32>
    %m = arith.constant dense_resource<fc.weight_mask> : tensor<4x3xf32>
    %p = linalg.mul ins(%w, %m : tensor<4x3xf32>, tensor<4x3xf32>) outs(%e : tensor<4x3xf32>) -> tensor<4x3xf32>
    ```

    becomes

    ```mlir
    %p = arith.constant dense_resource<fc.weight> : tensor<4x3xf32>
    ```

    Training and pruning then work on the weight itself; the parts are gone. A
    computation with an operation that cannot be evaluated, or with a parameter
    whose value is not known, is left alone with a remark.
  }];
  let statistics = [
    Statistic<"numParametersEvaluated", "num-parameters-evaluated",
              "Weights and biases that became constants">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FuseBiasAddsPass : Pass<"prune-fuse-bias-adds", "::mlir::func::FuncOp"> {
  let summary = "Start contractions from their bias";
  let description = [{
    Before: a contraction accumulates into zeros and an element-wise addition adds
    a vector to its result. After: the contraction accumulates into the broadcast
    vector, which is the model form of a layer with bias.

    Example:

    ```mlir
    %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<2x5xf32>) -> tensor<2x5xf32>
    %z = linalg.matmul ins(%x, %w : ...) outs(%zeros : tensor<2x5xf32>) -> tensor<2x5xf32>
    %y = linalg.generic ... ins(%z, %b : tensor<2x5xf32>, tensor<5xf32>) { arith.addf }
    ```

    becomes

    ```mlir
    %i = linalg.broadcast ins(%b : tensor<5xf32>) outs(%e : tensor<2x5xf32>) dimensions = [0]
    %y = linalg.matmul ins(%x, %w : ...) outs(%i : tensor<2x5xf32>) -> tensor<2x5xf32>
    ```

    The vector is a constant or an argument of the function, perhaps behind a
    broadcast. A reshape may lie between contraction and addition, and the addition
    may be the first step of a longer body. The sum is taken in another order, so results can differ in the last bits. A contraction whose
    result has another user, or that accumulates into something else than zeros,
    is left alone.
  }];
  let statistics = [
    Statistic<"numBiasesFused", "num-biases-fused", "Additions merged into a contraction">
  ];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def AnnotateModelPass : Pass<"prune-annotate-model", "::mlir::ModuleOp"> {
  let summary = "Name the network's function, inputs, outputs and parameters";
  let description = [{
    Marks a function of `linalg` on tensors as the network that all other passes
    work on: renames it to `forward`, gives inputs `prune.input` (the names of
    `inputs`, else `input`, or `input0`, `input1`, ... when there are several),
    results `prune.output` (`logits`, or `output0`, ...), and gives every parameter
    `prune.param` with a unique name and its role. Marks that are there already stay.

    A parameter is a constant of floating-point elements with at least one
    dimension, or one of the last function arguments, as many as `parameters`
    has names. Its role follows from its use: a `weight` is contracted with
    something else, a `bias` is what a contraction starts from; those of a
    `prune.batch_norm` are `scale`, `bias` and twice `buffer`. An argument that is
    used in another way is a `scale`, or a `buffer` when `buffers` names it; a
    constant that is used in another way is a `buffer`, which is not trained, and
    gets a remark. A constant of equal elements is a parameter only in the place
    of a weight or a bias, and is a parameter of its own in each such place.

    With `refine-scales`, a constant that is marked as a `scale` already gets the
    role of its use. An argument is one whose layer is found only when its weight
    has been computed from the values of others.

    Names come from the options; else from the location of the constant
    (`loc("fc1.weight")`), else from the key of its resource, else they count
    layers: `fc0.weight`, `fc0.bias`, `conv1.weight`, `buffer0`. Parameters are
    counted layer by layer, weight before bias, then the rest in order.

    A weight that is an argument and stored as [in, out] gets a remark, and so does
    an operation that is no part of the model form; both are left alone.

    Values of parameters become `dense_resource`, which is neither copied nor
    compared as a whole by later passes.

    Refuses: no function or no unique public function with a body when `function`
    is not given; a name given twice; more `parameters` than arguments; a name in
    `buffers` that is not in `parameters`; another number of `inputs` or of
    `constants` than there are.
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"",
           "Network function (default: the only public function with a body)">,
    Option<"rename", "rename", "std::string", /*default=*/"\"forward\"",
           "New name of the function (empty: keep it)">,
    ListOption<"inputs", "inputs", "std::string",
               "Names of the arguments that are no parameters, in order">,
    ListOption<"parameters", "parameters", "std::string",
               "Names of the last arguments, which are parameters">,
    ListOption<"buffers", "buffers", "std::string",
               "Those of the parameters that are not trained">,
    ListOption<"constants", "constants", "std::string",
               "Names of the parameters that are constants, in order">,
    Option<"refineScales", "refine-scales", "bool", /*default=*/"false",
           "Give constants that are marked as scales the role of their use">
  ];
  let statistics = [
    Statistic<"numParametersNamed", "num-parameters-named", "Parameters that got a name">,
    Statistic<"bytesMovedToResources", "bytes-moved-to-resources",
              "Bytes of parameter values moved to resources">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::prune::PruneDialect"];
}

def SetBatchSizePass : Pass<"prune-set-batch-size", "ModuleOp"> {
  let summary = "Give a network another batch size";
  let description = [{
    Before: static shapes; the batch is dimension 0 of every tensor argument with
    `prune.input`. After: every dimension that this batch flows into has the new
    size, in the body and in the signature. The batch flows through the loops of
    structured operations, through reshapes, slices, padding and concatenation, and
    through what `scf.for` carries; zeros that a loop starts with get it where the body
    has it. Flattened with other dimensions (tokens) it is a factor of an extent. Extents
    decide nothing: a dimension that only happens to be as large stays as it is. An empty
    tensor or a splat of two purposes is made once per purpose. A constant of extent one
    that a batch of one reads is broadcast. An operation that reduces a batch of one or has
    it in two loops (instance norm) gets one over rows; a remark names a reduction that goes.

    ```mlir
    func.func @f(%x: tensor<64x784xf32> {prune.input = "input"}) -> tensor<64x784xf32>
    // with batch=1
    func.func @f(%x: tensor<1x784xf32> {prune.input = "input"}) -> tensor<1x784xf32>
    ```

    Refuses, with an error at the operation and the function unchanged, when two
    flows contradict: when a batch of several rows is reduced, read through a window,
    in two places or an index that is computed with, when any is sliced or would be a
    dimension of a parameter or of a constant that is not a splat, when a batch of one
    becomes a tensor without dimensions; and when it reaches an operation without
    `ChannelOpInterface` or others call the function.
  }];
  let options = [
    Option<"batch", "batch", "int64_t", "0", "new batch size, from 1 to 16777216">,
    ListOption<"functions", "functions", "std::string",
               "functions to change (all that have tensors with prune.input if empty)">,
  ];
  let statistics = [
    Statistic<"numFunctionsChanged", "num-functions-changed", "functions that got the new size">,
  ];
}

def VerifyTrainablePass : Pass<"prune-verify-trainable", "ModuleOp"> {
  let summary = "Check the contract of the model form";
  let description = [{
    Of every chosen function: it has one block; it works on scalars and tensors of
    static shape with operations of `func`, `linalg`, `tensor`, `arith`, `math`
    and `prune` only; every argument is a parameter, an input or state; there is a
    parameter to train; parameters are floating-point tensors, and those that are
    constants are `dense_resource`. Each violation is an error at the operation.
  }];
  let options = [
    ListOption<"functions", "functions", "std::string",
               "functions to check (all with a body if empty)">,
  ];
}

#endif // PRUNE_DIALECT_PRUNE_TRANSFORMS_MODEL_PASSES_TD
