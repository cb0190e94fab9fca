//===- Weights.cpp - Weights in a file of their own -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Code finds its weights at places that the linker gave them. Where these are
// in a file of their own, the places are pages of zeros that nobody has
// touched, and the file is mapped over them: code is the same in both cases,
// and all processes share the pages of the file.
//
// The file is mapped elsewhere first. Its header must be the one that the
// compiler wrote, and its digest that of the bytes, before it is moved in
// place. This happens once for all handles; later ones compare the header
// alone.
//
//===----------------------------------------------------------------------===//

#include "Handle.h"

#include <cstring>

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
/// Handles of the network, of which there is one in an object.
static int64_t users = 0;

static uint64_t rotate(uint64_t value, int bits) {
  return value << bits | value >> (64 - bits);
}

template <typename Word>
static Word read(const unsigned char *from) {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

/// Primes of XXH64.
static constexpr uint64_t kPrimes[] = {0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F,
                                       0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
                                       0x27D4EB2F165667C5};

static uint64_t addRound(uint64_t sum, uint64_t word) {
  return rotate(sum + word * kPrimes[1], 31) * kPrimes[0];
}

/// Takes what is less than 32 bytes at the end.
static uint64_t addTail(uint64_t hash, const unsigned char *bytes,
                        size_t size) {
  for (; size >= 8; bytes += 8, size -= 8) {
    hash ^= addRound(0, read<uint64_t>(bytes));
    hash = rotate(hash, 27) * kPrimes[0] + kPrimes[3];
  }
  if (size >= 4) {
    hash ^= read<uint32_t>(bytes) * kPrimes[0];
    hash = rotate(hash, 23) * kPrimes[1] + kPrimes[2];
    bytes += 4, size -= 4;
  }
  for (; size > 0; ++bytes, --size)
    hash = rotate(hash ^ *bytes * kPrimes[4], 11) * kPrimes[0];
  return hash;
}

/// XXH64 with seed 0.
static uint64_t computeDigest(const unsigned char *bytes, size_t size) {
  uint64_t hash = kPrimes[4], total = size;
  if (size >= 32) {
    uint64_t sums[] = {kPrimes[0] + kPrimes[1], kPrimes[1], 0, 0 - kPrimes[0]};
    for (; size >= 32; bytes += 32, size -= 32)
      for (int i = 0; i < 4; ++i)
        sums[i] = addRound(sums[i], read<uint64_t>(bytes + 8 * i));
    hash = rotate(sums[0], 1) + rotate(sums[1], 7) + rotate(sums[2], 12) +
           rotate(sums[3], 18);
    for (uint64_t sum : sums)
      hash = (hash ^ addRound(0, sum)) * kPrimes[0] + kPrimes[3];
  }
  hash = addTail(hash + total, bytes, size);
  hash = (hash ^ hash >> 33) * kPrimes[1];
  hash = (hash ^ hash >> 29) * kPrimes[2];
  return hash ^ hash >> 32;
}

namespace {

/// A file that is open for reading while this lives.
class File {
public:
  explicit File(const char *path) : number(open(path, O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (number >= 0)
      close(number);
  }
  File(const File &) = delete;
  File &operator=(const File &) = delete;

  const int number;
};

} // namespace

/// Maps the whole file and moves it in place.
static int mapFile(const prune_network_weights &weights, const File &file) {
  const prune_network_weights_header &header = *weights.header;
  void *mapped = mmap(nullptr, header.bytes, PROT_READ,
                      MAP_PRIVATE | MAP_POPULATE, file.number, 0);
  if (mapped == MAP_FAILED)
    return PRUNE_NETWORK_FILE;
  auto *bytes = static_cast<const unsigned char *>(mapped);
  int code = PRUNE_NETWORK_OK;
  if (computeDigest(bytes + sizeof(header), header.bytes - sizeof(header)) !=
      header.digest)
    code = PRUNE_NETWORK_WEIGHTS;
  else if (mremap(mapped, header.bytes, header.bytes,
                  MREMAP_MAYMOVE | MREMAP_FIXED, weights.place) == MAP_FAILED)
    code = PRUNE_NETWORK_FILE;
  if (code != PRUNE_NETWORK_OK)
    munmap(mapped, header.bytes);
  return code;
}

/// Maps the file to its place for one more handle.
static int openWeights(const prune_network_weights &weights, const char *path) {
  if (!path)
    return PRUNE_NETWORK_NULL;
  File file(path);
  struct stat status;
  if (file.number < 0 || fstat(file.number, &status) != 0 ||
      !S_ISREG(status.st_mode))
    return PRUNE_NETWORK_FILE;
  prune_network_weights_header header;
  ssize_t size = pread(file.number, &header, sizeof(header), 0);
  if (size < 0)
    return PRUNE_NETWORK_FILE;
  if (size != sizeof(header) ||
      std::memcmp(&header, weights.header, sizeof(header)) != 0 ||
      static_cast<uint64_t>(status.st_size) != header.bytes)
    return PRUNE_NETWORK_WEIGHTS;
  pthread_mutex_lock(&mutex);
  int code = users == 0 ? mapFile(weights, file) : PRUNE_NETWORK_OK;
  users += code == PRUNE_NETWORK_OK;
  pthread_mutex_unlock(&mutex);
  return code;
}

/// Takes the mapping away after the last handle.
static void closeWeights(const prune_network &network) {
  const prune_network_weights &weights = *network.weights;
  pthread_mutex_lock(&mutex);
  // Pages of zeros again, as when the program began.
  if (--users == 0)
    mmap(weights.place, weights.header->bytes, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  pthread_mutex_unlock(&mutex);
}

int prune_network_create_with_weights(const prune_network *network,
                                      prune_network_handle **handle,
                                      const char *file) {
  if (!handle)
    return PRUNE_NETWORK_NULL;
  *handle = nullptr;
  if (int code = openWeights(*network->weights, file))
    return code;
  int code = prune_network_create(network, handle);
  if (code == PRUNE_NETWORK_OK)
    (*handle)->close = closeWeights;
  else
    closeWeights(*network);
  return code;
}
