//===- Parameters.h - Parameters of a network -------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_PRUNE_UTILS_PARAMETERS_H
#define PRUNE_DIALECT_PRUNE_UTILS_PARAMETERS_H

#include "Prune/Dialect/Prune/IR/Prune.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::prune {

/// A parameter of a network: an argument or a constant of a function that
/// carries `prune.param`.
struct Parameter {
  ParamAttr attribute;
  Value value;
};

/// `prune.param` of a function argument or of the operation that defines
/// `value`; null when it has none.
ParamAttr getParam(Value value);

/// Parameters of a function: arguments in order, then constants in order.
SmallVector<Parameter> getParameters(FunctionOpInterface function);

/// True for a function that returns gradients of its parameters.
bool returnsGradients(FunctionOpInterface function);

/// Name for reports: of the parameter if `value` is one, else what it is.
std::string getDisplayName(Value value);

/// Turns every parameter argument of `function` into a constant at its entry,
/// in the order of the arguments. A value comes from `values` by the name of
/// the parameter, else from the argument's `prune.value`. Fails, with an error
/// and the function unchanged, when a value is missing or has another type, or
/// when the function is called, as its callers would have to change with it.
LogicalResult bindParameters(FunctionOpInterface function,
                             const llvm::StringMap<ElementsAttr> &values);

/// Turns every parameter constant of `function` into an argument after the
/// others, in the order of the constants. With `keepValues` the argument
/// remembers its value in `prune.value`; copies of one constant become one
/// argument. Fails, with an error and the function unchanged, when the function
/// is called.
LogicalResult liftParameters(FunctionOpInterface function, bool keepValues);

} // namespace mlir::prune

#endif // PRUNE_DIALECT_PRUNE_UTILS_PARAMETERS_H
