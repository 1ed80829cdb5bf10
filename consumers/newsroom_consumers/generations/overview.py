"""What there is of every generation: which one is live, what made it, how far it is, and how big.

Example::

    overview(control, end_of(log))    # [{"name": "main", "live": True, "lag": 0, …}]
"""

from __future__ import annotations

from sqlalchemy import Connection, distinct, func, select

from newsroom_consumers.control.control import Control, KnownGeneration
from newsroom_consumers.database.database import NoGenerationError
from newsroom_consumers.log.cut import Cut
from newsroom_consumers.log.record import Partition
from newsroom_consumers.queries.readers import Answer
from newsroom_consumers.store.generation import METADATA
from newsroom_consumers.store.tables import CURSOR, PARKED
from newsroom_schemas.instants import to_rfc3339

_CURSORS = select(CURSOR).order_by(*CURSOR.primary_key)
_PARKED = select(func.count(distinct(PARKED.c.article_id)), func.count()).select_from(PARKED)


def overview(control: Control, ends: Cut | None) -> list[Answer]:
    """Describe every generation, in the order of their making.

    ``ends`` is where the log ends; without it, nothing is said of how far a generation is behind. One whose tables were
    never made, or are lost, has neither cursors nor rows. Raises ``DatabaseAwayError``.
    """
    return [_described(control, each, ends) for each in control.all()]


def _described(control: Control, known: KnownGeneration, ends: Cut | None) -> Answer:
    described: Answer = {
        "name": known.name,
        "live": known.live,
        "fold_version": known.build.fold_version,
        "projection_versions": dict(known.build.projection_versions),
        "topics": dict(known.build.partitions),
        "created_at": to_rfc3339(known.created_at),
        "size": control.database.size(known.name),
    }
    try:
        with control.database.reading(known.name) as connection:
            return described | _held(connection, known, ends)
    except NoGenerationError:
        return described | {"cursors": [], "lag": None, "parked": None, "rows": None}


def _held(connection: Connection, known: KnownGeneration, ends: Cut | None) -> Answer:
    """Say how far a generation is, and what is in it."""
    cursors = {Partition(row.topic, row.partition): row.next_offset for row in connection.execute(_CURSORS)}
    articles, records = connection.execute(_PARKED).one()
    tables = [table for metadata in METADATA for table in metadata.sorted_tables]
    lags = None if ends is None else {at: max(0, end - cursors.get(at, 0)) for at, end in ends.items()}
    return {
        "cursors": [
            {**at._asdict(), "next_offset": offset, "lag": None if lags is None else lags.get(at)}
            for at, offset in cursors.items()
        ],
        "lag": None if lags is None else sum(lag for at, lag in lags.items() if at.topic in known.build.partitions),
        "parked": {"articles": articles, "records": records},
        "rows": {each.name: connection.scalar(select(func.count()).select_from(each)) for each in tables},
    }
