# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The profile of a step as a table and as JSON."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from .profiling import StepProfile

_SMALL = 0.01
"""Share of the step below which operations get no row of their own."""


def to_json(profile: StepProfile) -> dict[str, Any]:
    """The profile as a tree, times in milliseconds."""
    return {
        "network": profile.network,
        "stage": profile.stage,
        "batch": profile.batch,
        "threads": profile.threads,
        "steps": profile.steps,
        "step_ms": 1e3 * profile.step,
        "measured_step_ms": 1e3 * profile.measured,
        "sum_ms": 1e3 * profile.total,
        "groups": [
            {
                "group": group,
                "ms": 1e3 * sum(site.seconds for site in sites),
                "share": sum(site.seconds for site in sites) / profile.total,
                "sites": [
                    {
                        "name": site.name,
                        "parameters": list(site.labels),
                        "count": site.count,
                        "ms": 1e3 * site.seconds,
                    }
                    for site in sites
                ],
            }
            for group, sites in profile.groups().items()
        ],
    }


def make_table(profile: StepProfile) -> Table:
    """Groups with their operations; small ones of a group share a row."""
    table = Table(
        title=f"{profile.network}, {profile.stage}: one step of {profile.batch} rows, "
        f"{_count(profile.threads, 'thread')}, median of {profile.steps}"
    )
    table.add_column("operation", overflow="fold")
    for heading in ("count", "ms", "share"):
        table.add_column(heading, justify="right")
    for group, sites in profile.groups().items():
        seconds = sum(site.seconds for site in sites)
        count = sum(site.count for site in sites)
        _add(table, profile, group, count, seconds, "bold")
        large = [site for site in sites if site.seconds >= _SMALL * profile.total]
        small = [site for site in sites if site.seconds < _SMALL * profile.total]
        for site in large:
            # Several layers of one shape share a row.
            label = f" {site.labels[0]}" if len(site.labels) == 1 else ""
            _add(table, profile, f"  {site.name}{label}", site.count, site.seconds)
        if large and small:
            left = sum(site.seconds for site in small)
            _add(table, profile, "  smaller ones", sum(site.count for site in small), left)
        table.add_section()
    _add(table, profile, "sum", sum(s.count for s in profile.sites), profile.total, "bold")
    for name, seconds in (
        ("step with measurement", profile.measured),
        ("step without", profile.step),
    ):
        table.add_row(Text(name), "", f"{1e3 * seconds:.3f}", "")
    return table


def _add(
    table: Table, profile: StepProfile, name: str, count: int, seconds: float, style: str = ""
) -> None:
    share = 100.0 * seconds / profile.total
    # As text, because names hold brackets that are no markup.
    table.add_row(Text(name), str(count), f"{1e3 * seconds:.3f}", f"{share:.1f} %", style=style)


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"
