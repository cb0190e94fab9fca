//===- PruneBytecode.cpp - Versions of bytecode ---------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Dialect/Prune/IR/PruneBytecode.h"

#include "Prune/Dialect/Prune/IR/Prune.h"
#include "Prune/Support/Renames.h"

using namespace mlir;
using namespace mlir::prune;

/// Puts an operation of the present name in the place of one of an old name,
/// which the reader left as an operation that nobody knows.
static LogicalResult renameOperation(Operation *op, StringRef now) {
  if (op->getNumRegions() != 0 || op->getNumSuccessors() != 0)
    return op->emitError() << "'" << op->getName() << "' has regions";
  OpBuilder builder(op);
  OperationState state(op->getLoc(), now, op->getOperands(),
                       op->getResultTypes(), op->getAttrs());
  if (Attribute properties = op->getPropertiesAsAttribute())
    if (auto dictionary = dyn_cast<DictionaryAttr>(properties))
      state.addAttributes(dictionary.getValue());
  Operation *renamed = builder.create(state);
  op->replaceAllUsesWith(renamed);
  op->erase();
  return success();
}

namespace {
struct PruneBytecodeInterface final : BytecodeDialectInterface {
  explicit PruneBytecodeInterface(Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  void writeVersion(DialectBytecodeWriter &writer) const final {
    uint64_t number = PruneVersion::kCurrent;
    FailureOr<const DialectVersion *> asked =
        writer.getDialectVersion<PruneDialect>();
    if (succeeded(asked))
      number = static_cast<const PruneVersion *>(*asked)->number;
    writer.writeVarInt(number);
  }

  std::unique_ptr<DialectVersion>
  readVersion(DialectBytecodeReader &reader) const final {
    auto version = std::make_unique<PruneVersion>();
    if (failed(reader.readVarInt(version->number)))
      return nullptr;
    if (version->number > PruneVersion::kCurrent) {
      reader.emitError("version ")
          << version->number
          << " of the prune dialect is newer than this compiler, which reads "
             "versions up to "
          << PruneVersion::kCurrent;
      return nullptr;
    }
    return version;
  }

  LogicalResult upgradeFromVersion(Operation *top,
                                   const DialectVersion &version) const final {
    if (static_cast<const PruneVersion &>(version).number >= 1)
      return success();
    // Collected first: renaming replaces what a walk stands on.
    SmallVector<std::pair<Operation *, StringRef>> old;
    top->walk([&](Operation *op) {
      StringRef now = getPresentName(op->getName().getStringRef());
      if (!now.empty())
        old.emplace_back(op, now);
    });
    for (auto [op, now] : old)
      if (failed(renameOperation(op, now)))
        return failure();
    return success();
  }
};
} // namespace

void mlir::prune::addBytecodeInterface(PruneDialect &dialect) {
  dialect.addInterface(std::make_unique<PruneBytecodeInterface>(&dialect));
}
