# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""C programs that run net.so in several threads."""

from __future__ import annotations

STRESS = r"""
#include "net.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#define STATE (_mm_getcsr() & 0xffc0)
#else
#define STATE 0
#endif

static char *x, *expected;

/* A handle of its own with other threads every few runs. */
static void *stress(void *argument) {
  int first = *(int *)argument;
  net_handle *net;
  char *y = malloc(net_output(0)->bytes);
  const void *inputs[] = {x};
  void *outputs[] = {y};
  unsigned before = STATE;
  if (net_create(&net)) exit(4);
  for (int i = 0; i < 40; ++i) {
    if (i % 5 == 0 && net_set_threads(net, (first + i / 5) % 5 + 1)) exit(5);
    memset(y, 255, net_output(0)->bytes);
    if (net_run(net, inputs, &net_input(0)->bytes, outputs, &net_output(0)->bytes)) exit(6);
    if (memcmp(y, expected, net_output(0)->bytes)) exit(7);
    if (STATE != before) exit(8);
  }
  net_destroy(net);
  free(y);
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t threads[4];
  int numbers[4];
  net_handle *net;
  if (argc != 3) return 2;
  x = malloc(net_input(0)->bytes), expected = malloc(net_output(0)->bytes);
  FILE *file = fopen(argv[1], "rb");
  if (!file || fread(x, 1, net_input(0)->bytes, file) != net_input(0)->bytes) return 3;
  fclose(file);
  const void *inputs[] = {x};
  void *outputs[] = {expected};
  if (net_create(&net) || net_set_threads(net, 1)) return 4;
  if (net_run(net, inputs, &net_input(0)->bytes, outputs, &net_output(0)->bytes)) return 5;
  net_destroy(net);
  for (int i = 0; i < 4; ++i) {
    numbers[i] = i;
    pthread_create(&threads[i], NULL, stress, &numbers[i]);
  }
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  file = fopen(argv[2], "wb");
  fwrite(expected, 1, net_output(0)->bytes, file);
  fclose(file);
  return 0;
}
"""

COUNTED = r"""
#include "net.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef LEAST
#define LEAST 1 /* bytes of what is counted */
#endif

/* The functions below take the places of those of libc for the whole process. */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);

static int blocks = 0;

static void count(size_t size) {
  if (size >= LEAST) __atomic_add_fetch(&blocks, 1, __ATOMIC_RELAXED);
}
void *malloc(size_t size) {
  count(size);
  return __libc_malloc(size);
}
void *calloc(size_t number, size_t size) {
  count(number * size);
  return __libc_calloc(number, size);
}
void *realloc(void *block, size_t size) {
  count(size);
  return __libc_realloc(block, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}
int posix_memalign(void **block, size_t alignment, size_t size) {
  count(size);
  *block = __libc_memalign(alignment, size);
  return *block ? 0 : ENOMEM;
}
"""

ALLOCATIONS = COUNTED + r"""
int main(void) {
  const void *inputs[] = {calloc(net_input(0)->bytes, 1)};
  void *outputs[] = {calloc(net_output(0)->bytes, 1)};
  int counts[4];
  net_handle *net;
  if (net_create(&net)) return 1;
  for (int threads = 1; threads < 5; ++threads) {
    if (net_set_threads(net, threads)) return 1;
    int made = blocks;
    for (int i = 0; i < 20; ++i)
      if (net_run(net, inputs, &net_input(0)->bytes, outputs, &net_output(0)->bytes)) return 1;
    counts[threads - 1] = blocks - made;
  }
  net_destroy(net);
  printf("%d %d %d %d %d\n", blocks > 4, counts[0], counts[1], counts[2], counts[3]);
  return 0;
}
"""
