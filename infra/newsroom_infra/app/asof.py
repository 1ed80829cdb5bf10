"""The wiring of questions about the past: an article's history, and what readers saw at an instant."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar

from newsroom_consumers.audit import asof
from newsroom_consumers.audit.history.history import history as told
from newsroom_consumers.generations.open import reader_queries
from newsroom_consumers.queries.answers import GoneArticle, LiveArticle
from newsroom_consumers.queries.readers import ReaderQueries
from newsroom_infra.app import build
from newsroom_infra.app.log import kafka_log, log_or_archive, record_reader
from newsroom_infra.settings import Settings

T = TypeVar("T")


def history(settings: Settings, article_id: str) -> dict[str, Any]:
    """Tell the history of an article, or of the tag catalogue. See ``newsroom_consumers.audit.history.history``."""
    control = build.control(settings)
    with closing(kafka_log(settings)) as log:
        return told(control, log, record_reader(log), build.codec().blocks, article_id, now=time.time_ns() // 1000)


def article(
    settings: Settings, instant: int, article_id: str, language: str, looking: asof.Looking
) -> LiveArticle | GoneArticle:
    """Give the page of an edition as it was at an instant. See ``newsroom_consumers.audit.asof``."""
    control, site = build.control(settings), build.site(settings)
    with closing(kafka_log(settings)) as log:
        return asof.article_as_of(
            control,
            log,
            record_reader(log),
            site,
            instant=instant,
            article_id=article_id,
            language=language,
            looking=looking,
        )


def ask(settings: Settings, instant: int, question: Callable[[ReaderQueries], T], onlooker: asof.AsOfProgress) -> T:
    """Ask what readers could have asked at an instant. See ``newsroom_consumers.audit.asof``."""
    control, site = build.control(settings), build.site(settings)
    with (
        log_or_archive(settings, None) as log,
        asof.as_of(control, log, record_reader(log), instant, onlooker) as name,
        reader_queries(control, site, name) as readers,
        asof.then(instant),
    ):
        return question(readers)
