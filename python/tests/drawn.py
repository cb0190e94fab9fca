# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which random examples the tests draw: the same in every run, or new ones.

By default every run draws the same examples. ``scripts/test --random N`` sets
PRUNE_TEST_EXAMPLES to N, the number of examples of each property, and PRUNE_TEST_SEED
to a new seed, from which hypothesis and `rng` draw others.
"""

from __future__ import annotations

import os

import numpy as np
from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("PRUNE_TEST_EXAMPLES", "0"))
SEED = os.environ.get("PRUNE_TEST_SEED")


def load_profile() -> None:
    """Sets what every property test has by default."""
    fixed = SEED is None
    settings.register_profile(
        "prune",
        max_examples=EXAMPLES or 15,
        derandomize=fixed,
        # The seed alone says what is drawn, not what failed on this machine before.
        database=None,
        print_blob=not fixed,
        # Compiling inside a property test takes longer than the default deadline.
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("prune")


def examples(fixed: int) -> settings:
    """Settings of a property with `fixed` examples in a run that draws no new ones."""
    return settings(max_examples=EXAMPLES or fixed)


def rng(seed: int) -> np.random.Generator:
    """The generator of `seed`; in a run that draws new examples, another one."""
    return np.random.default_rng(seed if SEED is None else (seed, int(SEED)))
