//===- Operations.cpp - The operations of a function in Python ------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What Python walks to follow a value from one layer to another. Values have
// numbers: the arguments of a function come first, then results in program
// order. An attribute is its text, in which large constants are elided.
//
//===----------------------------------------------------------------------===//

#include "Module.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

using namespace mlir;
using namespace mlir::prune;
using namespace mlir::prune::python;
namespace nb = nanobind;

namespace {

struct OperationInfo {
  std::string name;
  std::vector<int64_t> operands, inputs, results;
  std::vector<std::vector<int64_t>> operandShapes, resultShapes;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<int64_t> arguments;
  std::vector<OperationInfo> body;
};

/// Numbers values in the order in which they are defined, and describes the
/// operations that read them. Linear in the operations.
class OperationReader {
public:
  std::vector<int64_t> number(ValueRange values);
  std::vector<OperationInfo> read(Block &block);

private:
  std::vector<int64_t> find(ValueRange values) const;
  OperationInfo read(Operation &op);

  DenseMap<Value, int64_t> numbers;
};

} // namespace

/// Extents of tensors, -1 where dynamic; nothing for other types.
static std::vector<std::vector<int64_t>> getShapes(TypeRange types) {
  std::vector<std::vector<int64_t>> shapes;
  for (Type type : types) {
    auto shaped = dyn_cast<RankedTensorType>(type);
    ArrayRef<int64_t> extents =
        shaped ? shaped.getShape() : ArrayRef<int64_t>();
    std::vector<int64_t> &shape = shapes.emplace_back();
    for (int64_t extent : extents)
      shape.push_back(ShapedType::isDynamic(extent) ? -1 : extent);
  }
  return shapes;
}

static std::string printAttribute(Attribute attribute) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  // Elided: a constant may have millions of elements.
  if (auto elements = dyn_cast<ElementsAttr>(attribute);
      elements && elements.getNumElements() > 64)
    stream << "elements<" << elements.getType() << ">";
  else
    attribute.print(stream, /*elideType=*/false);
  return text;
}

std::vector<int64_t> OperationReader::number(ValueRange values) {
  std::vector<int64_t> result;
  for (Value value : values)
    result.push_back(numbers.try_emplace(value, numbers.size()).first->second);
  return result;
}

std::vector<int64_t> OperationReader::find(ValueRange values) const {
  std::vector<int64_t> result;
  for (Value value : values)
    result.push_back(numbers.lookup_or(value, -1));
  return result;
}

OperationInfo OperationReader::read(Operation &op) {
  OperationInfo info;
  info.name = op.getName().getStringRef().str();
  info.operands = find(op.getOperands());
  info.inputs = info.operands;
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op)) {
    SmallVector<Value> inputs;
    for (OpOperand *input : destination.getDpsInputOperands())
      inputs.push_back(input->get());
    info.inputs = find(inputs);
  }
  info.operandShapes = getShapes(op.getOperandTypes());
  info.resultShapes = getShapes(op.getResultTypes());
  for (NamedAttribute attribute : op.getAttrDictionary())
    info.attributes.emplace_back(attribute.getName().str(),
                                 printAttribute(attribute.getValue()));
  if (op.getNumRegions() == 1 && op.getRegion(0).hasOneBlock()) {
    Block &block = op.getRegion(0).front();
    info.arguments = number(block.getArguments());
    info.body = read(block);
  }
  info.results = number(op.getResults());
  return info;
}

std::vector<OperationInfo> OperationReader::read(Block &block) {
  std::vector<OperationInfo> operations;
  for (Operation &op : block)
    operations.push_back(read(op));
  return operations;
}

static nb::dict makeEntry(const OperationInfo &info) {
  nb::dict entry, attributes;
  for (const auto &[name, text] : info.attributes)
    attributes[name.c_str()] = text;
  nb::list body;
  for (const OperationInfo &inner : info.body)
    body.append(makeEntry(inner));
  entry["name"] = info.name;
  entry["operands"] = info.operands;
  entry["inputs"] = info.inputs;
  entry["results"] = info.results;
  entry["operand_shapes"] = info.operandShapes;
  entry["result_shapes"] = info.resultShapes;
  entry["attributes"] = attributes;
  entry["arguments"] = info.arguments;
  entry["body"] = body;
  return entry;
}

/// Raises ValueError when the module has no such function with a body.
static nb::list listOperations(const Module &module, const std::string &name) {
  std::vector<OperationInfo> operations;
  bool found = false;
  module.access([&](ModuleOp op) {
    auto function = op.lookupSymbol<func::FuncOp>(name);
    found = function && function.getBody().hasOneBlock();
    if (found) {
      OperationReader reader;
      reader.number(function.getArguments());
      operations = reader.read(function.front());
    }
    return success();
  });
  if (!found)
    throw nb::value_error(
        ("expected a function '" + name + "' with one block").c_str());
  nb::list result;
  for (const OperationInfo &info : operations)
    result.append(makeEntry(info));
  return result;
}

void python::bindOperations(nb::class_<Module> &type) {
  type.def("operations", &listOperations, nb::arg("function"),
           "The operations of a function with one block in program order, as "
           "dictionaries: name; operands, inputs (the operands that are read, "
           "without destinations) and results as numbers of values, of which "
           "the function's arguments have the first; shapes of operands and "
           "results, -1 for a dynamic extent; attributes as text, large "
           "constants as their type; arguments and operations of the body. "
           "Raises ValueError without such a function.");
}
