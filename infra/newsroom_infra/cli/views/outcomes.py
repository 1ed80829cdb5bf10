"""Outcomes of events in a terminal."""

from __future__ import annotations

from typing import Any

from newsroom_infra.cli.views.table import cells_of, print_parts, table_of


def print_outcomes(answer: list[dict[str, Any]]) -> None:
    """Print what became of events."""
    table = table_of("recorded (UTC)", "event", "language", "outcome", "reason", "facts", "actor", "place")
    for row in answer:
        facts = ", ".join(f"{name}={value}" for name, value in row["facts"].items())
        place = f"{row['partition']}:{row['offset']}"
        cells = (
            _second(row["recorded_at"]),
            row["type"],
            row["language"],
            row["outcome"],
            row["reason"],
            facts,
            row["actor"],
            place,
        )
        table.add_row(*cells_of(cells))
    print_parts(table)


def _second(instant: str) -> str:
    return instant[:19].replace("T", " ")
