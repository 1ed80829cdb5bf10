"""What readers saw of one article, over random logs: its own records tell the same as the whole log up to the cut."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.asked import as_json
from support.examples import examples
from support.kit import CODEC, SITE
from support.memory_log import MemoryLog
from support.record_strategies import PARTITIONS, PLACE, TAGS_TOPIC, records
from support.strategies import ARTICLES, LANGUAGES, unhurried

from newsroom_consumers.audit.asof import AsOfProgress, article_as_of, as_of
from newsroom_consumers.control.build import this_build
from newsroom_consumers.control.control import Control
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.generations.open import reader_queries
from newsroom_consumers.log.cut import end_of
from newsroom_consumers.log.record import Record
from newsroom_consumers.queries.answers import GoneArticle, LiveArticle, NotFoundError
from newsroom_consumers.worker.replay import replay

READER = RecordReader(CODEC, tags_topic=TAGS_TOPIC, place=PLACE)
Page = LiveArticle | GoneArticle
EDITIONS = [(article, language) for article in ARTICLES for language in sorted(set(LANGUAGES))]


@settings(unhurried, max_examples=examples(5))
@given(records(), st.data())
def test_an_article_by_its_own_records_is_what_the_whole_log_says_of_it(log: list[Record], data: st.DataObject) -> None:
    """At any instant, with parked, skipped, misplaced and repeated records among them."""
    instant = data.draw(st.sampled_from([record.timestamp for record in log] or [0])) - data.draw(st.integers(0, 1))
    memory, stopping = MemoryLog(PARTITIONS, log), threading.Event()
    onlooker = AsOfProgress(lambda _: None, lambda *_: nullcontext(lambda _: None), stopping)
    with TemporaryDirectory() as folder:
        control = Control(SqliteDatabase(Path(folder)))
        replay(control, "main", memory, end_of(memory), READER, stopping=stopping)
        control.register("main", this_build(PARTITIONS), now=0)
        with (
            as_of(control, memory, READER, instant, onlooker) as name,
            reader_queries(control, SITE, name) as readers,
        ):
            for edition in EDITIONS:
                asked = partial(_told, control, memory, instant)
                assert _answer(asked, *edition) == _answer(readers.article, *edition)


def _told(control: Control, memory: MemoryLog, instant: int, article_id: str, language: str) -> Page:
    named: dict[str, Any] = {"instant": instant, "article_id": article_id, "language": language}
    return article_as_of(control, memory, READER, SITE, **named)


def _answer(ask: Callable[[str, str], Page], article_id: str, language: str) -> dict[str, Any] | None:
    """Return a page, ``None`` where there is none; what it is related to is not compared."""
    try:
        return {**as_json(ask(article_id, language)), "related": None}
    except NotFoundError:
        return None
