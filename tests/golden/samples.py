"""One event of each type with every field set: what golden bytes are made of."""

from __future__ import annotations

from typing import Any

from newsroom_schemas.events import (
    AnyEvent,
    ArticleClassified,
    ArticleCreated,
    ArticleEdited,
    ArticleEmbargoed,
    ArticlePublished,
    ArticleReleased,
    ArticleScheduled,
    ArticleTranslated,
    ArticleUnpublished,
    ArticleUnscheduled,
    RecordSkipped,
    TagDefined,
    TagMerged,
)
from newsroom_schemas.values import Author, Block, Image, Note

_AT = 1_738_953_300_123_456
_IDS = ("0194e1c2-7f00-7000-8000-0000000000aa", "0194e1c2-7f00-7000-8000-0000000000bb")
_SAID: dict[str, Any] = {"event_id": _IDS[0], "occurred_at": _AT, "actor": "olena", "source": "desk"}
_ARTICLE: dict[str, Any] = {**_SAID, "article_id": "bridge-42", "expected_version": 3}
_TAG: dict[str, Any] = {**_SAID, "tag_id": "bridges"}
_CARD: dict[str, Any] = {"section": "city", "tags": ("bridges", "river_2"), "flags": ("main", "photo")}
_TEXTS: dict[str, Any] = {
    "slug": "mist-vidkryto",
    "headline": "Міст відкрито: «нарешті» 🎉",
    "lead": "Перші трамваї пішли о шостій.",
    "image": Image(
        src="media:" + "ab" * 32 + ".jpg",
        width=1600,
        height=900,
        alt="Міст уранці",
        caption="Перший трамвай",
        credit="І. Ковальчук",
    ),
    "authors": (Author(id="olena", name="Олена Ковальчук"), Author(id="ivan", name="Іван Дорош")),
    "legacy_urls": ("/news/2019/12/31/42", "/novyny/міст"),
    "blocks": (
        Block(kind="paragraph", text="Рух відкрили <em>вчасно</em>."),
        Block(kind="list", items=("трамвай 7", "трамвай 11"), label="Маршрути:"),
        Block(kind="quote", text="Ми чекали цього п'ять років.", attribution="Мешканка набережної"),
        Block(kind="image", url="https://example.org/b.jpg", caption="Набережна", credit="І. Дорош"),
    ),
}

SAMPLES: dict[str, AnyEvent] = {
    type(event).__name__: event
    for event in (
        ArticleCreated(**_ARTICLE, language="uk", **_TEXTS, **_CARD),
        ArticleEdited(
            **_ARTICLE,
            language="uk",
            **{name: _TEXTS[name] for name in ("slug", "headline", "authors", "blocks")},
            cleared=("lead", "image", "legacy_urls"),
        ),
        ArticleTranslated(
            **_ARTICLE,
            language="en-GB",
            source_language="uk",
            source_version=2,
            translator="maria",
            method="machine_edited",
            **_TEXTS,
        ),
        ArticleClassified(**_ARTICLE, **_CARD),
        ArticleScheduled(**_ARTICLE, language="uk", publish_at=_AT + 60_000_000),
        ArticleUnscheduled(**_ARTICLE, language="uk"),
        ArticleEmbargoed(**_ARTICLE, until=_AT + 3_600_000_000),
        ArticlePublished(
            **_ARTICLE,
            language="uk",
            published_at=_AT,
            note=Note(kind="correction", text="Виправлено дату."),
            schedule_id=_IDS[1],
        ),
        ArticleUnpublished(
            **_ARTICLE, languages=("uk", "sr-Latn-RS"), reason="merged", note="Див. нову статтю.", successor="bridge-43"
        ),
        ArticleReleased(**_ARTICLE),
        RecordSkipped(**_ARTICLE, topic="newsroom.articles", partition=5, offset=2**40, sha256="cd" * 32),
        TagDefined(**_TAG, labels={"uk": "Мости", "en": "Bridges"}),
        TagMerged(**_TAG, into="infrastructure"),
    )
}
"""The events by name."""
