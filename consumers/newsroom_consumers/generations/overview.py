"""All generations: which one is live, what made each, how far it is, and how big.

Example::

    for each in overview(control, end_of(log)):
        each.name, each.live, each.lag
"""

from __future__ import annotations

from msgspec import structs
from sqlalchemy import Connection

from newsroom_consumers.control.control import Control, KnownGeneration
from newsroom_consumers.database.database import NoGenerationError
from newsroom_consumers.log.cut import Cut
from newsroom_consumers.queries.answers import CursorOverview, GenerationOverview, Instant, ParkedCount
from newsroom_consumers.store import cursors, queues
from newsroom_consumers.store.digests import row_counts


def overview(control: Control, end: Cut | None) -> list[GenerationOverview]:
    """Return every generation, in the order of their making.

    ``end`` is where the log ends; with ``None``, nothing says how far a generation is behind. One whose tables were
    never made, or are lost, has neither cursors nor rows. Raises ``DatabaseAwayError``.
    """
    return [_described(control, each, end) for each in control.all()]


def _described(control: Control, known: KnownGeneration, end: Cut | None) -> GenerationOverview:
    described = GenerationOverview(
        name=known.name,
        live=known.live,
        fold_version=known.build.fold_version,
        projection_versions=dict(known.build.projection_versions),
        topics=dict(known.build.partitions),
        created_at=Instant(known.created_at),
        size=control.database.size(known.name),
    )
    try:
        with control.database.reading(known.name) as connection:
            return _with_contents(described, connection, end)
    except NoGenerationError:
        return described


def _with_contents(described: GenerationOverview, connection: Connection, end: Cut | None) -> GenerationOverview:
    """Return the overview of a generation with how far it is, and what is in it."""
    cut = cursors.cut(connection)
    articles, records = queues.counts(connection)
    lags = None if end is None else {at: max(0, offset - cut.get(at, 0)) for at, offset in end.items()}
    return structs.replace(
        described,
        cursors=tuple(
            CursorOverview(**at._asdict(), next_offset=offset, lag=None if lags is None else lags.get(at))
            for at, offset in cut.items()
        ),
        lag=None if lags is None else sum(lag for at, lag in lags.items() if at.topic in described.topics),
        parked=ParkedCount(articles=articles, records=records),
        rows=row_counts(connection),
    )
