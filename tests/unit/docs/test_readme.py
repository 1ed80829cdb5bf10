"""The README names files, functions, commands and settings, the pages for auditors name commands; all of them exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import pytest

from newsroom_infra.cli import newsroom
from newsroom_infra.settings import Settings, variable

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text("utf-8")
ELSEWHERE = {
    "Europe/Kyiv",
    ".venv/",
    ".newsroom/",
    ".newsroom/jars/",
    "jars/",
    "postgres/password",
    "database/",
    ".venv/bin/",
}
"""What looks like a path and lies in no checkout: a time zone, and what `make up` makes."""

AUDIT = (ROOT / "docs" / "audit.md").read_text("utf-8")


def _spans(text: str) -> list[str]:
    """Return what is marked as code within the lines of a text."""
    return [
        " ".join(span.split()) for span in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    ]


def _lines(text: str) -> list[list[str]]:
    """Return the words of every command line of a text."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line.split("#")[0].split() for block in blocks for line in block.splitlines()]


_SPANS = _spans(README)
_NAMED = [span.split(": ") for span in _SPANS if re.fullmatch(r"\S+\.py: [\w.]+", span)]
_PATHS = {
    span for span in _SPANS if re.fullmatch(r"[\w.-]+(/[\w.-]*)*", span) and ("/" in span or span.endswith(".md"))
}
_COMMANDS = [span.split() for text in (README, AUDIT) for span in _spans(text)] + _lines(README) + _lines(AUDIT)


def _said(program: str) -> list[list[str]]:
    """Return the arguments of every call of a program."""
    return [words[1:] for words in _COMMANDS if words[:1] == [program] and len(words) > 1]


def _defined(path: str) -> set[str]:
    """Return the functions, classes and methods of a file."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    tops = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    inner = [(top.name, node) for top in tops if isinstance(top, ast.ClassDef) for node in top.body]
    methods = {f"{name}.{node.name}" for name, node in inner if isinstance(node, ast.FunctionDef)}
    return {top.name for top in tops} | methods


@pytest.mark.parametrize("path", sorted((_PATHS | {path for path, _ in _NAMED}) - ELSEWHERE))
def test_a_path_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).is_file()


@pytest.mark.parametrize(("path", "name"), _NAMED)
def test_a_function_or_class_that_is_named_exists_in_its_file(path: str, name: str) -> None:
    assert name in _defined(path)


def test_one_event_is_walked_from_the_desk_to_the_row_in_eight_calls() -> None:
    _, _, walk = README.partition("## One event, from the desk to the row\n")
    steps = re.findall(r"^\d+\. `([^`]+)`", walk.partition("\n## ")[0], re.MULTILINE)
    assert steps[0] == "producers/newsroom_producers/desk.py: Desk.publish"
    assert steps[-1] == "consumers/newsroom_consumers/store/generation.py: Generation.commit"
    assert len(steps) == 2 + 6


@pytest.mark.parametrize("words", _said("make"), ids=" ".join)
def test_a_make_target_that_is_named_exists(words: list[str]) -> None:
    assert words[0] in re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("words", _said("newsroom"), ids=" ".join)
def test_a_command_that_is_named_exists_with_its_options(words: list[str]) -> None:
    command: click.Command = newsroom
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        taken = rest.pop(0)
        if found := command.get_command(click.Context(command), taken):
            command = found
        else:
            assert any(isinstance(each, click.Argument) for each in command.params), taken
    context = click.Context(command)
    known = {option for parameter in command.get_params(context) for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known


def test_every_command_and_every_setting_is_named() -> None:
    assert {words[0] for words in _said("newsroom")} >= set(newsroom.commands) - {"demo"}
    named = {span for span in _SPANS if span.startswith("NEWSROOM_")}
    assert named == {variable(name) for name in Settings.__struct_fields__}
