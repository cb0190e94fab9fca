# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builders: text that the compiler accepts, and initial values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_prune import Module
from mlir_prune.errors import InputError
from mlir_prune.models import ACTIVATIONS, Mlp
from oracle import forward

networks = st.builds(
    Mlp,
    st.lists(st.integers(1, 12), min_size=2, max_size=6).map(tuple),
    st.sampled_from(ACTIVATIONS),
)


@given(networks, st.integers(1, 5))
def test_signature_is_the_model_form(mlp: Mlp, batch: int) -> None:
    (function,) = Module.parse(mlp.text(batch)).functions()
    assert function.name == "forward"
    assert (function.arguments[0].name, function.arguments[0].kind) == ("input", "input")
    assert list(function.arguments[0].shape) == [batch, mlp.widths[0]]
    found = {a.name: tuple(a.shape) for a in function.arguments[1:]}
    assert found == mlp.shapes()
    assert all(a.kind == "param" for a in function.arguments[1:])
    assert all(a.role == a.name.split(".")[1] for a in function.arguments[1:])
    assert [(r.name, tuple(r.shape)) for r in function.results] == [
        ("logits", (batch, mlp.widths[-1]))
    ]


@given(networks, st.integers(1, 5), st.integers(0, 99))
def test_outputs_match_numpy(mlp: Mlp, batch: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = mlp.init(rng)
    inputs = rng.standard_normal((batch, mlp.widths[0])).astype(np.float32)
    executable = Module.parse(mlp.text(batch)).compile(reference=True)
    found = executable.call("forward", {"input": inputs, **values})["logits"]
    np.testing.assert_allclose(found, forward(mlp, values, inputs), rtol=1e-4, atol=1e-5)


def test_initial_values_follow_the_sources() -> None:
    he = Mlp((400, 300, 10), "relu").init(np.random.default_rng(0))
    assert he["fc1.weight"].std() == pytest.approx(np.sqrt(2 / 400), rel=0.02)
    glorot = Mlp((400, 300, 10), "tanh").init(np.random.default_rng(0))
    limit = np.sqrt(6 / 700)
    assert 0.99 * limit < np.abs(glorot["fc1.weight"]).max() <= limit
    for values in (he, glorot):
        assert all(v.dtype == np.float32 for v in values.values())
        assert not values["fc1.bias"].any()


def test_initial_values_repeat() -> None:
    mlp = Mlp((5, 4, 3))
    first, second = (mlp.init(np.random.default_rng(7)) for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("widths", "activation", "message"),
    [
        ((5,), "relu", "at least two widths"),
        ((5, 0), "relu", "positive integers, got 0"),
        ((5, True), "relu", "positive integers, got True"),
        ((5, 2.0), "relu", "positive integers, got 2.0"),
        ((5, 2), "rellu", "did you mean 'relu'"),
    ],
)
def test_refuses(widths: tuple, activation: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Mlp(widths, activation)


def test_refuses_a_batch_of_zero() -> None:
    with pytest.raises(InputError, match="positive integer, got 0"):
        Mlp((3, 2)).text(0)


def test_check_names_the_parameter() -> None:
    mlp = Mlp((3, 2))
    values = mlp.init(np.random.default_rng(0))
    mlp.check(values, "x.npz")
    with pytest.raises(InputError, match=r"x.npz: parameter 'fc1.weight' has shape \[3, 2\]"):
        mlp.check({**values, "fc1.weight": np.zeros((3, 2))}, "x.npz")
    del values["fc1.bias"]
    with pytest.raises(InputError, match=r"'fc1\.bias' is missing"):
        mlp.check(values, "x.npz")
