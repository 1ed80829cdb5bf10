"""Records that are wrong for ever, and records that came before: each has its outcome, none stops the loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from integration.conftest import Refold, on_both_databases
from support.asked import outcomes, page, rows
from support.fold_model import edited, published
from support.kit import CODEC, Newsroom
from support.raw import PARTITIONS, RawLog, place_of
from support.stories import Story, send, send_stories

from newsroom_consumers.projections.columns import canonical
from newsroom_consumers.store.tables import EVENT
from newsroom_producers.desk import new_event_id
from newsroom_schemas.events import ArticleEdited, TagDefined
from newsroom_schemas.values import Block

pytestmark = pytest.mark.parametrize("batch", [1, 500])

WRONG = (place_of("a") + 1) % PARTITIONS
"""A partition where the article's key does not belong."""
NUL, SURROGATE = b"n\0l", b"\xed\xa0\x80"


def _edit(**fields: Any) -> ArticleEdited:
    """Edit the article ``a`` in an event with an id of its own."""
    return edited(article_id="a", event_id=new_event_id(), **fields)


def _in_block() -> ArticleEdited:
    """Edit a block whose second text is to be spoiled."""
    return _edit(blocks=(Block(kind="paragraph", text="sound", items=("nil",)),))


def _tag() -> TagDefined:
    """Define a tag whose id is the article's."""
    return TagDefined(tag_id="a", event_id=new_event_id(), occurred_at=0, actor="olena", source="desk")


def _tag_among_articles(newsroom: Newsroom, log: RawLog) -> None:
    log.append(b"a", CODEC.encode(_tag()).value, CODEC.encode(_tag()).headers)


Spoil = Callable[[Newsroom, RawLog], Any]
REJECTED: dict[str, tuple[str, dict[str, Any], str | None, Spoil]] = {
    "in another partition": (
        "misplaced",
        {"partition": WRONG, "expected": place_of("a")},
        "a",
        lambda _, log: log.event(_edit(lead="x"), partition=WRONG),
    ),
    "in another partition, not decodable": (
        "misplaced",
        {"partition": WRONG, "expected": place_of("a")},
        "a",
        lambda _, log: log.append(b"a", b"nonsense", partition=WRONG),
    ),
    "without a key": ("key_mismatch", {"key": None, "id": None}, None, lambda _, log: log.append(None, b"nonsense")),
    "of another key": (
        "key_mismatch",
        {"key": "b", "id": "a"},
        "b",
        lambda _, log: log.event(_edit(lead="x"), key="b"),
    ),
    "of a key that is no id": (
        "key_mismatch",
        {"key": "\\xff\x00a", "id": None},
        None,
        lambda _, log: log.append(b"\xff\0a", b"nonsense"),
    ),
    "of the catalogue": ("key_mismatch", {"key": "a", "id": None}, "a", _tag_among_articles),
    "without a value": ("no_value", {}, "a", lambda _, log: log.append(b"a", None)),
    "with NUL in the headline": (
        "invalid_content",
        {"field": "headline", "problem": "contains the character NUL"},
        "a",
        lambda _, log: log.event(_edit(headline="nil"), swap=(b"nil", NUL)),
    ),
    "with NUL in a block": (
        "invalid_content",
        {"field": "blocks.items", "problem": "contains the character NUL"},
        "a",
        lambda _, log: log.event(_in_block(), swap=(b"nil", NUL)),
    ),
    "with a surrogate in the headline": (
        "invalid_content",
        {"field": "headline", "problem": "contains a lone surrogate"},
        "a",
        lambda _, log: log.event(_edit(headline="nil"), swap=(b"nil", SURROGATE)),
    ),
    "with a surrogate in a block": (
        "invalid_content",
        {"field": "blocks.items", "problem": "contains a lone surrogate"},
        "a",
        lambda _, log: log.event(_in_block(), swap=(b"nil", SURROGATE)),
    ),
    "with NUL in its actor": (
        "invalid_content",
        {"field": "actor", "problem": "contains the character NUL"},
        "a",
        lambda _, log: log.event(_edit(lead="x", actor="nil"), swap=(b"nil", NUL)),
    ),
    "with a language that is none": (
        "invalid_content",
        {"field": "language", "problem": "is not a language such as uk, en-GB or sr-Latn-RS"},
        "a",
        lambda _, log: log.event(_edit(lead="x"), swap=(b"\x04uk", b"\x04UK")),
    ),
}
"""A record: its reason, facts and article, and how it comes into the log."""


@on_both_databases
def test_a_record_that_is_wrong_for_ever_is_rejected_with_its_facts(
    newsroom: Newsroom, raw_log: RawLog, refold: Refold
) -> None:
    """None of them changes anything but the event rows; the article's next events are applied."""
    send_stories(newsroom, [Story(id="a")])
    newsroom.work()
    before = newsroom.tables()
    for _, _, _, spoil in REJECTED.values():
        spoil(newsroom, raw_log)
    newsroom.work()
    after = newsroom.tables()
    assert {name for name in after if after[name] != before[name]} == {"event", "cursor"}
    _expect_all_rejected(newsroom)

    send(newsroom, [_edit(headline="v2"), published(article_id="a", event_id=new_event_id())])
    newsroom.work()
    assert page(newsroom, "a")["headline"] == "v2"
    assert refold() == newsroom.tables()


def test_such_a_record_of_a_parked_article_is_rejected_and_does_not_wait(
    newsroom: Newsroom, raw_log: RawLog, refold: Refold
) -> None:
    for article in ("a", "b"):
        raw_log.append(article.encode(), b"nonsense")
    for _, _, _, spoil in REJECTED.values():
        spoil(newsroom, raw_log)
    send(newsroom, [_edit(headline="v2")])
    newsroom.work()
    _expect_all_rejected(newsroom)
    waiting = newsroom.look(lambda seen: seen.ledger.parked())
    assert {each.article_id: each.waiting for each in waiting} == {"a": 2, "b": 1}
    assert refold() == newsroom.tables()


def test_a_rejected_records_event_is_not_decided_and_may_come_again_sound(
    newsroom: Newsroom, raw_log: RawLog, refold: Refold
) -> None:
    send_stories(newsroom, [Story(id="a")])
    edit = _edit(headline="nil")
    raw_log.event(edit, swap=(b"nil", NUL))
    raw_log.event(edit, partition=WRONG)
    newsroom.work()
    send(newsroom, [edit])
    newsroom.work()
    assert sorted(outcomes(newsroom, "a")) == ["applied", "applied", "applied", "invalid_content", "misplaced"]
    assert refold() == newsroom.tables()


@on_both_databases
def test_an_event_that_was_decided_before_is_a_duplicate_and_says_whether_it_differs(
    newsroom: Newsroom, refold: Refold
) -> None:
    """An applied event and a rejected one, again with the same body and with another; and all of it once more."""
    applied, rejected = _edit(headline="v2"), _edit(headline="v3", expected_version=7)
    others = [
        edited(article_id="a", event_id=event.event_id, headline="other", expected_version=event.expected_version)
        for event in (applied, rejected)
    ]
    send_stories(newsroom, [Story(id="a")])
    send(newsroom, [applied, rejected])
    for _ in range(2):
        send(newsroom, [applied, rejected, *others])
        newsroom.work()
    expected = ["applied"] * 3 + ["version_conflict"] + ["duplicate"] * 8
    assert outcomes(newsroom, "a") == expected
    facts = [row.facts for row in newsroom.look(lambda seen: seen.ledger.outcomes("a"))][4:]
    assert facts == [{}, {}, {"differs": True}, {"differs": True}] * 2
    assert [row["decided"] for row in rows(newsroom, EVENT)] == [1] * 4 + [0] * 8
    assert newsroom.tables()["edition"][0][2] == 2
    assert refold() == newsroom.tables()


def test_one_event_id_in_two_articles_is_two_events(newsroom: Newsroom, refold: Refold) -> None:
    """What was decided is remembered for each article by itself."""
    send_stories(newsroom, [Story(id="a"), Story(id="b")])
    shared = new_event_id()
    send(newsroom, [edited(article_id=each, event_id=shared, headline="v2") for each in ("a", "b", "a")])
    newsroom.work()
    assert outcomes(newsroom, "a") == ["applied"] * 3 + ["duplicate"]
    assert outcomes(newsroom, "b") == ["applied"] * 3
    assert refold() == newsroom.tables()


def _expect_all_rejected(newsroom: Newsroom) -> None:
    """Expect reason, facts and article of every record of the list, and no other rejection."""
    rejected = [row for row in rows(newsroom, EVENT) if row["outcome"] == "rejected"]
    found = [(row["reason"], row["facts"], str(row["article_id"])) for row in rejected]
    assert sorted(found) == sorted(
        (reason, canonical(facts), str(article)) for reason, facts, article, _ in REJECTED.values()
    )
