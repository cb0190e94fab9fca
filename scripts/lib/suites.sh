# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The suites of scripts/test, a function run_NAME each; sourced after
# environment.sh. They run in $build and write JUnit files into $results.

lit=/usr/lib/llvm-22/bin/lit
all_results="$root/build/test-results"

# Says where the next suites build, test and write.
use_configuration() { # name preset
  use_preset "$2"
  results="$all_results/$1"
  mkdir -p "$results"
  export PYTHONPATH="$build/python"
}

# Sources in git only, so that build trees and scratch files do not count.
run_format() {
  git ls-files '*.cpp' '*.h' | xargs clang-format-22 --dry-run --Werror &&
    git ls-files | xargs "$venv/bin/python" scripts/lib/check_sources.py &&
    git ls-files | xargs "$venv/bin/python" scripts/lib/check_references.py &&
    "$venv/bin/python" scripts/lib/check_layers.py .
}
run_docs() { scripts/update-docs --check; }
run_site() { scripts/docs; }

run_lit() {
  "$venv/bin/python" "$lit" -j "$jobs" -sv --xunit-xml-output "$results/lit.xml" "$build/test"
}
run_roundtrip() {
  PRUNE_OPT_CHECK_IR_ROUNDTRIP=1 "$venv/bin/python" "$lit" -j "$jobs" -sv \
    --xunit-xml-output "$results/roundtrip.xml" "$build/test"
}

run_unit() {
  # The benchmark is built on request only; here it must at least compile.
  if grep -q '^build prune-bench:' "$build/build.ninja"; then
    ninja -C "$build" -j "$jobs" prune-bench >"$results/bench-build.log" 2>&1 ||
      { tail -n 20 "$results/bench-build.log" >&2; return 1; }
  fi
  run_ctest unit
}
# The runtimes alone: nothing of MLIR to build.
run_runtime() { run_ctest runtime -R PruneRuntimeTests; }
# GoogleTest's own files count test cases, ctest's would count programs.
run_ctest() { # suite options...
  GTEST_OUTPUT="xml:$results/$1/" \
    ctest --test-dir "$build" --output-on-failure --no-tests=error "${@:2}"
}

run_pytest() {
  local options=()
  [ -z "${PRUNE_TEST_SEED:-}" ] || options=("--hypothesis-seed=$PRUNE_TEST_SEED")
  "$venv/bin/python" -m pytest -q -ra "${options[@]}" --junitxml "$results/pytest.xml" python/tests
}

# Random networks and broken files, the same ones each time; docs/Fuzzing.md.
run_fuzz() {
  "$venv/bin/python" -m mlir_prune fuzz --modules "${PRUNE_TEST_MODULES:-2000}" --jobs "$jobs" \
    --out "$results/fuzz" --known scripts/lib/known_failures.txt &&
    "$venv/bin/python" -m mlir_prune fuzz --files --modules 500 --jobs "$jobs" \
      --out "$results/fuzz-files" --known scripts/lib/known_failures.txt
}

# The wheel, in an environment that holds nothing else, on a computer without LLVM.
run_package() {
  local target="$build/package-venv" wheels="$build/wheels"
  rm -rf "$target" "$wheels"
  scripts/wheel --out "$wheels" &&
    python3 -m venv "$target" &&
    "$target/bin/pip" install --quiet --disable-pip-version-check "$wheels"/*.whl &&
    (cd "$results" && env -i HOME="$results" PATH=/usr/bin:/bin \
      "$root/scripts/lib/without-llvm" "$target/bin/python" -I "$root/scripts/lib/check_wheel.py")
}

# What `cmake --install` leaves, moved, with the examples on top of it.
run_install() {
  "$venv/bin/python" scripts/lib/check_install.py "$build" "$build/install-test"
}

run_tidy() { "$venv/bin/python" scripts/lib/tidy.py "$build" -j "$jobs"; }
# What changed since the parent commit, or since $PRUNE_TEST_BASE. A clone without
# history has no parent: then all files count, as many as the time allows.
run_tidy-changed() {
  local base="${PRUNE_TEST_BASE:-HEAD~1}" since=()
  if git rev-parse --quiet --verify "$base^{commit}" >/dev/null; then
    since=(--since "$base")
  else
    log "no commit $base in this clone"
  fi
  "$venv/bin/python" scripts/lib/tidy.py "$build" -j "$jobs" "${since[@]}" --seconds 300
}
