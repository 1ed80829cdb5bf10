"""What a newsroom's tools believe of its articles: the fold of what was acknowledged, in the order of the log."""

from __future__ import annotations

import bisect
import threading
import time
from collections import defaultdict

from newsroom_producers.receipts import Receipt
from newsroom_schemas.events import AnyArticleEvent, AnyEvent, TagEvent
from newsroom_schemas.fold.article import decide
from newsroom_schemas.fold.state import Article, Recorded


class Beliefs:
    """Articles as far as the receipts tell; what is in the log without a receipt makes them wrong, as in life."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = threading.Lock()
        self._events: defaultdict[str, list[tuple[int, AnyArticleEvent]]] = defaultdict(list)
        self._articles: dict[str, Article] = {}

    def article(self, id_: str) -> Article | None:
        """Return what is believed of an article."""
        with self._lock:
            return self._articles.get(id_)

    def learn(self, event: AnyEvent, receipt: Receipt) -> None:
        """Note what is known to be in the log."""
        if isinstance(event, TagEvent):
            return
        with self._lock:
            known = self._events[event.article_id]
            bisect.insort(known, (receipt.offset, event), key=lambda each: each[0])
            if known[-1][1] is event:
                self._apply(event, receipt.offset, {each.event_id for _, each in known[:-1]})
            else:
                self._reckon_anew(event.article_id)

    def _reckon_anew(self, id_: str) -> None:
        self._articles.pop(id_, None)
        decided: set[str] = set()
        for offset, event in self._events[id_]:
            self._apply(event, offset, decided)
            decided.add(event.event_id)

    def _apply(self, event: AnyArticleEvent, offset: int, decided: set[str]) -> None:
        id_ = event.article_id
        recorded = Recorded(timestamp=time.time_ns() // 1000, topic="", partition=0, offset=offset, key=id_)
        after = decide(decided, self._articles.get(id_), event, recorded)
        if isinstance(after, Article):
            self._articles[id_] = after
