//===- TunedKernels.cpp - Kernels that were measured for layers -----------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Kernels/TunedKernels.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlir::prune;
namespace json = llvm::json;

/// The layers of a file; an error when it is no such file.
static llvm::Expected<json::Array> readLayers(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return llvm::createStringError(buffer.getError(),
                                   buffer.getError().message());
  llvm::Expected<json::Value> value = json::parse((*buffer)->getBuffer());
  if (!value)
    return value.takeError();
  json::Object *object = value->getAsObject();
  if (!object || object->getInteger("version") != 1)
    return llvm::createStringError("expected an object with 'version' 1");
  json::Array *layers = object->getArray("layers");
  if (!layers)
    return llvm::createStringError("expected 'layers' to be a list");
  return std::move(*layers);
}

llvm::Expected<TunedKernels> TunedKernels::load(StringRef path) {
  TunedKernels tuned;
  if (path.empty())
    return tuned;
  llvm::Expected<json::Array> layers = readLayers(path);
  if (!layers)
    return layers.takeError();
  for (const json::Value &value : *layers) {
    Layer layer;
    json::Path::Root root("layer");
    json::ObjectMapper map(value, root);
    std::string kernel;
    if (!map || !map.map("name", layer.name) ||
        !map.map("rows", layer.size.rows) ||
        !map.map("inner", layer.size.inner) ||
        !map.map("columns", layer.size.columns) ||
        !map.map("non_zeros", layer.size.nonZeros) ||
        !map.map("kernel", kernel))
      return root.getError();
    std::optional<KernelKind> kind = symbolizeKernelKind(kernel);
    if (!kind)
      return llvm::createStringError("unknown kernel '" + kernel + "'");
    layer.kernel = *kind;
    tuned.layers.push_back(std::move(layer));
  }
  return tuned;
}

std::optional<KernelKind> TunedKernels::find(StringRef name,
                                             const ProductSize &size) const {
  auto layer = llvm::find_if(layers, [&](const Layer &entry) {
    return entry.name == name && entry.size.rows == size.rows &&
           entry.size.inner == size.inner &&
           entry.size.columns == size.columns &&
           entry.size.nonZeros == size.nonZeros;
  });
  if (layer == layers.end())
    return std::nullopt;
  return layer->kernel;
}
