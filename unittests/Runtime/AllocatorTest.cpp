//===- AllocatorTest.cpp - Caching allocator ------------------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runtimes.h"

#include <cstring>
#include <thread>

using namespace prune_test;

namespace {

class AllocatorTest : public testing::TestWithParam<const Runtime *> {
protected:
  void *allocate(size_t size) const {
    return PRUNE_RT(*GetParam(), _mlir_memref_to_llvm_alloc)(size);
  }
  void release(void *pointer) const {
    PRUNE_RT(*GetParam(), _mlir_memref_to_llvm_free)(pointer);
  }
  int64_t inUse() const {
    return PRUNE_RT(*GetParam(), prune_rt_bytes_in_use)();
  }
  int64_t cached() const {
    return PRUNE_RT(*GetParam(), prune_rt_bytes_cached)();
  }
};

} // namespace

TEST_P(AllocatorTest, BlocksAreAlignedAndReused) {
  for (size_t size : {0, 1, 63, 64, 255, 256, 257, 1000, 4096, 1 << 20}) {
    void *block = allocate(size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u) << size;
    std::memset(block, 1, size);
    release(block);
    EXPECT_EQ(allocate(size), block) << size;
    release(block);
  }
  release(nullptr);
}

TEST_P(AllocatorTest, LargeAlignmentsAreKept) {
  for (size_t alignment : {128, 4096}) {
    void *block = PRUNE_RT(*GetParam(),
                           _mlir_memref_to_llvm_aligned_alloc)(alignment, 1000);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % alignment, 0u);
    release(block);
  }
}

TEST_P(AllocatorTest, BytesAreCounted) {
  int64_t before = inUse();
  PRUNE_RT(*GetParam(), prune_rt_reset_peak)();
  void *block = allocate(3 << 20);
  EXPECT_GE(inUse() - before, 3 << 20);
  EXPECT_LE(inUse() - before, (3 << 20) * 5 / 4);
  release(block);
  EXPECT_EQ(inUse(), before);
  EXPECT_GE(PRUNE_RT(*GetParam(), prune_rt_bytes_peak)() - before, 3 << 20);
  EXPECT_GE(cached(), 3 << 20);
  PRUNE_RT(*GetParam(), prune_rt_trim)();
  EXPECT_EQ(cached(), 0);
}

TEST_P(AllocatorTest, ThreadsDoNotShareBlocks) {
  auto work = [&](unsigned char mark) {
    for (int round = 0; round < 2000; ++round) {
      size_t size = 64 + round % 700;
      auto *block = static_cast<unsigned char *>(allocate(size));
      std::memset(block, mark, size);
      for (size_t i = 0; i < size; ++i)
        ASSERT_EQ(block[i], mark);
      release(block);
    }
  };
  int64_t before = inUse();
  std::thread first(work, 1), second(work, 2);
  first.join();
  second.join();
  EXPECT_EQ(inUse(), before);
}

INSTANTIATE_TEST_SUITE_P(Runtimes, AllocatorTest,
                         testing::Values(&getNaive(), &getFast()));

TEST(IdentityTest, ImplementationsTellTheirNames) {
  EXPECT_STREQ(PRUNE_RT(getNaive(), prune_rt_implementation)(), "naive");
  EXPECT_EQ(PRUNE_RT(getNaive(), prune_rt_abi_version)(), PRUNE_RT_ABI_VERSION);
  EXPECT_EQ(PRUNE_RT(getFast(), prune_rt_abi_version)(), PRUNE_RT_ABI_VERSION);
  std::string name = PRUNE_RT(getFast(), prune_rt_implementation)();
#ifdef PRUNE_HAVE_ONEDNN
  EXPECT_EQ(name.substr(0, 7), "onednn ");
#else
  EXPECT_EQ(name, "loops");
#endif
}
