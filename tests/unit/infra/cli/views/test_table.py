"""How wide tables are: as the terminal, and elsewhere so wide that hardly a row is folded."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from rich.text import Text

from newsroom_consumers.queries.answers import GenerationOverview, Instant
from newsroom_infra.cli.views.generations import print_generations
from newsroom_infra.cli.views.table import cells_of, print_parts, table_of


def words() -> None:
    """Print a table with a long text in it."""
    table = table_of("article", "text")
    table.add_row(*cells_of(["storm", "word " * 25]))
    print_parts(table, Text(""))


def generations() -> None:
    """Print the list of one generation."""
    print_generations(
        [
            GenerationOverview(
                name="main",
                live=True,
                fold_version=1,
                projection_versions=dict.fromkeys(("authors", "published", "related", "tags", "timeline"), 1),
                topics={},
                created_at=Instant(0),
                size=3_200_000,
            )
        ]
    )


@pytest.mark.parametrize("show", [words, generations])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_table_is_as_wide_as_the_terminal_or_so_wide_that_no_row_is_folded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, show: Callable[[], None], *, is_terminal: bool
) -> None:
    for name, value in {"NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "60"}.items():
        monkeypatch.setenv(name, value)
    if is_terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    show()
    widest = max(map(len, re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()))
    assert (widest <= 60) == is_terminal
