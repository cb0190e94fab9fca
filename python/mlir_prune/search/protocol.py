# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The protocol of a search, and the loop that evaluates its candidates by an executor.

A search proposes candidates, is told what each was worth, and ends with an outcome. Its
state is what it was told: proposals are a function of it, so that a search which is made
again and told the same goes on where it stopped.
"""

from __future__ import annotations

import multiprocessing
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from .. import files
from ..errors import InputError, shorten

Result = dict[str, Any]
"""What a candidate was worth; ready for JSON."""

VERSION = 1


class Candidate(Protocol):
    """Something to evaluate, with a name of its own within the search."""

    @property
    def key(self) -> str:
        """The name; the same candidate has the same one in every run."""


C = TypeVar("C", bound=Candidate)
T = TypeVar("T")


class Search(ABC, Generic[C, T]):
    """Candidates of kind `C` that lead to an outcome `T`.

    `seen` is the whole state: results by the key of their candidates.
    """

    def __init__(self) -> None:
        self.seen: dict[str, Result] = {}

    @abstractmethod
    def propose(self) -> Sequence[C]:
        """Candidates that can be evaluated now, in any order; none when the search is over.

        A function of `seen` alone; no candidate is proposed again once it was observed.
        """

    def observe(self, candidate: C, result: Result) -> None:
        """Takes in what a candidate was worth."""
        self.seen[candidate.key] = result

    @abstractmethod
    def finish(self) -> T:
        """The outcome, once nothing is proposed."""

    def state(self) -> dict[str, Any]:
        """What :meth:`resume` needs to go on, ready for JSON."""
        return {"seen": dict(self.seen)}

    def resume(self, state: dict[str, Any]) -> None:
        """Goes on from the state of a search that was made the same way."""
        self.seen = dict(state["seen"])


def run(
    search: Search[C, T],
    evaluate: Callable[[C], Result],
    executor: Executor | None = None,
    store: Path | None = None,
    question: Any = None,
) -> T:
    """Runs a search to its end.

    Candidates that are proposed together are evaluated by `executor`, or one after the
    other without one. They are observed in the order of the proposal whatever finishes
    first, so that the outcome does not depend on the executor. With `store` the state is
    a file that is renewed after every candidate and gone on from when it is there;
    `question` is what the search is about, and a file of another one is refused.
    """
    if store is not None and store.exists():
        search.resume(_read(store, question))
    while batch := search.propose():
        for candidate, result in _results(batch, evaluate, executor):
            search.observe(candidate, result)
            if store is not None:
                state = {"version": VERSION, "question": question, "state": search.state()}
                files.write_json(store, state)
    return search.finish()


def processes(workers: int | None = None) -> Executor:
    """Processes of this computer, one for each of its cores by default.

    They start afresh, so that no thread of the caller's runtime is copied.
    """
    return ProcessPoolExecutor(
        workers or os.cpu_count() or 1, mp_context=multiprocessing.get_context("spawn")
    )


def _results(
    batch: Sequence[C], evaluate: Callable[[C], Result], executor: Executor | None
) -> Any:
    """Candidates with their results, in order."""
    if executor is None:
        yield from ((candidate, evaluate(candidate)) for candidate in batch)
        return
    futures = [executor.submit(evaluate, candidate) for candidate in batch]
    try:
        for candidate, future in zip(batch, futures, strict=True):
            yield candidate, future.result()
    finally:
        for future in futures:
            future.cancel()


def _read(store: Path, question: Any) -> dict[str, Any]:
    """The state in a file, for the same question."""
    try:
        found = files.parse_json(store.read_bytes())
    except ValueError:
        raise InputError(f"{store}: not the state of a search") from None
    if not isinstance(found, dict) or found.get("version") != VERSION:
        got = shorten(found.get("version") if isinstance(found, dict) else found)
        raise InputError(f"{store}: not the state of a search of version {VERSION}, got {got}")
    if found.get("question") != question:
        raise InputError(f"{store}: holds a search with other settings; name another folder")
    state = found.get("state")
    seen = state.get("seen") if isinstance(state, dict) else None
    forms = {_form(result) for result in seen.values()} if isinstance(seen, dict) else {"none"}
    if len(forms) > 1 or "none" in forms:
        raise InputError(f"{store}: the state of the search is damaged; remove it to start over")
    return dict(state)


def _form(result: Any) -> str:
    """Names and kinds of what a result holds; all results of a search have the same."""
    if not isinstance(result, dict) or not result:
        return "none"
    return " ".join(
        f"{name}:{'number' if isinstance(value, int | float) else type(value).__name__}"
        for name, value in sorted(result.items())
    )
