"""Replays of a newsroom's log into generations beside the live one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

from kit import CODEC, Newsroom

from newsroom_consumers.cuts import Cut, end_of
from newsroom_consumers.folding import Folding
from newsroom_consumers.reads import RecordReader
from newsroom_consumers.replay import replay
from newsroom_consumers.store.control import Control
from newsroom_consumers.transport import KafkaLog, placement


def replayed(
    newsroom: Newsroom,
    name: str,
    cut: Cut | None = None,
    *,
    folding: Folding | None = None,
    stopping: threading.Event | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Newsroom:
    """Fold the log up to a cut, the end if none is given, and give the newsroom as that generation shows it."""
    control = Control(newsroom.database)
    with (
        control.database.exclusively(name),
        closing(KafkaLog(newsroom.bootstrap, newsroom.topics, batch=newsroom.batch)) as log,
    ):
        reader = RecordReader(CODEC, tags_topic=newsroom.topics.tags, place=placement(log.partitions))
        replay(
            control,
            name,
            log,
            cut or end_of(log),
            reader,
            stopping=stopping or threading.Event(),
            folding=folding,
            progress=progress,
        )
    return beside(newsroom, name)


def beside(newsroom: Newsroom, name: str) -> Newsroom:
    """Give the newsroom as another of its generations shows it."""
    prefix = newsroom.topics.articles.removesuffix(".articles")
    return Newsroom(newsroom.bootstrap, prefix, newsroom.place, batch=newsroom.batch, generation=name)
