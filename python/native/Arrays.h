//===- Arrays.h - numpy arrays as arguments and results ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_PYTHON_NATIVE_ARRAYS_H
#define PRUNE_PYTHON_NATIVE_ARRAYS_H

#include "Prune/Execution/Signature.h"

#include <nanobind/nanobind.h>

#include <list>

namespace mlir::prune::python {

/// Memory of the arguments of one call. Arrays are used in place when they are
/// C-contiguous; others that are only read are copied. Keeps every array alive.
class ArgumentBuffers {
public:
  ArgumentBuffers() = default;
  ArgumentBuffers(const ArgumentBuffers &) = delete;
  ArgumentBuffers &operator=(const ArgumentBuffers &) = delete;
  ~ArgumentBuffers();

  /// Adds the next argument. Raises TypeError or ValueError, naming function
  /// and argument, when the object does not fit `value`. An `updated` argument
  /// must be a C-contiguous writable array.
  void add(nanobind::handle object, const ValueInfo &value, bool updated,
           const std::string &function);

  /// Pointer to the data of each argument.
  ArrayRef<void *> getPointers() const { return pointers; }

private:
  void addScalar(nanobind::handle object, const ValueInfo &value,
                 const std::string &where);

  std::list<Py_buffer> buffers;
  /// Storage of scalars, eight bytes each.
  std::list<int64_t> scalars;
  SmallVector<void *> pointers;
};

/// New uninitialized array for a value, and a pointer to its data.
std::pair<nanobind::object, void *> makeArray(const ValueInfo &value);

/// View of memory that `owner` keeps alive.
nanobind::object makeView(const void *data, ArrayRef<int64_t> shape,
                          ElementKind element, nanobind::handle owner);

} // namespace mlir::prune::python

#endif // PRUNE_PYTHON_NATIVE_ARRAYS_H
