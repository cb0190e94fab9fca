/*===- classify.c - Running a compiled network from C -------------*- C -*-===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the rows of a network's input from a file of floats, runs the network,
// and prints the class of each row. The network is compiled first, and linked
// like any library:
//
//   prune compile net.mlir -o net.so
//   cc classify.c -o classify ./net.so -Wl,-rpath,'$ORIGIN'
//   ./classify rows.bin
//
//===----------------------------------------------------------------------===*/

#include "net.h"

#include <stdio.h>
#include <stdlib.h>

/** Ends the program when a function of the network failed. */
static void check(int code) {
  if (code == NET_OK)
    return;
  fprintf(stderr, "classify: %s\n", net_message(code));
  exit(1);
}

/** Fills a buffer from a file of this size. */
static void read_file(const char *path, void *buffer, size_t bytes) {
  FILE *file = fopen(path, "rb");
  if (!file || fread(buffer, 1, bytes, file) != bytes || fgetc(file) != EOF) {
    fprintf(stderr, "classify: %s: expected a file of %zu bytes\n", path,
            bytes);
    exit(1);
  }
  fclose(file);
}

/** Index of the largest of some numbers. */
static int64_t find_largest(const float *numbers, int64_t count) {
  int64_t best = 0;
  for (int64_t i = 1; i < count; ++i)
    if (numbers[i] > numbers[best])
      best = i;
  return best;
}

int main(int argc, char **argv) {
  const net_value *input = net_input(0), *output = net_output(0);
  if (argc != 2 || net_input_count() != 1 || net_output_count() != 1 ||
      input->element != NET_F32 || output->element != NET_F32 ||
      output->rank != 2) {
    fprintf(stderr, "usage: classify FILE, with a network of one input and one "
                    "output [rows, classes] of floats\n");
    return 2;
  }
  float *rows = malloc(input->bytes), *scores = malloc(output->bytes);
  if (!rows || !scores)
    return 1;
  read_file(argv[1], rows, input->bytes);

  net_handle *net;
  check(net_create(&net));
  const void *inputs[] = {rows};
  void *outputs[] = {scores};
  check(net_run(net, inputs, &input->bytes, outputs, &output->bytes));
  net_destroy(net);

  for (int64_t row = 0; row < output->shape[0]; ++row)
    printf("%d\n", (int)find_largest(scores + row * output->shape[1],
                                     output->shape[1]));
  free(rows);
  free(scores);
  return 0;
}
