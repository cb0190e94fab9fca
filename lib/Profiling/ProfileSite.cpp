//===- ProfileSite.cpp - Descriptions of measured operations --------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProfileSite.h"

#include "Origin.h"
#include "Prune/Dialect/OneDNN/IR/OneDNN.h"
#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::prune;

/// The name without the dialect's.
static StringRef getMnemonic(StringRef operation) {
  return operation.split('.').second;
}

/// `100x20x12`, `?` for what is not known.
static std::string formatShape(ArrayRef<int64_t> shape) {
  return llvm::join(llvm::map_range(shape,
                                    [](int64_t extent) {
                                      return ShapedType::isDynamic(extent)
                                                 ? std::string("?")
                                                 : std::to_string(extent);
                                    }),
                    "x");
}

static int64_t getExtent(Value memref, int64_t dim) {
  return cast<ShapedType>(memref.getType()).getDimSize(dim);
}

/// `100x20x12x12 to 50, 5x5, stride 2`: input, channels of the output, window.
static std::string describeWindow(kernel::WindowOpInterface op) {
  kernel::WindowShape shape = op.getWindowShape();
  std::string text = formatShape({shape.n, shape.c, shape.h, shape.w});
  if (shape.f != shape.c)
    text += " to " + std::to_string(shape.f);
  text += ", " + formatShape({shape.kh, shape.kw});
  if (shape.strideH != 1 || shape.strideW != 1)
    text += ", stride " + std::to_string(shape.strideH);
  if (shape.groups != 1)
    text += ", " + std::to_string(shape.groups) + " groups";
  return text;
}

/// `loop 300x784 (3 in, 2 out)`; a nest that sums is a reduction.
static std::string describeNest(linalg::LinalgOp op) {
  std::string text = op.getNumReductionLoops() ? "reduction" : "loop";
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  if (!extents.empty())
    text += " " + formatShape(extents);
  return text + " (" + std::to_string(op.getNumDpsInputs()) + " in, " +
         std::to_string(op.getNumDpsInits()) + " out)";
}

/// The operation with the shape of the last memory that it names.
static std::string describeOther(Operation *op) {
  std::string text = getMnemonic(op->getName().getStringRef()).str();
  for (Value operand : llvm::reverse(op->getOperands()))
    if (auto type = dyn_cast<MemRefType>(operand.getType()))
      return text + " " + formatShape(type.getShape());
  return text;
}

static std::string describeOperation(Operation *op) {
  std::string mnemonic = getMnemonic(op->getName().getStringRef()).str() + " ";
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case<onednn::MatmulOp>([&](onednn::MatmulOp op) {
        int64_t k = getExtent(op.getA(), op.getTransposeA() ? 0 : 1);
        Value output = op.getOutput();
        return mnemonic +
               formatShape({getExtent(output, 0), getExtent(output, 1), k});
      })
      .Case<kernel::SpmmOp>([&](kernel::SpmmOp op) {
        Value output = op.getOutput();
        return mnemonic +
               formatShape({getExtent(output, 0), getExtent(output, 1),
                            getExtent(op.getX(), 0)});
      })
      .Case<kernel::LanePermuteOp>([&](kernel::LanePermuteOp op) {
        Value output = op.getOutput();
        return mnemonic +
               formatShape({getExtent(output, 0), getExtent(output, 1),
                            getExtent(op.getX(), 1)});
      })
      .Case<kernel::WindowOpInterface>([&](kernel::WindowOpInterface op) {
        return mnemonic + describeWindow(op);
      })
      .Case<linalg::LinalgOp>(describeNest)
      .Default(describeOther);
}

ProfileSite prune::describeSite(Operation *op) {
  Origin origin = getOrigin(op->getLoc());
  ProfileSite site;
  site.kind = op->getName().getStringRef().str();
  site.name = describeOperation(op);
  // A loop nest alone does not say what it is for.
  bool isNest = isa<linalg::LinalgOp>(op);
  if (isNest && !origin.operation.empty()) {
    site.kind = origin.operation.str();
    if (origin.operation.starts_with(PruneDialect::getDialectNamespace()))
      site.name += (" " + getMnemonic(origin.operation)).str();
  }
  site.label = origin.label.str();
  // Sites are lines with tabulators.
  for (char &letter : site.label)
    if (letter == '\n' || letter == '\t')
      letter = ' ';
  return site;
}
