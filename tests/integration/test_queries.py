"""What readers' questions are answered with: every form to the last field, labels, related stories, languages."""

from __future__ import annotations

from typing import Any

import pytest
from integration.conftest import on_both_databases
from support.asked import as_json, page, tagged
from support.fold_model import MINUTE, NOON, correction, edited, published, translated, unpublished
from support.kit import Newsroom
from support.stories import Story, rfc3339, send, send_stories

from newsroom_consumers.queries.answers import NotFoundError
from newsroom_producers.desk import new_event_id
from newsroom_schemas.values import Author, Block, Image

pytestmark = on_both_databases

IMAGE = Image(src="https://example.org/storm.jpg", width=800, height=600, alt="Хвилі", caption="Десна", credit="Ірина")
BLOCKS = (
    Block(kind="paragraph", text="Вода прибуває.", label="Деталі:"),
    Block(kind="list", items=("одне", "друге")),
    Block(kind="quote", text="Тримаймося.", attribution="мер"),
)
TEXTS: dict[str, Any] = {
    "slug": "buria",
    "headline": "Буря",
    "lead": "Уночі почалася буря.",
    "image": IMAGE,
    "authors": (Author(id="olena", name="Олена"),),
    "section": "society",
    "flags": ("main", "photo"),
    "blocks": BLOCKS,
}


def test_an_article_answers_with_every_field(newsroom: Newsroom) -> None:
    newsroom.desk().define_tag("weather", labels={"uk": "Погода"})
    storm = Story(id="storm", tags=("weather",), texts=TEXTS)
    send_stories(newsroom, [storm, Story(id="rain", tags=("weather",))])
    send(newsroom, [_edited("storm", lead="Буря."), _published("storm", note=correction("Вночі."), at=NOON + MINUTE)])
    newsroom.work()
    assert page(newsroom, "storm") == {
        "article_id": "storm",
        "language": "uk",
        "status": "live",
        "slug": "buria",
        "headline": "Буря",
        "lead": "Буря.",
        "blocks": [
            _block(kind="paragraph", text="Вода прибуває.", label="Деталі:"),
            _block(kind="list", items=["одне", "друге"]),
            _block(kind="quote", text="Тримаймося.", attribution="мер"),
        ],
        "image": {
            "src": "https://example.org/storm.jpg",
            "width": 800,
            "height": 600,
            "alt": "Хвилі",
            "caption": "Десна",
            "credit": "Ірина",
        },
        "authors": [{"id": "olena", "name": "Олена"}],
        "section": "society",
        "tags": [{"id": "weather", "label": "Погода"}],
        "flags": ["main", "photo"],
        "notes": [{"kind": "correction", "text": "Вночі.", "at": "2025-02-07T12:01:00.000000Z"}],
        "version": 2,
        "first_published_at": "2025-02-07T12:00:00.000000Z",
        "updated_at": "2025-02-07T12:01:00.000000Z",
        "languages": ["uk"],
        "related": [{"article_id": "rain", "headline": "Headline of rain"}],
        "url": "/uk/news/storm/buria",
    }


def test_an_article_of_few_words_answers_with_the_same_fields(newsroom: Newsroom) -> None:
    send_stories(newsroom, [Story(id="brief")])
    newsroom.work()
    assert page(newsroom, "brief") == {
        "article_id": "brief",
        "language": "uk",
        "status": "live",
        "slug": "slug",
        "headline": "Headline of brief",
        "lead": None,
        "blocks": [],
        "image": None,
        "authors": [],
        "section": None,
        "tags": [],
        "flags": [],
        "notes": [],
        "version": 1,
        "first_published_at": "2025-02-07T12:00:00.000000Z",
        "updated_at": None,
        "languages": ["uk"],
        "related": [],
        "url": "/uk/news/brief/slug",
    }


def test_a_gone_article_says_why_and_since_when(newsroom: Newsroom) -> None:
    """It has no text, names its successor, and the languages in which the article is still live."""
    send_stories(newsroom, [Story(id="storm", texts=TEXTS)])
    send(newsroom, [_translated("storm", "en"), _published("storm", language="en")])
    withdrawn = {"reason": "merged", "note": "Див. нову статтю.", "successor": "flood"}
    send(newsroom, [unpublished("uk", article_id="storm", event_id=new_event_id(), **withdrawn)])
    newsroom.work()
    last = newsroom.look(lambda seen: seen.ledger.outcomes("storm"))[-1]
    assert page(newsroom, "storm") == {
        "article_id": "storm",
        "language": "uk",
        "status": "gone",
        **withdrawn,
        "since": str(last.recorded_at),
        "languages": ["en"],
        "url": "/uk/news/storm",
    }


def test_a_list_answers_with_every_field(newsroom: Newsroom) -> None:
    """The timeline and a tag show the same items; times are the newsroom's, instants are UTC."""
    newsroom.desk().define_tag("weather", labels={"en": "Weather", "uk": "Погода"})
    old = Story(id="old", at=NOON - MINUTE, tags=("weather",))
    send_stories(newsroom, [old, Story(id="storm", tags=("weather",), texts=TEXTS)])
    newsroom.work()
    item = {
        "article_id": "storm",
        "headline": "Буря",
        "published_at": "2025-02-07T12:00:00.000000Z",
        "time": "14:00",
        "flags": ["main", "photo"],
        "url": "/uk/news/storm/buria",
    }
    timeline = as_json(newsroom.look(lambda seen: seen.queries.timeline("uk", limit=1)))
    tag = as_json(newsroom.look(lambda seen: seen.queries.tag("weather", "uk", limit=1)))
    assert isinstance(timeline["next"], str)
    assert timeline == {"items": [item], "next": timeline["next"]}
    assert tag == {"tag": {"id": "weather", "label": "Погода"}, "items": [item], "next": timeline["next"]}


def test_outcomes_answer_with_every_field(newsroom: Newsroom) -> None:
    receipt = newsroom.desk("petro").edit("storm", "uk", headline="Storm", expected_version=3)
    newsroom.work()
    (outcome,) = newsroom.look(lambda seen: seen.ledger.outcomes("storm"))
    recorded_at = newsroom.tables()["event"][0][9]
    assert as_json(outcome) == {
        "event_id": receipt.event_id,
        "type": "ArticleEdited",
        "language": "uk",
        "outcome": "rejected",
        "reason": "unknown_article",
        "facts": {"article": "storm"},
        "recorded_at": rfc3339(recorded_at),
        "actor": "petro",
        "partition": receipt.partition,
        "offset": receipt.offset,
    }


def test_a_label_falls_back_to_the_newsrooms_languages_and_then_to_the_id(newsroom: Newsroom) -> None:
    """A tag that the catalogue lacks has its id for a label, and is a tag as long as a live story carries it."""
    desk = newsroom.desk()
    desk.define_tag("all", labels={"uk": "усі", "ru": "все", "en": "all"})
    desk.define_tag("russian", labels={"ru": "русский", "en": "Russian", "uk": ""})
    desk.define_tag("german", labels={"de": "deutsch"})
    send_stories(newsroom, [Story(id="storm", language="en", tags=("all", "russian", "german", "bare"))])
    newsroom.work()
    assert _labels(newsroom, "storm", "en") == ["all", "Russian", "german", "bare"]
    for tag_id, labels in {"all": "усі", "russian": "русский", "german": "german", "bare": "bare"}.items():
        answer = newsroom.look(lambda seen, tag_id=tag_id: seen.queries.tag(tag_id, "uk", limit=1))  # type: ignore[misc]
        assert as_json(answer.tag) == {"id": tag_id, "label": labels}
    assert tagged(newsroom, "bare", "en") == ["storm"]


def test_an_article_shows_merged_tags_once_and_in_the_order_of_its_card(newsroom: Newsroom) -> None:
    desk = newsroom.desk()
    for tag_id in ("target", "alias", "alias-of-alias", "other"):
        desk.define_tag(tag_id, labels={"uk": f"label of {tag_id}"})
    desk.merge_tag("alias-of-alias", into="alias")
    desk.merge_tag("alias", into="target")
    send_stories(newsroom, [Story(id="storm", tags=("alias-of-alias", "other", "target", "alias"))])
    newsroom.work()
    assert _labels(newsroom, "storm", "uk") == ["label of target", "label of other"]
    for tag_id in ("target", "alias", "alias-of-alias"):
        assert tagged(newsroom, tag_id) == ["storm"]


def test_related_are_the_three_newest_others_of_the_first_tag(newsroom: Newsroom) -> None:
    """A redirect of the first tag is followed; the article itself, other tags and other languages are left out."""
    desk = newsroom.desk()
    for tag_id in ("flood", "deluge"):
        desk.define_tag(tag_id, labels={})
    desk.merge_tag("deluge", into="flood")
    stories = [Story(id=f"flood-{n}", at=NOON + n * MINUTE, tags=("flood", "deluge")[n % 2 :]) for n in range(5)]
    newest = Story(id="newest", at=NOON + 9 * MINUTE, tags=("deluge", "weather"))
    others = [Story(id="alone", tags=("alone",)), Story(id="english", language="en", tags=("flood",))]
    send_stories(newsroom, [*stories, newest, *others])
    newsroom.work()
    assert [each["article_id"] for each in page(newsroom, "newest")["related"]] == ["flood-4", "flood-3", "flood-2"]
    assert [each["article_id"] for each in page(newsroom, "flood-3")["related"]] == ["newest", "flood-4", "flood-2"]
    assert page(newsroom, "alone")["related"] == []


def test_languages_stand_in_the_newsrooms_order_and_others_behind(newsroom: Newsroom) -> None:
    send_stories(newsroom, [Story(id="storm")])
    for language in ("pl", "en", "de", "ru"):
        send(newsroom, [_translated("storm", language), _published("storm", language=language)])
    send(newsroom, [_translated("storm", "fr")])
    newsroom.work()
    assert page(newsroom, "storm", "pl")["languages"] == ["uk", "ru", "en", "de", "pl"]


def test_what_readers_do_not_have_is_not_found(newsroom: Newsroom) -> None:
    """An unknown article, a language without edition, a tag never seen, an article without events."""
    send_stories(newsroom, [Story(id="storm")])
    newsroom.work()
    for ask in (
        lambda seen: seen.queries.article("unheard-of", "uk"),
        lambda seen: seen.queries.article("storm", "en"),
        lambda seen: seen.queries.tag("unheard-of", "uk", limit=1),
        lambda seen: seen.ledger.outcomes("unheard-of"),
    ):
        with pytest.raises(NotFoundError):
            newsroom.look(ask)


def test_a_tag_that_is_only_defined_lists_nothing(newsroom: Newsroom) -> None:
    newsroom.desk().define_tag("weather", labels={})
    newsroom.work()
    expected: dict[str, Any] = {"tag": {"id": "weather", "label": "weather"}, "items": [], "next": None}
    assert as_json(newsroom.look(lambda seen: seen.queries.tag("weather", "uk", limit=1))) == expected


def _labels(newsroom: Newsroom, article_id: str, language: str) -> list[str]:
    """Return the labels of an article's tags."""
    return [tag["label"] for tag in page(newsroom, article_id, language)["tags"]]


def _block(**given: Any) -> dict[str, Any]:
    """Write a block as JSON shows it: with every field."""
    return {field: given.get(field, [] if field == "items" else None) for field in Block.__struct_fields__}


def _edited(article_id: str, **fields: Any) -> Any:
    return edited(article_id=article_id, event_id=new_event_id(), **fields)


def _translated(article_id: str, language: str) -> Any:
    return translated(article_id=article_id, event_id=new_event_id(), language=language)


def _published(article_id: str, *, at: int = NOON, **fields: Any) -> Any:
    return published(article_id=article_id, event_id=new_event_id(), published_at=at, **fields)
