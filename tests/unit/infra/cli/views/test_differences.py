"""Differences as people read them in a terminal."""

from __future__ import annotations

from typing import Any

from newsroom_consumers.compare.changes import ArticleChange, Differences, EntryChange, ListChange, RowChange
from newsroom_consumers.compare.compare import Comparison
from newsroom_infra.cli.views.differences import as_json, lines


def differences(**given: list[Any]) -> Differences:
    """Return differences in which only what is given differs."""
    kinds = ("article_ids", "articles", "tags", "timelines", "catalogue", "parked", "events", "cursors")
    return Differences(**{kind: given.get(kind, []) for kind in kinds}, counts={})


def test_of_a_long_list_the_first_stories_are_named_and_all_are_counted() -> None:
    lost = [f"story-{number}" for number in range(3246)]
    page = ListChange(tag_id="earn", language="en", gained=["other"], lost=lost)
    (line,) = lines(differences(tags=[page]), 20)
    assert line.startswith("tag page earn (en): gained other; lost 3,246: story-0, story-1,")
    assert line.endswith("and 3,238 more")
    assert len(line) < 300


def test_entries_that_moved_or_changed_say_from_what_to_what() -> None:
    moved = EntryChange("storm", {"first_published_at": {"a": 1, "b": 2}})
    changed = EntryChange("rain", {"headline": {"a": "Rain", "b": None}})
    (line,) = lines(
        differences(timelines=[ListChange(tag_id=None, language="uk", moved=[moved], changed=[changed])]), 20
    )
    assert line == "timeline uk: moved storm (first_published_at 1 -> 2); changed rain (headline Rain -> nothing)"


def test_long_values_are_shown_where_they_begin_to_differ() -> None:
    text = "Library book comes home after sixty-one years, with an apology and a jar of jam"
    fields = {"headline": {"a": text, "b": text[:-1] + "s"}}
    row = RowChange("published", "differs", fields)
    article = ArticleChange(article_id="late-book", language="en", change="changes", rows=[row])
    (line,) = lines(differences(articles=[article]), 20)
    before, _, after = line.partition(" -> ")
    assert before.endswith("a jar of jam")
    assert after.endswith("a jar of jas")


def test_what_differs_stands_among_the_rest_in_json() -> None:
    found = Comparison(
        equal=False, a="main", b="trial", summary="none", differences=differences(), digests={}, left_out=2
    )
    kinds = "article_ids articles tags timelines catalogue parked events cursors counts"
    assert list(as_json(found)) == f"equal a b summary left_out {kinds} digests".split()
