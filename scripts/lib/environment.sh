# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Shared by the scripts in this folder; sourced from the project's root.

root=$PWD
venv="$root/.venv"
# Which of CMakePresets.json; scripts/test goes through several.
use_preset() {
  export PRUNE_PRESET=$1
  build="$root/build/$1"
}
use_preset "${PRUNE_PRESET:-dev}"
jobs="${PRUNE_JOBS:-2}" # a compilation takes up to 0.9 GB
script_name=$(basename "$0")

# Paths relative to the root, so that clones share the compiler cache.
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1

# The optional data folder: MNIST and pretrained networks.
if [ -z "${PRUNE_DATA:-}" ] && [ -d "$root/../shared/data" ]; then
  PRUNE_DATA=$(cd "$root/../shared/data" && pwd)
  export PRUNE_DATA
fi

log() { echo "[$script_name] $*"; }
fail() {
  echo "[$script_name] error: $*" >&2
  exit 1
}
