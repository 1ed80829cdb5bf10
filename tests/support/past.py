"""The past of a newsroom: what its readers saw at an instant, asked for by the audit's own functions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from support.asked import as_json
from support.kit import CODEC, SITE, Newsroom

from newsroom_consumers.audit.asof import AsOfProgress, article_as_of, as_of
from newsroom_consumers.control.control import Control
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.generations.open import reader_queries
from newsroom_consumers.log.cut import Cut, cut_at
from newsroom_consumers.log.kafka import KafkaLog, placement
from newsroom_consumers.progress import Progress
from newsroom_consumers.queries.answers import GoneArticle, LiveArticle, NotFoundError
from newsroom_consumers.queries.readers import ReaderQueries

LANGUAGES = ("uk", "en")

Seen = dict[str, dict[str, Any] | None]
"""What readers are shown, by what they ask for; ``None`` where there is nothing."""


class Past:
    """The past of a newsroom, as somebody asks for it; keeps what was said meanwhile."""

    def __init__(self, newsroom: Newsroom, log: KafkaLog) -> None:
        self.control = Control(newsroom.database)
        self.said: list[str] = []
        self.stopping = threading.Event()
        self.progress: Progress = lambda _: None
        self._log = log
        self._reader = RecordReader(CODEC, tags_topic=newsroom.topics.tags, place=placement(log.partitions))
        self._clock = iter(range(1, 1000))

    def article(self, instant: int, language: str = "uk", **options: Any) -> LiveArticle | GoneArticle:
        """Return the storm's page as it was."""
        named: dict[str, Any] = {"instant": instant, "article_id": "storm", "language": language} | options
        return article_as_of(self.control, self._log, self._reader, SITE, **named)

    def cut(self, instant: int) -> Cut:
        """Return the cut of an instant."""
        return cut_at(self._log, instant)

    @contextmanager
    def generation(self, instant: int) -> Iterator[str]:
        """Fold the log up to an instant, or reuse that."""
        onlooker = AsOfProgress(
            self.said.append, lambda *_: nullcontext(self.progress), self.stopping, lambda: next(self._clock)
        )
        with as_of(self.control, self._log, self._reader, instant, onlooker) as name:
            yield name

    def name(self, instant: int) -> str:
        """Have the log folded up to an instant, and return the generation's name."""
        with self.generation(instant) as name:
            return name

    @contextmanager
    def readers(self, instant: int) -> Iterator[ReaderQueries]:
        """Ask as readers could at an instant."""
        with self.generation(instant) as name, reader_queries(self.control, SITE, name) as readers:
            yield readers

    def lists(self, instant: int) -> Seen:
        """Return every list as it was."""
        with self.readers(instant) as readers:
            return lists(readers)

    def kept(self) -> set[str]:
        """Name the cuts that are kept."""
        return {known.name for known in self.control.all() if known.name.startswith("cut-")}


def or_nothing(ask: Callable[..., Any], *named: Any, **options: Any) -> dict[str, Any] | None:
    """Return an answer as it comes out of JSON, ``None`` where readers have none."""
    try:
        return dict(as_json(ask(*named, **options)))
    except NotFoundError:
        return None


def lists(readers: ReaderQueries) -> Seen:
    """Ask for every list."""
    seen: Seen = {f"timeline {each}": as_json(readers.timeline(each, limit=9)) for each in LANGUAGES}
    return seen | {f"tag {each}": or_nothing(readers.tag, "weather", each, limit=9) for each in LANGUAGES}
