//===- CallingConvention.cpp - Arguments of compiled code -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CallingConvention.h"

#include "prune_network.h"

using namespace mlir;
using namespace mlir::prune;

std::string prune::getInterfaceName(StringRef function) {
  return ("_mlir_ciface_" + function).str();
}

size_t prune::getNumDestinations(const FunctionSignature &signature) {
  return llvm::count_if(signature.destinations, [&](unsigned destination) {
    return destination >= signature.arguments.size();
  });
}

void CallFrame::addTensor(void *data, const ValueInfo &value) {
  SmallVector<int64_t> &words = descriptors.emplace_back();
  int64_t rank = value.shape.size();
  words.resize(prune_rt_descriptor_words(rank));
  prune_rt_fill_descriptor(words.data(), data, value.shape.data(), rank);
}

void CallFrame::addScalar(void *data) {
  descriptors.emplace_back();
  scalars.emplace_back(descriptors.size() - 1, data);
}

MutableArrayRef<void *> CallFrame::getPointers() {
  addresses.clear();
  for (SmallVector<int64_t> &words : descriptors)
    addresses.push_back(words.data());
  pointers.clear();
  for (void *&address : addresses)
    pointers.push_back(&address);
  for (auto [index, data] : scalars)
    pointers[index] = data;
  return pointers;
}

llvm::Expected<CallFrame> CallFrame::create(const FunctionSignature &signature,
                                            ArrayRef<void *> arguments,
                                            ArrayRef<void *> destinations) {
  size_t outputs = getNumDestinations(signature);
  if (arguments.size() != signature.arguments.size() ||
      destinations.size() != outputs)
    return llvm::createStringError(
        llvm::inconvertibleErrorCode(),
        "function '%s' takes %zu arguments and %zu destinations, got %zu and "
        "%zu",
        signature.name.c_str(), signature.arguments.size(), outputs,
        arguments.size(), destinations.size());
  CallFrame frame;
  for (auto [value, data] : llvm::zip_equal(signature.arguments, arguments)) {
    if (value.isScalar)
      frame.addScalar(data);
    else
      frame.addTensor(data, value);
  }
  for (auto [value, destination] :
       llvm::zip_equal(signature.results, signature.destinations))
    if (destination >= signature.arguments.size())
      frame.addTensor(destinations[destination - signature.arguments.size()],
                      value);
  return frame;
}
