//===- Parameters.cpp - Values of parameters in Python --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Parameters are constants with `prune.param`. Their values are shown as numpy
// views of the blobs that the context owns.
//
//===----------------------------------------------------------------------===//

#include "Arrays.h"
#include "Diagnostics.h"
#include "Module.h"

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringSet.h"

#include <nanobind/stl/string.h>

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
static nb::dict getParameters(const Module &module) {
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

void python::bindParameters(nb::class_<Module> &type) {
  type.def("parameters", &getParameters,
           "Name to value of the parameters that are constants, as read-only "
           "views that stay valid.");
}
