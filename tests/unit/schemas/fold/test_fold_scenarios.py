"""The scenarios to hold, as far as the folds alone go; the loop's tests run them through a broker and a database."""

from __future__ import annotations

from support.fold_model import (
    MINUTE,
    NOON,
    Story,
    at,
    catalogue_of,
    classified,
    correction,
    created,
    defined,
    edited,
    given,
    merged,
    published,
    released,
    scheduled,
    translated,
    unpublished,
)

from newsroom_schemas.fold.state import Publication, Withdrawal
from newsroom_schemas.fold.tags import aliases, evolve_tags, resolve
from newsroom_schemas.rejections import MergeCycle, NothingToPublish, OnHold, VersionConflict


def publication(story: Story, language: str) -> Publication:
    """Return the page of an edition that readers must be able to read."""
    page = story.shown[language]
    assert isinstance(page, Publication)
    return page


def test_two_editors() -> None:
    """Scenario 1: the second editor to save is told that version 2 stands; a resent edit does nothing."""
    first = edited(event_id="one", headline="one", expected_version=1)
    second = edited(headline="two", expected_version=1, actor="petro")
    story = given(created(), first, second, published(expected_version=2), first)
    story.then(rejections=[VersionConflict(article="storm", language="uk", expected=1, actual=2)], uk="live v2")
    assert publication(story, "uk").texts.headline == "one"


def test_a_draft_is_not_public() -> None:
    """Scenario 2: draft and card reach readers with the next publication, and the story keeps its place."""
    story = given(created(tags=("a",)), at(NOON, published()), edited(lead="CANARY"), classified(tags=("b",)))
    before = publication(story, "uk")
    after = publication(story.when(published()), "uk")
    story.when(published()).then(rejections=[NothingToPublish], uk="live v2")
    assert (before.texts.lead, before.card.tags, before.updated_at) == (None, ("a",), None)
    assert (after.texts.lead, after.card.tags, after.version) == ("CANARY", ("b",), 2)
    assert (after.first_published_at, after.first_event_id) == (before.first_published_at, before.first_event_id)
    assert after.updated_at == NOON + 5 * MINUTE


def test_translation_and_correction() -> None:
    """Scenario 3: a correction of the source leaves its translation as it was, until that is made again."""
    story = given(created(), published(), translated(), published(language="en"), edited(headline="Corrected"))
    english = publication(story, "en")
    ukrainian = publication(story.when(published(note=correction())), "uk")
    assert publication(story, "en") == english
    assert [note.kind for note in ukrainian.notes] == ["correction"]
    lineage, run = story.edition("en").lineage, story.edition("uk").run
    assert lineage is not None
    assert run is not None
    assert (lineage.source_version, run.version) == (1, 2)
    story.when(translated(source_version=2), published(language="en", note=correction()))
    story.then(en="live v2", uk="live v2")
    assert publication(story, "en").first_published_at == english.first_published_at
    assert publication(story, "uk") == ukrainian


def test_takedown() -> None:
    """Scenario 5: a legal takedown takes all three from readers, and only a release lets one go live again."""
    languages = ("uk", "ru", "en")
    story = given(created(), translated(), translated(language="ru"))
    story.when(*(published(language=each) for each in languages), edited(), scheduled(NOON + 60 * MINUTE))
    first = publication(story, "en").first_published_at
    story.when(unpublished(reason="legal"), published(language="en")).then(
        rejections=[OnHold], uk="gone v3", ru="gone v2", en="gone v2"
    )
    assert [type(story.shown[each]) for each in languages] == [Withdrawal] * 3
    story.when(released(), published(language="en")).then(rejections=[OnHold], uk="gone v3", ru="gone v2", en="live v2")
    assert publication(story, "en").first_published_at > first
    assert [type(story.shown[each]) for each in languages] == [Withdrawal, Withdrawal, Publication]


def test_tags() -> None:
    """Scenario 7: an article keeps its tags as written; a merge says where they lead, and is undone."""
    apart = catalogue_of(defined("nk"), defined("north-korea"))
    joined = catalogue_of(defined("nk"), defined("north-korea"), merged("nk", "north-korea"))
    tags = publication(given(created(tags=("nk", "north-korea")), published()), "uk").card.tags
    assert tags == ("nk", "north-korea")
    assert [resolve(apart, each) for each in tags] == ["nk", "north-korea"]
    assert [resolve(joined, each) for each in tags] == ["north-korea"] * 2
    assert aliases(joined, "north-korea") == tags
    assert evolve_tags(joined, merged("north-korea", "nk")) == MergeCycle(tag="north-korea", into="nk")
    assert evolve_tags(joined, merged("nk", None)) == apart
