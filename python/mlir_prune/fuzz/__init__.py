# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random networks and broken files against the compiler: ``prune fuzz``.

``generate`` writes a network from a seed, ``checks`` holds what must be true of
any network, ``runner`` tries many in processes of their own, and ``files``
breaks what the package reads. docs/Fuzzing.md says how to use them.
"""
