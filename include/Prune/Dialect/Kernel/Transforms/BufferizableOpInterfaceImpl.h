//===- BufferizableOpInterfaceImpl.h - Bufferization ------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_DIALECT_KERNEL_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
#define PRUNE_DIALECT_KERNEL_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;

namespace kernel {
/// Lets one-shot bufferization convert operations of the kernel dialect.
void registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry);
} // namespace kernel
} // namespace mlir

#endif // PRUNE_DIALECT_KERNEL_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
