/*===- prune_runtime.h - C interface of the runtime ---------------*- C -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two shared libraries implement this interface with the same symbols:
// libprune_runtime_naive.so (plain loops with double accumulators, the oracle)
// and libprune_runtime.so (the fast one, with oneDNN or with loops of its own
// in place of it). Generated code passes raw pointers and
// 64-bit sizes. A static library with the symbols of the naive one, hidden, is
// linked into shared objects of networks. Matrices are row-major; a leading
// dimension is the number of elements between the starts of two rows as stored.
//
// Every function may be called from several threads at once, on different
// destinations. A wrong argument is a bug of the caller: it is reported on the
// standard error stream and ends the process.
//
//===----------------------------------------------------------------------===*/

#ifndef PRUNE_RUNTIME_H
#define PRUNE_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) && !defined(PRUNE_RT_STATIC)
#define PRUNE_RT_EXPORT __attribute__((visibility("default")))
#else
#define PRUNE_RT_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*--- Identity ---------------------------------------------------------------*/

/** Version of this interface; generated code and library must agree. */
#define PRUNE_RT_ABI_VERSION 6
PRUNE_RT_EXPORT int64_t prune_rt_abi_version(void);

/** Name and version of the implementation: "naive", "onednn 3.7.2", or
 * "loops" without oneDNN. */
PRUNE_RT_EXPORT const char *prune_rt_implementation(void);

/*--- Threads and floating-point state ---------------------------------------*/

/** Threads that one call may use, at least 1. The default is 1. Results have
 * the same bits whatever the number. */
PRUNE_RT_EXPORT void prune_rt_set_num_threads(int64_t threads);
PRUNE_RT_EXPORT int64_t prune_rt_get_num_threads(void);

/** Sets (1) or clears (0) flushing of sub-normal results and operands to zero
 * in the calling thread and returns the setting before. Every function below
 * flushes while it runs, in all its threads. */
PRUNE_RT_EXPORT int64_t prune_rt_flush_denormals(int64_t enable);

/*--- Memory -----------------------------------------------------------------*/

/** Allocation functions that `finalize-memref-to-llvm{use-generic-functions}`
 * calls. Blocks are aligned to at least 64 bytes and are kept for later
 * allocations of about the same size when freed. With PRUNE_RT_POISON in the
 * environment when the library is loaded, each block is full of NaN. */
PRUNE_RT_EXPORT void *_mlir_memref_to_llvm_alloc(size_t size);
PRUNE_RT_EXPORT void *_mlir_memref_to_llvm_aligned_alloc(size_t alignment,
                                                         size_t size);
PRUNE_RT_EXPORT void _mlir_memref_to_llvm_free(void *pointer);

/** Bytes now in use, the largest number in use at one time since the last
 * reset, and bytes kept for reuse. Block sizes after rounding are counted. */
PRUNE_RT_EXPORT int64_t prune_rt_bytes_in_use(void);
PRUNE_RT_EXPORT int64_t prune_rt_bytes_peak(void);
PRUNE_RT_EXPORT int64_t prune_rt_bytes_cached(void);

/** Sets the peak to the bytes now in use. */
PRUNE_RT_EXPORT void prune_rt_reset_peak(void);

/** Gives the kept blocks back to the system. */
PRUNE_RT_EXPORT void prune_rt_trim(void);

/*--- Call sites -------------------------------------------------------------*/

/* A call site owns one pointer-sized slot, zero at first, in which the library
 * keeps what it prepared there: primitives, packed constant weights. */

/** Frees what the slot holds and sets it to zero; no call may be using it. */
PRUNE_RT_EXPORT void prune_rt_release_slot(void **slot);

/** Name of the kernel that the last prepared call of the slot runs
 * ("brg_matmul:avx512_core"), "loops..." for the library's own loops, or ""
 * when the slot was not used yet. Valid until the slot is released. */
PRUNE_RT_EXPORT const char *prune_rt_slot_kernel(void *const *slot);

/*--- Profiles ---------------------------------------------------------------*/

/** One place in a function that is timed; all zero at first. */
typedef struct prune_rt_profile_site {
  int64_t calls;       /**< times that it was run */
  int64_t nanoseconds; /**< time of all calls together, in the calling thread */
  int64_t start;       /**< time of the clock at the last begin */
} prune_rt_profile_site;

/** Bracket what a site stands for. Not for two threads at once on one site. */
PRUNE_RT_EXPORT void prune_rt_profile_begin(prune_rt_profile_site *site);
PRUNE_RT_EXPORT void prune_rt_profile_end(prune_rt_profile_site *site);

/*--- Products ---------------------------------------------------------------*/

enum {
  PRUNE_RT_ACTIVATION_NONE = 0,
  PRUNE_RT_ACTIVATION_RELU = 1,
  PRUNE_RT_ACTIVATION_SIGMOID = 2,
  PRUNE_RT_ACTIVATION_TANH = 3
};

enum {
  PRUNE_RT_TRANSPOSE_A = 1,     /**< a is stored as [k, m] */
  PRUNE_RT_TRANSPOSE_B = 2,     /**< b is stored as [n, k] */
  PRUNE_RT_ACCUMULATE = 4,      /**< the old c is added before the activation */
  PRUNE_RT_CONSTANT_B = 8,      /**< the elements behind b never change */
  PRUNE_RT_INCLUDE_PADDING = 16 /**< averages divide by the whole window */
};

/** c[m, n] = activation(op(a)[m, k] * op(b)[k, n] + bias[n] (+ c)). The bias
 * may be null. k may be zero. c overlaps no operand. With
 * PRUNE_RT_CONSTANT_B, b is packed on the first call of the slot and must stay
 * readable and unchanged until the slot is released. */
PRUNE_RT_EXPORT void prune_rt_matmul_f32(void **slot, const float *a,
                                         const float *b, const float *bias,
                                         float *c, int64_t m, int64_t n,
                                         int64_t k, int64_t lda, int64_t ldb,
                                         int64_t ldc, int64_t flags,
                                         int64_t activation);

/** y[m, n] = activation(w[m, k] * x[k, n] + bias[m]) for a w in compressed
 * rows: row i holds values[pointers[i]] to values[pointers[i + 1] - 1] in the
 * columns given by indices, ascending. The bias, one element per row, may be
 * null. */
PRUNE_RT_EXPORT void prune_rt_spmm_f32(const float *values,
                                       const int32_t *indices,
                                       const int32_t *pointers, const float *x,
                                       const float *bias, float *y, int64_t m,
                                       int64_t n, int64_t k, int64_t ldx,
                                       int64_t ldy, int64_t activation);

/** values[p] = sum over l of a[i, l] * b[indices[p], l] for the rows i of
 * a[m, k] and pointers[i] <= p < pointers[i + 1]: elements of a * b^T, with
 * b[n, k], at the places of an m x n matrix in compressed rows. k may be zero.
 * The destination overlaps no operand. */
PRUNE_RT_EXPORT void prune_rt_sddmm_f32(const int32_t *indices,
                                        const int32_t *pointers, const float *a,
                                        const float *b, float *values,
                                        int64_t m, int64_t n, int64_t k,
                                        int64_t lda, int64_t ldb);

/** One step through a group of 16 rows of a weight: for each row at most one
 * element, out of a window of 32 columns that begins at 16 * window. Bit i of
 * `taken` says that row i takes one, bit i of `high` that it is one of the last
 * 16; which one are the bits from 4 * (i / 2 % 4) of
 * places[2 * (i % 2) + i / 8]. */
typedef struct prune_rt_lane_step {
  uint16_t window;
  uint16_t taken;
  uint16_t high;
  uint16_t places[4];
} prune_rt_lane_step;

/** The first step and the first value of a group. */
typedef struct prune_rt_lane_group {
  int32_t step;
  int32_t value;
} prune_rt_lane_group;

/** y[n, m] = activation(x[n, k] * transpose(w[m, k]) + bias[m]) for few n and a
 * sparse w. Its rows are in the order of `rows` and in groups of 16, whose
 * bounds are in `groups`, one more than there are groups. The values are in the
 * order of the steps and within a step of the rows; 15 floats after the last
 * value are readable. k is at most 2^20. The bias may be null. */
PRUNE_RT_EXPORT void prune_rt_lane_permute_f32(
    const float *values, const prune_rt_lane_step *steps,
    const prune_rt_lane_group *groups, const int32_t *rows, const float *x,
    const float *bias, float *y, int64_t m, int64_t n, int64_t k, int64_t ldx,
    int64_t ldy, int64_t activation);

/** y[n, m] = the transpose of x[m, n]. They do not overlap. */
PRUNE_RT_EXPORT void prune_rt_transpose_f32(const float *x, float *y, int64_t m,
                                            int64_t n, int64_t ldx,
                                            int64_t ldy);

/*--- Generated code ---------------------------------------------------------*/

/* NOLINTBEGIN(readability-identifier-naming): names of C */
/** Where 16 lanes of each row of a sparse product lie: floats from the starts
 * of its input and output. Generated code says what it does with the masks. */
typedef struct prune_rt_panel {
  int32_t input;
  int32_t output;
  uint16_t lanes;      /**< which lanes are results */
  uint16_t places;     /**< where they go from `output` on */
  int32_t rest_output; /**< where lane 0 of `rest` would lie, */
  uint16_t rest;       /**< and lanes that go there */
  uint16_t masks[5];   /**< lanes whose inputs are there, for some columns */
} prune_rt_panel;

/** A piece of generated code, for a tile of rows and a range of inputs, to be
 * called for panels from `begin` to before `end`. `stream` holds its weights.
 */
typedef void prune_rt_segment(const float *x, float *y, const float *stream,
                              const prune_rt_panel *begin,
                              const prune_rt_panel *end);

/** Where a segment and its part of the stream begin. */
typedef struct prune_rt_segment_place {
  int64_t code;   /**< bytes */
  int64_t stream; /**< floats */
} prune_rt_segment_place;

/** How generated code is run on a batch of images [n, c, h, w], of which each
 * is copied in front of it so that 16 positions of a channel lie side by side:
 *
 *  - one by one (`tap_rows` and `tap_columns` are 1): for each panel the inputs
 *    of all channels, [panel][channel][16];
 *  - else: for each channel `stride_h * stride_w` planes of `rows` by
 * `columns`, of which plane (i, j) has the rows i, i + stride_h, ... and
 * columns alike of the padded image.
 *
 * Each group has as many channels, results and segments. Panels are those of
 * the first group, from which the others' inputs and results lie as far as they
 * have channels.
 *
 * With `in_image` the input is panels or planes, as prune_rt_reorder_f32 says,
 * and with `in_group` it is not copied. The result has the order [n, f, oh,
 * ow], or is panels or planes, too; zeros around those are written by every
 * call.
 *
 * A product of matrices x[k, n] has one image of k channels and n columns. */
typedef struct prune_rt_generated {
  const void *code;
  const float *stream;
  const prune_rt_segment_place *segments;
  int64_t segment_count;
  const prune_rt_panel *panels; /**< of one image */
  int64_t panel_count;
  int64_t images, channels, height, width;
  int64_t out_image; /**< floats of the result of one image, */
  int64_t out_size;  /**< of one of its channels, */
  int64_t out_width; /**< and of one of its rows */
  int64_t tap_rows, tap_columns;
  int64_t stride_h, stride_w;
  int64_t pad_top, pad_left;
  int64_t rows, columns;
  int64_t groups;
  int64_t in_image; /**< floats of an image of panels or planes; 0 for nchw, */
  int64_t in_group; /**< from its inputs of a group to the next; 0 if copied, */
  int64_t in_columns, in_lead, in_plane; /**< and its grid */
  int64_t out_group; /**< floats from the results of a group to the next */
  int64_t out_lead;  /**< zeros before the results of a plane, */
  int64_t out_plane; /**< floats of a plane; 0 for other orders, */
  int64_t out_end;   /**< and where those behind what panels write begin */
  /** Where 16 images are lanes: places of a row of the result, and floats of a
   * place; else 0. LEAD, PLANE and END above count places then. */
  int64_t out_columns, out_place;
  int64_t tiles;   /**< segments of a group for each range of inputs */
  int64_t weights; /**< that are not zero, of all groups */
} prune_rt_generated;
/* NOLINTEND(readability-identifier-naming) */

/** y = what the generated code says of x; both lie without gaps. */
PRUNE_RT_EXPORT void prune_rt_generated_f32(const prune_rt_generated *plan,
                                            const float *x, float *y);

/** What a segment of a stream begins with. Numbers are as wide as floats and
 * not negative. For each row follow where its results lie, its bias, if there
 * is one, and for inputs without a mask and then with each mask how many
 * weights there are, and these: where the input lies, and the weight. */
typedef struct prune_rt_stream {
  int32_t rows;
  int32_t flags;  /**< PRUNE_RT_STREAM_LOADED, ... */
  int32_t store;  /**< PRUNE_RT_STREAM_ALL, ... */
  int32_t masks;  /**< of a panel */
  int32_t before; /**< floats from the panel to where inputs count from */
  int32_t step;   /**< floats from the input of a lane to that of the next */
} prune_rt_stream;

enum {
  PRUNE_RT_STREAM_LOADED = 1, /**< sums begin with what is in the result */
  PRUNE_RT_STREAM_BIAS = 2,
  PRUNE_RT_STREAM_RELU = 4
};

/** Where lanes go, as prune_rt_panel says: all from `output` on; those of
 * `lanes` side by side; all, with zeros for others than `lanes`; the same to
 * two places. */
enum {
  PRUNE_RT_STREAM_ALL,
  PRUNE_RT_STREAM_PACKED,
  PRUNE_RT_STREAM_ZEROED,
  PRUNE_RT_STREAM_PARTS
};

/** The same for weights that are a stream, without code, on any processor. */
PRUNE_RT_EXPORT void prune_rt_streamed_f32(const prune_rt_generated *plan,
                                           const float *x, float *y);

/** Positions in the shape of a reordered image. Position (r, q) of a channel
 * has place `r * COLUMNS + q`; LEAD and PLANE are 0 for panels. TOGETHER is 1,
 * or 16 where so many images are lanes. */
enum {
  PRUNE_RT_GRID_IMAGES,
  PRUNE_RT_GRID_CHANNELS,
  PRUNE_RT_GRID_HEIGHT,
  PRUNE_RT_GRID_WIDTH,
  PRUNE_RT_GRID_COLUMNS,
  PRUNE_RT_GRID_LEAD,
  PRUNE_RT_GRID_PLANE,
  PRUNE_RT_GRID_TOGETHER,
  PRUNE_RT_GRID_SIZE /**< number of elements of a shape */
};

/** Brings images [n, c, h, w] to an order that generated code reads without a
 * copy, or back with `reverse`: panels [n, panel, c, 16], the 16 places of a
 * panel side by side, or planes [n, c, PLANE], LEAD zeros before the first
 * place. Or places of 16 images [n / 16, PLANE, c, 16], LEAD of zeros before
 * the first, with a spare channel where their number is even. Whatever is no
 * position is zero. */
PRUNE_RT_EXPORT void prune_rt_reorder_f32(const float *x, float *y,
                                          const int64_t *shape,
                                          int64_t reverse);

/*--- Convolution and pooling ------------------------------------------------*/

/** Positions in the shape of a convolution or pooling. Channels (C, F) count
 * over all groups, a dilation of 1 spreads nothing, and
 * OH = floor((H + PAD_TOP + PAD_BOTTOM - DILATION_H * (KH - 1) - 1) / STRIDE_H)
 * + 1, OW alike. Poolings have F = C and do not read GROUPS. */
enum {
  PRUNE_RT_SHAPE_N,
  PRUNE_RT_SHAPE_C,
  PRUNE_RT_SHAPE_H,
  PRUNE_RT_SHAPE_W,
  PRUNE_RT_SHAPE_F,
  PRUNE_RT_SHAPE_OH,
  PRUNE_RT_SHAPE_OW,
  PRUNE_RT_SHAPE_KH,
  PRUNE_RT_SHAPE_KW,
  PRUNE_RT_SHAPE_STRIDE_H,
  PRUNE_RT_SHAPE_STRIDE_W,
  PRUNE_RT_SHAPE_DILATION_H,
  PRUNE_RT_SHAPE_DILATION_W,
  PRUNE_RT_SHAPE_PAD_TOP,
  PRUNE_RT_SHAPE_PAD_LEFT,
  PRUNE_RT_SHAPE_PAD_BOTTOM,
  PRUNE_RT_SHAPE_PAD_RIGHT,
  PRUNE_RT_SHAPE_GROUPS,
  PRUNE_RT_SHAPE_LAYOUT,
  PRUNE_RT_SHAPE_SIZE /**< number of elements of a shape */
};

/** Layouts of x [n, c, h, w], y [n, f, oh, ow], their gradients and the
 * workspace of a pooling: all dense, in the order that the name says. Weights
 * are [f, c / groups, kh, kw] in row-major order in both. */
enum { PRUNE_RT_LAYOUT_NCHW = 0, PRUNE_RT_LAYOUT_NHWC = 1 };

/** y = activation(x * w + bias[f] (+ y)), the sum over a window as it lies
 * (cross-correlation), with zeros around x. The bias may be null. Flags:
 * PRUNE_RT_ACCUMULATE, PRUNE_RT_CONSTANT_B (for w, as in a product). No result
 * of this section overlaps an operand. */
PRUNE_RT_EXPORT void prune_rt_convolution_f32(void **slot, const float *x,
                                              const float *w, const float *bias,
                                              float *y, const int64_t *shape,
                                              int64_t flags,
                                              int64_t activation);

/** dx (+)= gradient of x when dy is the one of y. Flags: PRUNE_RT_ACCUMULATE,
 * PRUNE_RT_CONSTANT_B (for w). */
PRUNE_RT_EXPORT void
prune_rt_convolution_backward_data_f32(void **slot, const float *dy,
                                       const float *w, float *dx,
                                       const int64_t *shape, int64_t flags);

/** dw, dbias (+)= gradients of w and of the bias when dy is the one of y;
 * dbias[f] may be null. Flags: PRUNE_RT_ACCUMULATE. */
PRUNE_RT_EXPORT void prune_rt_convolution_backward_weights_f32(
    void **slot, const float *x, const float *dy, float *dw, float *dbias,
    const int64_t *shape, int64_t flags);

/** y = activation(x * w + bias[f] (+ y)) for a w of one group in compressed
 * rows: row i, of output channel i, holds values[pointers[i]] to
 * values[pointers[i + 1] - 1] at the places [c][kh][kw] that indices give,
 * ascending. The bias may be null. Flags: PRUNE_RT_ACCUMULATE. */
PRUNE_RT_EXPORT void prune_rt_sparse_convolution_f32(
    const float *values, const int32_t *indices, const int32_t *pointers,
    const float *x, const float *bias, float *y, const int64_t *shape,
    int64_t flags, int64_t activation);

/** dx = gradient of x when dy is the one of y. Here rows are those of the input
 * channels, and places [f][kh][kw]. */
PRUNE_RT_EXPORT void prune_rt_sparse_convolution_backward_data_f32(
    const float *values, const int32_t *indices, const int32_t *pointers,
    const float *dy, float *dx, const int64_t *shape);

/** dvalues, dbias = gradients of the values, which are those of
 * prune_rt_sparse_convolution_f32, and of the bias; dbias[f] may be null. */
PRUNE_RT_EXPORT void prune_rt_sparse_convolution_backward_weights_f32(
    const int32_t *indices, const int32_t *pointers, const float *x,
    const float *dy, float *dvalues, float *dbias, const int64_t *shape);

/** y = largest element of each window. Elements outside x do not count; a
 * window with no element inside gives minus infinity. A NaN in a window is its
 * result. The workspace, one byte for each element of y, gets ky * KW + kx of
 * the first largest element (the first NaN) in row-major order of the window;
 * it may be null, else KH * KW is at most 256. No flags. */
PRUNE_RT_EXPORT void prune_rt_max_pool_f32(const float *x, float *y,
                                           uint8_t *workspace,
                                           const int64_t *shape, int64_t flags);

/** dx (+)= gradient of x when dy is the one of y: each element of dy goes to
 * the element that the workspace names. Flags: PRUNE_RT_ACCUMULATE. */
PRUNE_RT_EXPORT void
prune_rt_max_pool_backward_f32(const float *dy, const uint8_t *workspace,
                               float *dx, const int64_t *shape, int64_t flags);

/** y = sum of each window over the number of its elements inside x, or over
 * KH * KW with PRUNE_RT_INCLUDE_PADDING, the only flag. A window with no
 * element inside gives zero. */
PRUNE_RT_EXPORT void prune_rt_average_pool_f32(const float *x, float *y,
                                               const int64_t *shape,
                                               int64_t flags);

/** dx (+)= gradient of x when dy is the one of y. Flags: PRUNE_RT_ACCUMULATE,
 * PRUNE_RT_INCLUDE_PADDING. */
PRUNE_RT_EXPORT void prune_rt_average_pool_backward_f32(const float *dy,
                                                        float *dx,
                                                        const int64_t *shape,
                                                        int64_t flags);

/*--- Selection --------------------------------------------------------------*/

/** kept[i] = 0 where group i is pruned, else 1. The scores of all groups lie
 * one behind the other in `parts` runs; part p has groups[2 * p] of them, and
 * each stands for groups[2 * p + 1] elements. Groups are pruned in the order of
 * their scores, of equal ones that of lower index first, as long as each brings
 * the number of pruned elements nearer to round(sparsity * elements), halves
 * rounded up. Minus zero equals zero, a NaN counts as infinite. A sparsity
 * outside of [0, 1] is the nearest end of it, a NaN is 0. Linear in the number
 * of scores. */
PRUNE_RT_EXPORT void prune_rt_select_groups_f32(const float *scores,
                                                uint8_t *kept,
                                                const int64_t *groups,
                                                int64_t parts, double sparsity);

#ifdef __cplusplus
}
#endif

#endif /* PRUNE_RUNTIME_H */
