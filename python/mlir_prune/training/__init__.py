# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs of a recipe: units of work, compiled programs, checkpoints and results."""
