"""Replays of a newsroom's log into generations beside the live one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

from support.kit import CODEC, Newsroom

from newsroom_consumers.control.control import Control
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.log.cut import Cut, end_of
from newsroom_consumers.log.kafka import KafkaLog, placement
from newsroom_consumers.worker.replay import replay


def replayed(
    newsroom: Newsroom,
    name: str,
    cut: Cut | None = None,
    *,
    folding: BatchFold | None = None,
    stopping: threading.Event | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Newsroom:
    """Fold the log up to a cut, the end if none is given, and return the newsroom as that generation shows it."""
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
            batch_fold=folding,
            progress=progress,
        )
    return beside(newsroom, name)


def beside(newsroom: Newsroom, name: str) -> Newsroom:
    """Return the newsroom as another of its generations shows it."""
    prefix = newsroom.topics.articles.removesuffix(".articles")
    return Newsroom(newsroom.bootstrap, prefix, newsroom.place, batch=newsroom.batch, generation=name)
