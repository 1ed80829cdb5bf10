"""The scenarios to hold, through the broker and the database. Each ends with its log folded again: equal tables."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from integration.conftest import Refold, on_both_databases
from support.asked import as_json, outcomes, page, public_text, tagged, timeline, verified
from support.fold_model import correction, edited
from support.kit import Newsroom

from newsroom_consumers.queries.answers import NotFoundError
from newsroom_producers.desk import Desk, new_event_id
from newsroom_producers.receipts import Receipt
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.values import Block

pytestmark = [pytest.mark.parametrize("batch", [1, 500]), on_both_databases]

CANARY = "canary"


@pytest.fixture
def desk(newsroom: Newsroom) -> Desk:
    """Return the tool of an editor."""
    return newsroom.desk()


def test_two_editors(newsroom: Newsroom, desk: Desk, refold: Refold) -> None:
    """Scenario 1: the second editor to save is told that version 2 stands; a resent edit does nothing."""
    first = edited(event_id=new_event_id(), headline="One", expected_version=1)
    desk.create("storm", "uk", headline="Storm")
    newsroom.transport.send(first)
    newsroom.desk("petro").edit("storm", "uk", headline="Two", expected_version=1)
    desk.publish("storm", "uk", expected_version=2)
    newsroom.transport.send(first)
    newsroom.work()
    assert outcomes(newsroom, "storm") == ["applied", "applied", "version_conflict", "applied", "duplicate"]
    lost = newsroom.look(lambda seen: seen.ledger.outcomes("storm"))[2]
    assert lost.facts == {"article": "storm", "language": "uk", "expected": 1, "actual": 2}
    assert (lost.actor, lost.type) == ("petro", "ArticleEdited")
    assert (page(newsroom, "storm")["headline"], page(newsroom, "storm")["version"]) == ("One", 2)
    assert refold(workers=3) == newsroom.tables()
    assert verified(newsroom)


def test_a_draft_is_not_public(newsroom: Newsroom, desk: Desk, refold: Refold) -> None:
    """Scenario 2: draft and card reach readers with the next publication, and the story keeps its place."""
    for tag_id in ("a", "b"):
        desk.define_tag(tag_id, labels={})
    for story in ("earlier", "storm", "later"):
        desk.create(story, "uk", headline=story, tags=("a",))
        desk.publish(story, "uk", expected_version=1)
    spoken = {"lead": CANARY, "slug": CANARY, "blocks": (Block(kind="paragraph", text=CANARY, label=CANARY),)}
    desk.edit("storm", "uk", headline=CANARY, expected_version=1, **spoken)  # type: ignore[arg-type]
    desk.classify("storm", section=CANARY, tags=("b",), flags=(CANARY,))
    desk.translate(
        "storm", "en", source_language="uk", source_version=1, expected_version=0, headline=CANARY, translator=CANARY
    )
    desk.create("never", "uk", headline=CANARY, tags=(CANARY,))
    newsroom.work()
    before = page(newsroom, "storm")
    assert CANARY in str(newsroom.tables()["edition"])
    assert CANARY not in public_text(newsroom)
    assert (before["headline"], before["version"], before["languages"]) == ("storm", 1, ["uk"])
    assert (tagged(newsroom, "a"), tagged(newsroom, "b")) == (["later", "storm", "earlier"], [])
    _looks_unknown(newsroom, "never", "uk")
    _looks_unknown(newsroom, "storm", "en")
    with pytest.raises(NotFoundError):
        tagged(newsroom, CANARY)

    desk.publish("storm", "uk", expected_version=2)
    desk.publish("storm", "uk", expected_version=2)
    newsroom.work()
    after = page(newsroom, "storm")
    assert outcomes(newsroom, "storm")[-2:] == ["applied", "nothing_to_publish"]
    assert (after["headline"], after["version"], after["section"]) == (CANARY, 2, CANARY)
    assert CANARY in public_text(newsroom)
    assert (tagged(newsroom, "a"), tagged(newsroom, "b")) == (["later", "earlier"], ["storm"])
    assert timeline(newsroom) == ["later", "storm", "earlier"]
    assert (before["updated_at"], after["first_published_at"]) == (None, before["first_published_at"])
    assert after["updated_at"] > after["first_published_at"]
    assert refold(workers=3) == newsroom.tables()
    assert verified(newsroom)


def test_translation_and_correction(newsroom: Newsroom, desk: Desk, refold: Refold) -> None:
    """Scenario 3: a correction of the source leaves its translation as it was, until that is made again."""
    desk.create("storm", "uk", headline="Буря на Десні")
    desk.publish("storm", "uk", expected_version=1)
    _translate(desk, "en", source_version=1, expected_version=0, headline="Storm on the Desna")
    desk.publish("storm", "en", expected_version=1)
    desk.create("later", "en", headline="Later")
    desk.publish("later", "en", expected_version=1)
    newsroom.work()
    english = page(newsroom, "storm", "en")
    desk.edit("storm", "uk", headline="Буря на Дніпрі", expected_version=1)
    desk.publish("storm", "uk", expected_version=2, note=correction())
    newsroom.work()
    ukrainian = page(newsroom, "storm")
    assert page(newsroom, "storm", "en") == english
    assert (ukrainian["headline"], english["headline"]) == ("Буря на Дніпрі", "Storm on the Desna")
    assert [(note["kind"], note["at"]) for note in ukrainian["notes"]] == [("correction", ukrainian["updated_at"])]
    assert (english["notes"], english["languages"]) == ([], ["uk", "en"])

    _translate(desk, "en", source_version=2, expected_version=1, headline="Storm on the Dnipro")
    desk.publish("storm", "en", expected_version=2, note=correction())
    newsroom.work()
    corrected = page(newsroom, "storm", "en")
    assert (corrected["headline"], corrected["version"], len(corrected["notes"])) == ("Storm on the Dnipro", 2, 1)
    assert corrected["first_published_at"] == english["first_published_at"]
    assert page(newsroom, "storm") == ukrainian
    assert (timeline(newsroom), timeline(newsroom, "en")) == (["storm"], ["later", "storm"])
    assert refold(workers=3) == newsroom.tables()
    assert verified(newsroom)


def test_takedown(newsroom: Newsroom, desk: Desk, refold: Refold) -> None:
    """Scenario 5: a legal takedown takes all three from readers, and only a release lets one go live again."""
    desk.create("storm", "uk", headline=CANARY, tags=("weather",))
    for language in ("ru", "en"):
        _translate(desk, language, source_version=1, expected_version=0, headline=CANARY)
    for language in ("uk", "ru", "en"):
        desk.publish("storm", language, expected_version=1)
    newsroom.work()
    first = page(newsroom, "storm", "en")
    desk.schedule("storm", "uk", publish_at=desk._clock())
    desk.unpublish("storm", reason="legal", note="A court has ordered it.")
    desk.publish("storm", "en", expected_version=None)
    newsroom.work()
    assert outcomes(newsroom, "storm")[-3:] == ["applied", "applied", "on_hold"]
    assert CANARY not in public_text(newsroom)
    for language in ("uk", "ru", "en"):
        _is_gone(newsroom, language)
        assert timeline(newsroom, language) == []
    with pytest.raises(NotFoundError):
        tagged(newsroom, "weather")

    desk.release("storm")
    desk.publish("storm", "en", expected_version=2)
    newsroom.work()
    again = page(newsroom, "storm", "en")
    assert (again["status"], again["headline"], again["languages"]) == ("live", CANARY, ["en"])
    assert again["first_published_at"] > first["first_published_at"]
    assert (timeline(newsroom, "en"), tagged(newsroom, "weather", "en")) == (["storm"], ["storm"])
    for language in ("uk", "ru"):
        _is_gone(newsroom, language)
    assert refold(workers=3) == newsroom.tables()
    assert verified(newsroom)


@pytest.mark.parametrize("merge_first", [True, False], ids=["merge first", "publication first"])
def test_tags(newsroom: Newsroom, desk: Desk, refold: Refold, *, merge_first: bool) -> None:
    """Scenario 7: a merged tag's stories are listed by its target, whichever is folded first; undoing restores."""
    desk.define_tag("nk", labels={"en": "N. Korea"})
    desk.define_tag("north-korea", labels={"en": "North Korea"})
    for story, tags in {"one": ("nk",), "both": ("nk", "north-korea"), "two": ("north-korea",)}.items():
        desk.create(story, "uk", headline=story, tags=tags)
        desk.publish(story, "uk", expected_version=1)
    desk.create("late", "uk", headline="late", tags=("nk",))
    newsroom.work()
    assert (tagged(newsroom, "nk"), tagged(newsroom, "north-korea")) == (["both", "one"], ["two", "both"])

    race: list[Callable[[], Receipt]] = [
        lambda: desk.merge_tag("nk", into="north-korea"),
        lambda: desk.publish("late", "uk", expected_version=1),
    ]
    for act in race if merge_first else reversed(race):
        act()
        newsroom.work()
    merged = newsroom.look(lambda seen: seen.queries.tag("nk", "uk", limit=10))
    assert merged == newsroom.look(lambda seen: seen.queries.tag("north-korea", "uk", limit=10))
    assert as_json(merged.tag) == {"id": "north-korea", "label": "North Korea"}
    assert [item.article_id for item in merged.items] == ["late", "two", "both", "one"]
    assert page(newsroom, "both")["tags"] == [{"id": "north-korea", "label": "North Korea"}]

    desk.merge_tag("north-korea", into="nk")
    desk.merge_tag("nk", into=None)
    newsroom.work()
    assert outcomes(newsroom, CATALOGUE) == ["applied", "applied", "applied", "merge_cycle", "applied"]
    assert (tagged(newsroom, "nk"), tagged(newsroom, "north-korea")) == (["late", "both", "one"], ["two", "both"])
    assert [tag["id"] for tag in page(newsroom, "both")["tags"]] == ["nk", "north-korea"]
    assert refold(workers=3) == newsroom.tables()
    assert verified(newsroom)


def _translate(desk: Desk, language: str, *, source_version: int, expected_version: int, headline: str) -> None:
    """Translate a version of the Ukrainian edition of the storm."""
    desk.translate(
        "storm",
        language,
        source_language="uk",
        source_version=source_version,
        expected_version=expected_version,
        headline=headline,
    )


def _looks_unknown(newsroom: Newsroom, article_id: str, language: str) -> None:
    """Expect the answer that an article which never was would give."""
    with pytest.raises(NotFoundError) as found:
        page(newsroom, article_id, language)
    with pytest.raises(NotFoundError) as unknown:
        page(newsroom, "unheard-of", language)
    assert str(found.value) == str(unknown.value).replace("unheard-of", article_id)


def _is_gone(newsroom: Newsroom, language: str) -> None:
    """Expect the storm's page to say that it was taken down, and nothing else."""
    gone = page(newsroom, "storm", language)
    assert gone.keys() == {
        *("article_id", "language", "status", "reason", "note", "successor", "since", "languages", "url")
    }
    assert (gone["status"], gone["reason"], gone["note"]) == ("gone", "legal", "A court has ordered it.")
