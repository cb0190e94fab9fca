//===- NetworkHeader.cpp - The header of a network ------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkInterface.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::prune;

/// The header; `@net@` and `@NET@` stand for the name, `@values@` for the list
/// of inputs and outputs, `@isas@` for that of instruction sets, `@create@` for
/// how handles are made. The numbers
/// are those of prune_network.h.
static constexpr char kHeader[] = R"header(/* The compiled network '@net@'.
 *
@values@ *
 * Values lie row-major and without gaps. An output may not overlap an input.
 */

#ifndef PRUNE_@NET@_H
#define PRUNE_@NET@_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What functions return. */
enum {
  @NET@_OK = 0,
  @NET@_ERROR_NULL = 1,      /* a handle or a buffer is null */
  @NET@_ERROR_SIZE = 2,      /* a buffer has another size than the value */
  @NET@_ERROR_THREADS = 3,   /* not 1 to 256 threads */
  @NET@_ERROR_MEMORY = 4,    /* not enough memory, or no threads */
  @NET@_ERROR_PROCESSOR = 5, /* the processor lacks instructions */
  @NET@_ERROR_BUSY = 6,      /* another thread uses the handle */
  @NET@_ERROR_NO_CODE = 7,   /* no code for the instruction set */
  @NET@_ERROR_FILE = 8,      /* the file of weights cannot be read */
  @NET@_ERROR_WEIGHTS = 9    /* not the weights of this network, or damaged */
};

/* Instruction sets. There is code for @isas@. */
enum {
  @NET@_ISA_BASE = 0,  /* what every processor of the architecture has */
  @NET@_ISA_AVX2 = 1,  /* x86-64-v3 */
  @NET@_ISA_AVX512 = 2 /* x86-64-v4 */
};

/* Element types; a BOOL is one byte, 0 or 1. */
enum {
  @NET@_F32 = 0,
  @NET@_F64 = 1,
  @NET@_I8 = 2,
  @NET@_U8 = 3,
  @NET@_I32 = 4,
  @NET@_I64 = 5,
  @NET@_BOOL = 6
};

/* An input or an output. */
typedef struct @net@_value {
  const char *name;
  const int64_t *shape; /* `rank` extents */
  size_t bytes;
  int32_t element;
  int32_t rank;
} @net@_value;

/* The memory of one caller. Any number of handles may run at the same time, each
 * in one thread at a time. */
typedef struct @net@_handle @net@_handle;

/* Makes a handle. It takes the best code that the processor and the operating
 * system have instructions for, runs the network once, on zeros, and holds all
 * memory that later runs need: they allocate nothing.@create@;

/* Frees a handle; null is allowed. */
void @net@_destroy(@net@_handle *handle);

int @net@_input_count(void);
int @net@_output_count(void);

/* What an input or an output is; null when there is none of this index. */
const @net@_value *@net@_input(int index);
const @net@_value *@net@_output(int index);

/* The instruction set whose code a handle runs; -1 of null. */
int @net@_isa(const @net@_handle *handle);

/* Takes the code of another instruction set, to compare or to measure it. Runs
 * the network once, as create does. */
int @net@_set_isa(@net@_handle *handle, int isa);

/* Threads that share a run, the caller's among them, 1 to 256. A new handle has
 * @threads@. Results have the same bits at any number. The handle starts the
 * others here, which wait for runs, and ends them when it is destroyed. Runs the
 * network once, as create does. */
int @net@_set_threads(@net@_handle *handle, int threads);

/* Runs the network on the caller's buffers, one for each input and output, whose
 * sizes in bytes must be those of the values. */
int @net@_run(@net@_handle *handle, const void *const *inputs,
              const size_t *input_bytes, void *const *outputs,
              const size_t *output_bytes);

/* What a returned number means, in English. */
const char *@net@_message(int code);

#ifdef __cplusplus
}
#endif

#endif
)header";

static void printValue(llvm::raw_ostream &stream, StringRef kind, size_t index,
                       const ValueInfo &value) {
  std::string text = value.name;
  // A name must not end the comment.
  for (char &c : text)
    c = llvm::isPrint(c) && c != '*' ? c : '?';
  stream << " * " << kind << " " << index << ": '" << text << "', "
         << toString(value.element) << " [";
  llvm::interleaveComma(value.shape, stream);
  stream << "], " << getNumElements(value) * getByteWidth(value.element)
         << " bytes\n";
}

static std::string listValues(const FunctionSignature &signature) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (auto [i, value] : llvm::enumerate(signature.arguments))
    printValue(stream, "input", i, value);
  size_t index = 0;
  for (auto [value, destination] :
       llvm::zip_equal(signature.results, signature.destinations))
    if (destination >= signature.arguments.size())
      printValue(stream, "output", index++, value);
  return text;
}

/// How a handle is made.
static constexpr char kCreate[] = R"header( */
int @net@_create(@net@_handle **handle))header";
static constexpr char kCreateWithWeights[] = R"header(
 *
 * The weights are in the file of that path, which is mapped read-only, checked
 * by its digest, and must not change as long as there are handles. All handles
 * share one mapping. */
int @net@_create_with_weights(@net@_handle **handle, const char *file))header";

static std::string listLevels(ArrayRef<InstructionLevel> levels) {
  auto names = llvm::map_range(
      levels, [](InstructionLevel level) { return toString(level).upper(); });
  return llvm::join(names, ", ");
}

std::string prune::makeNetworkHeader(const NetworkTable &table) {
  std::string header, rest = kHeader;
  std::pair<StringRef, std::string> texts[] = {
      {"@values@", listValues(table.signature)},
      {"@create@", table.weights ? kCreateWithWeights : kCreate},
      {"@threads@", std::to_string(table.threads)},
      {"@isas@", listLevels(table.levels)},
      {"@net@", table.name},
      {"@NET@", StringRef(table.name).upper()}};
  for (auto &[mark, text] : texts) {
    header.clear();
    StringRef left = rest;
    for (size_t at; (at = left.find(mark)) != StringRef::npos;) {
      header += (left.take_front(at) + text).str();
      left = left.drop_front(at + mark.size());
    }
    header += left.str();
    rest = header;
  }
  return header;
}
