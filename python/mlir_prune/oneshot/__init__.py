# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pruning in one shot: from rows of a data set, or from none, without training.

:func:`prune` takes a network with values and rows, and gives the network with zeros in
its weights and the other weights moved to make up for them, to a sparsity or a budget.
"""

from __future__ import annotations

from .run import METHODS, Result, prune_along
from .single import prune

__all__ = ["METHODS", "Result", "prune", "prune_along"]
