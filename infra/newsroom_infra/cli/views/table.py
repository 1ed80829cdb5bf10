"""Tables of plain text in a terminal. Texts of users are printed as they are, never as markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from newsroom_infra.cli.shared.output import one_line
from newsroom_schemas.instants import to_datetime

_PIPED_WIDTH = 200
"""Columns where the output is not a terminal: hardly a row is that wide and must be folded."""


def facts_table(facts: dict[str, Any]) -> Table:
    """Return a table of names and values, without those that are empty."""
    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        if value not in (None, [], (), ""):
            table.add_row(Text(name, style="dim"), *cells_of([value]))
    return table


def table_of(*columns: str) -> Table:
    """Return an empty table with these columns; long values are folded."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def cells_of(values: Sequence[Any]) -> list[Text]:
    """Return values as plain text, each on one line; lists with commas, nothing for ``None``."""
    return [Text(_cell(value)) for value in values]


def clock(instant: int, precision: Literal["minutes", "seconds"]) -> str:
    """Return an instant (microseconds) as date and time, UTC."""
    return to_datetime(instant).replace(tzinfo=None).isoformat(" ", precision)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return one_line(", ".join(value) if isinstance(value, list | tuple) else str(value))


def print_parts(*parts: Any) -> None:
    """Print the parts of an answer, one below the other, without empty texts."""
    console = Console(emoji=False)  # no text here has emoji codes, and the list of them loads slowly
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    console.print(Group(*(part for part in parts if not isinstance(part, Text) or part.plain)), crop=False)


def print_grid(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table with lines between its cells: text as it is, nothing for ``None``."""
    table = Table()
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0)
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell), overflow="fold") for cell in row))
    Console().print(table)
