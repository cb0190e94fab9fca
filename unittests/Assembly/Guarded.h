//===- Guarded.h - Arrays between pages that are closed ---------*- C++ -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PRUNE_UNITTESTS_ASSEMBLY_GUARDED_H
#define PRUNE_UNITTESTS_ASSEMBLY_GUARDED_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"

#include <sys/mman.h>
#include <unistd.h>

namespace prune_test {

/// An array that ends where a page begins that may not be touched, or begins
/// where one ends.
enum class Guard { Behind, Before };
template <typename Element>
class Guarded {
public:
  explicit Guarded(llvm::ArrayRef<Element> elements,
                   Guard guard = Guard::Behind) {
    size_t page = sysconf(_SC_PAGESIZE);
    size_t bytes = elements.size() * sizeof(Element);
    size_t inner = (bytes + page - 1) / page * page;
    length = inner + 2 * page;
    memory = static_cast<char *>(mmap(nullptr, length, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(memory, page, PROT_NONE);
    mprotect(memory + length - page, page, PROT_NONE);
    place = memory + page + (guard == Guard::Behind ? inner - bytes : 0);
    llvm::copy(elements, data());
  }
  ~Guarded() { munmap(memory, length); }
  Guarded(const Guarded &) = delete;
  Guarded &operator=(const Guarded &) = delete;

  Element *data() const { return reinterpret_cast<Element *>(place); }

private:
  size_t length;
  char *memory, *place;
};

} // namespace prune_test

#endif // PRUNE_UNITTESTS_ASSEMBLY_GUARDED_H
