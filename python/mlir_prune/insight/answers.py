# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Answers of what-if as text: a table in Markdown with its reasons, and all values as CSV."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Sequence

from .what_if import Answer

COLUMNS = (*(field.name for field in dataclasses.fields(Answer)), "pays")

_HEAD = (
    "layer", "sparsity", "kernel", "predicted ms", "measured ms", "pays", "MACs saved",
    "bytes saved", "error", "points lost", "error, refit", "points lost, refit",
)  # fmt: skip


def table_text(answers: Sequence[Answer]) -> str:
    """The table; times are those of the layer before and after."""
    lines = [f"| {' | '.join(_HEAD)} |", "|" + "---|" * len(_HEAD)]
    lines += [f"| {' | '.join(_cells(answer))} |" for answer in answers]
    return "\n".join(lines) + "\n"


def reasons_text(answers: Sequence[Answer]) -> str:
    """A line for each answer: the kernel and why it would run, and what the network would take."""
    lines = []
    for answer in answers:
        saved = answer.network_dense_ms - answer.network_ms
        share = saved / answer.network_dense_ms if answer.network_dense_ms > 0 else 0.0
        lines.append(
            f"- {answer.layer} at {answer.sparsity:g}: {answer.kernel or 'no'} kernel, "
            f"{answer.reason}. The network would take {answer.network_ms:.4g} ms instead of "
            f"{answer.network_dense_ms:.4g} ({-share:+.1%})."
        )
    return "\n".join(lines) + "\n"


def csv_text(answers: Sequence[Answer]) -> str:
    """All values; what is not known is empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(answer.to_dict() for answer in answers)
    return out.getvalue()


def _cells(answer: Answer) -> tuple[str, ...]:
    if answer.structural:
        times = (answer.network_dense_ms, answer.network_ms)
    else:
        times = (answer.dense_ms, answer.ms)
    ratio = f", {times[0] / times[1]:.2f}x" if times[1] > 0 else ""
    return (
        answer.layer, f"{answer.sparsity:g}", answer.kernel,
        _pair(answer.predicted_dense_ms, answer.predicted_ms), _pair(answer.dense_ms, answer.ms),
        ("yes" if answer.pays else "no") + ratio,
        _saved(answer, "macs"), _saved(answer, "bytes"),
        _number(answer.error), _points(answer.drop, answer.drop_error), _number(answer.refit_error),
        _points(answer.refit_drop, answer.refit_drop_error),
    )  # fmt: skip


def _saved(answer: Answer, name: str) -> str:
    """What is saved of the layer; of channels parts of other layers are saved, too."""
    saved, whole = getattr(answer, f"{name}_saved"), getattr(answer, name)
    return f"{saved:,} (layer {whole:,})" if answer.structural else f"{saved:,} of {whole:,}"


def _pair(before: float | None, after: float | None) -> str:
    return f"{_number(before)} to {_number(after)}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _points(drop: float | None, error: float | None) -> str:
    return "-" if drop is None else f"{drop:+.2f} ± {error or 0.0:.2f}"
