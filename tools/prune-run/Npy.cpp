//===- Npy.cpp - Headers of .npy files ------------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The format is a magic word, a version, the length of a Python dictionary in
// text, and the dictionary: `{'descr': '<f4', 'fortran_order': False, 'shape':
// (3, 4), }`, padded with spaces to a multiple of 64 bytes.
//
//===----------------------------------------------------------------------===//

#include "Npy.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::prune;
using llvm::StringRef;

static constexpr StringRef kMagic("\x93NUMPY", 6);

static llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// Text of a value in the dictionary, up to `end`.
static llvm::Expected<StringRef> findValue(StringRef dictionary, StringRef key,
                                           StringRef begin, StringRef end) {
  size_t position = dictionary.find(("'" + key + "':").str());
  if (position == StringRef::npos)
    return makeError("the header has no '" + key + "'");
  StringRef rest = dictionary.substr(position + key.size() + 3).ltrim();
  if (!rest.consume_front(begin))
    return makeError("the header has a '" + key + "' in an unknown form");
  size_t length = rest.find(end);
  if (length == StringRef::npos)
    return makeError("the header has a '" + key + "' without an end");
  return rest.take_front(length);
}

static llvm::Expected<ElementKind> parseElement(StringRef description) {
  StringRef type = description;
  bool isBig = type.consume_front(">");
  if (!isBig && !type.consume_front("<"))
    type.consume_front("|");
  std::optional<ElementKind> element =
      llvm::StringSwitch<std::optional<ElementKind>>(type)
          .Case("f4", ElementKind::F32)
          .Case("f8", ElementKind::F64)
          .Case("i1", ElementKind::I8)
          .Case("u1", ElementKind::U8)
          .Case("i4", ElementKind::I32)
          .Case("i8", ElementKind::I64)
          .Case("b1", ElementKind::Bool)
          .Default(std::nullopt);
  if (!element)
    return makeError("the elements have type '" + description +
                     "', expected one of f4, f8, i1, u1, i4, i8, b1");
  if (isBig)
    return makeError("the elements are big-endian, expected little-endian");
  return *element;
}

static llvm::Expected<llvm::SmallVector<int64_t>> parseShape(StringRef text) {
  llvm::SmallVector<int64_t> shape;
  llvm::SmallVector<StringRef> extents;
  text.split(extents, ',', -1, /*KeepEmpty=*/false);
  for (StringRef extent : extents) {
    int64_t value = 0;
    if (extent.trim().empty())
      continue;
    if (extent.trim().getAsInteger(10, value) || value < 0)
      return makeError("the header has the shape (" + text + ")");
    shape.push_back(value);
  }
  return shape;
}

/// The dictionary, and the bytes of everything in front of the elements.
static llvm::Expected<std::pair<StringRef, size_t>>
findDictionary(StringRef start) {
  if (!start.starts_with(kMagic) || start.size() < 12)
    return makeError("it is no .npy file");
  uint8_t version = start[6];
  if (version < 1 || version > 3)
    return makeError("it has version " + llvm::Twine(unsigned(version)) +
                     " of the .npy format, expected 1, 2 or 3");
  size_t prefix = version == 1 ? 10 : 12;
  size_t length = version == 1
                      ? llvm::support::endian::read16le(start.data() + 8)
                      : llvm::support::endian::read32le(start.data() + 8);
  if (start.size() < prefix + length)
    return makeError("its header is cut off");
  return std::pair(start.substr(prefix, length), prefix + length);
}

llvm::Expected<NpyHeader> prune::parseNpyHeader(StringRef start,
                                                uint64_t bytes) {
  auto found = findDictionary(start);
  if (!found)
    return found.takeError();
  auto [dictionary, size] = *found;
  auto description = findValue(dictionary, "descr", "'", "'");
  if (!description)
    return description.takeError();
  auto element = parseElement(*description);
  if (!element)
    return element.takeError();
  auto order = findValue(dictionary, "fortran_order", "", ",");
  if (!order)
    return order.takeError();
  if (order->trim() != "False")
    return makeError("the elements are in Fortran order, expected C order");
  auto shapeText = findValue(dictionary, "shape", "(", ")");
  if (!shapeText)
    return shapeText.takeError();
  auto shape = parseShape(*shapeText);
  if (!shape)
    return shape.takeError();

  std::optional<int64_t> expected = getByteWidth(*element);
  for (int64_t extent : *shape)
    expected = expected ? llvm::checkedMul(*expected, extent) : std::nullopt;
  if (!expected || uint64_t(*expected) != bytes - size)
    return makeError("it has " + llvm::Twine(bytes - size) +
                     " bytes of elements, which does not fit the shape (" +
                     *shapeText + ")");
  return NpyHeader{*element, *shape, size};
}

static StringRef getDescription(ElementKind element) {
  switch (element) {
  case ElementKind::F32:
    return "<f4";
  case ElementKind::F64:
    return "<f8";
  case ElementKind::I8:
    return "|i1";
  case ElementKind::U8:
    return "|u1";
  case ElementKind::I32:
    return "<i4";
  case ElementKind::I64:
    return "<i8";
  case ElementKind::Bool:
    return "|b1";
  }
  llvm_unreachable("unknown element type");
}

std::string prune::makeNpyHeader(const NpyArray &array) {
  std::string shape;
  for (int64_t extent : array.shape)
    shape += std::to_string(extent) + ", ";
  std::string dictionary =
      ("{'descr': '" + getDescription(array.element) +
       "', 'fortran_order': False, 'shape': (" + shape + "), }")
          .str();
  constexpr size_t kPrefix = 10;
  size_t size = llvm::alignTo(kPrefix + dictionary.size() + 1, 64);
  dictionary.resize(size - kPrefix - 1, ' ');
  dictionary += '\n';
  std::string header = kMagic.str() + std::string("\x01\x00", 2);
  char length[2];
  llvm::support::endian::write16le(length, dictionary.size());
  return header + std::string(length, 2) + dictionary;
}
