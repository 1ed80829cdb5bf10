"""Parking: how a record is kept for later, which pages it hides until then, and how a queue of parked records ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.outcome import Parked
from newsroom_consumers.fold.record_rules import JudgedRecord
from newsroom_consumers.fold.result import FoldResult
from newsroom_consumers.log.record import Record
from newsroom_consumers.projections import Projection, Row
from newsroom_schemas.events import ArticleUnpublished, RecordSkipped
from newsroom_schemas.fold import article as articles
from newsroom_schemas.fold.publication import LEGAL
from newsroom_schemas.fold.state import Recorded

BEHIND = Parked("behind", "waits for the records parked before it")


def is_named_by(event: RecordSkipped, judged: JudgedRecord) -> bool:
    """Return whether an event names this record, by its place in the log and its bytes."""
    record = judged.record
    return (event.topic, event.partition, event.offset, event.sha256) == (*record[:3], judged.record_sha.hex())


def unpark(aggregate: Aggregate, result: FoldResult) -> None:
    """Remove the queue of an aggregate from a batch's result, and show the pages that it hides again."""
    for judged in result.queues.pop(aggregate.id):
        del result.parked[judged.record[:3]]
    for language in aggregate.hidden:
        edition = (aggregate.id, language)
        shown = result.covered.pop(edition)
        if shown is None:
            del result.pages[edition]
            result.replaced.discard(edition)
        else:
            result.pages[edition] = shown
    aggregate.parked = False
    aggregate.hidden = set()


def park(
    judged: JudgedRecord, aggregate: Aggregate, parked: Parked, result: FoldResult, projections: Iterable[Projection]
) -> Parked:
    """Park a record behind those parked before it. A withdrawal hides the pages that it names at once."""
    hidden = hidden_pages(judged, aggregate, projections)
    for language in hidden.keys() - aggregate.hidden:
        result.covered[aggregate.id, language] = result.pages.get((aggregate.id, language))
    show_pages(aggregate, hidden, result)
    aggregate.hidden = aggregate.hidden | hidden.keys()
    if not aggregate.parked:
        result.queues[aggregate.id] = []
    if aggregate.id in result.queues:
        result.queues[aggregate.id].append(judged)
    aggregate.parked = True
    result.parked[judged.record[:3]] = (judged, parked, tuple(sorted(hidden)))
    return parked


def hidden_pages(
    judged: JudgedRecord, aggregate: Aggregate, projections: Iterable[Projection]
) -> dict[str, tuple[Row, ...]]:
    """Return the rows, by language, of the pages that a parked withdrawal shows to readers.

    A hidden page stays as its first withdrawal left it, unless a later one is legal: that replaces it. A projection
    that fails makes no rows here: its fault parks the withdrawal, but must not keep the page public.
    """
    event = judged.event
    if not isinstance(event, ArticleUnpublished) or event.event_id in aggregate.decided:
        return {}
    hidden: dict[str, tuple[Row, ...]] = {}
    for language, page in articles.hides(aggregate.article, event, recorded_of(judged.record)).items():
        if language in aggregate.hidden and event.reason != LEGAL:
            continue
        hidden[language] = ()
        for projection in projections:
            with suppress(Exception):
                hidden[language] += tuple(projection.rows(page))
    return hidden


def show_pages(aggregate: Aggregate, rows: Mapping[str, tuple[Row, ...]], result: FoldResult) -> None:
    """Show pages to readers, in place of those that the database may have."""
    for language, made in rows.items():
        edition = aggregate.stored.editions.get(language) if aggregate.stored else None
        if edition is not None and edition.run is not None:
            result.replaced.add((aggregate.id, language))
        result.pages[aggregate.id, language] = made


def recorded_of(record: Record) -> Recorded:
    """Return what the log knows of a record, as the fold takes it."""
    return Recorded(
        timestamp=record.timestamp,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=(record.key or b"").decode("utf-8", "backslashreplace"),
    )
