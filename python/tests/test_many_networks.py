# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Many shared objects in one process, each loaded by its file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from network_programs import COUNTED
from shared_objects import COMPILER, MLP, build, inspect, network, run

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")

NUMBER = 64

LOAD = COUNTED + r"""
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

struct network {
  void *library;
  net_handle *handle;
  char *result;
};

static void *find(const struct network *network, const char *name) {
  void *found = dlsym(network->library, name);
  if (!found) exit(3);
  return found;
}

static int made = -1;

/* All networks in a thread that none of them has seen before. */
static void *run_all(void *networks) {
  size_t in = net_input(0)->bytes, out = net_output(0)->bytes;
  const void *inputs[] = {calloc(in, 1)};
  int before = blocks;
  for (struct network *network = networks; network->library; ++network) {
    int (*run)(net_handle *, const void *const *, const size_t *, void *const *, const size_t *);
    *(void **)&run = find(network, "net_run");
    void *outputs[] = {network->result};
    if (run(network->handle, inputs, &in, outputs, &out)) exit(5);
  }
  made = blocks - before;
  return NULL;
}

int main(int argc, char **argv) {
  struct network *networks = calloc(argc, sizeof(struct network));
  int different = 0;
  for (int i = 0; i < argc - 1; ++i) {
    struct network *network = &networks[i];
    network->library = dlopen(argv[i + 1], RTLD_NOW | RTLD_LOCAL);
    if (!network->library) {
      printf("%d: %s\n", i, dlerror());
      return 2;
    }
    int (*create)(net_handle **);
    *(void **)&create = find(network, "net_create");
    if (create(&network->handle)) return 4;
    network->result = malloc(net_output(0)->bytes);
    memset(network->result, 255, net_output(0)->bytes);
  }
  pthread_t thread;
  pthread_create(&thread, NULL, run_all, networks);
  pthread_join(thread, NULL);
  for (int i = 0; i < argc - 1; ++i) {
    void (*destroy)(net_handle *);
    *(void **)&destroy = find(&networks[i], "net_destroy");
    different += memcmp(networks[i].result, networks[0].result, net_output(0)->bytes) != 0;
    destroy(networks[i].handle);
    dlclose(networks[i].library);
  }
  printf("%d %d\n", different, made);
  return 0;
}
"""


@pytest.mark.parametrize("small", [False, True])
def test_many_networks_are_loaded_and_allocate_nothing(tmp_path: Path, small: bool) -> None:
    file = tmp_path / "net.so"
    network("mlp", 2, 0.9, **MLP).write_shared_object(str(file), standalone=True, small=small)
    files = [tmp_path / f"net{i}.so" for i in range(NUMBER)]
    for copy in files:
        shutil.copy(file, copy)
    assert run(build(tmp_path, LOAD, "load"), *files).split() == ["0", "0"]


@pytest.mark.parametrize(
    ("zeros", "standalone", "small"), [(0.0, False, False), (0.9, True, False), (0.9, True, True)]
)
def test_a_network_takes_no_thread_local_memory_of_the_loader(
    tmp_path: Path, zeros: float, standalone: bool, small: bool
) -> None:
    """There is little of it for all libraries that are loaded later."""
    file = tmp_path / "net.so"
    network("lenet5_caffe", 2, zeros).write_shared_object(
        str(file), standalone=standalone, small=small
    )
    segments = [line.split()[0] for line in inspect("readelf", "-lW", str(file)) if line.split()]
    assert "LOAD" in segments and "TLS" not in segments
