"""Planted bugs: builds of the loop that are wrong in one way each, which the checker has to name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, update
from support.faults import Moves

from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import JudgedRecord
from newsroom_consumers.fold.result import FoldResult, Refold
from newsroom_consumers.projections.published import PUBLISHED
from newsroom_consumers.store import event_rows, tables
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.steps import Step
from newsroom_consumers.worker.loop import Loop
from newsroom_schemas.events import AnyArticleEvent
from newsroom_schemas.fold.article import decide
from newsroom_schemas.fold.state import Article, Recorded
from newsroom_schemas.rejections import DuplicateId, Rejected

_ANYHOW = update(tables.CURSOR).where(
    tables.CURSOR.c.topic == bindparam("of_topic"), tables.CURSOR.c.partition == bindparam("of_partition")
)


class CursorApart(Generation):
    """Cursors are committed first, and the rows that they speak of in a transaction of their own."""

    def commit(self, moves: Moves, folded: FoldResult) -> None:
        """Store a batch in two transactions."""
        cursors, *others = self.steps()
        for steps in ([cursors], others):
            with self._session.begin() as connection:
                for step in steps:
                    step(connection, moves, folded)
            self._observe(Step.COMMITTED)
        for aggregate in folded.changed.values():
            aggregate.stored = aggregate.article


class Unfenced(Generation):
    """Neither epoch nor offset of a cursor are looked at when it is moved, and rows go over those that are there."""

    def _move_cursors(self, connection: Connection, moves: Moves, _: FoldResult) -> None:
        for held, moved in moves:
            values = {"next_offset": moved.next_offset, "last_offset": moved.last_offset, "last": moved.last}
            place = {"of_topic": held.topic, "of_partition": held.partition}
            connection.execute(_ANYHOW, place | values | {"chain": moved.chain})

    def _save_events(self, connection: Connection, _: object, folded: FoldResult) -> None:
        made: list[tuple[Any, ...]] = [event_rows.event_row(*pair) for pair in folded.outcomes.values()]
        self._rows.upsert(connection, tables.EVENT, made)

    def _save_pages(self, connection: Connection, _: object, folded: FoldResult) -> None:
        folded.replaced |= folded.pages.keys()
        super()._save_pages(connection, _, folded)


class Undeduped(Generation):
    """The database does not hold the memory of events decided."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Open it, and forget the index."""
        super().__init__(*arguments, **options)
        with self._session.begin() as connection:
            connection.exec_driver_sql("DROP INDEX IF EXISTS event_decided")


class DraftsShown(Generation):
    """The lead of every draft is copied into the page that readers see."""

    def _save_pages(self, connection: Connection, _: object, folded: FoldResult) -> None:
        super()._save_pages(connection, _, folded)
        for aggregate in folded.changed.values():
            for language, edition in aggregate.article.editions.items() if aggregate.article else ():
                page = (PUBLISHED.c.article_id == aggregate.id, PUBLISHED.c.language == language)
                connection.execute(update(PUBLISHED).where(*page).values(lead=edition.texts.lead))


class ByTimestamp(BatchFold):
    """A batch is folded in the order of its tools' clocks."""

    def fold(
        self, records: Iterable[JudgedRecord], aggregates: Mapping[str, Aggregate], refold: Refold | None = None
    ) -> FoldResult:
        """Fold records, the one with the earliest instant first."""
        ordered: Sequence[JudgedRecord] = sorted(records, key=lambda read: read.event.occurred_at if read.event else 0)
        return super().fold(ordered, aggregates, refold)


class NotSoughtBack(Loop):
    """After a rollback the loop reads on behind what was not stored."""

    def _let_go(self) -> None:
        """Keep everything."""

    def _rest(self, stopping: Any, seconds: float) -> None:
        stopping.wait(seconds)


def _decide_anew(
    _: object, article: Article | None, event: AnyArticleEvent, recorded: Recorded
) -> Article | Rejected | DuplicateId:
    return decide((), article, event, recorded)


def _folding_without_memory() -> BatchFold:
    return BatchFold(decide=_decide_anew)


class Build(NamedTuple):
    """The parts of a worker."""

    generation: type[Generation] = Generation
    folding: Callable[[], BatchFold] = BatchFold
    loop: type[Loop] = Loop


BUGS: Mapping[str, Build] = {
    "none": Build(),
    "cursor-apart": Build(generation=CursorApart),
    "unfenced": Build(generation=Unfenced),
    "no-dedupe": Build(generation=Undeduped, folding=_folding_without_memory),
    "by-timestamp": Build(folding=ByTimestamp),
    "draft-shown": Build(generation=DraftsShown),
    "not-sought-back": Build(loop=NotSoughtBack),
}
"""Every build by its name; the first one is sound."""
