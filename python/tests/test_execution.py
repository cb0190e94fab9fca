# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Optimized execution gives what the reference gives, on random functions."""

import numpy as np
import pytest

hypothesis = pytest.importorskip("hypothesis")

from hypothesis import given
from hypothesis import strategies as st

import drawn
from mlir_prune import _native as native

ACTIVATIONS = {
    "none": ("", "%in"),
    "relu": ("%r = arith.maximumf %in, %zero : {t}", "%r"),
    "sigmoid": (
        "%n = arith.negf %in : {t}\n%x = math.exp %n : {t}\n%d = arith.addf %x, %one : {t}\n%r = arith.divf %one, %d : {t}",
        "%r"),
    "tanh": ("%r = math.tanh %in : {t}", "%r"),
}


def network(batch, sizes, activations, element="f32"):
    """Text of a multi-layer perceptron, one activation per layer."""
    arguments = [f'%x0: tensor<{batch}x{sizes[0]}x{element}> {{prune.input = "input"}}']
    body = []
    for i, (inputs, outputs, activation) in enumerate(zip(sizes, sizes[1:], activations)):
        arguments.append(f'%w{i}: tensor<{outputs}x{inputs}x{element}> {{prune.param = #prune.param<"w{i}", weight>}}')
        arguments.append(f'%b{i}: tensor<{outputs}x{element}> {{prune.param = #prune.param<"b{i}", bias>}}')
        result = f"tensor<{batch}x{outputs}x{element}>"
        lines, value = ACTIVATIONS[activation]
        body.append(f"""
  %e{i} = tensor.empty() : {result}
  %i{i} = linalg.broadcast ins(%b{i} : tensor<{outputs}x{element}>) outs(%e{i} : {result}) dimensions = [0]
  %z{i} = linalg.matmul indexing_maps = [#a, #b, #c]
      ins(%x{i}, %w{i} : tensor<{batch}x{inputs}x{element}>, tensor<{outputs}x{inputs}x{element}>)
      outs(%i{i} : {result}) -> {result}
  %x{i + 1} = linalg.generic {{indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}}
      ins(%z{i} : {result}) outs(%e{i} : {result}) {{
  ^bb0(%in: {element}, %out: {element}):
    {lines.format(t=element)}
    linalg.yield {value} : {element}
  }} -> {result}""")
    last = len(activations)
    return f"""
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @forward({", ".join(arguments)}) -> ({result} {{prune.output = "logits"}}) {{
  %zero = arith.constant 0.0 : {element}
  %one = arith.constant 1.0 : {element}{"".join(body)}
  return %x{last} : {result}
}}"""


def random_arrays(function, seed):
    rng = drawn.rng(seed)
    arrays = {}
    for value in function.arguments:
        if value.name == "labels":
            arrays[value.name] = rng.integers(0, 4, value.shape).astype(value.dtype)
        elif value.dtype == "bool":
            arrays[value.name] = rng.random(value.shape) > 0.5
        elif value.is_scalar:
            arrays[value.name] = 0.05
        elif value.dtype == "int64":
            arrays[value.name] = np.ones(value.shape, np.int64)
        else:
            fan = value.shape[-1] if value.shape else 1
            arrays[value.name] = (rng.standard_normal(value.shape) / np.sqrt(fan)).astype(value.dtype)
            if value.name.startswith("moment2"):
                arrays[value.name] = np.abs(arrays[value.name])
    return arrays


def copies(arrays):
    return {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in arrays.items()}


def assert_close(actual, expected, what):
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    scale = max(np.abs(expected).max(initial=0), 1e-3)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5 * scale, err_msg=what)


sizes = st.lists(st.integers(1, 40), min_size=2, max_size=4)


@drawn.examples(15)
@given(st.integers(1, 20), sizes, st.data(), st.sampled_from(["f32", "f64"]), st.integers(1, 2))
def test_random_networks(batch, sizes, data, element, threads):
    activations = [data.draw(st.sampled_from(sorted(ACTIVATIONS))) for _ in sizes[1:]]
    module = native.Module.parse(network(batch, sizes, activations, element))
    arrays = random_arrays(module.functions()[0], seed=batch)
    expected = module.compile(reference=True).call("forward", arrays)["logits"]
    actual = module.compile(threads=threads).call("forward", arrays)["logits"]
    assert_close(actual, expected, str((batch, sizes, activations)))


STEPS = {
    "sgd": "optimizer=sgd",
    "momentum": "optimizer=sgd momentum=0.9 regularizer=hoyer_square strength=0.001 mask=true",
    "nesterov": "optimizer=sgd momentum=0.8 nesterov=true weight-decay=0.01 regularizer=l1 strength=0.01",
    "adam": "optimizer=adam mask=true regularizer=hoyer runtime-strength=true",
}


@pytest.mark.parametrize("options", STEPS.values(), ids=STEPS.keys())
def test_training_steps(options):
    module = native.Module.parse(network(6, [23, 17, 4], ["tanh", "none"]))
    module.run(f"prune-train-pipeline{{{options}}}")
    (step,) = [f for f in module.functions() if f.name == "train_step"]
    arrays = random_arrays(step, seed=3)
    reference, optimized = copies(arrays), copies(arrays)
    executables = module.compile(reference=True), module.compile()
    for _ in range(3):
        expected = executables[0].call("train_step", reference)
        actual = executables[1].call("train_step", optimized)
    for name in expected:
        assert_close(actual[name], expected[name], name)
    for name, value in reference.items():
        if isinstance(value, np.ndarray):
            assert_close(optimized[name], value, name)


def test_same_bits_at_any_thread_count():
    module = native.Module.parse(network(100, [784, 300, 10], ["relu", "none"]))
    module.run("prune-train-pipeline{optimizer=sgd momentum=0.9 mask=true regularizer=hoyer_square strength=0.001}")
    (step,) = [f for f in module.functions() if f.name == "train_step"]
    arrays = random_arrays(step, seed=5)
    results = []
    for threads in (1, 2):
        executable = module.compile(threads=threads)
        state = copies(arrays)
        for _ in range(3):
            outputs = executable.call("train_step", state)
        results.append({**state, **outputs})
    for name, value in results[0].items():
        np.testing.assert_array_equal(results[1][name], value, err_msg=name)


def test_no_parameter_is_copied_or_allocated():
    module = native.Module.parse(network(10, [50, 40, 4], ["relu", "none"]))
    module.run("prune-train-pipeline{optimizer=adam mask=true regularizer=hoyer_square strength=0.001}")
    module.run("prune-cpu-pipeline{stop-after=buffer}")
    text = str(module)
    assert "memref.copy" not in [line.split()[0] for line in text.splitlines() if "40x50xf32" in line]
    # One buffer of that size is left: the gradient that the product writes.
    buffers = [line for line in text.splitlines() if "memref.view" in line and "memref<40x50xf32>" in line]
    assert len(buffers) == 1
    # Each of the two functions has one block for what it needs.
    assert text.count("memref.alloc(") == 2
