"""Answers as programs and terminals get them: the keys of the API in their order, instants as text, no text obeyed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from newsroom_consumers.queries.answers import (
    ArticleLink,
    CursorOverview,
    GenerationOverview,
    GoneArticle,
    Instant,
    ListEntry,
    LiveArticle,
    ParkedArticle,
    ParkedHead,
    QueueFate,
    ReaderNote,
    RecordOutcome,
    ShownImage,
    ShownTag,
    SkipFate,
    SourcedOutcome,
    TagPage,
    TimelinePage,
    WholeParkedRecord,
    to_builtins,
    to_json,
)
from newsroom_infra.cli.shared.output import visible
from newsroom_schemas.fold.tags import Label
from newsroom_schemas.values import Author, Block

EVIL = "a\x1b]0;owned\x07\u202eb"
"""A text that a terminal would obey."""
AT = Instant(1_738_929_600_000_001)
TAG = ShownTag(id=EVIL, label=Label(EVIL, "en"))
ENTRY = ListEntry(article_id=EVIL, headline=EVIL, published_at=AT, time=EVIL, flags=(EVIL,), url=EVIL)
IMAGE = ShownImage(alt=EVIL, caption=EVIL, credit=EVIL, height=1, src=EVIL, width=2)
LIVE = LiveArticle(
    article_id=EVIL,
    language=EVIL,
    slug=EVIL,
    headline=EVIL,
    lead=EVIL,
    blocks=(Block(kind=EVIL, text=EVIL, items=(EVIL,), label=EVIL, attribution=EVIL, url=EVIL),),
    image=IMAGE,
    authors=(Author(id=EVIL, name=EVIL),),
    section=EVIL,
    tags=(TAG,),
    flags=(EVIL,),
    notes=(ReaderNote(kind=EVIL, text=EVIL, at=AT),),
    version=1,
    first_published_at=AT,
    updated_at=None,
    languages=(EVIL,),
    related=(ArticleLink(article_id=EVIL, headline=EVIL),),
    url=EVIL,
)
GONE = GoneArticle(
    article_id=EVIL, language=EVIL, reason=EVIL, note=EVIL, successor=EVIL, since=AT, languages=(EVIL,), url=EVIL
)
_OUTCOME: dict[str, Any] = {
    **dict.fromkeys(("event_id", "type", "language", "outcome", "reason", "actor"), EVIL),
    "facts": {"until": AT, "languages": [EVIL]},
    "recorded_at": AT,
    "partition": 1,
    "offset": 2,
}
_PARKED: dict[str, Any] = {
    **dict.fromkeys(("article_id", "topic", "stage", "error"), EVIL),
    "partition": 1,
    "offset": 2,
    "recorded_at": AT,
    "hides": (EVIL,),
}
HEAD = ParkedHead(**_PARKED, key=EVIL, sha256=EVIL, type=EVIL, actor=EVIL)
_FATE: dict[str, Any] = {"article_id": EVIL, "records": 2, "outcomes": {"applied": 2}, "parked": HEAD}

CURSOR = CursorOverview(topic=EVIL, partition=1, next_offset=2, lag=None)

_OUTCOME_KEYS = "event_id type language outcome reason facts recorded_at actor partition offset"
_PUBLISHED_KEYS = "notes version first_published_at updated_at related url languages"
_PARKED_KEYS = "article_id topic partition offset recorded_at stage error hides"
FORMS: dict[str, tuple[msgspec.Struct, str]] = {
    "live article": (
        LIVE,
        f"article_id language status slug headline lead blocks image authors section tags flags {_PUBLISHED_KEYS}",
    ),
    "note": (LIVE.notes[0], "at kind text"),
    "image": (IMAGE, "alt caption credit height src width"),
    "tag": (TAG, "id label"),
    "related": (LIVE.related[0] if LIVE.related else TAG, "article_id headline"),
    "gone article": (GONE, "article_id language status reason note successor since url languages"),
    "timeline": (TimelinePage(items=(ENTRY,), next=EVIL), "items next"),
    "item": (ENTRY, "article_id headline published_at time flags url"),
    "tag page": (TagPage(tag=TAG, items=(ENTRY,), next=None), "tag items next"),
    "outcome": (RecordOutcome(**_OUTCOME), _OUTCOME_KEYS),
    "outcome with its source": (
        SourcedOutcome(**_OUTCOME, source=EVIL, occurred_at=AT, topic=EVIL),
        f"{_OUTCOME_KEYS} source occurred_at topic",
    ),
    "parked article": (ParkedArticle(**_PARKED, waiting=1), f"{_PARKED_KEYS} waiting"),
    "parked record": (
        WholeParkedRecord(**_PARKED, headers=((EVIL, EVIL),), value=EVIL),
        f"{_PARKED_KEYS} headers value",
    ),
    "fate": (QueueFate(**_FATE), "article_id records outcomes parked"),
    "first parked record": (HEAD, f"{_PARKED_KEYS} key sha256 type actor"),
    "generation": (
        GenerationOverview(
            name=EVIL,
            live=True,
            fold_version=1,
            projection_versions={"tags": 1},
            topics={"articles": 6},
            created_at=AT,
            size=None,
            cursors=(CURSOR,),
        ),
        "name live fold_version projection_versions topics created_at size cursors lag parked rows",
    ),
    "cursor": (CURSOR, "topic partition next_offset lag"),
    "skip": (SkipFate(skip=RecordOutcome(**_OUTCOME), **_FATE), "skip article_id records outcomes parked"),
}


@pytest.mark.parametrize("form", FORMS)
def test_json_has_the_keys_of_the_api_in_their_order(form: str) -> None:
    answer, keys = FORMS[form]
    assert list(msgspec.json.decode(to_json(answer))) == keys.split()


@pytest.mark.parametrize("form", FORMS)
def test_no_text_of_an_answer_is_obeyed_by_a_terminal(form: str) -> None:
    answer, _ = FORMS[form]
    shown = visible(answer)
    assert type(shown) is type(answer)
    assert set(texts(to_builtins(answer))) & {EVIL}
    assert set(texts(to_builtins(shown))) & {EVIL} == set()


def texts(value: Any) -> Iterator[str]:
    """Yield every text in the values of a JSON value."""
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from texts(inner)
        case list() | tuple():
            for inner in value:
                yield from texts(inner)


def test_instants_are_numbers_inside_and_text_in_json() -> None:
    assert ENTRY.published_at - AT == 0
    assert msgspec.json.decode(to_json(ENTRY))["published_at"] == str(AT) == "2025-02-07T12:00:00.000001Z"
    assert to_builtins(FORMS["outcome"][0])["facts"]["until"] == str(AT)


def test_a_labels_language_is_known_and_not_in_json() -> None:
    assert TAG.label.language == "en"
    assert msgspec.json.decode(to_json(TAG)) == {"id": EVIL, "label": EVIL}


def test_what_is_no_part_of_an_answer_is_not_written() -> None:
    with pytest.raises(NotImplementedError, match="object"):
        to_json([object()])
