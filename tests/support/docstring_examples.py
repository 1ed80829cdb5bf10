"""The examples in the product's docstrings: each block that is indented behind a line that ends in ``::``."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from types import CodeType, FrameType
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]
FOLDERS = ("schemas", "producers", "consumers", "infra")
BROKER = {"newsroom_producers", "newsroom_producers.kafka.transport"}
"""Modules whose examples need a broker, and run in ``tests/integration/test_docstring_examples.py``."""


class Example(msgspec.Struct, frozen=True):
    """The text of an example, and where it stands."""

    module: str
    path: str
    line: int
    """Number of its first line in the file."""
    text: str

    def __str__(self) -> str:
        """Return its place."""
        return f"{self.path}:{self.line}"

    def run(self, names: Mapping[str, Any], text: str | None = None) -> None:
        """Execute it, or ``text`` in its place, with the names of its module and others; every line must run."""
        code = compile("\n" * (self.line - 1) + (text or self.text), self.path, "exec", dont_inherit=True)
        reached = _run(code, {**vars(importlib.import_module(self.module)), **names})
        missed = {line for _, _, line in code.co_lines() if line} - reached
        assert not missed, f"{self.path}: no example has reached lines {sorted(missed)}"


def examples() -> list[Example]:
    """Return all examples of the product."""
    return [each for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")) for each in _of(path, folder)]


def _of(path: Path, folder: str) -> Iterator[Example]:
    """Yield the examples in the docstrings of one file."""
    source = path.read_text("utf-8")
    names = path.relative_to(ROOT / folder).with_suffix("").parts
    module = ".".join(names[:-1] if names[-1] == "__init__" else names)
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str()), lineno=first, end_lineno=last):
                for line, text in _blocks(source.splitlines()[first - 1 : last]):
                    yield Example(module, str(path.relative_to(ROOT)), first + line, text)


def _blocks(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield each block of a docstring, and the index of its first line."""
    for above, line in enumerate(lines):
        if not line.rstrip().endswith("::"):
            continue
        first = above + 1 + (not lines[above + 1].strip())
        end = first
        while not lines[end].strip() or _indent(lines[end]) > _indent(line):
            end += 1
        yield first, dedent("\n".join(lines[first:end]))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _run(code: CodeType, names: dict[str, Any]) -> set[int]:
    """Execute code, and return the numbers of the lines that it has reached."""
    reached: set[int] = set()

    def follow(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code is not code:
            return None
        if event == "line":
            reached.add(frame.f_lineno)
        return follow

    before = sys.gettrace()
    sys.settrace(follow)
    try:
        exec(code, names)  # noqa: S102 - the product's own text
    finally:
        sys.settrace(before)
    return reached
