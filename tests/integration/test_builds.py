"""A generation remembers what made it: a worker of another build, or on other topics, writes nothing into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from integration.conftest import Places, on_both_databases
from support.kit import Newsroom
from support.stories import Story, send_stories
from support.workers import positions, worker

from newsroom_consumers.control.build import this_build
from newsroom_consumers.control.control import Build, Control, OtherBuildError
from newsroom_consumers.database import open_database

OURS = this_build({"newsroom.articles": 6, "newsroom.tags": 1})
OTHERS: dict[str, Callable[[Build], Build]] = {
    "fold_version": lambda ours: ours._replace(fold_version=ours.fold_version + 1),
    "projection_versions": lambda ours: ours._replace(
        projection_versions={**ours.projection_versions, "timeline": ours.projection_versions["timeline"] + 1}
    ),
    "projection_versions of a new projection": lambda ours: ours._replace(
        projection_versions={**ours.projection_versions, "authors": 1}
    ),
    "partitions": lambda ours: ours._replace(partitions={"newsroom.articles": 7, "newsroom.tags": 1}),
    "topics": lambda ours: ours._replace(partitions={"other.articles": 6, "other.tags": 1}),
}
"""What may be different about a build, and a build that is."""


@on_both_databases
@pytest.mark.parametrize("other", OTHERS)
def test_a_build_that_would_give_other_rows_is_refused(places: Places, other: str) -> None:
    control = Control(open_database(places()))
    control.register("main", OURS, now=0)
    with pytest.raises(OtherBuildError, match=other.partition(" ")[0]) as refused:
        control.register("main", OTHERS[other](OURS), now=0)
    assert "fold the log into a new generation" in str(refused.value)
    control.register("main", OURS, now=0)


@on_both_databases
@pytest.mark.parametrize("other", ["fold_version", "projection_versions"])
def test_a_worker_ends_and_writes_nothing_where_another_build_has_begun(
    newsroom: Newsroom, tmp_path: Path, other: str
) -> None:
    send_stories(newsroom, [Story(id="a")])
    ours = this_build({newsroom.topics.articles: 6, newsroom.topics.tags: 1})
    Control(newsroom.database).register("main", OTHERS[other](ours), now=0)
    with worker(newsroom, tmp_path / "worker.log") as started:
        assert started.exit_code() == 1
        assert "error: generation main was made by another build" in started.said
    assert positions(newsroom) == {}
