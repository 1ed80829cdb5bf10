"""The fold of a batch: what its records do to the articles that they touch, before anything is stored.

Pure, except that it changes the aggregates it is given. Each record is folded by itself (dedupe, the fold, the rows
that projections make of a new page), so the size of a batch changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import cast

from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.outcome import Applied, Duplicate, Outcome, Parked, Skipped
from newsroom_consumers.fold.parking import BEHIND, is_named_by, park, recorded_of, show_pages, unpark
from newsroom_consumers.fold.record_rules import JudgedRecord
from newsroom_consumers.fold.result import FoldResult, Refold
from newsroom_consumers.projections import PROJECTIONS, Projection, Row
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.events import AnyArticleEvent, AnyTagEvent, RecordSkipped, TagEvent
from newsroom_schemas.fold import article as articles
from newsroom_schemas.fold import tags
from newsroom_schemas.fold.state import Article, Catalogue, Page, Recorded
from newsroom_schemas.rejections import DuplicateId, NotParked, Rejected

Decide = Callable[[Container[str], Article | None, AnyArticleEvent, Recorded], Article | Rejected | DuplicateId]
EvolveTags = Callable[[Catalogue, AnyTagEvent], Catalogue | Rejected]


class BatchFold:
    """Folds batches with the fold and the projections of one build."""

    def __init__(
        self,
        projections: Mapping[str, Projection] = PROJECTIONS,
        decide: Decide = articles.decide,
        evolve_tags: EvolveTags = tags.evolve_tags,
    ) -> None:
        """``decide`` folds events of articles, ``evolve_tags`` those of the catalogue; both are pure."""
        self._projections = projections
        self._decide = decide
        self._evolve_tags = evolve_tags

    def fold(
        self, records: Iterable[JudgedRecord], aggregates: Mapping[str, Aggregate], refold: Refold | None = None
    ) -> FoldResult:
        """Fold records, in order, and return what they change. Records to ``refold`` come first.

        ``aggregates`` holds every aggregate that the records touch, and is changed in place.
        """
        result = FoldResult(refold=refold or Refold())
        for judged in (*result.refold.records, *records):
            result.outcomes[judged.record[:3]] = (judged, self._fold(judged, aggregates, result))
        return result

    def _fold(self, judged: JudgedRecord, aggregates: Mapping[str, Aggregate], result: FoldResult) -> Outcome:
        if isinstance(judged.verdict, Rejected):
            return judged.verdict
        aggregate = aggregates[judged.aggregate or CATALOGUE]
        if aggregate.parked and isinstance(judged.event, RecordSkipped) and judged.verdict is None:
            return self._skip(judged, judged.event, aggregates, result)
        if aggregate.parked:
            return self._park(judged, aggregate, BEHIND, result)
        if isinstance(judged.verdict, Parked):
            return self._park(judged, aggregate, judged.verdict, result)
        if isinstance(judged.event, TagEvent):
            return self._fold_tag(judged, judged.event, aggregate, result)
        return self._fold_article(judged, cast("AnyArticleEvent", judged.event), aggregate, result)

    def _fold_article(
        self, judged: JudgedRecord, event: AnyArticleEvent, aggregate: Aggregate, result: FoldResult
    ) -> Outcome:
        recorded = recorded_of(judged.record)
        try:
            after = self._decide(aggregate.decided, aggregate.article, event, recorded)
        except Exception as error:  # noqa: BLE001 - whatever pure code raises parks the record
            return self._park(judged, aggregate, _raised("fold", error), result)
        match after:
            case DuplicateId():
                return Duplicate(differs=aggregate.decided[event.event_id] != judged.value_sha)
            case Rejected():
                aggregate.decided[event.event_id] = judged.value_sha
                return after
        try:
            pages = articles.pages(aggregate.article, after, event, recorded)
            rows = {language: self._rows(page) for language, page in pages.items()}
        except Exception as error:  # noqa: BLE001 - as above
            return self._park(judged, aggregate, _raised("projection", error), result)
        show_pages(aggregate, rows, result)
        result.changed[aggregate.id] = aggregate
        aggregate.article = after
        aggregate.last_offset = judged.record.offset
        aggregate.decided[event.event_id] = judged.value_sha
        return Applied()

    def _fold_tag(self, judged: JudgedRecord, event: AnyTagEvent, aggregate: Aggregate, result: FoldResult) -> Outcome:
        if event.event_id in aggregate.decided:
            return Duplicate(differs=aggregate.decided[event.event_id] != judged.value_sha)
        try:
            after = self._evolve_tags(aggregate.catalogue, event)
        except Exception as error:  # noqa: BLE001 - as above
            return self._park(judged, aggregate, _raised("fold", error), result)
        aggregate.decided[event.event_id] = judged.value_sha
        if isinstance(after, Rejected):
            return after
        aggregate.catalogue = after
        result.tags[event.tag_id] = after[event.tag_id]
        return Applied()

    def _skip(
        self, judged: JudgedRecord, event: RecordSkipped, aggregates: Mapping[str, Aggregate], result: FoldResult
    ) -> Outcome:
        """Skip the head of a queue of parked records if the event names it, and fold the rest of the queue.

        Only a head can be skipped. An event that names another record has come too late, or too early.
        """
        aggregate = aggregates[judged.aggregate or CATALOGUE]
        if event.event_id in aggregate.decided:
            return Duplicate(differs=aggregate.decided[event.event_id] != judged.value_sha)
        aggregate.decided[event.event_id] = judged.value_sha
        queue = result.queues.get(aggregate.id)
        if not queue or not is_named_by(event, queue[0]):
            return NotParked(topic=event.topic, partition=event.partition, offset=event.offset)
        unpark(aggregate, result)
        result.outcomes[queue[0].record[:3]] = (queue[0], Skipped())
        for waiting in queue[1:]:
            result.outcomes[waiting.record[:3]] = (waiting, self._fold(waiting, aggregates, result))
        return Applied()

    def _park(self, judged: JudgedRecord, aggregate: Aggregate, parked: Parked, result: FoldResult) -> Parked:
        return park(judged, aggregate, parked, result, self._projections.values())

    def _rows(self, page: Page) -> tuple[Row, ...]:
        return tuple(row for projection in self._projections.values() for row in projection.rows(page))


def _raised(stage: str, error: Exception) -> Parked:
    return Parked(stage, f"{type(error).__name__}: {error}")
