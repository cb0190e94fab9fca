//===- Parameters.cpp - Values of parameters in Python --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Parameters are constants with `prune.param`. Their values are shown as numpy
// views of the blobs that the context owns, and set from numpy arrays that a
// blob keeps alive; neither copies.
//
//===----------------------------------------------------------------------===//

#include "Arrays.h"
#include "Diagnostics.h"
#include "Module.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Support/KeptIndices.h"

#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringSet.h"

#include <nanobind/stl/string.h>

#include <map>

using namespace mlir;
using namespace mlir::prune;
using namespace mlir::prune::python;
namespace nb = nanobind;

namespace {

/// Where the value of a parameter lies.
struct ParameterData {
  std::string name;
  SmallVector<int64_t> shape;
  ElementKind element;
  const void *data;
  /// One element that stands for all.
  bool isSplat;
};

} // namespace

static LogicalResult locate(arith::ConstantOp constant, ParamAttr param,
                            ParameterData &found) {
  auto value = dyn_cast<ElementsAttr>(constant.getValue());
  if (!value)
    return constant.emitError("parameter '")
           << param.getName() << "' is no tensor";
  found.name = param.getName().str();
  found.shape.assign(value.getShapedType().getShape().begin(),
                     value.getShapedType().getShape().end());
  Type type = value.getElementType();
  if (!type.isF32() && !type.isF64())
    return constant.emitError("parameter '")
           << param.getName() << "' has elements of type " << type
           << ", expected f32 or f64";
  found.element = type.isF32() ? ElementKind::F32 : ElementKind::F64;
  found.isSplat = false;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    found.data = resource.getData().data();
  } else if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    found.isSplat = dense.isSplat();
    found.data = dense.getRawData().data();
  } else {
    return constant.emitError("parameter '")
           << param.getName() << "' has a value in an unknown form";
  }
  return success();
}

/// Parameter name to array. Views hold on to the context, splats are filled.
static nb::dict viewParameters(const Module &module) {
  SmallVector<ParameterData> parameters;
  llvm::StringSet<> seen;
  module.access([&](ModuleOp op) {
    WalkResult walk = op.walk([&](arith::ConstantOp constant) {
      auto param =
          constant->getAttrOfType<ParamAttr>(PruneDialect::kParamAttrName);
      if (!param || !seen.insert(param.getName()).second)
        return WalkResult::advance();
      return WalkResult(locate(constant, param, parameters.emplace_back()));
    });
    return failure(walk.wasInterrupted());
  });
  nb::dict views;
  for (const ParameterData &parameter : parameters) {
    auto *owner = new std::shared_ptr<Context>(module.getContext());
    nb::capsule capsule(owner, [](void *pointer) noexcept {
      delete static_cast<std::shared_ptr<Context> *>(pointer);
    });
    SmallVector<int64_t> shape =
        parameter.isSplat ? SmallVector<int64_t>() : parameter.shape;
    nb::object view =
        makeView(parameter.data, shape, parameter.element, capsule);
    if (parameter.isSplat) {
      nb::list extents;
      for (int64_t extent : parameter.shape)
        extents.append(extent);
      nb::object numpy = nb::module_::import_("numpy");
      view = numpy.attr("broadcast_to")(view, nb::tuple(extents));
    }
    views[parameter.name.c_str()] = view;
  }
  return views;
}

/// Parameter name to one list of indices for each dimension, of the parameters
/// that say which indices are left of them.
static nb::dict listKept(const Module &module) {
  std::map<std::string, SmallVector<SmallVector<int64_t>>> found;
  module.access([&](ModuleOp op) {
    auto add = [&](ParamAttr param, Attribute attribute) {
      auto kept = dyn_cast_or_null<ArrayAttr>(attribute);
      if (!param || !kept)
        return;
      auto &dims = found[param.getName().str()];
      dims.clear();
      for (auto dim : kept.getAsRange<DenseI64ArrayAttr>())
        dims.push_back(SmallVector<int64_t>(dim.asArrayRef()));
    };
    op.walk([&](arith::ConstantOp constant) {
      add(constant->getAttrOfType<ParamAttr>(PruneDialect::kParamAttrName),
          constant->getAttr(kKeptAttrName));
    });
    op.walk([&](func::FuncOp function) {
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        add(function.getArgAttrOfType<ParamAttr>(i,
                                                 PruneDialect::kParamAttrName),
            function.getArgAttr(i, kKeptAttrName));
    });
    return success();
  });
  nb::dict result;
  for (const auto &[name, dims] : found) {
    nb::list lists;
    for (const SmallVector<int64_t> &indices : dims) {
      nb::list list;
      for (int64_t index : indices)
        list.append(index);
      lists.append(list);
    }
    result[name.c_str()] = lists;
  }
  return result;
}

/// A blob over the memory of an array, which it keeps alive.
static AsmResourceBlob makeBlob(Py_buffer *buffer) {
  auto release = [buffer](void *, size_t, size_t) {
    // At the end of the process the interpreter may be gone first.
    if (nb::is_alive()) {
      nb::gil_scoped_acquire acquire;
      PyBuffer_Release(buffer);
      delete buffer;
    }
  };
  ArrayRef<char> data(static_cast<const char *>(buffer->buf), buffer->len);
  return AsmResourceBlob(data, buffer->itemsize, release,
                         /*dataIsMutable=*/false);
}

ElementsAttr python::makeValue(MLIRContext &context, const std::string &name,
                               nb::handle array) {
  nb::object numpy = nb::module_::import_("numpy");
  nb::object original = numpy.attr("asarray")(array);
  nb::object contiguous = numpy.attr("ascontiguousarray")(original);
  ElementKind element = ElementKind::F32;
  std::string type =
      nb::cast<std::string>(contiguous.attr("dtype").attr("name"));
  if (type == "float64")
    element = ElementKind::F64;
  else if (type != "float32")
    throw nb::type_error(("parameter '" + name +
                          "': expected a float32 or float64 array, got " + type)
                             .c_str());
  // ascontiguousarray gives arrays of rank zero a dimension.
  contiguous = contiguous.attr("reshape")(original.attr("shape"));
  auto buffer = std::make_unique<Py_buffer>();
  if (PyObject_GetBuffer(contiguous.ptr(), buffer.get(), PyBUF_C_CONTIGUOUS))
    throw nb::python_error();
  SmallVector<int64_t> shape(buffer->shape, buffer->shape + buffer->ndim);
  Builder builder(&context);
  Type elementType = element == ElementKind::F32 ? Type(builder.getF32Type())
                                                 : Type(builder.getF64Type());
  auto tensor = RankedTensorType::get(shape, elementType);
  auto &manager = DenseResourceElementsHandle::getManagerInterface(&context);
  return DenseResourceElementsAttr::get(
      tensor, manager.insert(name, makeBlob(buffer.release())));
}

/// Sets the constants that exist already; their names go to `set`.
static LogicalResult
replaceConstants(ModuleOp module, const llvm::StringMap<ElementsAttr> &values,
                 llvm::StringSet<> &set) {
  WalkResult walk = module.walk([&](arith::ConstantOp constant) {
    auto param =
        constant->getAttrOfType<ParamAttr>(PruneDialect::kParamAttrName);
    auto found = param ? values.find(param.getName()) : values.end();
    if (found == values.end())
      return WalkResult::advance();
    if (found->second.getType() != constant.getType())
      return WalkResult(constant.emitError("parameter '")
                        << param.getName() << "' has type "
                        << constant.getType() << ", got a value of type "
                        << found->second.getType());
    constant.setValueAttr(found->second);
    set.insert(param.getName());
    return WalkResult::advance();
  });
  return failure(walk.wasInterrupted());
}

static LogicalResult bindArguments(ModuleOp module,
                                   const llvm::StringMap<ElementsAttr> &values,
                                   llvm::StringSet<> &set) {
  for (auto function : module.getOps<func::FuncOp>()) {
    bool hasParameters = false;
    for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i) {
      auto param =
          function.getArgAttrOfType<ParamAttr>(i, PruneDialect::kParamAttrName);
      if (!param)
        continue;
      hasParameters = true;
      set.insert(param.getName());
    }
    if (hasParameters && failed(prune::bindParameters(function, values)))
      return failure();
  }
  return success();
}

/// Gives parameters values: those that are arguments become constants, those
/// that are constants change.
static void bindValues(Module &module, nb::dict arrays) {
  llvm::StringMap<ElementsAttr> values;
  for (auto [key, array] : arrays) {
    std::string name = nb::cast<std::string>(key);
    values[name] = makeValue(module.getContext()->context, name, array);
  }
  module.access([&](ModuleOp op) -> LogicalResult {
    llvm::StringSet<> set;
    if (failed(replaceConstants(op, values, set)) ||
        failed(bindArguments(op, values, set)))
      return failure();
    for (auto &value : values)
      if (!set.contains(value.getKey()))
        return op.emitError("no parameter is called '")
               << value.getKey() << "'";
    return success();
  });
}

void python::bindParameters(nb::class_<Module> &type) {
  bindMasks(type);
  bindEvidence(type);
  type.def("parameters", &viewParameters,
           "Name to value of the parameters that are constants, as read-only "
           "views that stay valid.")
      .def(
          "kept", &listKept,
          "Name to one list of indices for each dimension: what is left of the "
          "parameters that prune-eliminate-dead-neurons{record-kept} shrank.")
      .def("bind", &bindValues, nb::arg("values"),
           "Gives parameters values, from arrays by name. Parameters that are "
           "arguments become constants. A contiguous array is not copied: the "
           "module sees what is written to it later.");
}
