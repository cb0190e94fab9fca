//===- ObjectFiles.h - Object files -----------------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_LIB_EXECUTION_OBJECTFILES_H
#define PRUNE_LIB_EXECUTION_OBJECTFILES_H

#include "NetworkData.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace mlir::prune {

/// Files that are removed at the end.
class TemporaryFiles {
public:
  TemporaryFiles() = default;
  TemporaryFiles(const TemporaryFiles &) = delete;
  TemporaryFiles &operator=(const TemporaryFiles &) = delete;
  ~TemporaryFiles();

  /// An empty file in the folder for temporary files.
  llvm::Expected<std::string> create(StringRef suffix);

  /// An empty file beside `file`, readable for those who may read new files,
  /// to be renamed.
  llvm::Expected<std::string> createBeside(StringRef file);

  /// Gives the files that were made beside others the names of these, the first
  /// one last.
  llvm::Error rename();

private:
  /// Names of new files, and those that they are to get.
  std::vector<std::pair<std::string, std::string>> renames;
  std::vector<std::string> files;
};

/// Generates machine code.
llvm::Error writeObject(llvm::Module &module, llvm::TargetMachine &target,
                        StringRef file);

/// Writes constants to an object, each in a section of its own: machine code in
/// executable ones. Their bytes do not become a constant of LLVM. With
/// `inFile`, what is no machine code gets a place in whole pages for a file of
/// weights instead, which begin at kWeightsPlace.
llvm::Error writeConstants(const NetworkData &data, llvm::TargetMachine &target,
                           bool inFile, StringRef file,
                           TemporaryFiles &temporaries);

/// Writes bytes to a file.
llvm::Error writeBytes(StringRef bytes, StringRef file);

} // namespace mlir::prune

#endif // PRUNE_LIB_EXECUTION_OBJECTFILES_H
