# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A random network from a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..models import Value
from . import bodies, layers, moves
from .moves import volume
from .values import Shape, Values
from .writer import BUILDER, TORCH, Argument, Writer

LARGEST = 800
"""Elements of the largest activation."""


@dataclass(frozen=True)
class Case:
    """One network: its seed, the text of its module, and whether values may be NaN,
    infinite or subnormal."""

    seed: int
    text: str
    special: bool


Step = Callable[[Writer, Value], Value | None]


def generate(seed: int) -> Case:
    """The network of a seed; the same in every process and on every machine."""
    rng = np.random.default_rng([seed, 22])
    special = bool(rng.random() < 0.08)
    values = Values(rng, special)
    style = TORCH if values.chance(0.3) else BUILDER
    shape = _input_shape(values)
    writer = Writer(values, style, shape[0], shape[1:])
    live = [writer.input]
    if values.chance(0.12):
        writer.arguments.append(Argument("%other", shape))
        live.append(Value("%other", shape))
    for _ in range(values.integer(1, 6)):
        _grow(writer, live)
    return Case(seed, writer.module(_outputs(writer, live)), special)


def _input_shape(values: Values) -> Shape:
    """[batch, features], [batch, rows, features] or [batch, channels, height, width]."""
    rank = values.pick((2, 2, 3, 4, 4, 4))
    batch = values.integer(1, 3)
    if rank == 2:
        return batch, values.integer(1, 9)
    if rank == 3:
        return batch, values.integer(1, 5), values.integer(1, 6)
    return batch, values.integer(1, 4), values.integer(1, 9), values.integer(1, 9)


def _steps(rank: int) -> list[tuple[float, Step]]:
    """What can follow on a value of `rank` dimensions, with weights."""
    steps: list[tuple[float, Step]] = [
        (5.0, bodies.activate),
        (1.5, bodies.with_vector),
    ]
    if rank >= 2:
        steps += [
            (6.0 if rank == 2 else 1.5, layers.linear), (1.5, moves.slice_of), (1.0, moves.padded),
            (1.0, moves.reduced), (0.5, moves.split), (0.5, moves.broadcast),
            (0.6, moves.gathered), (0.3, moves.softmax), (0.8, layers.batch_norm),
        ]  # fmt: skip
    if rank >= 3:
        steps += [(1.5, moves.flattened), (1.0, moves.transposed)]
    if rank == 3:
        steps += [(0.7, layers.attention), (1.5, layers.convolution_1d)]
    if rank == 4:
        steps += [(9.0, layers.convolution), (3.0, layers.pooling), (0.5, layers.channels_last)]
    return steps


def _grow(writer: Writer, live: list[Value]) -> None:
    """Adds one operation, mostly on the latest value."""
    values = writer.values
    x = live[-1] if values.chance(0.8) else values.pick(live)
    if len(live) > 1 and values.chance(0.25):
        made = _join(writer, x, live)
    else:
        steps = _steps(len(x.shape))
        weights = np.array([weight for weight, _ in steps])
        chosen = int(values.rng.choice(len(steps), p=weights / weights.sum()))
        made = steps[chosen][1](writer, x)
    if made is None:
        made = bodies.activate(writer, x)
    if 0 < volume(made.shape) <= LARGEST and len(made.shape) <= 5:
        live.append(made)


def _join(writer: Writer, x: Value, live: list[Value]) -> Value | None:
    """One operation on two values."""
    values = writer.values
    alike = [value for value in live if value.shape == x.shape]
    kind = values.integer(0, 4)
    if kind < 2 and alike:
        return bodies.combine(writer, x, values.pick(alike))
    if kind == 2 and alike:
        return bodies.named(writer, x, values.pick(alike))
    others = [value for value in live if len(value.shape) == len(x.shape)]
    if kind == 3:
        return moves.concatenation(writer, x, values.pick(others)) if len(x.shape) > 1 else None
    return moves.inserted(writer, values.pick(others), x)


def _outputs(writer: Writer, live: list[Value]) -> list[tuple[str, Value]]:
    """The latest value, as logits or as a loss, and seldom another."""
    values = writer.values
    last = live[-1]
    if writer.style == BUILDER and values.chance(0.3):
        return [("loss", moves.projected(writer, last))]
    if len(last.shape) == 4 and values.chance(0.5):
        last = writer.flatten(last)
    if len(last.shape) == 2 and last.producers == () and values.chance(0.5):
        last = layers.linear(writer, last)
    outputs = [("logits", last)]
    if len(live) > 2 and values.chance(0.15):
        outputs.append(("more", values.pick(live[1:])))
    return outputs
