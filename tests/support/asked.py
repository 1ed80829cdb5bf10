"""Short forms of what tests ask a newsroom over and over."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any

import msgspec
from sqlalchemy import Table
from support.kit import CODEC, Newsroom

from newsroom_consumers.audit.verify import Verification, verify
from newsroom_consumers.control.control import Control
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.log.kafka import KafkaLog, placement
from newsroom_consumers.projections import PROJECTIONS
from newsroom_consumers.projections.tags import TAG
from newsroom_consumers.queries.answers import TagPage, TimelinePage, to_json

PUBLIC = {TAG.name} | {table.name for projection in PROJECTIONS.values() for table in projection.TABLES}
"""Names of the tables that readers' connections can see."""


def outcomes(newsroom: Newsroom, article_id: str) -> list[str]:
    """Return what became of each event of an article: the outcome, or the reason of a rejection."""
    found = newsroom.look(lambda seen: seen.ledger.outcomes(article_id))
    return [row.reason or row.outcome for row in found]


def rows(newsroom: Newsroom, table: Table) -> list[dict[str, Any]]:
    """Return the rows of a private table by column, in the order of its key."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in newsroom.tables()[table.name]]


def as_json(answer: Any) -> Any:
    """Return an answer as it comes out of JSON."""
    return msgspec.json.decode(to_json(answer))


def page(newsroom: Newsroom, article_id: str, language: str = "uk") -> dict[str, Any]:
    """Return the page of an edition, as it comes out of JSON."""
    return dict(as_json(newsroom.look(lambda seen: seen.queries.article(article_id, language))))


def timeline(newsroom: Newsroom, language: str = "uk") -> list[str]:
    """Return the articles of the timeline, newest first."""
    return _articles(newsroom.look(lambda seen: seen.queries.timeline(language, limit=100)))


def tagged(newsroom: Newsroom, tag_id: str, language: str = "uk") -> list[str]:
    """Return the articles that a tag lists, newest first."""
    return _articles(newsroom.look(lambda seen: seen.queries.tag(tag_id, language, limit=100)))


def public_text(newsroom: Newsroom) -> str:
    """Return everything that lies in a public table as one text."""
    cells = (cell for name, rows in newsroom.tables().items() if name in PUBLIC for row in rows for cell in row)
    return "\n".join(cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in cells)


def verdict(newsroom: Newsroom, **options: Any) -> Verification:
    """Verify the live generation against the log."""
    with closing(KafkaLog(newsroom.bootstrap, newsroom.topics, batch=newsroom.batch)) as log:
        reader = RecordReader(CODEC, tags_topic=newsroom.topics.tags, place=placement(log.partitions))
        return verify(Control(newsroom.database), log, reader, stopping=threading.Event(), **options)


def verified(newsroom: Newsroom, folding: BatchFold | None = None) -> bool:
    """Return whether the live generation is what the log says; fail with what differs."""
    found = verdict(newsroom, batch_fold=folding)
    assert found.equal, found
    return True


def _articles(answer: TimelinePage | TagPage) -> list[str]:
    return [item.article_id for item in answer.items]
