# Part of the pruning compiler, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Hook of mkdocs: pages that lie outside of docs/, and links that lead there.

In the repository a page of docs/ links to ``../README.md`` and the README to
``docs/Status.md``. On the site all pages are below one root, so such links lose or get
a level. Links to folders and sources have no page; they become plain text.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages from outside of docs/."""
    for name in OUTSIDE:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Turns links of the repository into links of the site."""
    place = page.file.src_uri
    folder = posixpath.dirname(place if place in OUTSIDE else f"docs/{place}")

    def replace(match: re.Match[str]) -> str:
        text, target, anchor = match[1], match[2], match[3] or ""
        if "://" in target:
            return match[0]
        inside = posixpath.normpath(posixpath.join(folder, target))
        name = inside if inside in OUTSIDE else inside.removeprefix("docs/")
        if files.get_file_from_path(name) is None:
            if (ROOT / inside).exists():
                return text
            return match[0]  # mkdocs reports it
        return f"[{text}]({posixpath.relpath(name, posixpath.dirname(place) or '.')}{anchor})"

    return LINK.sub(replace, markdown)
