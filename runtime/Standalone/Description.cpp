//===- Description.cpp - What a compiled network is -----------------------===//
//
// Part of the pruning compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "prune_network.h"

int prune_network_input_count(const prune_network *network) {
  return network->inputs;
}

int prune_network_output_count(const prune_network *network) {
  return network->outputs;
}

const prune_network_value *prune_network_input(const prune_network *network,
                                               int index) {
  return index >= 0 && index < network->inputs ? &network->values[index]
                                               : nullptr;
}

const prune_network_value *prune_network_output(const prune_network *network,
                                                int index) {
  return index >= 0 && index < network->outputs
             ? &network->values[network->inputs + index]
             : nullptr;
}

const char *prune_network_message(int code) {
  switch (code) {
  case PRUNE_NETWORK_OK:
    return "no error";
  case PRUNE_NETWORK_NULL:
    return "a handle or a buffer is null";
  case PRUNE_NETWORK_SIZE:
    return "a buffer has another size than the input or output";
  case PRUNE_NETWORK_THREADS:
    return "a network runs on 1 to 256 threads";
  case PRUNE_NETWORK_MEMORY:
    return "there is not enough memory, or no thread to be had";
  case PRUNE_NETWORK_PROCESSOR:
    return "the processor lacks instructions that the network was compiled for";
  case PRUNE_NETWORK_BUSY:
    return "another thread runs the network with the same handle";
  case PRUNE_NETWORK_NO_CODE:
    return "the network was not compiled for this instruction set";
  case PRUNE_NETWORK_FILE:
    return "the file of weights cannot be read";
  case PRUNE_NETWORK_WEIGHTS:
    return "the file does not hold the weights of this network, or is damaged";
  }
  return "unknown error";
}
