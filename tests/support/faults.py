"""Generations that fail or are built wrong on purpose, and the wrong ones' faults that comparisons must see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection
from support.memory_log import Fuse

from newsroom_consumers.database.database import Session
from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.result import FoldResult
from newsroom_consumers.store import event_rows, tables
from newsroom_consumers.store.cursors import Cursor
from newsroom_consumers.store.generation import Generation

Moves = Sequence[tuple[Cursor, Cursor]]
_Step = Callable[[Connection, Moves, FoldResult], None]


class BrittleGeneration(Generation):
    """A generation that burns a fuse before each thing it does, before each commit, and after it."""

    def __init__(self, session: Session, fuse: Fuse) -> None:
        super().__init__(session)
        self._fuse = fuse

    def take(self, cursor: Cursor, owner: str) -> Cursor:
        """Raise a partition's epoch."""
        self._fuse.burn()
        taken = super().take(cursor, owner)
        self._fuse.burn()
        return taken

    def load(self, ids: Iterable[str]) -> dict[str, Aggregate]:
        """Load articles."""
        self._fuse.burn()
        return super().load(ids)

    def commit(self, moves: Moves, folded: FoldResult) -> None:
        """Store a batch."""
        super().commit(moves, folded)
        self._fuse.burn()

    def steps(self) -> tuple[_Step, ...]:
        """Return the steps, each with the fuse before it, and the fuse once more before the commit."""
        return (*(self._burning(step) for step in super().steps()), self._burn)

    def _burning(self, step: _Step) -> _Step:
        def burn_and_go(connection: Connection, moves: Moves, folded: FoldResult) -> None:
            self._fuse.burn()
            step(connection, moves, folded)

        return burn_and_go

    def _burn(self, *_: object) -> None:
        self._fuse.burn()


class SplitGeneration(Generation):
    """A generation built wrong: a batch is two transactions, and the process may die between the first two of them."""

    def __init__(self, session: Session, crash: BaseException | None = None) -> None:
        super().__init__(session)
        self._crash = crash

    def commit(self, moves: Moves, folded: FoldResult) -> None:
        """Store a batch in two transactions."""
        first, second = self.halves()
        self._store_half(first, moves, folded)
        if self._crash is not None:
            raise self._crash
        self._store_half(second, moves, folded)

    def halves(self) -> tuple[Sequence[_Step], Sequence[_Step]]:
        """Return the steps of the first transaction, and those of the second."""
        raise NotImplementedError

    def _store_half(self, steps: Sequence[_Step], moves: Moves, folded: FoldResult) -> None:
        with self._session.begin() as connection:
            for step in steps:
                step(connection, moves, folded)

    def _replace_events(self, connection: Connection, _: object, folded: FoldResult) -> None:
        """Write event rows over those that are there: a plain insert would betray the fault by itself."""
        made: list[tuple[Any, ...]] = [event_rows.event_row(*pair) for pair in folded.outcomes.values()]
        self._rows.upsert(connection, tables.EVENT, made)


class CursorsFirst(SplitGeneration):
    """Cursors are committed before the rows that they speak of: a crash in between loses those."""

    def halves(self) -> tuple[Sequence[_Step], Sequence[_Step]]:
        """Split behind the cursors."""
        cursors, *others = self.steps()
        return [cursors], others


class RowsFirst(SplitGeneration):
    """Rows are committed before the cursors: a crash in between folds the same records again."""

    def halves(self) -> tuple[Sequence[_Step], Sequence[_Step]]:
        """Split before the cursors."""
        cursors, states, _, *others = self.steps()
        return [states, self._replace_events, *others], [cursors]
