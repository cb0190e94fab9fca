//===- Linker.h - Linking of networks ---------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_EXECUTION_LINKER_H
#define PRUNE_LIB_EXECUTION_LINKER_H

#include "ObjectFiles.h"

namespace mlir::prune {

/// What is linked, and how. Both functions need a C compiler on the path or in
/// the environment variable CC.
struct LinkJob {
  /// Objects and archives.
  SmallVector<std::string> inputs;
  /// The file that is written, and the name that it will have.
  std::string file, name;
  /// Prefer a small file.
  bool small;
  /// The target; empty for this computer's own.
  std::string triple;
  /// Shared libraries of oneDNN and what it needs; none where nothing calls it.
  SmallVector<std::string> libraries = {};
};

/// Links a shared object that needs libc and libm alone, and that programs look
/// for by its name.
llvm::Error linkSharedObject(const LinkJob &job, TemporaryFiles &temporaries);

/// Links everything to one object, in which hidden symbols are local so that it
/// goes with others, and writes an archive of it.
llvm::Error linkStaticLibrary(const LinkJob &job, TemporaryFiles &temporaries);

} // namespace mlir::prune

#endif // PRUNE_LIB_EXECUTION_LINKER_H
