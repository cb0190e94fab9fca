//===- CallSite.cpp - What a call site keeps ------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CallSite.h"

#include <cstdlib>

using namespace prune_rt;

void *Variant::operator new(size_t bytes) {
  void *memory = std::malloc(bytes);
  expect(memory, "prune_rt", "out of memory");
  return memory;
}

void Variant::operator delete(void *memory) { std::free(memory); }

static Variant *getFirst(void *const *slot) {
  return static_cast<Variant *>(__atomic_load_n(slot, __ATOMIC_ACQUIRE));
}

Variant *prune_rt::findVariant(void **slot, const Key &key,
                               const void *constant) {
  for (Variant *variant = getFirst(slot); variant; variant = variant->next)
    if (variant->constant == constant && variant->key == key)
      return variant;
  return nullptr;
}

void prune_rt::addVariant(void **slot, Variant *variant) {
  void *first = __atomic_load_n(slot, __ATOMIC_RELAXED);
  do {
    variant->next = static_cast<Variant *>(first);
  } while (!__atomic_compare_exchange_n(slot, &first, variant, /*weak=*/true,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

void prune_rt::addLoops(void **slot, const char *kernel) {
  Key key = {};
  if (findVariant(slot, key, nullptr))
    return;
  auto *variant = new Variant(key);
  variant->kernel = kernel;
  addVariant(slot, variant);
}

void prune_rt_release_slot(void **slot) {
  Variant *variant = getFirst(slot);
  __atomic_store_n(slot, nullptr, __ATOMIC_RELAXED);
  while (variant) {
    Variant *next = variant->next;
    delete variant;
    variant = next;
  }
}

const char *prune_rt_slot_kernel(void *const *slot) {
  Variant *variant = getFirst(slot);
  return variant ? variant->kernel : "";
}
