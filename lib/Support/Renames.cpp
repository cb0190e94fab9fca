//===- Renames.cpp - Old names and what they are called now ---------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prune/Support/Renames.h"

#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace mlir;

namespace {

struct Rename {
  StringLiteral before, now;
};

} // namespace

static constexpr Rename kOperations[] = {
    {"prune.pack", "prune.compress"},
    {"prune.unpack", "prune.decompress"},
    {"onednn.csr_matmul", "kernel.spmm"},
    {"onednn.sampled_matmul", "kernel.sddmm"},
};

static constexpr Rename kPasses[] = {
    {"convert-packed-to-onednn", "convert-compressed-to-kernel"},
    {"prune-copy-carried-state", "prune-copy-iter-args"},
    {"prune-mark-model", "prune-annotate-model"},
    {"prune-orient-weights", "prune-canonicalize-weights"},
    {"prune-pack-parameters", "prune-compress-parameters"},
    {"prune-shrink-pipeline", "prune-compress-pipeline"},
    {"prune-verify-compacted", "prune-verify-compact"},
};

static constexpr Rename kOptions[] = {
    {"decay-held", "decay-frozen"},
    {"hold-gated", "freeze-gated"},
    {"pack", "compress"},
    {"pack-ignore", "compress-ignore"},
    {"pack-min-zeros", "compress-min-zeros"},
    {"pack-parameters", "compress-parameters"},
    {"quality", "std-factor"},
    {"ratio", "sparsity"},
    {"ratios", "sparsities"},
    {"runtime-ratio", "runtime-sparsity"},
    {"straight-through-ratio", "straight-through-sparsity"},
    {"survivors", "masked-weights"},
};

static StringRef getNow(ArrayRef<Rename> table, StringRef name) {
  const Rename *found = llvm::find_if(
      table, [&](const Rename &rename) { return rename.before == name; });
  return found == table.end() ? StringRef() : StringRef(found->now);
}

StringRef mlir::prune::getPresentName(StringRef operation) {
  return getNow(kOperations, operation);
}

static ParseResult refuseOldName(OpAsmParser &parser, OperationState &state) {
  StringRef name = state.name.getStringRef();
  return parser.emitError(parser.getNameLoc())
         << "is called '" << getNow(kOperations, name) << "' now";
}

std::optional<Dialect::ParseOpHook> mlir::prune::getRenameHook(StringRef name) {
  if (getNow(kOperations, name).empty())
    return std::nullopt;
  return Dialect::ParseOpHook(refuseOldName);
}

static bool isNameCharacter(char c) { return isAlnum(c) || c == '-'; }

/// The text behind the value of an option, which may be quoted or in braces.
static StringRef dropValue(StringRef text) {
  if (text.starts_with("\"") || text.starts_with("'"))
    return text.drop_front(std::min(text.find(text[0], 1), text.size() - 1) +
                           1);
  int depth = 0;
  return text.drop_until([&](char c) {
    depth += c == '{' ? 1 : 0;
    bool isEnd = depth == 0 && (isSpace(c) || c == '}');
    depth -= c == '}' ? 1 : 0;
    return isEnd;
  });
}

std::string mlir::prune::explainOldNames(StringRef pipeline) {
  bool isOurs = pipeline.contains("prune-") || pipeline.contains("onednn");
  SmallVector<std::string> sentences;
  StringSet<> told;
  for (int depth = 0; !pipeline.empty();) {
    StringRef word = pipeline.take_while(isNameCharacter);
    StringRef name = word.ltrim('-');
    StringRef now = getNow(kPasses, name);
    if (now.empty() && isOurs && depth > 0)
      now = getNow(kOptions, name);
    if (!now.empty() && told.insert(name).second)
      sentences.push_back(("'" + name + "' is called '" + now + "' now").str());
    pipeline = pipeline.drop_front(word.size());
    // Values of options are no names.
    if (depth > 0 && pipeline.consume_front("="))
      pipeline = dropValue(pipeline);
    // What follows `--pass=` are its options, without braces.
    else if (name.starts_with("prune-") && pipeline.starts_with("="))
      ++depth;
    depth += pipeline.starts_with("{") - pipeline.starts_with("}");
    pipeline = pipeline.drop_front(pipeline.empty() ? 0 : 1);
  }
  return llvm::join(sentences, ", ");
}
