"""A stream of editorial events to measure with: of 10 events 1 creates, 6 edit, 1 translates, 2 publish.

Values have 1.9 KB on average. The stream is the same for the same seed; articles overlap, some hundred at a time.
"""

from __future__ import annotations

import itertools
import random
import re
import uuid
from collections.abc import Iterator
from typing import Any

from newsroom_schemas.events import AnyEvent, ArticleCreated, ArticleEdited, ArticlePublished, ArticleTranslated
from newsroom_schemas.values import Block

ACTIVE = 500
"""Articles that are worked on at the same time."""
_WORDS = re.findall(
    r"\w+",
    "budget council harbour ministry river strike verdict storm election festival bridge market railway hospital "
    "бюджет рада порт міністерство річка страйк вирок буря вибори свято міст ринок залізниця лікарня",
)
_START = 1_738_929_600_000_000


def events(count: int, seed: int = 1, *, active: int = ACTIVE, prefix: str = "story") -> Iterator[AnyEvent]:
    """Return ``count`` events, each article's in an order that the fold applies.

    ``active`` articles are worked on at the same time; their ids begin with ``prefix``.
    """
    chance = random.Random(seed)  # noqa: S311 - a stream to measure with, no secret
    clock = itertools.count(_START // 1000)
    stories: list[Iterator[AnyEvent]] = []
    number = 0
    for _ in range(count):
        if len(stories) < active:
            stories.append(_story(f"{prefix}-{number}", chance, clock))
            number += 1
        at = chance.randrange(len(stories))
        event = next(stories[at], None)
        while event is None:
            stories[at] = _story(f"{prefix}-{number}", chance, clock)
            number += 1
            event = next(stories[at], None)
        yield event


def _story(article_id: str, chance: random.Random, clock: Iterator[int]) -> Iterator[AnyEvent]:
    """Return the ten events of one article; each is made at the next instant of the clock."""

    def envelope(version: int | None = None) -> dict[str, Any]:
        return {
            "event_id": _event_id(chance, next(clock)),
            "article_id": article_id,
            "occurred_at": _START,
            "actor": "olena",
            "source": "benchmark",
            "expected_version": version,
        }

    def texts() -> dict[str, Any]:
        return {"headline": _sentence(chance, 8), "lead": _sentence(chance, 20), "blocks": _blocks(chance)}

    yield ArticleCreated(
        **envelope(), language="uk", slug="slug", section="city", tags=("a", chance.choice("bcdefg")), **texts()
    )
    for version in (1, 2, 3):
        yield ArticleEdited(**envelope(version), language="uk", **texts())
    yield ArticlePublished(**envelope(4), language="uk")
    yield ArticleTranslated(
        **envelope(0), language="en", source_language="uk", source_version=4, slug="slug", **texts()
    )
    for version in (1, 2, 3):
        yield ArticleEdited(**envelope(version), language="en", **texts())
    yield ArticlePublished(**envelope(4), language="en")


def _event_id(chance: random.Random, millisecond: int) -> str:
    """Make a UUID as the SDK does: version 7 (RFC 9562), which grows with time."""
    variant_and_random = 0b10 << 62 | chance.getrandbits(62)
    return str(uuid.UUID(int=millisecond << 80 | 7 << 76 | chance.getrandbits(12) << 64 | variant_and_random))


def _blocks(chance: random.Random) -> tuple[Block, ...]:
    return tuple(Block(kind="paragraph", text=_sentence(chance, 22)) for _ in range(9))


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words)).capitalize() + "."
