"""Random logs that a newsroom might write: few articles and languages, editors who see old versions, resent events.

A log is drawn as a list of ``Step``: small values without any state, so that hypothesis can shrink it. ``log_of`` makes
records of them, and gives instants, schedules and repeats their meaning from what the log holds already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from support import fold_model as make
from support.fold_model import NOON, SECOND

from newsroom_schemas.events import AnyArticleEvent, ArticleScheduled
from newsroom_schemas.fold.state import Recorded

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Decorates a property: a busy machine is not a failure."""

ARTICLES = ("storm", "flood")
LANGUAGES = ("uk", "uk", "en", "en", "ru")
KINDS = (
    "created",
    *("edited",) * 4,
    *("translated",) * 2,
    *("published",) * 7,
    *("scheduled",) * 3,
    *("published by schedule",) * 3,
    *("unpublished",) * 2,
    *("classified",) * 2,
    "unscheduled",
    *("embargoed",) * 2,
    "embargo lifted",
    "legal",
    *("released",) * 2,
    "skipped",
    *("repeated",) * 2,
)
"""Kinds of steps, each as often as it is likely."""
EXPECTED = (None, None, None, None, None, None, 0, 1, 2, 3)
"""Versions that an author may have seen."""
SHIFTS = (-90, -30, 0, 30, 90)
"""Seconds between a record and an instant that its event names."""
PAUSES = (0, 1, 40)
"""Seconds between a record and the next."""
NUMBERS = (0, 1, 1, 1, 2, 3, 4)
EDITS: tuple[dict[str, Any], ...] = (
    {},
    {"headline": "New"},
    {"lead": "New"},
    {"cleared": ("lead", "slug")},
    {"cleared": ("headline",)},
)
"""What an edit may say."""


class Step(msgspec.Struct, frozen=True):
    """One step of a random log; what its numbers mean depends on the kind."""

    kind: str
    article_id: str
    language: str
    other: str
    """Source of a translation, or a second language to withdraw."""
    expected: int | None
    number: int
    """Which version, text or earlier event is meant."""
    shift: int
    """Seconds from the record to the instant that the event names."""
    pause: int
    """Seconds since the record before."""


Entry = tuple[AnyArticleEvent, Recorded]


CHOICES: tuple[Sequence[Any], ...] = (KINDS, ARTICLES, LANGUAGES, LANGUAGES, EXPECTED, NUMBERS, SHIFTS, PAUSES)
"""What each field of a step is chosen from."""


def logs() -> st.SearchStrategy[list[Entry]]:
    """Draw a log of several articles: a short one, easy to read when it fails, or a long one that gets far."""
    step = st.builds(Step, *map(st.sampled_from, CHOICES))
    return (st.lists(step, min_size=1, max_size=20) | st.lists(step, min_size=20, max_size=60)).map(log_of)


def log_of(drawn: list[Step]) -> list[Entry]:
    """Make the records of a log: each article begins with a draft in Ukrainian and its translation into English."""
    first = [
        Step(kind, each, language, "uk", None, 1, 0, 0)
        for each in dict.fromkeys(step.article_id for step in drawn)
        for kind, language in (("created", "uk"), ("translated", "en"))
    ]
    log: list[Entry] = []
    now = NOON
    for offset, step in enumerate((*first, *drawn)):
        now += step.pause * SECOND
        event = _event(step, [event for event, _ in log if event.article_id == step.article_id], now, f"e{offset}")
        log.append((event, make.record(event, offset=offset, timestamp=now)))
    return log


def _event(step: Step, past: list[AnyArticleEvent], now: int, event_id: str) -> AnyArticleEvent:
    """Make the event of a step, given the article's events before it."""
    if step.kind == "repeated":
        return past[step.number % len(past)] if past else make.skipped(article_id=step.article_id, event_id=event_id)
    envelope: dict[str, Any] = {"article_id": step.article_id, "event_id": event_id, "expected_version": step.expected}
    return _whole(step, now, envelope) or _edition(step, past, now, envelope | {"language": step.language})


def _whole(  # noqa: PLR0911 - one for each kind
    step: Step, now: int, envelope: dict[str, Any]
) -> AnyArticleEvent | None:
    """Make an event of the whole article."""
    match step.kind:
        case "classified":
            return make.classified(tags=(f"t{step.number}",), **envelope)
        case "embargoed":
            return make.embargoed(now + step.shift * SECOND, **envelope)
        case "embargo lifted":
            return make.embargoed(None, **envelope)
        case "unpublished":
            languages = ((), (step.language,), (step.language, step.other))[step.number % 3]
            return make.unpublished(*languages, **envelope)
        case "legal":
            return make.unpublished(step.language, reason="legal", **envelope)
        case "released":
            return make.released(**envelope)
        case "skipped":
            return make.skipped(**envelope)
    return None


def _edition(  # noqa: PLR0911 - one for each kind
    step: Step, past: list[AnyArticleEvent], now: int, fields: dict[str, Any]
) -> AnyArticleEvent:
    """Make an event of one edition."""
    instant = now + step.shift * SECOND
    match step.kind:
        case "created":
            return make.created(tags=("t1", "t2"), **fields)
        case "translated":
            return make.translated(source_language=step.other, source_version=step.number, **fields)
        case "scheduled":
            return make.scheduled(instant, **fields)
        case "unscheduled":
            return make.unscheduled(**fields)
        case "published by schedule":
            plans = [event.event_id for event in past if isinstance(event, ArticleScheduled)]
            return make.published(schedule_id=plans[-1] if plans else "none", **fields)
        case "published":
            note = make.correction() if step.number == 0 else None
            return make.published(published_at=instant if step.number > 2 else None, note=note, **fields)
    return make.edited(**EDITS[step.number], **fields)
