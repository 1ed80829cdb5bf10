"""The fold of the tag catalogue, and what readers' queries ask of it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fold_model import catalogue_of, defined, merged
from support.strategies import unhurried

from newsroom_schemas.events import AnyTagEvent
from newsroom_schemas.fold.state import Catalogue, Tag
from newsroom_schemas.fold.tags import aliases, evolve_tags, label, resolve
from newsroom_schemas.rejections import MergeCycle, NotMerged, Rejected, TagIsMerged, UnknownTag

PREFERENCE = ("uk", "ru", "en")


def test_a_tag_is_defined_with_its_labels() -> None:
    assert catalogue_of(defined("war", uk="Війна")) == {"war": Tag(tag_id="war", labels={"uk": "Війна"})}


def test_defining_a_tag_again_replaces_all_its_labels() -> None:
    catalogue = catalogue_of(defined("war", uk="Війна", en="War"), defined("war", en="The war"))
    assert catalogue["war"].labels == {"en": "The war"}


def test_a_merge_redirects_and_keeps_the_labels() -> None:
    catalogue = catalogue_of(defined("nk", en="NK"), defined("north-korea"), merged("nk", "north-korea"))
    assert catalogue["nk"] == Tag(tag_id="nk", labels={"en": "NK"}, into_id="north-korea")


def test_a_merge_undone_takes_labels_again() -> None:
    joined = (defined("a"), defined("b"), merged("a", "b"))
    assert catalogue_of(*joined, merged("a", None), defined("a", en="A"))["a"].labels == {"en": "A"}


def test_a_merged_tag_may_be_redirected_elsewhere() -> None:
    tags = (defined("a"), defined("b"), defined("c"))
    assert resolve(catalogue_of(*tags, merged("a", "b"), merged("a", "c")), "a") == "c"


AB = (defined("a"), defined("b"), defined("c"), merged("a", "b"), merged("b", "c"))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (defined("a"), TagIsMerged(tag="a", into="b")),
        (merged("x", "a"), UnknownTag(tag="x")),
        (merged("a", "x"), UnknownTag(tag="x")),
        (merged("x", None), UnknownTag(tag="x")),
        (merged("c", None), NotMerged(tag="c")),
        (merged("c", "c"), MergeCycle(tag="c", into="c")),
        (merged("c", "b"), MergeCycle(tag="c", into="b")),
        (merged("c", "a"), MergeCycle(tag="c", into="a")),
        (merged("b", "a"), MergeCycle(tag="b", into="a")),
    ],
)
def test_a_refused_event_names_its_reason(event: AnyTagEvent, expected: Rejected) -> None:
    assert evolve_tags(catalogue_of(*AB), event) == expected


@pytest.mark.parametrize("tag_id", ["a", "b", "c"])
def test_every_tag_of_a_chain_leads_to_its_end(tag_id: str) -> None:
    catalogue = catalogue_of(*AB)
    assert resolve(catalogue, tag_id) == "c"
    assert aliases(catalogue, tag_id) == ("a", "b", "c")


def test_a_tag_never_defined_leads_to_itself() -> None:
    assert (resolve({}, "x"), aliases({}, "x"), label({}, "x", "uk", PREFERENCE)) == ("x", ("x",), "x")


@pytest.mark.parametrize(
    ("labels", "language", "expected", "written_in"),
    [
        ({"uk": "Війна", "en": "War"}, "en", "War", "en"),
        ({"uk": "Війна", "en": "War"}, "ru", "Війна", "uk"),
        ({"ru": "Война", "en": "War"}, "uk", "Война", "ru"),
        ({"uk": "", "en": "War"}, "uk", "War", "en"),
        ({"fr": "Guerre"}, "uk", "war", None),
        ({}, "uk", "war", None),
    ],
)
def test_a_missing_label_is_taken_from_the_first_language_that_has_one(
    labels: dict[str, str], language: str, expected: str, written_in: str | None
) -> None:
    """It says which language it is in; the id, which stands in where there is none, is in no language."""
    found = label(catalogue_of(defined("war", **labels)), "war", language, PREFERENCE)
    assert found == expected
    assert found.language == written_in


def test_a_merged_tag_is_called_as_its_target() -> None:
    catalogue = catalogue_of(
        defined("nk", en="NK"), defined("north-korea", en="North Korea"), merged("nk", "north-korea")
    )
    assert label(catalogue, "nk", "en", PREFERENCE) == "North Korea"


IDS = st.sampled_from("abcd")
TAG_EVENTS = st.one_of(st.builds(defined, IDS), st.builds(merged, IDS, st.none() | IDS))


@unhurried
@given(st.lists(TAG_EVENTS, max_size=30))
def test_redirects_never_make_a_cycle_and_a_refused_event_changes_nothing(events: list[AnyTagEvent]) -> None:
    catalogue: Catalogue = catalogue_of(*map(defined, "abcd"))
    for event in events:
        before = msgspec.json.encode(catalogue)
        answer = evolve_tags(catalogue, event)
        assert msgspec.json.encode(catalogue) == before
        catalogue = answer if isinstance(answer, dict) else catalogue
        ends = {each for each, tag in catalogue.items() if tag.into_id is None}
        assert {resolve(catalogue, each) for each in catalogue} == ends
        assert sorted(each for end in ends for each in aliases(catalogue, end)) == sorted(catalogue)
