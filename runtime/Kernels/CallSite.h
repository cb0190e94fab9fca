//===- CallSite.h - What a call site keeps ----------------------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A slot points to a list of variants, one per set of arguments that were seen
// there (one in generated code, whose shapes are static). A variant does not
// change once it is in the list, and nothing leaves the list before the slot is
// released, so that a call finds its variant without a lock.
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_RUNTIME_KERNELS_CALLSITE_H
#define PRUNE_RUNTIME_KERNELS_CALLSITE_H

#include "../Common/Runtime.h"

#include <array>
#include <atomic>
#include <memory>

namespace prune_rt {

/// Everything that decides what runs: the operation first, then
/// extents, strides, flags and the number of threads.
using Key = std::array<int64_t, 24>;

/// What one running call needs for itself. A variant keeps one; a call that
/// finds it taken makes another.
template <typename State>
class Spare {
public:
  Spare() = default;
  ~Spare() { delete kept.load(); }
  Spare(const Spare &) = delete;
  Spare &operator=(const Spare &) = delete;

  /// Null when another call has it, or before the first call.
  std::unique_ptr<State> take() {
    return std::unique_ptr<State>(kept.exchange(nullptr));
  }
  void giveBack(std::unique_ptr<State> state) {
    delete kept.exchange(state.release());
  }

private:
  std::atomic<State *> kept{nullptr};
};

struct Variant {
  /// Of the C library, which is all that the library of a network needs.
  static void *operator new(size_t bytes);
  static void operator delete(void *memory);

  explicit Variant(const Key &key) : key(key) {}
  virtual ~Variant() = default;

  const Key key;
  const void *constant = nullptr; ///< the constant operand it was made for
  const char *kernel = "loops";   ///< static text
  Variant *next = nullptr;
};

/// The variant of the slot with this key and constant operand, or null.
Variant *findVariant(void **slot, const Key &key, const void *constant);

/// Puts the variant in front of the slot's list.
void addVariant(void **slot, Variant *variant);

/// Remembers in the slot that its calls run as loops of our own.
void addLoops(void **slot, const char *kernel = "loops");

} // namespace prune_rt

#endif // PRUNE_RUNTIME_KERNELS_CALLSITE_H
