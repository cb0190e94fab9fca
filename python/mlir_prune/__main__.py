# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``python -m mlir_prune`` is the command ``prune``."""

import sys

from .cli import main

sys.exit(main())
