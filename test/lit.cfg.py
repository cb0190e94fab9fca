# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Configuration of the lit regression tests.
import os

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "PRUNE"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "lit.cfg.py", "lit.site.cfg.py.in", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.prune_binary_dir, "test")

# Captured variables that are not $GLOBAL must not leak over CHECK-LABEL.
config.environment["FILECHECK_OPTS"] = "-enable-var-scope --allow-unused-prefixes=false"

# PRUNE_OPT_CHECK_IR_ROUNDTRIP=1 makes every prune-opt print, parse and compare
# its input, as text and as bytecode.
prune_opt_arguments = []
if os.environ.get("PRUNE_OPT_CHECK_IR_ROUNDTRIP"):
    prune_opt_arguments = ["--verify-roundtrip"]

# Kernels are chosen alike on every computer, whatever somebody's home folder has.
config.environment["PRUNE_COST_MODEL"] = "builtin"

llvm_config.use_default_substitutions()
llvm_config.with_environment("PATH", config.prune_tools_dir, append_path=True)
llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
tool_dirs = [config.prune_tools_dir, config.llvm_tools_dir]
llvm_config.add_tool_substitutions(
    [
        ToolSubst("prune-opt", "prune-opt", extra_args=prune_opt_arguments, unresolved="fatal"),
        ToolSubst("prune-run", "prune-run", unresolved="ignore"),
        ToolSubst("prune-calibrate", "prune-calibrate", unresolved="ignore"),
        ToolSubst("mlir-opt", "mlir-opt", unresolved="ignore"),
        ToolSubst("%prune_lib_dir", config.prune_lib_dir),
        ToolSubst("%prune_plugin", os.path.join(config.prune_lib_dir, "PrunePlugin.so")),
        ToolSubst("%prune_opt", os.path.join(config.prune_tools_dir, "prune-opt")),
        ToolSubst("%prune_run", os.path.join(config.prune_tools_dir, "prune-run")),
        ToolSubst("prune-lsp-server", "prune-lsp-server", unresolved="fatal"),
        ToolSubst("%python", config.python_executable),
    ],
    tool_dirs,
)

config.environment["PYTHONPATH"] = config.prune_python_dir
if config.enable_onednn:
    config.available_features.add("onednn")
# Passes count where LLVM's statistics are on: `RUN: %if statistics %{ ... %}`.
# Their debug output is there in the same builds.
if config.statistics:
    config.available_features |= {"statistics", "debug-output"}
if config.sanitizer:
    config.available_features.add("sanitizer")
    config.environment.update(entry.split("=", 1) for entry in config.sanitizer_environment)
