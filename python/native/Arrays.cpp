//===- Arrays.cpp - numpy arrays as arguments and results -----------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arrays.h"

#include "llvm/Support/raw_ostream.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <cstring>

using namespace mlir;
using namespace mlir::prune;
using namespace mlir::prune::python;
namespace nb = nanobind;

/// Element type of a buffer from its format and item size.
static std::optional<ElementKind> getElementKind(const Py_buffer &buffer) {
  StringRef format = buffer.format ? buffer.format : "B";
  // Native and explicit little-endian order are the same on our targets.
  if (format.size() == 2 && StringRef("@=<").contains(format[0]))
    format = format.drop_front();
  if (format == "f")
    return ElementKind::F32;
  if (format == "d")
    return ElementKind::F64;
  if (format == "?")
    return ElementKind::Bool;
  if (format == "b")
    return ElementKind::I8;
  if (format == "B")
    return ElementKind::U8;
  if (format.size() == 1 && StringRef("ilq").contains(format[0]))
    return buffer.itemsize == 4 ? ElementKind::I32 : ElementKind::I64;
  return std::nullopt;
}

template <typename Range>
static std::string shapeText(const Range &shape) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "(";
  llvm::interleaveComma(shape, stream);
  stream << (llvm::size(shape) == 1 ? ",)" : ")");
  return text;
}

static std::string describe(const ValueInfo &value) {
  if (value.isScalar)
    return ("a number of type " + prune::toString(value.element)).str();
  return ("a " + prune::toString(value.element) + " array of shape " +
          shapeText(value.shape))
      .str();
}

/// Raises a Python exception with a message.
[[noreturn]] static void raise(PyObject *type, const Twine &message) {
  PyErr_SetString(type, message.str().c_str());
  throw nb::python_error();
}

ArgumentBuffers::~ArgumentBuffers() {
  for (Py_buffer &buffer : buffers)
    PyBuffer_Release(&buffer);
}

/// Fills `buffer`, and raises where the object is no array of the right kind.
static void acquire(nb::handle object, const ValueInfo &value, bool updated,
                    const std::string &where, Py_buffer &buffer) {
  int flags = PyBUF_FORMAT | PyBUF_STRIDES | (updated ? PyBUF_WRITABLE : 0);
  if (PyObject_GetBuffer(object.ptr(), &buffer, flags)) {
    PyErr_Clear();
    StringRef type = Py_TYPE(object.ptr())->tp_name;
    raise(PyExc_TypeError,
          where + ": expected " + describe(value) +
              (updated ? " that can be written, got " : ", got ") + type);
  }
  auto fail = [&](PyObject *type, const Twine &message) {
    PyBuffer_Release(&buffer);
    raise(type, message);
  };
  ArrayRef<Py_ssize_t> shape(buffer.shape, buffer.ndim);
  std::optional<ElementKind> element = getElementKind(buffer);
  if (!element || *element != value.element) {
    std::string found = element ? prune::toString(*element).str()
                                : std::string("format '") + buffer.format + "'";
    fail(PyExc_TypeError, where + ": expected " + describe(value) + ", got " +
                              found + " of shape " + shapeText(shape));
  }
  if (!llvm::equal(shape, value.shape))
    fail(PyExc_ValueError, where + ": expected " + describe(value) +
                               ", got shape " + shapeText(shape));
  if (updated && !PyBuffer_IsContiguous(&buffer, 'C'))
    fail(PyExc_ValueError,
         where + ": the array is updated in place and must be C-contiguous");
}

void ArgumentBuffers::add(nb::handle object, const ValueInfo &value,
                          bool updated, const std::string &function) {
  std::string where = "argument '" + value.name + "' of '" + function + "'";
  if (value.isScalar)
    return addScalar(object, value, where);
  Py_buffer buffer;
  acquire(object, value, updated, where, buffer);
  if (!PyBuffer_IsContiguous(&buffer, 'C')) {
    PyBuffer_Release(&buffer);
    nb::object numpy = nb::module_::import_("numpy");
    nb::object copy = numpy.attr("ascontiguousarray")(object);
    acquire(copy, value, updated, where, buffer);
  }
  pointers.push_back(buffer.buf);
  buffers.push_back(buffer);
}

void ArgumentBuffers::addScalar(nb::handle object, const ValueInfo &value,
                                const std::string &where) {
  int64_t storage = 0;
  auto store = [&](auto number) {
    std::memcpy(&storage, &number, sizeof(number));
  };
  bool isFloat =
      value.element == ElementKind::F32 || value.element == ElementKind::F64;
  double number = 0;
  int64_t integer = 0;
  if (isFloat)
    number = PyFloat_AsDouble(object.ptr());
  else if (PyObject *index = PyNumber_Index(object.ptr())) {
    integer = PyLong_AsLongLong(index);
    Py_DECREF(index);
  }
  if (PyErr_Occurred()) {
    PyErr_Clear();
    StringRef type = Py_TYPE(object.ptr())->tp_name;
    raise(PyExc_TypeError,
          where + ": expected " + describe(value) + ", got " + type);
  }
  if (value.element == ElementKind::F32)
    store(static_cast<float>(number));
  else if (isFloat)
    store(number);
  else
    store(integer);
  scalars.push_back(storage);
  pointers.push_back(&scalars.back());
}

std::pair<nb::object, void *> python::makeArray(const ValueInfo &value) {
  nb::object numpy = nb::module_::import_("numpy");
  nb::list shape;
  for (int64_t extent : value.shape)
    shape.append(extent);
  nb::object array =
      numpy.attr("empty")(shape, prune::toString(value.element).str());
  Py_buffer buffer;
  if (PyObject_GetBuffer(array.ptr(), &buffer, PyBUF_WRITABLE))
    throw nb::python_error();
  void *data = buffer.buf;
  PyBuffer_Release(&buffer);
  return {array, data};
}

static nb::dlpack::dtype getDataType(ElementKind element) {
  switch (element) {
  case ElementKind::F32:
    return nb::dtype<float>();
  case ElementKind::F64:
    return nb::dtype<double>();
  case ElementKind::I8:
    return nb::dtype<int8_t>();
  case ElementKind::U8:
    return nb::dtype<uint8_t>();
  case ElementKind::I32:
    return nb::dtype<int32_t>();
  case ElementKind::I64:
    return nb::dtype<int64_t>();
  case ElementKind::Bool:
    return nb::dtype<bool>();
  }
  llvm_unreachable("unknown element type");
}

nb::object python::makeView(const void *data, ArrayRef<int64_t> shape,
                            ElementKind element, nb::handle owner) {
  SmallVector<size_t> extents(shape.begin(), shape.end());
  nb::ndarray<nb::numpy, nb::ro> view(data, extents.size(), extents.data(),
                                      owner, /*strides=*/nullptr,
                                      getDataType(element));
  return nb::cast(view, nb::rv_policy::reference);
}
