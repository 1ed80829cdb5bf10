"""A command imports what it runs and nothing else, so that it starts fast; the list of commands imports none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from newsroom_consumers.control.build import this_build
from newsroom_consumers.control.control import Control
from newsroom_consumers.database import open_database
from newsroom_consumers.store.generation import Generation
from newsroom_infra.cli import newsroom
from newsroom_infra.cli.shared.lazy import LazyGroup

_PROGRAM = """
import atexit, sys
atexit.register(lambda: print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr))
from newsroom_infra.cli import main
main()
"""
SLOW = {"fastavro", "kafka", "newsroom_producers", "psycopg", "pydantic", "rich", "sqlalchemy", "structlog"}
"""Packages that are slow to import, and our own that import them."""
_SHORT = 45
"""Characters of a sentence that the list of commands shows whole."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home with an empty generation in SQLite."""
    folder = tmp_path_factory.mktemp("start")
    control = Control(open_database(folder / "database"))
    with closing(control.database.session("main")) as session:
        Generation(session)
    control.register("main", this_build({"newsroom.articles": 6, "newsroom.tags": 1}), now=0)
    return folder


def imported(*arguments: str, home: Path) -> set[str]:
    """Run a command and return the packages that it has imported."""
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        env=os.environ | {"NEWSROOM_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(ended.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "--help"]])
def test_the_list_of_commands_imports_none_of_them(home: Path, arguments: list[str]) -> None:
    assert imported(*arguments, home=home) & SLOW == set()


def test_a_query_imports_the_database_only(home: Path) -> None:
    assert imported("timeline", "--language", "en", "--json", home=home) & SLOW == {"sqlalchemy"}


def _lazy(group: click.Group) -> Iterator[tuple[LazyGroup, str]]:
    if isinstance(group, LazyGroup):
        for name in group.commands:
            yield group, name
            command = group.get_command(click.Context(group), name)
            if isinstance(command, click.Group):
                yield from _lazy(command)


@pytest.mark.parametrize(("group", "name"), list(_lazy(newsroom)), ids=lambda each: getattr(each, "name", each))
def test_the_list_shows_the_first_sentence_of_a_commands_help(group: LazyGroup, name: str) -> None:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert command.get_short_help_str(_SHORT) == group.commands[name].short_help


def test_a_command_that_is_not_there_is_a_usage_error() -> None:
    ended = CliRunner().invoke(newsroom, ["publish"])
    assert (ended.exit_code, "No such command 'publish'" in ended.stderr) == (2, True)
