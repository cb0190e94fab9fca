//===- acme-opt.cpp - A foreign dialect that takes part in pruning --------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `acme.swish` stands for any operation that the pruning compiler has never
// heard of. It says how channels move through it, so that the passes can remove
// neurons before and behind it.
//
//===----------------------------------------------------------------------===//

#include "Prune/Analysis/ChannelState.h"
#include "Prune/InitAllDialects.h"
#include "Prune/InitAllPasses.h"
#include "Prune/Interfaces/ChannelOpInterface.h"

#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/InitAllDialects.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

#include <cmath>

#include "AcmeDialect.h.inc"
#define GET_OP_CLASSES
#include "Acme.h.inc"

using namespace mlir;

#include "AcmeDialect.cpp.inc"
#define GET_OP_CLASSES
#include "Acme.cpp.inc"

void acme::AcmeDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "Acme.cpp.inc"
      >();
}

/// Index i of each dimension of the operand leaves with index i of the result.
void acme::SwishOp::tieChannels(prune::ChannelTies &ties) {
  for (int64_t dim = 0; dim < getX().getType().getRank(); ++dim)
    ties.tie(getX(), dim, getY(), dim);
}

/// A channel that is one number all over stays one, which whatever reads it can
/// fold.
void acme::SwishOp::propagateConstants(prune::ChannelState &state) {
  ShapedType type = getX().getType();
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    for (int64_t index = 0; index < type.getDimSize(dim); ++index) {
      std::optional<double> x = state.getNumber(getX(), dim, index);
      if (x)
        state.setConstant(
            getY(), dim, index,
            FloatAttr::get(type.getElementType(), *x / (1 + std::exp(-*x))));
    }
  }
}

int main(int argc, char **argv) {
  DialectRegistry registry;
  registerAllDialects(registry);
  prune::registerAllDialects(registry);
  prune::registerAllPasses();
  registry.insert<acme::AcmeDialect>();
  return asMainReturnCode(
      MlirOptMain(argc, argv, "acme's own driver\n", registry));
}
