"""The articles kept in memory between batches: those touched last need not be loaded again."""

from __future__ import annotations

from collections.abc import Iterable

from newsroom_consumers.fold.aggregate import Aggregate

CACHED = 4000
"""Articles kept in memory by default."""


class ArticleCache(dict[str, Aggregate]):
    """The articles touched last, by id (or ``CATALOGUE``). A dict, because the fold looks up every record in it."""

    def __init__(self, size: int) -> None:
        """``size`` is the number of articles that ``touch`` leaves in the cache."""
        super().__init__()
        self._size = size

    def touch(self, ids: Iterable[str | None]) -> None:
        """Mark articles as just touched, and drop the ones touched longest ago down to the size of the cache."""
        for id_ in ids:
            if id_ is not None and (aggregate := self.pop(id_, None)):
                self[id_] = aggregate
        while len(self) > self._size:
            del self[next(iter(self))]
