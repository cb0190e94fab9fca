//===- Names.cpp - Names of constants before they are parameters ----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Names.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Location.h"

using namespace mlir;
using namespace mlir::prune;

/// Keys of resources that say nothing: what torch-mlir and
/// prune-canonicalize-weights start theirs with.
static constexpr StringLiteral kAnonymousKeys[] = {
    "torch_tensor_", "transposed_weight", "evaluated_weight"};

StringRef mlir::prune::getGivenName(arith::ConstantOp constant) {
  if (auto loc = dyn_cast<NameLoc>(constant.getLoc()))
    return loc.getName();
  if (auto resource =
          dyn_cast<DenseResourceElementsAttr>(constant.getValue())) {
    StringRef key = resource.getRawHandle().getKey();
    if (llvm::none_of(kAnonymousKeys,
                      [&](StringRef start) { return key.starts_with(start); }))
      return key.ltrim('_');
  }
  return {};
}

std::string mlir::prune::getReparametrizedName(StringRef part) {
  // PyTorch's torch.nn.utils.parametrize.
  auto [module, rest] = part.split("parametrizations.");
  if (!rest.empty())
    return (module + rest.split('.').first).str();
  // Its older relatives, and what quantizers write.
  for (StringRef suffix : {"_orig", "_mask", "_bar", "_g", "_v", "_u",
                           "_zero_point", "_scale", "_quantized", "_q"})
    if (part.size() > suffix.size() && part.ends_with(suffix))
      return part.drop_back(suffix.size()).str();
  return part.str();
}
