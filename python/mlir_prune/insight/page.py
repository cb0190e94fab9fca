# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A page of HTML as a tree, so that every text is escaped and every tag is closed."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

Element = ElementTree.Element

STYLE = """
:root { --ink: #1f2933; --soft: #627d98; --line: #d9e2ec; --back: #f5f7fa; --mark: #2b6cb0 }
* { box-sizing: border-box }
body { margin: 0; color: var(--ink); background: var(--back);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif }
main { max-width: 1360px; margin: 0 auto; padding: 24px }
header h1 { margin: 0 0 4px; font-size: 26px }
h2 { margin: 40px 0 8px; padding-top: 16px; border-top: 2px solid var(--line); font-size: 21px;
  overflow-wrap: anywhere }
h3 { margin: 28px 0 8px; font-size: 16px }
nav a { margin-right: 14px }
a { color: var(--mark); text-decoration: none; overflow-wrap: anywhere }
p.soft, figcaption, td.soft, span.soft { color: var(--soft) }
.cards { display: flex; flex-wrap: wrap; gap: 12px; margin: 12px 0 }
.card { background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: 10px 16px;
  min-width: 150px }
.card b { display: block; font-size: 20px }
.card span { color: var(--soft); font-size: 13px }
.scroll { overflow-x: auto; background: #fff; border: 1px solid var(--line); border-radius: 8px }
table { border-collapse: collapse; width: 100%; font-size: 13.5px }
caption { caption-side: bottom; text-align: left; color: var(--soft); padding: 6px 10px }
th, td { padding: 5px 10px; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; font-variant-numeric: tabular-nums }
th { background: var(--back); font-weight: 600; position: sticky; top: 0 }
th.text, td.text { text-align: left }
td.long { white-space: normal; text-align: left; min-width: 220px; font-size: 12.5px;
  overflow-wrap: anywhere }
tr:last-child td { border-bottom: 0 }
figure { margin: 12px 0; background: #fff; border: 1px solid var(--line); border-radius: 8px;
  padding: 12px }
figure img { max-width: 100%; height: auto; display: block; margin: 0 auto }
figcaption { font-size: 13px; margin-top: 6px }
.masks { display: flex; flex-wrap: wrap; gap: 12px }
.masks figure { margin: 0; max-width: 290px }
.masks img { image-rendering: pixelated; border: 1px solid var(--line); margin: 0 }
details > summary { cursor: pointer; color: var(--mark); margin: 10px 0 }
code { font: 12.5px ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere }
@media print { body { background: #fff } h2 { break-before: page } .scroll { overflow: visible } }
"""


def tag(name: str, *children: Element | str | None, **attributes: str) -> Element:
    """An element with texts and elements in order; None is nothing.

    Attributes are named as in HTML; of ``class_`` and the like the line is left out.
    """
    found = Element(name, {key.rstrip("_"): _printable(value) for key, value in attributes.items()})
    last: Element | None = None
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            text = _printable(child)
            if last is None:
                found.text = (found.text or "") + text
            else:
                last.tail = (last.tail or "") + text
        else:
            found.append(child)
            last = child
    return found


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "", left: int = 1,
    long: Sequence[int] = (),
) -> Element:  # fmt: skip
    """A table; the first `left` columns and those of `long` sentences are texts, others numbers."""

    def style(column: int) -> dict[str, str]:
        if column in long:
            return {"class": "long text"}
        return {"class": "text"} if column < left else {}

    lines = [[tag("td", cell, **style(i)) for i, cell in enumerate(row)] for row in rows]
    titles = [tag("th", title, scope="col", **style(i)) for i, title in enumerate(head)]
    return tag("div", tag(
        "table", tag("caption", caption) if caption else None,
        tag("thead", tag("tr", *titles)),
        tag("tbody", *(tag("tr", *line) for line in lines)),
    ), class_="scroll")  # fmt: skip


def figure(image: bytes, kind: str, title: str, source: str, **size: str) -> Element:
    """A picture inside the page: `kind` is ``png`` or ``svg+xml``; the caption names its files."""
    data = base64.b64encode(image).decode()
    return tag(
        "figure",
        tag("img", src=f"data:image/{kind};base64,{data}", alt=title, **size),
        tag("figcaption", f"{title}. Numbers from ", tag("code", source), "."),
    )


def cards(entries: Iterable[tuple[str, str]]) -> Element:
    """Numbers in large type with what they are."""
    return tag("div", *(
        tag("div", tag("b", number), tag("span", what), class_="card") for number, what in entries
    ), class_="cards")  # fmt: skip


def folded(title: str, *children: Element) -> Element:
    """Parts that open on a click."""
    return tag("details", tag("summary", title), *children)


def document(title: str, *children: Element) -> str:
    """A whole page."""
    root = tag(
        "html",
        tag("head", tag("meta", charset="utf-8"),
            tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
            tag("title", title), tag("style", STYLE)),
        tag("body", tag("main", *children)), lang="en",
    )  # fmt: skip
    return (
        "<!DOCTYPE html>\n" + ElementTree.tostring(root, encoding="unicode", method="html") + "\n"
    )


def _printable(text: str) -> str:
    """Without control characters, which no page may hold."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}"
                   for sign in text)  # fmt: skip
