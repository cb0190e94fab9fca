//===- ConstantData.cpp - Constants beside compiled code ------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConstantData.h"

#include "Prune/Conversion/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace mlir;
using namespace mlir::prune;

/// The elements as they lie in memory, row-major; nothing for a splat, and for
/// elements of other than 8, 16, 32 or 64 bits.
static ArrayRef<char> getBytes(Attribute value) {
  auto elements = dyn_cast_or_null<ElementsAttr>(value);
  if (!elements || !elements.getElementType().isIntOrFloat())
    return {};
  unsigned width = elements.getElementType().getIntOrFloatBitWidth();
  if (width < 8 || width > 64 || !llvm::isPowerOf2_32(width))
    return {};
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    return dense.isSplat() ? ArrayRef<char>() : dense.getRawData();
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  int64_t bytes = elements.getNumElements() * (width / 8);
  if (!blob || static_cast<int64_t>(blob->getData().size()) != bytes)
    return {};
  return blob->getData();
}

static void *copyAligned(ArrayRef<char> bytes) {
  size_t size = llvm::alignTo(bytes.size(), ConstantData::kAlignment);
  void *memory = std::aligned_alloc(ConstantData::kAlignment, size);
  if (!memory)
    llvm::report_bad_alloc_error("no memory for the constants of a module");
  std::memcpy(memory, bytes.data(), bytes.size());
  return memory;
}

void ConstantData::extract(ModuleOp module) {
  for (auto global : module.getOps<LLVM::GlobalOp>()) {
    if (!global.getConstant())
      continue;
    ArrayRef<char> bytes = getBytes(global.getValueOrNull());
    bool isCode = global.getSection() == kCodeSection;
    if (bytes.empty() ||
        (!isCode && static_cast<int64_t>(bytes.size()) < kLargeBytes))
      continue;
    pieces.push_back({global.getSymName().str(), bytes, isCode});
    global.removeValueAttr();
    global.setLinkage(LLVM::Linkage::External);
    global.setAlignment(kAlignment);
    global.removeSectionAttr();
  }
}

llvm::Error ConstantData::load() {
  for (const Piece &piece : pieces)
    if (!piece.isCode)
      data[piece.symbol].reset(copyAligned(piece.bytes));
  return loadCode();
}

llvm::Error ConstantData::loadCode() {
  SmallVector<ArrayRef<uint8_t>> bytes;
  SmallVector<StringRef> symbols;
  for (const Piece &piece : pieces)
    if (piece.isCode) {
      bytes.push_back(llvm::arrayRefFromStringRef(
          StringRef(piece.bytes.data(), piece.bytes.size())));
      symbols.push_back(piece.symbol);
    }
  llvm::Expected<assembly::CodeMemory> loaded =
      assembly::CodeMemory::load(bytes);
  if (!loaded)
    return loaded.takeError();
  code = std::move(*loaded);
  for (auto [index, symbol] : llvm::enumerate(symbols))
    codeSymbols[symbol] = code.get(index);
  return llvm::Error::success();
}

llvm::StringMap<void *> ConstantData::getSymbols() const {
  llvm::StringMap<void *> symbols = codeSymbols;
  for (const auto &entry : data)
    symbols[entry.getKey()] = entry.getValue().get();
  return symbols;
}
