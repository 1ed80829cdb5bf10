"""Generations and finished replays in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from newsroom_infra.cli.views.table import clock

if TYPE_CHECKING:
    from newsroom_consumers.queries.answers import GenerationOverview

_PIPED_WIDTH = 160
"""Columns if the output is not a terminal."""


def print_generations(found: Sequence[GenerationOverview]) -> None:
    """Print generations, one row each, and how far each has folded each partition."""
    if not found:
        click.echo("there is no generation yet: `newsroom up` or `newsroom worker` makes the first")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("generation", "live", "behind", "parked", "rows", "size", "fold", "projections", "made (UTC)"):
        table.add_column(column, justify="right" if column in {"behind", "rows", "size"} else "left")
    for each in found:
        table.add_row(*map(Text, _cells(each)))
    console = Console()
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    console.print(table)
    for each in found:
        at = ", ".join(f"{cursor.topic}/{cursor.partition}:{cursor.next_offset}" for cursor in each.cursors)
        console.print(Text(f"{each.name} holds all before {at}" if at else f"{each.name} holds nothing yet"))


def print_replayed(done: dict[str, Any], *, live: str) -> None:
    """Print what a replay has done, and which commands come next."""
    name, seconds = done["generation"], done["seconds"]
    speed = done["records"] / max(seconds, 0.001)
    click.echo(f"generation {name} is at the cut: {done['records']:,} records in {seconds:.1f} s ({speed:,.0f}/s)")
    if live:
        click.echo(f"`newsroom compare {live} {name}` says what differs from what readers see")
    click.echo(f"`newsroom promote {name}` makes it what readers see")


def _cells(each: GenerationOverview) -> list[str]:
    parked, rows = each.parked, each.rows
    return [
        each.name,
        "live" if each.live else "",
        "?" if each.lag is None else f"{each.lag:,}",
        f"{parked.records:,} (articles: {parked.articles:,})" if parked and parked.records else "",
        f"{sum(rows.values()):,}" if rows else "",
        decimal(each.size) if each.size is not None else "missing",
        str(each.fold_version),
        ", ".join(f"{projection} {version}" for projection, version in sorted(each.projection_versions.items())),
        clock(each.created_at, "seconds"),
    ]
