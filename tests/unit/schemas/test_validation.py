"""What the fields of an event may say."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from golden.samples import SAMPLES
from hypothesis import given, settings
from support.event_strategies import events
from support.examples import examples

from newsroom_schemas.events import AnyEvent
from newsroom_schemas.rejections import InvalidContent
from newsroom_schemas.validation import check, check_vocabulary
from newsroom_schemas.values import Author, Image

LANGUAGES = ["uk", "en-GB", "es-419", "sr-Latn", "sr-Latn-RS", "de-CH-1996", "sl-rozaj-biske-1994", "haw"]
NO_LANGUAGES = [
    "",
    "u",
    "UK",
    "uk_UA",
    "en-gb",
    "en-GB ",
    "sr-latn",
    "ukrainian",
    "uk-",
    "і",
    "x-private",
    "uk\n",
    "a" * 90,
]
NO_IDS = ["", "-a", "_a", "a b", "a/b", "a.b", "é", "a" * 65, "a\n", "٣"]
NO_UUIDS = ["", "0194E1C2-7F00-7000-8000-0000000000AA", "{0194e1c2-7f00-7000-8000-0000000000aa}", "0" * 32, "x" * 36]
YEAR_0 = -62_135_596_800_000_001
YEAR_10000 = 253_402_300_800_000_000


def changed(name: str, **fields: Any) -> AnyEvent:
    """Return a sample event with some fields replaced."""
    return msgspec.structs.replace(SAMPLES[name], **fields)


def problem_of(name: str, **fields: Any) -> str | None:
    """Name the field that breaks the contract."""
    problem = check(changed(name, **fields))
    return problem.field if problem else None


@given(event=events)
@settings(max_examples=examples(200), deadline=None)
def test_events_of_the_tests_keep_the_contract(event: AnyEvent) -> None:
    assert check(event) is None
    assert check_vocabulary(event) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_a_bcp_47_tag_in_its_usual_case(language: str) -> None:
    """RFC 5646, section 2.1, without private use and extensions; one spelling, so that one language is one edition."""
    assert problem_of("ArticlePublished", language=language) is None


@pytest.mark.parametrize("language", NO_LANGUAGES)
def test_other_languages_are_refused_wherever_they_stand(language: str) -> None:
    assert problem_of("ArticlePublished", language=language) == "language"
    assert problem_of("ArticleTranslated", source_language=language) == "source_language"
    assert problem_of("ArticleUnpublished", languages=("uk", language)) == "languages"
    assert problem_of("TagDefined", labels={"uk": "а", language: "б"}) == "labels"


@pytest.mark.parametrize("id_", NO_IDS)
def test_ids_outside_the_pattern_are_refused_wherever_they_stand(id_: str) -> None:
    assert problem_of("ArticleCreated", article_id=id_) == "article_id"
    assert problem_of("ArticleClassified", section=id_) == "section"
    assert problem_of("ArticleClassified", tags=("a", id_)) == "tags"
    assert problem_of("ArticleClassified", flags=(id_,)) == "flags"
    assert problem_of("ArticleCreated", authors=(Author(id=id_, name=""),)) == "authors"
    assert problem_of("ArticleUnpublished", successor=id_) == "successor"
    assert problem_of("TagDefined", tag_id=id_) == "tag_id"
    assert problem_of("TagMerged", into=id_) == "into"


def test_an_id_of_64_characters_is_an_id() -> None:
    assert problem_of("ArticleCreated", article_id="a" * 64) is None


@pytest.mark.parametrize("uuid", NO_UUIDS)
def test_event_ids_are_uuids_in_their_canonical_text(uuid: str) -> None:
    assert problem_of("ArticleCreated", event_id=uuid) == "event_id"
    assert problem_of("ArticlePublished", schedule_id=uuid) == "schedule_id"


@pytest.mark.parametrize("instant", [YEAR_0, YEAR_10000])
def test_instants_lie_in_the_years_1_to_9999(instant: int) -> None:
    assert problem_of("ArticleCreated", occurred_at=instant) == "occurred_at"
    assert problem_of("ArticlePublished", published_at=instant) == "published_at"
    assert problem_of("ArticleScheduled", publish_at=instant) == "publish_at"
    assert problem_of("ArticleEmbargoed", until=instant) == "until"


def test_the_first_and_the_last_microsecond_of_the_calendar_are_instants() -> None:
    assert problem_of("ArticleCreated", occurred_at=YEAR_0 + 1) is None
    assert problem_of("ArticleCreated", occurred_at=YEAR_10000 - 1) is None


def test_an_older_address_takes_1000_bytes_not_characters() -> None:
    assert problem_of("ArticleCreated", legacy_urls=("a" * 1000, "ї" * 500)) is None
    assert problem_of("ArticleCreated", legacy_urls=("ї" * 500 + "a",)) == "legacy_urls"


@pytest.mark.parametrize("number", [-1, 2**31])
def test_counts_lie_in_31_bits(number: int) -> None:
    assert problem_of("ArticleCreated", expected_version=number) == "expected_version"
    assert problem_of("ArticleTranslated", source_version=number) == "source_version"
    assert problem_of("ArticleCreated", image=Image(src="", width=number)) == "image"
    assert problem_of("ArticleCreated", image=Image(src="", height=number)) == "image"
    assert problem_of("RecordSkipped", partition=number) == "partition"


def test_an_offset_has_63_bits() -> None:
    assert problem_of("RecordSkipped", offset=2**63 - 1) is None
    assert problem_of("RecordSkipped", offset=-1) == "offset"


def test_an_edit_clears_texts_only() -> None:
    assert problem_of("ArticleEdited", cleared=("lead", "image", "legacy_urls")) is None
    assert problem_of("ArticleEdited", cleared=("language",)) == "cleared"


@pytest.mark.parametrize("name", ["slug", "headline", "authors", "blocks"])
def test_a_text_both_given_and_cleared_is_refused(name: str) -> None:
    assert problem_of("ArticleEdited", cleared=(name,)) == name


@pytest.mark.parametrize("text", ["\0", "a\0", "\ud800", "a\udfffb"])
def test_nul_and_lone_surrogates_are_refused_in_any_text(text: str) -> None:
    """No database takes the one, no UTF-8 encoder the other."""
    for name in ("actor", "source", "slug", "headline", "lead"):
        assert problem_of("ArticleCreated", **{name: text}) == name
    assert problem_of("ArticleCreated", image=Image(src="", alt=text)) == "image.alt"
    assert problem_of("ArticleCreated", authors=(Author(id="a", name=text),)) == "authors.name"
    assert problem_of("TagDefined", labels={"uk": text}) == "labels"


def test_a_rejection_says_what_is_wrong_without_repeating_the_value() -> None:
    """Its facts go into the database, which may not take the value."""
    assert check(changed("ArticleCreated", article_id="a b")) == InvalidContent(
        field="article_id", problem="is not an id: 1 to 64 of A-Z a-z 0-9 _ -, the first a letter or a digit"
    )
