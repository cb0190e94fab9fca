//===- Arguments.cpp - Arguments of a function ----------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

#include <random>

using namespace mlir;
using namespace mlir::prune;

static llvm::Error makeError(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

static std::string describe(ElementKind element, ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << toString(element) << " of shape (";
  llvm::interleaveComma(shape, stream);
  stream << (shape.size() == 1 ? ",)" : ")");
  return text;
}

/// Elements that suit most networks: numbers around zero, classes below ten,
/// and masks that keep half. Distributions of the library may differ between
/// systems, so only its generator, which is specified, is used.
static void fillRandomly(NpyArray &array, std::mt19937_64 &generator) {
  auto fill = [&](auto *data, auto make) {
    for (int64_t i = 0, e = array.getNumElements(); i < e; ++i)
      data[i] = make(generator());
  };
  auto uniform = [](uint64_t bits) {
    return double(bits >> 11) / double(1ull << 52) - 1.0;
  };
  auto digit = [](uint64_t bits) { return bits % 10; };
  switch (array.element) {
  case ElementKind::F32:
    return fill(reinterpret_cast<float *>(array.getData()), uniform);
  case ElementKind::F64:
    return fill(reinterpret_cast<double *>(array.getData()), uniform);
  case ElementKind::I8:
    return fill(reinterpret_cast<int8_t *>(array.getData()), digit);
  case ElementKind::U8:
    return fill(reinterpret_cast<uint8_t *>(array.getData()), digit);
  case ElementKind::I32:
    return fill(reinterpret_cast<int32_t *>(array.getData()), digit);
  case ElementKind::I64:
    return fill(reinterpret_cast<int64_t *>(array.getData()), digit);
  case ElementKind::Bool:
    return fill(array.getData(), [](uint64_t bits) { return bits & 1; });
  }
}

/// The input for argument `index`, null when there is none.
static NpyArray *findInput(std::vector<NpyArray> &inputs,
                           const ValueInfo &value, size_t index) {
  std::string position = "arr_" + std::to_string(index);
  for (const std::string &name : {value.name, position})
    for (NpyArray &input : inputs)
      if (input.name == name)
        return &input;
  return nullptr;
}

llvm::Expected<std::vector<NpyArray>>
prune::collectArguments(const FunctionSignature &signature,
                        std::vector<NpyArray> inputs,
                        std::optional<uint64_t> seed) {
  std::vector<NpyArray> arguments;
  llvm::SmallPtrSet<NpyArray *, 16> used;
  std::mt19937_64 generator(seed.value_or(0));
  for (auto [i, value] : llvm::enumerate(signature.arguments)) {
    NpyArray *input = findInput(inputs, value, i);
    if (!input && !seed)
      return makeError("function '" + signature.name +
                       "' needs an array for its argument '" + value.name +
                       "', " + describe(value.element, value.shape));
    if (!input) {
      arguments.emplace_back(value.name, value.element, value.shape);
      fillRandomly(arguments.back(), generator);
      continue;
    }
    if (input->element != value.element || input->shape != value.shape)
      return makeError("array '" + input->name + "' is " +
                       describe(input->element, input->shape) +
                       ", but argument '" + value.name + "' of function '" +
                       signature.name + "' is " +
                       describe(value.element, value.shape));
    used.insert(input);
    arguments.emplace_back(value.name, value.element, value.shape);
    std::copy_n(input->getData(), input->getNumBytes(),
                arguments.back().getData());
  }
  for (NpyArray &input : inputs)
    if (!used.contains(&input))
      return makeError("array '" + input.name +
                       "' is no argument of function '" + signature.name + "'");
  return arguments;
}

std::vector<NpyArray>
prune::makeDestinations(const FunctionSignature &signature) {
  std::vector<NpyArray> destinations;
  for (auto [value, destination] :
       llvm::zip_equal(signature.results, signature.destinations))
    if (destination >= signature.arguments.size())
      destinations.emplace_back(value.name, value.element, value.shape);
  return destinations;
}
