"""A command only returns its answer: ``prints`` prints it, and chooses the exit code."""

from __future__ import annotations

import importlib

import click
import pytest
from click.testing import CliRunner

from newsroom_infra.cli.shared.output import prints
from newsroom_schemas.errors import MissingExtraError


def print_names(names: list[str]) -> None:
    """Print names for people."""
    click.echo(" ".join(names))


@click.command()
@click.argument("name")
@prints("kafka", lambda: print_names, ok=lambda names: "bad" not in names)
def names(name: str) -> list[str]:
    """Print two names."""
    return ["first", name]


@pytest.mark.parametrize(
    ("arguments", "printed", "code"),
    [
        (["good"], "first good\n", 0),
        (["good", "--json"], '[\n  "first",\n  "good"\n]\n', 0),
        (["bad"], "first bad\n", 1),
        (["\x1b[2J"], "first \N{REPLACEMENT CHARACTER}[2J\n", 0),
    ],
)
def test_an_answer_is_printed_by_its_view_or_as_json(arguments: list[str], printed: str, code: int) -> None:
    ended = CliRunner().invoke(names, arguments)
    assert (ended.output, ended.exit_code) == (printed, code)


def test_a_command_gets_what_its_group_passes_on() -> None:
    @click.command()
    @click.argument("name")
    @click.pass_obj
    @prints("kafka", lambda: print_names)
    def passed(instant: str, name: str) -> list[str]:
        return [instant, name]

    assert CliRunner().invoke(passed, ["storm"], obj="noon").output == "noon storm\n"


def test_a_command_names_the_extra_that_it_misses() -> None:
    @click.command()
    @prints("kafka,stack", lambda: click.echo)
    def missing() -> str:
        return str(importlib.import_module("no_such_library"))

    ended = CliRunner().invoke(missing)
    assert isinstance(ended.exception, MissingExtraError)
