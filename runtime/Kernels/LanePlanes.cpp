//===- LanePlanes.cpp - Images side by side in vectors --------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An image is read in runs of neighbors in memory, as long as a table of where
// their vectors lie serves them all: rows of nhwc, planes or rows of nchw.
// Sixteen neighbors of sixteen images are turned in registers. The last sixteen
// of a run overlap the ones before.
//
//===----------------------------------------------------------------------===//

#include "LanePlanes.h"

#include "Blocks.h"
#include "TurnBlock.h"

#include <algorithm>
#include <cstring>

using namespace prune_rt;

namespace {

/// The runs of the rows of an image that are in a strip.
struct Runs {
  template <typename Element>
  Runs(const LanePlanes &planes, const ImageBatch<Element> &images,
       int32_t *table);

  /// Floats from the start of the image and of the planes.
  int64_t image(int64_t run) const {
    return run / perChannel * imageChannel +
           (firstRow + run % perChannel * rowsOfRun) * imageRow;
  }
  int64_t plane(int64_t run) const {
    return run / perChannel * planeChannel +
           (firstLine + run % perChannel * rowsOfRun) * planeLine;
  }

  int64_t count, length;
  const int32_t *table; ///< floats from the start of a run to its vectors

private:
  int64_t perChannel, rowsOfRun;
  int64_t firstRow, firstLine; ///< of the image, of the strip
  int64_t imageChannel, imageRow, planeChannel, planeLine;
};

} // namespace

/// True where a row of nhwc is a row of one channel.
template <typename Element>
static bool hasChannelsLast(const ImageBatch<Element> &images) {
  return images.isNhwc && images.channels > 1;
}

template <typename Element>
Runs::Runs(const LanePlanes &planes, const ImageBatch<Element> &images,
           int32_t *places)
    : table(places), imageRow(images.width), planeLine(planes.line()) {
  int64_t begin = std::max(planes.firstRow, planes.top);
  int64_t end =
      std::min(planes.firstRow + planes.rows, planes.top + images.height);
  int64_t rows = std::max<int64_t>(0, end - begin);
  firstRow = begin - planes.top;
  firstLine = begin - planes.firstRow;
  imageChannel = images.height * images.width;
  planeChannel = planes.plane();
  int64_t channels = 1;
  bool isLast = hasChannelsLast(images);
  if (isLast) {
    imageRow *= images.channels;
    channels = images.channels;
  }
  // Rows without gaps are one run of nchw.
  bool isWhole =
      !isLast && planes.phases == 1 && planes.columns == images.width;
  rowsOfRun = isWhole ? std::max<int64_t>(1, rows) : 1;
  perChannel = rows == 0 ? 1 : rows / rowsOfRun;
  count = rows == 0 ? 0 : perChannel * (isLast ? 1 : images.channels);
  length = imageRow * rowsOfRun;
  if (count == 0)
    return;
  if (isWhole) {
    for (int64_t i = 0; i < length; ++i)
      places[i] = static_cast<int32_t>(i * kLanes);
    return;
  }
  for (int64_t column = 0, i = 0; column < images.width; ++column)
    for (int64_t channel = 0; channel < channels; ++channel, ++i)
      places[i] =
          static_cast<int32_t>(planes.at(channel, 0, column + planes.left));
}

int64_t prune_rt::getTableSize(const ImageBatch<const float> &images) {
  int64_t row = images.width * images.channels;
  return hasChannelsLast(images) ? row : images.width * images.height;
}

//===----------------------------------------------------------------------===//
// Blocks of 16 neighbors of 16 images
//===----------------------------------------------------------------------===//

/// Floats that memory is asked for in advance: there are as many streams as
/// images, more than processors follow by themselves.
static constexpr int64_t kAhead = 8 * kLanes;

static PRUNE_RT_INLINE void loadBlock(const float *from, int64_t image,
                                      const int32_t *table, float *to) {
  Lanes rows[kLanes];
  for (int64_t l = 0; l < kLanes; ++l) {
    rows[l] = load(from + l * image);
    __builtin_prefetch(from + l * image + kAhead);
  }
  turnBlock(rows);
  for (int64_t l = 0; l < kLanes; ++l)
    store(to + table[l], rows[l]);
}

/// The same of `count` images or `length` neighbors; zeros for the others.
static PRUNE_RT_INLINE void loadSome(const float *from, int64_t image,
                                     int64_t count, const int32_t *table,
                                     int64_t length, float *to) {
  Lanes rows[kLanes] = {};
  for (int64_t l = 0; l < count; ++l)
    std::memcpy(&rows[l], from + l * image, length * sizeof(float));
  turnBlock(rows);
  for (int64_t l = 0; l < length; ++l)
    store(to + table[l], rows[l]);
}

static PRUNE_RT_INLINE void storeBlock(const float *from, const int32_t *table,
                                       float *to, int64_t image) {
  Lanes rows[kLanes];
  for (int64_t l = 0; l < kLanes; ++l)
    rows[l] = load(from + table[l]);
  turnBlock(rows);
  for (int64_t l = 0; l < kLanes; ++l)
    store(to + l * image, rows[l]);
}

static PRUNE_RT_INLINE void storeSome(const float *from, const int32_t *table,
                                      int64_t length, float *to, int64_t image,
                                      int64_t count) {
  Lanes rows[kLanes] = {};
  for (int64_t l = 0; l < length; ++l)
    rows[l] = load(from + table[l]);
  turnBlock(rows);
  for (int64_t l = 0; l < count; ++l)
    std::memcpy(to + l * image, &rows[l], length * sizeof(float));
}

/// Where the next block begins: the last one again where fewer are left.
static PRUNE_RT_INLINE int64_t getStart(int64_t i, int64_t length) {
  return std::max<int64_t>(0, std::min(i, length - kLanes));
}

PRUNE_RT_CLONES
static void loadRun(const float *from, int64_t image, int64_t count,
                    const int32_t *table, int64_t length, float *to) {
  if (count == kLanes && length >= kLanes) {
    for (int64_t i = 0; i < length; i += kLanes) {
      i = getStart(i, length);
      loadBlock(from + i, image, table + i, to);
    }
    return;
  }
  for (int64_t i = 0; i < length; i += kLanes) {
    i = getStart(i, length);
    loadSome(from + i, image, count, table + i, std::min(kLanes, length), to);
  }
}

PRUNE_RT_CLONES
static void storeRun(const float *from, const int32_t *table, int64_t length,
                     float *to, int64_t image, int64_t count) {
  if (count == kLanes && length >= kLanes) {
    for (int64_t i = 0; i < length; i += kLanes) {
      i = getStart(i, length);
      storeBlock(from, table + i, to + i, image);
    }
    return;
  }
  for (int64_t i = 0; i < length; i += kLanes) {
    i = getStart(i, length);
    storeSome(from, table + i, std::min(kLanes, length), to + i, image, count);
  }
}

void prune_rt::loadPlanes(const LanePlanes &planes,
                          const ImageBatch<const float> &images, int32_t *table,
                          float *to) {
  Runs runs(planes, images, table);
  int64_t inside = runs.count * runs.length * kLanes;
  if (inside != planes.size())
    std::fill_n(to, planes.size(), 0.0f);
  for (int64_t run = 0; run < runs.count; ++run)
    loadRun(images.data + runs.image(run), images.size(), images.count,
            runs.table, runs.length, to + runs.plane(run));
}

void prune_rt::storePlanes(const LanePlanes &planes,
                           const ImageBatch<float> &images, int32_t *table,
                           const float *from) {
  Runs runs(planes, images, table);
  for (int64_t run = 0; run < runs.count; ++run)
    storeRun(from + runs.plane(run), runs.table, runs.length,
             images.data + runs.image(run), images.size(), images.count);
}
