//===- Masks.cpp - Constant masks of parameters ---------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A mask becomes the attribute `prune.mask` of the arguments that hold its
// parameter, in every function. Masks of the masked form are read from its
// operations. Both are copied: one byte for each element.
//
//===----------------------------------------------------------------------===//

#include "Module.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Dialect/Prune/Utils/Parameters.h"
#include "Prune/Support/Constants.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

#include <map>
#include <nanobind/stl/string.h>

using namespace mlir;
using namespace mlir::prune;
using namespace mlir::prune::python;
namespace nb = nanobind;

/// The mask as a resource. Raises TypeError for other arrays than of bool.
static ElementsAttr makeMask(MLIRContext &context, const std::string &name,
                             nb::handle array) {
  nb::object numpy = nb::module_::import_("numpy");
  nb::object contiguous = numpy.attr("ascontiguousarray")(array);
  std::string type =
      nb::cast<std::string>(contiguous.attr("dtype").attr("name"));
  if (type != "bool")
    throw nb::type_error(
        ("mask of '" + name + "': expected an array of bool, got " + type)
            .c_str());
  Py_buffer buffer;
  if (PyObject_GetBuffer(contiguous.ptr(), &buffer, PyBUF_C_CONTIGUOUS))
    throw nb::python_error();
  SmallVector<int64_t> shape(buffer.shape, buffer.shape + buffer.ndim);
  auto tensor = RankedTensorType::get(shape, IntegerType::get(&context, 1));
  ArrayRef<char> data(static_cast<const char *>(buffer.buf), buffer.len);
  ElementsAttr mask = createResource(tensor, name + ".mask", data);
  PyBuffer_Release(&buffer);
  return mask;
}

/// Sets the masks and drops their names from `left`.
static LogicalResult setMasks(ModuleOp module,
                              const llvm::StringMap<ElementsAttr> &masks,
                              llvm::StringSet<> &left) {
  for (auto function : module.getOps<func::FuncOp>())
    for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i) {
      auto param =
          function.getArgAttrOfType<ParamAttr>(i, PruneDialect::kParamAttrName);
      auto found = param ? masks.find(param.getName()) : masks.end();
      if (found == masks.end())
        continue;
      Type type = function.getArgumentTypes()[i];
      if (found->second.getShapedType() != getMaskType(type))
        return function.emitError()
               << "expected a mask of type " << getMaskType(type)
               << " for parameter '" << param.getName() << "', got "
               << found->second.getShapedType();
      function.setArgAttr(i, PruneDialect::kMaskAttrName, found->second);
      left.erase(param.getName());
    }
  return success();
}

static void giveMasks(Module &module, nb::dict arrays) {
  llvm::StringMap<ElementsAttr> masks;
  llvm::StringSet<> left;
  for (auto [key, array] : arrays) {
    std::string name = nb::cast<std::string>(key);
    masks[name] = makeMask(module.getContext()->context, name, array);
    left.insert(name);
  }
  module.access([&](ModuleOp op) -> LogicalResult {
    if (failed(setMasks(op, masks, left)))
      return failure();
    for (auto &name : left)
      return op.emitError("no parameter that is an argument is called '")
             << name.getKey() << "'";
    return success();
  });
}

namespace {
/// The mask of a parameter in the masked form.
struct FoundMask {
  SmallVector<int64_t> shape;
  SmallVector<char, 0> kept;
};
} // namespace

/// Adds the masks of a module by name; those of one parameter are intersected.
static LogicalResult findMasks(ModuleOp module,
                               std::map<std::string, FoundMask> &found) {
  WalkResult walk = module.walk([&](ApplyMaskOp applied) {
    ParamAttr param = getParam(applied->getOperand(0));
    if (!param)
      return WalkResult::advance();
    std::optional<ConstantView> view = ConstantView::get(applied.getMask());
    if (!view)
      return WalkResult(applied.emitError("expected a constant mask of '")
                        << param.getName() << "'");
    FoundMask &mask = found[param.getName().str()];
    SmallVector<double, 0> values = view->toVector();
    bool isNew = mask.kept.empty();
    mask.shape = llvm::to_vector(view->getShape());
    mask.kept.resize(values.size(), 1);
    for (auto [kept, value] : llvm::zip_equal(mask.kept, values))
      kept = (isNew || kept) && value != 0.0;
    return WalkResult::advance();
  });
  return failure(walk.wasInterrupted());
}

static nb::dict readMasks(const Module &module) {
  std::map<std::string, FoundMask> found;
  module.access([&](ModuleOp op) { return findMasks(op, found); });
  nb::object numpy = nb::module_::import_("numpy");
  nb::dict result;
  for (const auto &[name, mask] : found) {
    nb::bytes bytes(mask.kept.data(), mask.kept.size());
    nb::list extents;
    for (int64_t extent : mask.shape)
      extents.append(extent);
    nb::object flat = numpy.attr("frombuffer")(bytes, "bool");
    result[name.c_str()] = flat.attr("reshape")(nb::tuple(extents));
  }
  return result;
}

void python::bindMasks(nb::class_<Module> &type) {
  type.def("mask", &giveMasks, nb::arg("masks"),
           "Says which elements of parameters are kept, from arrays of bool by "
           "name: prune-compress-parameters trains them alone. The "
           "parameters must "
           "be arguments; the others of their elements are zero and stay so.")
      .def(
          "masks", &readMasks,
          "Name to mask of the parameters of the masked form that have one, as "
          "read-only arrays of bool, true where an element is kept. Raises "
          "PruneError for a mask that is not constant.");
}
