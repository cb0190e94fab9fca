//===- Convolutions.h - Convolutions to test --------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_UNITTESTS_RUNTIME_CONVOLUTIONS_H
#define PRUNE_UNITTESTS_RUNTIME_CONVOLUTIONS_H

#include "Runtimes.h"

#include <algorithm>
#include <ostream>

namespace prune_test {

/// A convolution or pooling in a form that is short to write.
struct Window {
  int64_t n, c, h, w, f, kh, kw;
  int64_t stride = 1, dilation = 1;
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  int64_t groups = 1;

  int64_t oh() const {
    return (h + top + bottom - dilation * (kh - 1) - 1) / stride + 1;
  }
  int64_t ow() const {
    return (w + left + right - dilation * (kw - 1) - 1) / stride + 1;
  }
  int64_t inputSize() const { return n * c * h * w; }
  int64_t outputSize() const { return n * f * oh() * ow(); }
  int64_t weightSize() const { return f * (c / groups) * kh * kw; }
  /// Elements of x in one window.
  int64_t terms() const { return c / groups * kh * kw; }

  std::vector<int64_t> shape(int64_t layout) const {
    return {n,    c,      h,      w,      f,        oh(),     ow(),
            kh,   kw,     stride, stride, dilation, dilation, top,
            left, bottom, right,  groups, layout};
  }
};

inline std::ostream &operator<<(std::ostream &stream, const Window &window) {
  return stream << window.n << "x" << window.c << "x" << window.h << "x"
                << window.w << " to " << window.f << ", window " << window.kh
                << "x" << window.kw << ", stride " << window.stride
                << ", dilation " << window.dilation << ", padding "
                << window.top << " " << window.left << " " << window.bottom
                << " " << window.right << ", groups " << window.groups;
}

/// A window of the shape that `generator` draws: any extent, stride, dilation
/// and padding at which each window meets the input. As many channels leave as
/// enter.
inline Window drawWindow(std::mt19937 &generator) {
  auto below = [&](int64_t end) { return int64_t(generator() % end); };
  int64_t n = 1 + below(3), c = drawExtent(40, generator);
  int64_t h = drawExtent(20, generator), w = drawExtent(20, generator);
  int64_t kh = 1 + below(std::min<int64_t>(h, 5));
  int64_t kw = 1 + below(std::min<int64_t>(w, 5));
  Window window{n, c, h, w, c, kh, kw};
  window.stride = 1 + below(3);
  bool fits = 2 * (kh - 1) < h && 2 * (kw - 1) < w;
  window.dilation = fits ? 1 + below(2) : 1;
  window.top = below(kh), window.bottom = below(kh);
  window.left = below(kw), window.right = below(kw);
  return window;
}

/// The same elements with the channels last.
template <typename Element>
std::vector<Element> toChannelsLast(const std::vector<Element> &values,
                                    int64_t n, int64_t c, int64_t positions) {
  std::vector<Element> result(values.size());
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < c; ++j)
      for (int64_t p = 0; p < positions; ++p)
        result[(i * positions + p) * c + j] =
            values[(i * c + j) * positions + p];
  return result;
}

/// Sum of products in double precision.
inline double dot(const std::vector<float> &a, const std::vector<float> &b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += double(a[i]) * b[i];
  return sum;
}

} // namespace prune_test

#endif // PRUNE_UNITTESTS_RUNTIME_CONVOLUTIONS_H
