/*===- prune_network.h - Inside of a network in a shared object ---*- C -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a shared object with a compiled network consists of besides its code: a
// table that the compiler writes, and the functions behind its C interface,
// which are linked into it. The header that users see is written by the
// compiler; it declares the same functions under the name of the network.
//
//===----------------------------------------------------------------------===*/

#ifndef PRUNE_NETWORK_H
#define PRUNE_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*--- Descriptors ------------------------------------------------------------*/

/** 64-bit words of the descriptor by which compiled code takes a tensor. */
static inline int64_t prune_rt_descriptor_words(int64_t rank) {
  return 3 + 2 * rank;
}

/** Fills the descriptor of a tensor that lies row-major and without gaps: the
 * data twice, an offset, the extents and the strides. */
static inline void prune_rt_fill_descriptor(int64_t *words, void *data,
                                            const int64_t *shape,
                                            int64_t rank) {
  words[0] = words[1] = (int64_t)(intptr_t)data;
  words[2] = 0;
  int64_t stride = 1;
  for (int64_t i = rank; i-- > 0;) {
    words[3 + i] = shape[i];
    words[3 + rank + i] = stride;
    stride *= shape[i];
  }
}

/*--- Networks ---------------------------------------------------------------*/

/** Results of the functions below. */
enum {
  PRUNE_NETWORK_OK = 0,
  PRUNE_NETWORK_NULL = 1,
  PRUNE_NETWORK_SIZE = 2,
  PRUNE_NETWORK_THREADS = 3,
  PRUNE_NETWORK_MEMORY = 4,
  PRUNE_NETWORK_PROCESSOR = 5,
  PRUNE_NETWORK_BUSY = 6,
  PRUNE_NETWORK_NO_CODE = 7,
  PRUNE_NETWORK_FILE = 8,
  PRUNE_NETWORK_WEIGHTS = 9
};

/** Element types. */
enum {
  PRUNE_NETWORK_F32 = 0,
  PRUNE_NETWORK_F64 = 1,
  PRUNE_NETWORK_I8 = 2,
  PRUNE_NETWORK_U8 = 3,
  PRUNE_NETWORK_I32 = 4,
  PRUNE_NETWORK_I64 = 5,
  PRUNE_NETWORK_BOOL = 6
};

/** An input or an output. */
typedef struct prune_network_value {
  const char *name;
  const int64_t *shape;
  size_t bytes;
  int32_t element;
  int32_t rank;
} prune_network_value;

/** Instruction sets that code may need. */
enum {
  PRUNE_NETWORK_BASE = 0,
  PRUNE_NETWORK_AVX2 = 1,  /**< x86-64-v3 */
  PRUNE_NETWORK_AVX512 = 2 /**< x86-64-v4 */
};

/** The code of a network for one instruction set. */
typedef struct prune_network_code {
  /** Runs the network; takes the descriptors in the order of the values. */
  void (*call)(void *const *descriptors);
  int64_t isa; /**< instruction set that the code needs */
} prune_network_code;

/** What a file of weights begins with; the weights follow. */
typedef struct prune_network_weights_header {
  char magic[16];   /**< PRUNE_NETWORK_MAGIC */
  uint64_t version; /**< of this format */
  uint64_t bytes;   /**< of the whole file */
  uint64_t digest;  /**< XXH64 of the weights, with seed 0 */
  uint64_t zeros[3];
} prune_network_weights_header;

#define PRUNE_NETWORK_MAGIC "prune weights\r\n"
#define PRUNE_NETWORK_WEIGHTS_VERSION 1

/** A file of weights that belongs to the code of a network. */
typedef struct prune_network_weights {
  void *place; /**< whole pages, of which the file takes the place */
  const prune_network_weights_header *header; /**< what the file begins with */
} prune_network_weights;

/** What the compiler says of a network. */
typedef struct prune_network {
  const prune_network_value *values; /**< the inputs, then the outputs */
  const prune_network_code *codes;   /**< best instruction set first */
  /** Null when the weights are beside the code. */
  const prune_network_weights *weights;
  int32_t inputs, outputs;
  int32_t code_count; /* NOLINT(readability-identifier-naming): C's style */
  int32_t threads;    /**< of a new handle */
} prune_network;

/** Memory of one caller of a network. */
typedef struct prune_network_handle prune_network_handle;

int prune_network_create(const prune_network *network,
                         prune_network_handle **handle);
int prune_network_create_with_weights(const prune_network *network,
                                      prune_network_handle **handle,
                                      const char *file);
void prune_network_destroy(prune_network_handle *handle);
int prune_network_input_count(const prune_network *network);
int prune_network_output_count(const prune_network *network);
const prune_network_value *prune_network_input(const prune_network *network,
                                               int index);
const prune_network_value *prune_network_output(const prune_network *network,
                                                int index);
int prune_network_isa(const prune_network_handle *handle);
int prune_network_set_isa(prune_network_handle *handle, int isa);
int prune_network_set_threads(prune_network_handle *handle, int threads);
/* NOLINTBEGIN(readability-identifier-naming): parameters in C's style */
int prune_network_run(prune_network_handle *handle, const void *const *inputs,
                      const size_t *input_bytes, void *const *outputs,
                      const size_t *output_bytes);
/* NOLINTEND(readability-identifier-naming) */
const char *prune_network_message(int code);

#ifdef __cplusplus
}
#endif

#endif /* PRUNE_NETWORK_H */
