"""Parked records in a terminal, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from newsroom_infra.cli.shared.output import one_line
from newsroom_infra.cli.views.table import cells_of, facts_table, print_parts, table_of
from newsroom_schemas.catalogue import display_name

if TYPE_CHECKING:
    from newsroom_consumers.queries.answers import (
        ParkedArticle,
        ParkedHead,
        ParkedRecord,
        QueueFate,
        SkipFate,
        WholeParkedRecord,
    )


def print_parked(answer: Sequence[ParkedArticle]) -> None:
    """Print the articles that wait."""
    if not answer:
        print_parts(Text("nothing is parked"))
        return
    table = table_of("article", "waiting", "stage", "error", "place", "since")
    for row in answer:
        of = display_name(row.article_id)
        table.add_row(*cells_of((of, row.waiting, row.stage, row.error, _place(row), row.recorded_at)))
    print_parts(table)


def print_parked_records(answer: Sequence[WholeParkedRecord]) -> None:
    """Print the parked records of one article."""
    table = table_of("place", "recorded", "stage", "error", "hides")
    for row in answer:
        table.add_row(*cells_of((_place(row), row.recorded_at, row.stage, row.error, row.hides)))
    print_parts(table)


def print_fates(answer: Sequence[QueueFate]) -> None:
    """Print what became of parked records that were folded again."""
    if not answer:
        print_parts(Text("nothing is parked"))
    for fate in answer:
        print_parts(Text(one_line(_fate(fate))))


def print_head(head: ParkedHead, *, behind: int) -> None:
    """Print the first parked record of an article before it is skipped: beside the question, on standard error."""
    names = ("article_id", "key", "topic", "partition", "offset", "type", "actor", "recorded_at", "stage", "error")
    facts = {name: getattr(head, name) for name in (*names, "sha256")} | {"records behind it": behind}
    Console(stderr=True).print(facts_table(facts))


def print_skipped(answer: SkipFate) -> None:
    """Print what came of skipping a record, and of those behind it."""
    skip = answer.skip
    place = f"{skip.partition}:{skip.offset}"
    if skip.outcome != "applied":
        why = f"not skipped: {skip.reason or skip.outcome}. It was not the first parked record any more"
        said = f"{why}; `newsroom outcomes` says what became of it (event {skip.event_id} at {place})"
        return print_parts(Text(one_line(said)))
    rest = [Text(one_line(_fate(answer)))] if answer.records else []
    return print_parts(Text(one_line(f"skipped, by event {skip.event_id} at {place}")), *rest)


def _place(record: ParkedRecord) -> str:
    return f"{record.topic} {record.partition}:{record.offset}"


def _fate(fate: QueueFate | SkipFate) -> str:
    """Return what became of the records of one queue."""
    of = display_name(fate.article_id)
    outcomes = {name: count for name, count in fate.outcomes.items() if name != "parked"}
    folded = sum(outcomes.values())
    parts = ", ".join(f"{count} {name}" for name, count in outcomes.items())
    said = f"{folded} record{'' if folded == 1 else 's'} of {of} folded" + (f": {parts}" if parts else "")
    if first := fate.parked:
        left = fate.outcomes.get("parked", 0)
        said += f"; still parked from {_place(first)} on, {left} of them: {first.error}"
    return said
