# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Searches: what to prune, and how far, found by trying.

Every search is one protocol (:class:`Search`). Whoever runs it evaluates its candidates:
:func:`run` by any executor, a training run by tasks of its own.
"""

from .protocol import Search, processes, run

__all__ = ["Search", "processes", "run"]
