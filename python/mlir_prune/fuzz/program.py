# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The text of a one-function module, statement by statement, to make it smaller.

Only as much of the syntax is understood as the networks of :mod:`generate` need:
a statement begins with two spaces and a result, and its type ends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

_NAME = re.compile(r"%[\w$.-]+")
_TYPE = re.compile(r"tensor<[^<>]*>|\bf32\b")
_HEAD = re.compile(r"func\.func @(\w+)\((?P<arguments>.*?)\)\s*-> \((?P<results>.*?)\) \{\n", re.S)
_LITERAL = re.compile(r"dense<(.*)> :", re.S)
_NUMBER = re.compile(r"0x[0-9A-F]+|-?\d[\d.e+-]*")
# Their first type is that of the result.
_FIRST = ("prune.batch_norm", "prune.gate")
# Nothing is simpler with an argument in their place.
_KEPT = ("arith.constant", "tensor.empty()", "linalg.fill", "linalg.broadcast")


@dataclass(frozen=True)
class Statement:
    """One operation with a result."""

    result: str
    text: str

    @property
    def type(self) -> str | None:
        """Type of the result, None when it is not seen."""
        if any(f"= {op} " in self.text for op in _FIRST):
            return _TYPE.findall(self.text)[0]
        last = [match for match in _TYPE.finditer(self.text)]
        whole = self.text.rstrip()
        return last[-1].group() if last and last[-1].end() == len(whole) else None

    @property
    def is_empty(self) -> bool:
        """Whether the result has no values yet."""
        return "= tensor.empty() " in self.text

    @property
    def reads(self) -> set[str]:
        """Names in the text other than its result."""
        return set(_NAME.findall(self.text)) - {self.result}


@dataclass(frozen=True)
class Program:
    """A module of one function."""

    before: str
    name: str
    arguments: tuple[tuple[str, str], ...]
    statements: tuple[Statement, ...]
    results: tuple[tuple[str, str, str], ...]
    """Value, type and attributes of each result."""

    trim: bool = True
    """Whether statements that nothing reads are left out."""

    @staticmethod
    def parse(text: str) -> Program | None:
        """None when the text is not that of one such function."""
        head = _HEAD.search(text)
        if not head or text.count("func.func") != 1:
            return None
        body, _, end = text[head.end() :].partition("\n  return ")
        values = end.split(" : ")[0].split(", ")
        parts = re.split(r"\n(?=  %)", body)
        statements = []
        for part in parts:
            match = re.match(r"  (%[\w$.-]+) = ", part)
            if not match:
                return None
            statements.append(Statement(match.group(1), part))
        arguments = [
            (match.group(1), match.group(2))
            for match in re.finditer(r"(%\w+): ((?:tensor<[^<>]*>|\w+)(?: \{[^}]*\})?)",
                                     head.group("arguments"))
        ]  # fmt: skip
        results = re.findall(r"(tensor<[^<>]*>|f32)( \{[^}]*\})?", head.group("results"))
        if len(results) != len(values):
            return None
        return Program(
            text[: head.start()], head.group(1), tuple(arguments), tuple(statements),
            tuple((value, *result) for value, result in zip(values, results, strict=True)),
        )  # fmt: skip

    def text(self) -> str:
        """The module, without arguments that nothing reads."""
        live = self._live()
        lines = "\n".join(s.text for s in self.statements if s.result in live)
        used = {name for s in self.statements if s.result in live for name in s.reads}
        used |= {value for value, _, _ in self.results}
        arguments = ", ".join(f"{n}: {t}" for n, t in self.arguments if n in used)
        results = ", ".join(kind + more for _, kind, more in self.results)
        values = ", ".join(value for value, _, _ in self.results)
        types = ", ".join(kind for _, kind, _ in self.results)
        lines = f"{lines}\n" if lines else ""
        whole = (
            f"func.func @{self.name}({arguments})\n    -> ({results}) {{\n{lines}"
            f"  return {values} : {types}\n}}\n"
        )
        maps = [
            line for line in self.before.splitlines()
            if re.match(r"#\w+", line) and re.search(rf"{line.split()[0]}\b", whole)
        ]  # fmt: skip
        return "".join(f"{line}\n" for line in maps) + whole

    def _live(self) -> set[str]:
        if not self.trim:
            return {statement.result for statement in self.statements}
        live = {value for value, _, _ in self.results}
        for statement in reversed(self.statements):
            if statement.result in live:
                live |= statement.reads
        return live

    def smaller(self) -> Iterator[Program]:
        """Programs that are a step simpler, the boldest first."""
        if len(self.results) > 1:
            for index in range(len(self.results)):
                yield replace(self, results=self.results[index : index + 1])
        live = self._live()
        if not self.trim:
            yield replace(self, trim=True)
            yield from self._dropped()
        indices = [i for i, s in enumerate(self.statements) if s.result in live]
        for index in indices:
            yield from self._returned(index)
        for index in reversed(indices):
            yield from self._cut(index)
            yield from self._skipped(index)
        for index in indices:
            yield from self._plain(index)

    def _dropped(self) -> Iterator[Program]:
        """Without one statement that nothing reads, and what it alone reads."""
        read = {name for s in self.statements for name in s.reads}
        read |= {value for value, _, _ in self.results}
        for statement in reversed(self.statements):
            if statement.result not in read:
                gone = self._alone(statement.result)
                kept = tuple(s for s in self.statements if s.result not in gone)
                yield replace(self, statements=kept)
                if len(gone) > 1:
                    kept = tuple(s for s in self.statements if s.result != statement.result)
                    yield replace(self, statements=kept)

    def _alone(self, root: str) -> set[str]:
        """`root` and what leads to nothing else."""
        gone = {root}
        needed = {value for value, _, _ in self.results}
        for statement in reversed(self.statements):
            readers = [s.result for s in self.statements if statement.result in s.reads]
            if readers and statement.result not in needed and set(readers) <= gone:
                gone.add(statement.result)
        return gone

    def _returned(self, index: int) -> Iterator[Program]:
        """The result of a statement in the place of the first of the function."""
        statement = self.statements[index]
        if len(self.results) != 1 or statement.type in (None, "f32") or statement.is_empty:
            return
        _, kind, more = self.results[0]
        if statement.result == self.results[0][0] or ("loss" in more and kind != statement.type):
            return
        yield replace(self, results=((statement.result, statement.type, more),))

    def _cut(self, index: int) -> Iterator[Program]:
        """An argument in the place of a statement; constants stay."""
        statement = self.statements[index]
        if not statement.type or any(f"= {op} " in statement.text for op in _KEPT):
            return
        marked = "prune.input" in str(self.arguments)
        mark = f' {{prune.input = "{statement.result[1:]}"}}' if marked else ""
        kept = self.statements[:index] + self.statements[index + 1 :]
        arguments = (*self.arguments, (statement.result, statement.type + mark))
        yield replace(self, statements=kept, arguments=arguments)

    def _skipped(self, index: int) -> Iterator[Program]:
        """What a statement reads, of the same type, in its place."""
        statement = self.statements[index]
        # What is empty has no values to stand for others.
        types = {s.result: s.type for s in self.statements[:index] if not s.is_empty}
        types |= {name: kind.split(" {")[0] for name, kind in self.arguments}
        for name in sorted(statement.reads):
            if types.get(name) == statement.type and name in types:
                yield self._renamed(index, name)

    def _renamed(self, index: int, name: str) -> Program:
        old = self.statements[index].result
        pattern = re.compile(rf"{re.escape(old)}(?![\w$.-])")
        kept = tuple(
            replace(s, text=pattern.sub(name, s.text))
            for i, s in enumerate(self.statements) if i != index
        )  # fmt: skip
        results = tuple((name if v == old else v, t, more) for v, t, more in self.results)
        return replace(self, statements=kept, results=results)

    def _plain(self, index: int) -> Iterator[Program]:
        """Simpler numbers in a constant."""
        statement = self.statements[index]
        literal = _LITERAL.search(statement.text)
        if not literal or "true" in literal.group(1) or "false" in literal.group(1):
            return
        numbers = literal.group(1)
        ones = _NUMBER.sub(lambda m: "0.0" if m.group() in ("0.0", "-0.0") else "1.0", numbers)
        for simple in ("0.0", "1.0", ones):
            if simple != numbers:
                text = statement.text.replace(numbers, simple, 1)
                changed = list(self.statements)
                changed[index] = replace(statement, text=text)
                yield replace(self, statements=tuple(changed))
