//===- Layers.cpp - Layers with weights in Python -------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A layer is an operation that multiplies with a parameter and sums. It is
// described by the names of parameters, whether they are arguments or
// constants.
//
//===----------------------------------------------------------------------===//

#include "Module.h"

#include "Prune/Analysis/IndexOverruns.h"
#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Interfaces/PrunableOpInterface.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SetVector.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

using namespace mlir;
using namespace mlir::prune;
using namespace mlir::prune::python;
namespace nb = nanobind;

namespace {

struct LayerInfo {
  std::string weight;
  std::string bias;
  std::string kind;
  std::vector<std::string> producers;
  std::vector<int64_t> outputDims, inputDims;
  int64_t macs = 0;
};

} // namespace

/// Name of the parameter that an operation has as its weight; empty when it is
/// no layer.
static std::string getWeightName(Operation *op) {
  auto prunable = dyn_cast<PrunableOpInterface>(op);
  Value weight = prunable ? prunable.getWeight() : Value();
  ParamAttr param = weight ? getParam(weight) : ParamAttr();
  return param ? param.getName().str() : "";
}

/// Names of the weights of the layers that `value` is computed from without
/// another layer in between.
static void collectProducers(Value value, llvm::DenseSet<Value> &seen,
                             llvm::SetVector<StringAttr> &producers) {
  Operation *op = value.getDefiningOp();
  if (!op || !seen.insert(value).second)
    return;
  std::string weight = getWeightName(op);
  if (!weight.empty()) {
    producers.insert(StringAttr::get(op->getContext(), weight));
    return;
  }
  for (Value operand : op->getOperands())
    collectProducers(operand, seen, producers);
}

/// Biases that `value` is computed from without a layer in between.
static void collectBiases(Value value, llvm::DenseSet<Value> &seen,
                          llvm::SetVector<StringRef> &biases) {
  if (!seen.insert(value).second)
    return;
  if (ParamAttr param = getParam(value)) {
    if (param.getRole() == ParamRole::Bias)
      biases.insert(param.getName());
    return;
  }
  Operation *op = value.getDefiningOp();
  if (!op || !getWeightName(op).empty())
    return;
  for (Value operand : op->getOperands())
    collectBiases(operand, seen, biases);
}

/// Name of the bias of a layer: what its sums start from, or what an operation
/// on single elements adds to them. Empty when there is none, or no one.
static std::string findBias(linalg::LinalgOp op) {
  llvm::DenseSet<Value> seen;
  llvm::SetVector<StringRef> biases;
  for (Value init : op.getDpsInits())
    collectBiases(init, seen, biases);
  Value result = op->getResult(0);
  for (Operation *user : result.getUsers()) {
    auto structured = dyn_cast<linalg::LinalgOp>(user);
    if (!biases.empty() || !structured || !result.hasOneUse() ||
        structured.getNumReductionLoops() != 0)
      continue;
    seen.insert(result);
    for (OpOperand *input : structured.getDpsInputOperands())
      collectBiases(input->get(), seen, biases);
  }
  return biases.size() == 1 ? biases.front().str() : "";
}

static LayerInfo describe(linalg::LinalgOp op, const std::string &weight) {
  auto prunable = cast<PrunableOpInterface>(op.getOperation());
  LayerInfo layer;
  layer.weight = weight;
  layer.macs = prunable.getMacs();
  // A filter that slides makes a convolution, whatever the rank of its weight.
  layer.kind = linalg::isaConvolutionOpInterface(op) ? "conv" : "fc";
  layer.bias = findBias(op);
  llvm::append_range(layer.outputDims, prunable.getOutputChannelDims());
  llvm::append_range(layer.inputDims, prunable.getInputChannelDims());
  llvm::DenseSet<Value> seen;
  llvm::SetVector<StringAttr> producers;
  for (OpOperand *input : op.getDpsInputOperands())
    if (input != prunable.getWeightOperand())
      collectProducers(input->get(), seen, producers);
  for (StringAttr name : producers)
    layer.producers.push_back(name.str());
  return layer;
}

static nb::list listLayers(const Module &module) {
  std::vector<LayerInfo> layers;
  module.access([&](ModuleOp op) {
    op.walk([&](linalg::LinalgOp structured) {
      std::string weight = getWeightName(structured);
      if (!weight.empty())
        layers.push_back(describe(structured, weight));
    });
    return success();
  });
  nb::list result;
  for (const LayerInfo &layer : layers) {
    nb::dict entry;
    entry["weight"] = layer.weight;
    entry["bias"] = layer.bias.empty() ? nb::none() : nb::cast(layer.bias);
    entry["kind"] = layer.kind;
    entry["producers"] = layer.producers;
    entry["output_dims"] = layer.outputDims;
    entry["input_dims"] = layer.inputDims;
    entry["macs"] = layer.macs;
    result.append(entry);
  }
  return result;
}

/// The argument of a function that is the input `name`; null without one.
static BlockArgument findInput(func::FuncOp function, StringRef name) {
  for (BlockArgument argument : function.getArguments()) {
    auto found = function.getArgAttrOfType<StringAttr>(
        argument.getArgNumber(), PruneDialect::kInputAttrName);
    if (found && found.getValue() == name)
      return argument;
  }
  return nullptr;
}

/// Index and extent of a read that leaves its tensor, or None.
static nb::object checkIndex(const Module &module, const std::string &input,
                             int64_t element) {
  std::optional<IndexOverrun> found;
  module.access([&](ModuleOp op) {
    for (auto function : op.getOps<func::FuncOp>())
      if (BlockArgument argument = findInput(function, input);
          argument && !found)
        found = findIndexOverrun(argument, element);
    return success();
  });
  return found ? nb::object(nb::make_tuple(found->index, found->extent))
               : nb::none();
}

void python::bindLayers(nb::class_<Module> &type) {
  type.def("layers", &listLayers,
           "Layers with a weight in program order, as dictionaries: names of "
           "weight and bias, kind (conv or fc), weights of the layers that it "
           "reads, dimensions of the weight that are output and input "
           "channels, multiplications of one call with dense weights.");
  type.def("index_overrun", &checkIndex, nb::arg("input"), nb::arg("element"),
           "A read beyond a tensor that an element of an input leads to, as "
           "its index and the extent that this is outside of, or None.");
}
