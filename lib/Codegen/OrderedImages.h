//===- OrderedImages.h - Images in several orders ----------------*- C++
//-*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_CODEGEN_ORDEREDIMAGES_H
#define PRUNE_LIB_CODEGEN_ORDEREDIMAGES_H

#include "Prune/Assembly/ImageGrid.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::prune {

/// Extents of images.
struct ImageExtents {
  int64_t images, channels, height, width;
};

/// The name in remarks.
StringRef getOrderName(assembly::ImageOrder order);

/// The images between operations that are replaced, in the orders in which they
/// are read. An image is named by its value before.
class OrderedImages {
public:
  /// `value` is the image in an order.
  void set(Value image, Value value, const assembly::ImageGrid &grid,
           const ImageExtents &extents);

  /// The image in an order. Where it is in another one, copies are made behind
  /// its definition, once for all that read it.
  Value get(Value image, const assembly::ImageGrid &grid,
            const ImageExtents &extents);
  /// The same in the order nchw.
  Value getPlain(Value image);

  /// A new tensor for an image in an order that is not nchw.
  static Value createEmpty(OpBuilder &builder, Location loc,
                           const assembly::ImageGrid &grid,
                           const ImageExtents &extents);

  /// Copies that were made.
  int64_t getNumCopies() const { return copies.size(); }

private:
  struct Ordered {
    Value value;
    assembly::ImageGrid grid;
    ImageExtents extents;
  };

  llvm::DenseMap<Value, Ordered> ordered;
  /// For an image and an order.
  llvm::DenseMap<std::pair<Value, int>, Value> copies;
};

} // namespace mlir::prune

#endif // PRUNE_LIB_CODEGEN_ORDEREDIMAGES_H
