# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The compiled path against the naive one: inference, gradients, training steps.

Two paths round differently. Where they differ by more than the tolerance, the
naive path in double precision decides: the compiled result must be about as near
to it as the naive one in single precision is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .subject import (
    TOLERANCE,
    Arrays,
    Difference,
    Refused,
    Skipped,
    Subject,
    compare,
    compile_module,
    spoil,
)

Form = Callable[[Subject], Any]

_PROMISED = ("no reverse-mode rule", "a batch of more than one element per channel")
"""Refusals that the passes document: operations that they cannot differentiate."""

_ULPS = 8 * float(np.finfo(np.float32).eps)

_CENTRAL = 1e-6
"""Step of central differences in double precision."""


def compiled(pipeline: str) -> Callable[[Subject], None]:
    """The network after `pipeline`, compiled and by reference."""

    def form(subject: Subject) -> Any:
        return subject.changed(pipeline) if pipeline else subject.module

    def run(subject: Subject) -> None:
        subject.finite()
        _same_on_both_paths(subject, form)

    return run


def gradients(subject: Subject) -> None:
    """Loss and gradients, compiled and by reference."""
    subject.finite()
    _same_on_both_paths(subject, gradient_form)


def train_step(subject: Subject) -> None:
    """State and outputs of a training step with random options."""
    subject.finite()
    _same_on_both_paths(subject, step_form)


def derivative(subject: Subject) -> None:
    """The gradient in double precision against central differences of the loss in a
    random direction of all parameters."""
    wide = subject.double
    if wide is None or "prune.gate" in subject.text:
        # A straight-through estimate is no derivative.
        raise Skipped("no double precision, or gates")
    wide.finite()
    module = gradient_form(wide)
    executable = compile_module(module, reference=True)
    rng = wide.rng(31)
    # Away from zeros and ties, where a slope depends on the side.
    feed = {
        name: array + 0.1 * np.abs(rng.standard_normal(array.shape))
        if array.dtype.kind == "f" else array
        for name, array in feeds(wide, executable).items()
    }  # fmt: skip
    (function,) = executable.functions()
    moved = [value.name for value in function.arguments if value.kind == "param"]
    direction = {name: rng.standard_normal(feed[name].shape) for name in moved}
    found = call(executable, feed)
    names = [value.name for value in function.results if value.name.startswith("grad:")]
    gradient = {name[5:]: found[name] for name in names}
    slope = sum(float((gradient[name] * direction[name]).sum()) for name in gradient)
    slopes = [_slope(executable, feed, {n: direction[n] for n in gradient}, step)
              for step in (_CENTRAL, _CENTRAL / 8)]  # fmt: skip
    size = max(1.0, abs(slope), *(float(np.abs(a).max(initial=0.0)) for a in gradient.values()),
               abs(float(found["loss"])))  # fmt: skip
    if not np.isfinite([slope, *slopes]).all() or abs(slopes[0] - slopes[1]) > 1e-5 * size:
        raise Skipped("a kink lies between the points")
    if abs(slope - slopes[0]) > 1e-4 * size:
        raise Difference(f"the gradient gives {slope:.9g}, central differences {slopes[0]:.9g}")


def _slope(executable: Any, feed: Arrays, direction: Arrays, step: float) -> float:
    losses = []
    for sign in (1.0, -1.0):
        moved = {name: array + sign * step * direction[name] if name in direction else array
                 for name, array in feed.items()}  # fmt: skip
        losses.append(float(call(executable, moved)["loss"]))
    return (losses[0] - losses[1]) / (2 * step)


def gradient_form(subject: Subject) -> Any:
    """The loss with gradients of all parameters; the network itself goes."""
    return _trained(subject, "prune-differentiate{function=loss}", "loss")


def step_form(subject: Subject) -> Any:
    """A training step; optimizer, penalty and masks are drawn from the seed."""
    rng = subject.rng(41)
    options = [f"optimizer={rng.choice(['sgd', 'sgd', 'adam'])}"]
    if "sgd" in options[0] and rng.random() < 0.6:
        options.append("momentum=0.5" + (" nesterov" if rng.random() < 0.4 else ""))
    if rng.random() < 0.4:
        options.append("weight-decay=0.125")
    if rng.random() < 0.5:
        kinds = ["l1", "l2", "hoyer", "hoyer_square", "transformed_l1", "group_lasso"]
        kind = rng.choice(kinds)
        groups = " granularity=channel:0" if kind == "group_lasso" else ""
        options.append(f"regularizer={kind}{groups} strength=0.01")
    if rng.random() < 0.4:
        options.append("mask")
    joined = f"forward= function=loss {' '.join(options)}"
    return _trained(subject, f"prune-train-pipeline{{{joined}}}", "train_step")


def _trained(subject: Subject, pipeline: str, name: str) -> Any:
    """Parameters become arguments, the result becomes a loss, `pipeline` does the rest."""
    if not subject.marked:
        raise Skipped("no parameters are named")
    if not subject.module.parameters():
        raise Skipped("there is no parameter")
    module = subject.changed("prune-lift-parameters{keep-values=false}")
    (function,) = module.functions()
    result = function.results[0]
    if len(function.results) == 1 and result.name == "loss":
        text = str(module).replace("@forward(", "@loss(")
        module = Subject(text, subject.seed).module
    elif result.name == "logits" and len(result.shape) == 2:
        module = subject.changed("prune-insert-loss", module)
    else:
        raise Skipped("the result is no loss and no logits")
    roles = {value.role for value in function.arguments if value.kind == "param"}
    if not roles - {"buffer"}:
        raise Skipped("there is no parameter to train")
    try:
        module = subject.changed(pipeline, module)
    except Refused as refusal:
        if any(reason in str(refusal) for reason in _PROMISED):
            raise Skipped(str(refusal)) from None
        raise
    return subject.changed(f"symbol-privatize{{exclude={name}}},symbol-dce", module)


def feeds(subject: Subject, executable: Any) -> Arrays:
    """Arguments of a loss or a step by name: parameters with their values."""
    (function,) = executable.functions()
    values = {name: np.array(array) for name, array in subject.module.parameters().items()}
    found: Arrays = {}
    for index, value in enumerate(function.arguments):
        if value.name in values and values[value.name].shape == tuple(value.shape):
            found[value.name] = values[value.name]
        elif value.name in ("learning_rate", "strength", "gate_strength"):
            found[value.name] = np.array(0.125, value.dtype)
        else:
            drawn = subject.input(value, index)
            if value.name.startswith("moment2:") or value.name.endswith("running_var"):
                drawn = np.abs(drawn) + np.asarray(0.5, drawn.dtype)
            # The first class is there in any network.
            found[value.name] = np.zeros_like(drawn) if value.name == "labels" else drawn
    return found


def call(executable: Any, feed: Arrays) -> Arrays:
    """Outputs by name, and the state after the call."""
    (function,) = executable.functions()
    copies = {name: np.array(array) for name, array in feed.items()}
    outputs = executable.call(function.name, copies)
    found = {f"{name}": np.array(array) for name, array in outputs.items()}
    for value in function.arguments:
        if value.kind == "state" or value.name in {r.name for r in function.results}:
            found.setdefault(value.name, copies[value.name])
    return found


def _run(subject: Subject, module: Any, reference: bool) -> Arrays:
    executable = compile_module(module, reference)
    if not reference:
        spoil(executable)
    return call(executable, feeds(subject, executable))


def _same_on_both_paths(subject: Subject, form: Form) -> None:
    module = form(subject)
    slow, fast = (_run(subject, module, reference) for reference in (True, False))
    finite = all(np.isfinite(array).all() for array in slow.values())
    if not finite and not subject.special:
        raise Skipped("a value overflows")
    problem = compare(slow, fast, TOLERANCE)
    if problem is None:
        return
    wide = subject.double
    if wide is not None:
        try:
            exact = _run(wide, form(wide), reference=True)
        except Refused:
            exact = {}
        if exact and _as_near(slow, fast, exact):
            return
    raise Difference(problem)


def _as_near(slow: Arrays, fast: Arrays, exact: Arrays) -> bool:
    """Whether `fast` is not much farther from `exact` than `slow` is. Terms that cancel
    leave their rounding, and are about as large as the largest value around."""
    if list(slow) != list(exact) or list(fast) != list(slow):
        return False
    largest = max(float(np.abs(array.astype(float)).max(initial=1.0)) for array in exact.values())
    for name, wanted in exact.items():
        with np.errstate(all="ignore"):
            errors = [np.abs(array[name].astype(float) - wanted) for array in (slow, fast)]
        if not all(np.isfinite(error).all() for error in errors):
            return False
        near, far = (float(error.max(initial=0.0)) for error in errors)
        scale = float(np.abs(wanted.astype(float)).max(initial=1e-3))
        if far > TOLERANCE * scale + 64 * near + _ULPS * largest:
            return False
    return True
