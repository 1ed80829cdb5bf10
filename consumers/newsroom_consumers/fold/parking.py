"""Parking: what keeps a record for later, what it hides meanwhile, and what takes a queue of such records apart."""

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
    """Say whether an event names just this record: its place in the log, and its bytes."""
    record = judged.record
    return (event.topic, event.partition, event.offset, event.sha256) == (*record[:3], judged.record_sha.hex())


def unpark(aggregate: Aggregate, result: FoldResult) -> None:
    """Take a queue apart that a batch has made, and let readers see again what it hides."""
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
    """Keep a record for later, in log order; a withdrawal among them hides what it names at once."""
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
    """Give the rows, by language, of the pages that a withdrawal puts before readers although it waits.

    What is hidden stays as its first withdrawal left it, but for a legal one, which replaces every other. A
    projection that fails has no row for them: its fault parks the withdrawal, and does not keep it from readers.
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
    """Put pages before readers, in place of those that the database may have."""
    for language, made in rows.items():
        edition = aggregate.stored.editions.get(language) if aggregate.stored else None
        if edition is not None and edition.run is not None:
            result.replaced.add((aggregate.id, language))
        result.pages[aggregate.id, language] = made


def recorded_of(record: Record) -> Recorded:
    """Give what the log says of a record, as the fold takes it."""
    return Recorded(
        timestamp=record.timestamp,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=(record.key or b"").decode("utf-8", "backslashreplace"),
    )
