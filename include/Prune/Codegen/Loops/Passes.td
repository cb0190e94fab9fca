//===- Passes.td - Passes from tensors to loops ------------*- tablegen -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_CODEGEN_LOOPS_PASSES_TD
#define PRUNE_CODEGEN_LOOPS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ApproximateMathPass : Pass<"prune-approximate-math"> {
  let summary = "Replace mathematical functions by polynomials on vectors";
  let description = [{
    Replaces `math.exp`, `expm1`, `log`, `log1p`, `tanh` and `erf` of f32, on
    scalars and vectors, by upstream's polynomial approximations, with errors of
    a few units in the last place. LLVM has no vector form of these functions
    and would call the C library once per element. Other element types stay.

    ```mlir
    %y = math.exp %x : vector<16xf32>
    ```

    becomes a dozen `arith` and `math.fma` operations on `vector<16xf32>`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def ConvertStridedCopiesPass : Pass<"prune-convert-strided-copies"> {
  let summary = "Convert copies of strided memory into element-wise operations";
  let description = [{
    Before: `memref.copy` between any memrefs. After: those between contiguous
    memrefs of static shape are left, which become a call of `memcpy`; the others
    are element-wise `linalg.generic`, which become loops. LLVM lowering would
    call a run-time function for them that walks the elements one by one.

    ```mlir
    memref.copy %a, %b : memref<4xf32, strided<[2]>> to memref<4xf32>
    ```

    becomes

    ```mlir
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%a : memref<4xf32, strided<[2]>>) outs(%b : memref<4xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    }
    ```
  }];
  let statistics = [
    Statistic<"numCopies", "num-copies-converted", "Copies of strided memory converted">
  ];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def DecomposeAggregatesPass : Pass<"prune-decompose-aggregates"> {
  let summary = "Decompose aggregates such as a softmax into structured operations";
  let description = [{
    Before: operations with `AggregatedOpInterface`, such as `linalg.softmax`.
    After: reductions and element-wise operations that do the same, and that
    kernels, fusion and loops know. An aggregate that does not say how to
    decompose is left, with a remark.
  }];
  let statistics = [
    Statistic<"numAggregates", "num-aggregates-decomposed", "Aggregates decomposed">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"
  ];
}

def ExpandPowersPass : Pass<"prune-expand-powers"> {
  let summary = "Expand powers with integer exponents";
  let description = [{
    Before: `math.fpowi`, with exponents of any integer type. After: there is none.

    * A constant exponent of at most 16 becomes multiplications, squaring over and
      over; a negative one the inverse of the positive power. So `x**2` is one
      multiplication, which fuses and vectorizes.
    * Any other exponent becomes a number for `math.powf` of the absolute value;
      the sign of the result is that of the base where the exponent is odd. A
      number holds an exponent exactly up to its digits (2^24 in single precision);
      a larger one is rounded, which changes the power by less than its own
      rounding.

    Exponent zero gives one for every base, NaN included.

    Example:

    ```mlir
    %c3 = arith.constant 3 : i64
    %y = math.fpowi %x, %c3 : f32, i64
    ```

    becomes

    ```mlir
    %s = arith.mulf %x, %x : f32
    %y = arith.mulf %x, %s : f32
    ```
  }];
  let statistics = [
    Statistic<"numPowers", "num-powers-expanded", "Powers expanded">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def PlanArenaPass : Pass<"prune-plan-arena", "func::FuncOp"> {
  let summary = "Give temporary buffers places in one block of memory";
  let description = [{
    Before: bufferized functions whose temporary buffers are freed after their last
    use. After: those of static shape that are allocated and freed in one block, be
    it the function's or that of a loop in it, are views of one allocation of the
    function. Buffers that are never there at the same time share memory. Places are
    aligned to 64 bytes, or as a buffer asks. The largest buffers get theirs first.

    Buffers of parallel loops stay, as several iterations run at a time, and so do
    those that are returned, freed in another block or under a condition, or have a
    layout or memory space. A function with one buffer stays as it is.

    ```mlir
    %a = memref.alloc() : memref<16xf32>
    "use"(%x, %a) : (memref<16xf32>, memref<16xf32>) -> ()
    %b = memref.alloc() : memref<32xf32>
    "use"(%a, %b) : (memref<16xf32>, memref<32xf32>) -> ()
    memref.dealloc %a : memref<16xf32>
    %c = memref.alloc() : memref<16xf32>
    "use"(%b, %c) : (memref<32xf32>, memref<16xf32>) -> ()
    memref.dealloc %b : memref<32xf32>
    memref.dealloc %c : memref<16xf32>
    ```

    becomes

    ```mlir
    %arena = memref.alloc() {alignment = 64 : i64} : memref<192xi8>
    %a = memref.view %arena[%c128][] : memref<192xi8> to memref<16xf32>
    "use"(%x, %a) : (memref<16xf32>, memref<16xf32>) -> ()
    %b = memref.view %arena[%c0][] : memref<192xi8> to memref<32xf32>
    "use"(%a, %b) : (memref<16xf32>, memref<32xf32>) -> ()
    %c = memref.view %arena[%c128][] : memref<192xi8> to memref<16xf32>
    "use"(%b, %c) : (memref<32xf32>, memref<16xf32>) -> ()
    memref.dealloc %arena : memref<192xi8>
    ```

    A remark says how many bytes there are, how many live at the same time at most,
    which is the least that there can be, and how many all buffers have.
  }];
  let options = [
    Option<"fill", "fill", "bool", "false",
           "Fill each buffer with NaN, or ones, where it begins, so that a read of what "
           "nobody wrote shows.">
  ];
  let statistics = [
    Statistic<"numBuffers", "num-buffers-placed", "Buffers that have a place">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect"];
}

def ResultsToDestinationsPass : Pass<"prune-results-to-destinations", "ModuleOp"> {
  let summary = "Convert results of public functions into destination arguments";
  let description = [{
    Gives every public function the calling convention of compiled code: no
    results, a memref per tensor argument, and a trailing memref per result that
    receives it. A result whose `prune.state` names an argument is written into
    that argument instead, so that a training step updates its state in place.
    Arguments that are no updated state are never written.

    Before: functions on tensors with one block. After: the functions return
    nothing; tensors enter through `bufferization.to_tensor` and leave through
    `bufferization.materialize_in_destination`, ready for one-shot
    bufferization. Operations that produce new state move to the end of the
    function, behind the last reader of the old state. A value that two
    computations start from, or that is returned and started from, is repeated
    (a fill) or copied, so that no result is computed in the destination of
    another. The argument that receives result `i` carries `prune.result = i`.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> (tensor<4xf32> {prune.output = "y"}) {
      %y = math.exp %x : tensor<4xf32>
      return %y : tensor<4xf32>
    }
    ```

    becomes

    ```mlir
    func.func @f(%x: memref<4xf32>, %d: memref<4xf32> {prune.output = "y", prune.result = 0 : i64}) {
      %t = bufferization.to_tensor %x restrict : memref<4xf32> to tensor<4xf32>
      %y = math.exp %t : tensor<4xf32>
      bufferization.materialize_in_destination %y in restrict writable %d
          : (tensor<4xf32>, memref<4xf32>) -> ()
      return
    }
    ```

    Refuses a function with several blocks, a tensor without static shape, a
    state result without an argument of that name and type, two results of one
    state, and a call of a public function.
  }];
  let statistics = [
    Statistic<"numDestinations", "num-destinations-added",
              "Results that became a new argument">,
    Statistic<"numStates", "num-states-updated",
              "Results that are written into an existing argument">
  ];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect",
                           "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect"];
}

def SeparateDestinationsPass : Pass<"prune-separate-destinations"> {
  let summary = "Give every computation a destination of its own";
  let description = [{
    Copies `tensor.empty` and `linalg.fill` in front of each operation that uses
    them as a destination. Common subexpression elimination makes them one, and
    bufferization then has to copy, and to keep the buffer for all of them. A
    constant without elements becomes an empty tensor: LLVM has no such constants of
    several dimensions.

    ```mlir
    %e = tensor.empty() : tensor<4xf32>
    %z = linalg.fill ins(%c0 : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    %a = linalg.reduce ... outs(%z : tensor<4xf32>)
    %b = linalg.reduce ... outs(%z : tensor<4xf32>)
    ```

    becomes

    ```mlir
    %e0 = tensor.empty() : tensor<4xf32>
    %z0 = linalg.fill ins(%c0 : f32) outs(%e0 : tensor<4xf32>) -> tensor<4xf32>
    %a = linalg.reduce ... outs(%z0 : tensor<4xf32>)
    %e1 = tensor.empty() : tensor<4xf32>
    %z1 = linalg.fill ins(%c0 : f32) outs(%e1 : tensor<4xf32>) -> tensor<4xf32>
    %b = linalg.reduce ... outs(%z1 : tensor<4xf32>)
    ```
  }];
  let statistics = [
    Statistic<"numCopies", "num-destinations-copied", "Empty or filled tensors copied for a use">
  ];
}

def CopyIterArgsPass : Pass<"prune-copy-iter-args"> {
  let summary = "Write the state that a loop carries into its place";
  let description = [{
    Before: an `scf.for` carries tensors, like the state of a recurrent network.
    After: a tensor that is yielded is computed on top of the one that came in, or
    is copied into it at the end of the iteration, when nothing reads the old one
    any more. Bufferization then uses one buffer for all iterations.

    ```mlir
    %h = scf.for %t = %c0 to %c9 step %c1 iter_args(%s = %z) -> (tensor<4xf32>) {
      %n = linalg.add ins(%r, %s : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      scf.yield %n : tensor<4xf32>
    }
    ```

    becomes

    ```mlir
    %h = scf.for %t = %c0 to %c9 step %c1 iter_args(%s = %z) -> (tensor<4xf32>) {
      %n = linalg.add ins(%r, %s : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      %c = linalg.copy ins(%n : tensor<4xf32>) outs(%s : tensor<4xf32>) -> tensor<4xf32>
      scf.yield %c : tensor<4xf32>
    }
    ```

    States that are exchanged go through a copy of their own first. Loops on
    tensors of dynamic shape are left alone.
  }];
  let statistics = [
    Statistic<"numIterArgs", "num-iter-args", "Tensors copied at the end of an iteration">
  ];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def VerifyBufferizablePass : Pass<"prune-verify-bufferizable"> {
  let summary = "Check that every operation on tensors can be bufferized";
  let description = [{
    Refuses, with an error at its location and with its name, an operation that
    reads or makes tensors and of which bufferization knows nothing. Changes
    nothing.
  }];
}

def StoreMasksAsBytesPass : Pass<"prune-store-masks-as-bytes", "ModuleOp"> {
  let summary = "Store tensors of i1 as one byte per element";
  let description = [{
    Replaces every tensor of `i1` by a tensor of `i8` that holds zero or one:
    arguments, results, constants and intermediate values. Bodies of `linalg`
    operations compare a byte that they read with zero and extend a bit that
    they write, so any non-zero byte counts as true. Memory of type `i1` has no
    vector loads in LLVM; bytes have, and are what numpy's `bool` uses.

    Before: any function on tensors. After: no tensor of `i1` is left.

    ```mlir
    linalg.generic ... ins(%m : tensor<8xi1>) ... {
    ^bb0(%b: i1, ...):
      %r = arith.select %b, %x, %zero : f32
    ```

    becomes

    ```mlir
    linalg.generic ... ins(%m : tensor<8xi8>) ... {
    ^bb0(%byte: i8, ...):
      %b = arith.cmpi ne, %byte, %c0 : i8
      %r = arith.select %b, %x, %zero : f32
    ```

    Refuses an operation on a tensor of `i1` that it does not know.
  }];
  let statistics = [
    Statistic<"numValues", "num-values-widened", "Tensors of i1 that became tensors of i8">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect"];
}

def VectorizeLoopsPass : Pass<"prune-vectorize-loops"> {
  let summary = "Convert linalg operations on memrefs into loops over vectors";
  let description = [{
    Before: bufferized functions. After: `linalg` operations that read and write
    whole memrefs element by element are loops over `vector` operations. Dimensions
    of one element that are read at zero, as of a row's maximum, go first. A loop
    becomes vectors when all operands are constant or contiguous along it;
    neighboring loops are merged first. The last, incomplete vector is a shorter
    one. Sums are kept in several vectors and combined in a fixed order, so they
    differ in the last bits from a sum in order, but not from run to run. Long
    sums to one element are cut into tasks of one size, with `threaded` or not,
    so that the bits do not depend on it.

    ```mlir
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%x : memref<40xf32>) outs(%y : memref<40xf32>) {
    ^bb0(%in: f32, %out: f32):
      %r = arith.addf %in, %in : f32
      linalg.yield %r : f32
    }
    ```

    becomes

    ```mlir
    scf.for %i = %c0 to %c32 step %c16 {
      %in = vector.load %x[%i] : memref<40xf32>, vector<16xf32>
      %r = arith.addf %in, %in : vector<16xf32>
      vector.store %r, %y[%i] : memref<40xf32>, vector<16xf32>
    }
    %in = vector.load %x[%c32] : memref<40xf32>, vector<8xf32>
    %r = arith.addf %in, %in : vector<8xf32>
    vector.store %r, %y[%c32] : memref<40xf32>, vector<8xf32>
    ```

    Operations that do not qualify stay, with a remark that says why.
  }];
  let options = [
    Option<"vectorWidth", "vector-width", "int64_t", /*default=*/"512",
           "Bits of a full vector.">,
    Option<"threaded", "threaded", "bool", /*default=*/"false",
           "Make large loops over independent elements, and tasks of long sums, scf.parallel.">
  ];
  let statistics = [
    Statistic<"numVectorized", "num-loops-vectorized", "Operations that became loops over vectors">,
    Statistic<"numScalar", "num-loops-scalar", "Operations that stay scalar">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

#endif // PRUNE_CODEGEN_LOOPS_PASSES_TD
