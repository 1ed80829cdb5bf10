"""Outcomes of events in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from newsroom_infra.cli.views.table import cells_of, clock, print_parts, table_of

if TYPE_CHECKING:
    from newsroom_consumers.queries.answers import RecordOutcome


def print_outcomes(answer: Sequence[RecordOutcome]) -> None:
    """Print what became of events."""
    table = table_of("recorded (UTC)", "event", "language", "outcome", "reason", "facts", "actor", "place")
    for row in answer:
        facts = ", ".join(f"{name}={value}" for name, value in row.facts.items())
        said = (row.type, row.language, row.outcome, row.reason, facts, row.actor, f"{row.partition}:{row.offset}")
        table.add_row(*cells_of((clock(row.recorded_at, "seconds"), *said)))
    print_parts(table)
