//===- TunedKernels.h - Kernels that were measured for layers ---*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_KERNELS_TUNEDKERNELS_H
#define PRUNE_KERNELS_TUNEDKERNELS_H

#include "Prune/Kernels/CostModel.h"

#include <string>
#include <vector>

namespace mlir::prune {

/// The fastest kernels of the layers of a network, which were measured instead
/// of predicted. The file is JSON:
///
///     {"version": 1, "layers": [{"name": "fc1.weight", "rows": 300,
///       "inner": 784, "columns": 64, "non_zeros": 23520, "kernel": "csr"}]}
///
/// Other members are for readers.
class TunedKernels {
public:
  /// Reads a file; none when the path is empty. An error names what is wrong.
  static llvm::Expected<TunedKernels> load(StringRef path);

  /// The kernel of a layer of this name and exactly this size.
  std::optional<KernelKind> find(StringRef layer,
                                 const ProductSize &size) const;

private:
  struct Layer {
    std::string name;
    ProductSize size;
    KernelKind kernel;
  };
  std::vector<Layer> layers;
};

} // namespace mlir::prune

#endif // PRUNE_KERNELS_TUNEDKERNELS_H
