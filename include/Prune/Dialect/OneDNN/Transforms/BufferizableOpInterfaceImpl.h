//===- BufferizableOpInterfaceImpl.h - Bufferization ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_ONEDNN_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
#define PRUNE_DIALECT_ONEDNN_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;

namespace onednn {
/// Lets one-shot bufferization turn the operations into their memref form.
void registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry);
} // namespace onednn
} // namespace mlir

#endif // PRUNE_DIALECT_ONEDNN_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
