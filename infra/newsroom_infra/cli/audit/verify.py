"""The command that verifies the live generation against the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsroom_infra import logs
from newsroom_infra.cli.shared import progress
from newsroom_infra.cli.shared.extras import CONSUMERS
from newsroom_infra.cli.shared.interrupt import stoppable
from newsroom_infra.cli.shared.options import with_archive, with_lines
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.cli.views import differences
from newsroom_infra.settings import load

if TYPE_CHECKING:
    from newsroom_consumers.audit.verify import Verification

_MENDED = {("parked", "applied"), ("parked", "rejected")}
"""Pairs of outcomes, in the generation and of a new fold, that differ because the code was fixed meanwhile."""


def _as_json(verification: Verification) -> dict[str, Any]:
    """Return a verification as its JSON; the fields of the comparison are on the same level."""
    compared = differences.as_json(verification.comparison)
    del compared["left_out"]
    known = {
        "generation": verification.generation,
        "cut": [{**at._asdict(), "offset": end} for at, end in sorted(verification.cut.items())],
        "beyond": [
            {**at._asdict(), "offset": offset, "end": end} for at, (offset, end) in sorted(verification.beyond.items())
        ],
        "damage": verification.damage,
        "records": verification.records,
        "digest": verification.digest,
    }
    return {**known, **compared, "equal": verification.equal}


@click.command()
@with_archive(".")
@with_lines
@stoppable()
@prints(CONSUMERS, lambda: _print_verification, ok=lambda found: found.equal, json=_as_json)
def verify(archive: Path | None) -> Verification:
    """Compare the live generation with the log. Folds the log to the same cut and compares every row.

    The worker may keep running. Exit 0 if all rows are equal, 1 if one differs, 4 if nothing could be proven.
    """
    from newsroom_infra.app import verify

    settings = load()
    logs.configure(settings.log_level)
    with ExitStack() as shown:
        return verify.verify(settings, archive, lambda total: shown.enter_context(progress.counting(total, "records")))


def _print_verification(verification: Verification, limit: int) -> None:
    differences.show(_lines(verification, limit))


def _lines(verification: Verification, limit: int) -> Iterator[str]:
    """Yield the lines of a verification: differences, as "generation -> log", or what was proven."""
    found, name, digest = verification.comparison.differences, verification.generation, verification.digest
    yield from differences.lines(found, limit)
    cut = ", ".join(f"{at.topic}/{at.partition}:{end}" for at, end in sorted(verification.cut.items()))
    for at, (offset, end) in sorted(verification.beyond.items()):
        yield f"{name} stands at {offset} in {at.topic}/{at.partition}, where the log ends at {end}"
    yield from (f"the database of {name} contradicts itself: {each}" for each in verification.damage)
    if any((each.a, each.b) in _MENDED for each in found.events):
        yield "this build folds records that are parked: `newsroom parked retry --all` has the worker fold them"
    yield f"folded afresh: {verification.records:,} records, all before {cut or 'the first'}"
    if verification.equal:
        tables = verification.comparison.digests.items()
        yield from (f"{each['a']}  {table}" for table, each in tables)
        yield f"{digest['a']}  all tables"
        yield f"{name} is what the log says: every row of {len(tables)} tables is equal"
    else:
        yield f"digest of all tables: {digest['a']} in {name}, {digest['b']} of the log folded afresh"
        yield f"{name} is NOT what the log says. From {name} to the log: {verification.comparison.summary}"
