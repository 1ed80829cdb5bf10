"""The tables of a generation. The private ones are cursors, event rows, parked records, and the state of articles.

Nothing that readers use can see those; the public ones are the projections'.
"""

from __future__ import annotations

from sqlalchemy import Index, MetaData, Table

from newsroom_consumers.projections import public_metadata
from newsroom_consumers.projections.columns import INLINE_BYTES, binary, integer, text

METADATA = MetaData()

CURSOR = Table(
    "cursor",
    METADATA,
    text("topic", key=True),
    integer("partition", key=True),
    integer("next_offset"),
    integer("last_offset", null=True),
    binary("last", null=True),
    binary("chain"),
    integer("epoch"),
    text("owner", null=True),
)

EVENT = Table(
    "event",
    METADATA,
    text("topic", key=True),
    integer("partition", key=True),
    integer("offset", key=True),
    text("article_id", null=True),
    text("event_id", null=True),
    text("type", null=True),
    text("language", null=True),
    text("actor", null=True),
    text("source", null=True),
    integer("recorded_at"),
    integer("occurred_at", null=True),
    text("schema", null=True),
    binary("record_sha"),
    binary("value_sha"),
    text("outcome"),
    text("reason", null=True),
    text("facts"),
    integer("differs"),
    integer("decided"),
)
Index(
    "event_decided",
    EVENT.c.article_id,
    EVENT.c.event_id,
    unique=True,
    sqlite_where=EVENT.c.decided == 1,
)
Index("event_article", EVENT.c.article_id, EVENT.c.offset)
Index("event_id", EVENT.c.event_id)
Index(
    "event_rejected",
    EVENT.c.outcome,
    EVENT.c.recorded_at,
    sqlite_where=EVENT.c.outcome == "rejected",
)

PARKED = Table(
    "parked",
    METADATA,
    text("topic", key=True),
    integer("partition", key=True),
    integer("offset", key=True),
    text("article_id"),
    binary("key"),
    text("headers"),
    binary("value"),
    integer("recorded_at"),
    text("stage"),
    text("error"),
    text("hides"),
)
Index("parked_article", PARKED.c.article_id, PARKED.c.offset)

ARTICLE = Table(
    "article",
    METADATA,
    text("article_id", key=True),
    integer("card_version"),
    text("section", null=True),
    text("tags"),
    text("flags"),
    integer("embargo_until", null=True),
    integer("hold"),
    integer("last_offset"),
)

EDITION = Table(
    "edition",
    METADATA,
    text("article_id", key=True),
    text("language", key=True),
    integer("version"),
    text("content"),
    binary("blocks", null=True),
    text("blocks_schema", null=True),
    text("source_language", null=True),
    integer("source_version", null=True),
    text("translator", null=True),
    text("method", null=True),
    text("status"),
    integer("published_version", null=True),
    integer("published_card", null=True),
    integer("first_published_at", null=True),
    text("first_event_id", null=True),
    integer("updated_at", null=True),
    text("notes"),
    integer("schedule_at", null=True),
    text("schedule_id", null=True),
    text("changed_by"),
    integer("changed_at"),
    info={"postgresql_with": {"toast_tuple_target": INLINE_BYTES}},
)
Index(
    "edition_schedule",
    EDITION.c.schedule_at,
    sqlite_where=EDITION.c.schedule_at.is_not(None),
)
Index("edition_status", EDITION.c.status, EDITION.c.changed_at)


def all_metadata() -> tuple[MetaData, ...]:
    """Return the metadata of every table of a generation, private and public."""
    return (METADATA, *public_metadata())


def all_tables() -> tuple[Table, ...]:
    """Return every table of a generation, private and public."""
    return tuple(table for metadata in all_metadata() for table in metadata.sorted_tables)
