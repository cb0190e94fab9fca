# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs of a recipe: tasks of work, compiled programs, checkpoints and results."""
