//===- ConvertStridedCopies.cpp - prune-convert-strided-copies ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Replaces each copy of strided memory by an element-wise operation. Linear in
// the number of operations.
//
//===----------------------------------------------------------------------===//

#include "Prune/Codegen/Loops/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Utils/MemRefUtils.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "prune-convert-strided-copies"

namespace mlir::prune {
#define GEN_PASS_DEF_CONVERTSTRIDEDCOPIESPASS
#include "Prune/Codegen/Loops/Passes.h.inc"
} // namespace mlir::prune

using namespace mlir;
using namespace mlir::prune;

/// True for memory that one memcpy can read or write.
static bool isContiguous(Value buffer) {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  return type && (type.getLayout().isIdentity() ||
                  memref::isStaticShapeAndContiguousRowMajor(type));
}

/// Copies element by element.
static void convertCopy(memref::CopyOp op) {
  OpBuilder builder(op);
  auto type = cast<MemRefType>(op.getTarget().getType());
  AffineMap map = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  linalg::GenericOp::create(builder, op.getLoc(), op.getSource(),
                            op.getTarget(), ArrayRef<AffineMap>{map, map},
                            iterators,
                            [](OpBuilder &b, Location loc, ValueRange args) {
                              linalg::YieldOp::create(b, loc, args.front());
                            });
  op.erase();
}

namespace {
struct ConvertStridedCopiesPass final
    : prune::impl::ConvertStridedCopiesPassBase<ConvertStridedCopiesPass> {
  void runOnOperation() override {
    getOperation()->walk([&](memref::CopyOp op) {
      bool isRanked = isa<MemRefType>(op.getSource().getType()) &&
                      isa<MemRefType>(op.getTarget().getType());
      if (!isRanked ||
          (isContiguous(op.getSource()) && isContiguous(op.getTarget())))
        return;
      LDBG() << "a loop for " << op;
      convertCopy(op);
      ++numCopies;
    });
  }
};
} // namespace
