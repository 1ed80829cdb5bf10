"""The list of generations as people read it, and the question before one is dropped."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace
from support.fold_model import created
from support.record_strategies import PARTITIONS
from support.writing import Writer, records_of

from newsroom_consumers.control.build import this_build
from newsroom_consumers.control.control import Control, UnknownGenerationError
from newsroom_consumers.database import open_database
from newsroom_consumers.log import kafka_client
from newsroom_consumers.queries.answers import CursorOverview, GenerationOverview, Instant, ParkedCount
from newsroom_consumers.store.generation import Generation
from newsroom_infra.cli import newsroom
from newsroom_infra.cli.views.generations import print_generations, print_replayed

MAIN = GenerationOverview(
    name="main",
    live=True,
    fold_version=3,
    projection_versions={"timeline": 2, "published": 1},
    topics={"newsroom.articles": 6, "newsroom.tags": 1},
    created_at=Instant(1_738_953_300_000_000),
    size=3_200_000,
    cursors=(CursorOverview(topic="newsroom.articles", partition=4, next_offset=70_000, lag=1_234),),
    lag=1_234,
    parked=ParkedCount(articles=2, records=1_005),
    rows={"event": 70_000, "published": 500},
)


@pytest.fixture
def control(tmp_path: Path) -> Control:
    """Return the control database of a home with a live generation of one event, and one whose tables are lost."""
    control = Control(open_database(tmp_path / "database"))
    with closing(control.database.session("main")) as session:
        Writer(Generation(session)).store(*records_of(created()))
    control.register("main", this_build(PARTITIONS), now=0)
    control.enter("trial", this_build(PARTITIONS), now=1)
    return control


def run(home: Path, *arguments: str, answer: str | None = None) -> Result:
    """Run a command on a home, without Kafka; ``answer`` is what somebody types."""
    variables = {"NEWSROOM_HOME": str(home), "NEWSROOM_DATABASE": "", "NEWSROOM_KAFKA": "127.0.0.1:1"}
    return CliRunner().invoke(newsroom, ["generations", *arguments], input=answer, env=variables)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a search for Kafka end soon, and collect the sockets that the client leaves open; its log would hold them."""
    monkeypatch.setattr(kafka_client, "_ANSWER_SECONDS", 0.1)
    logging.disable()
    yield
    logging.disable(logging.NOTSET)
    gc.collect()


def test_a_row_says_what_is_live_how_far_behind_and_how_big(capsys: pytest.CaptureFixture[str]) -> None:
    print_generations([MAIN, replace(MAIN, name="next", live=False, lag=0, parked=ParkedCount(articles=0, records=0))])
    _, main, next_, *_ = capsys.readouterr().out.splitlines()
    figures = ["70,500", "3.2", "MB", "3", "published", "1,", "timeline", "2", "2025-02-07", "18:35:00"]
    assert main.split() == ["main", "live", "1,234", "1,005", "(articles:", "2)", *figures]
    assert next_.split() == ["next", "0", *figures]


def test_the_list_says_how_far_each_generation_holds_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    print_generations([MAIN, replace(MAIN, name="next", cursors=())])
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "main holds all before newsroom.articles/4:70000",
        "next holds nothing yet",
    ]


@pytest.mark.parametrize(("live", "compared"), [("main", True), ("", False)])
def test_a_replay_says_which_commands_come_next(
    capsys: pytest.CaptureFixture[str], live: str, *, compared: bool
) -> None:
    """Where nothing is live there is nothing to compare it with."""
    print_replayed({"generation": "trial", "records": 1_200, "seconds": 2.0}, live=live)
    said = capsys.readouterr().out
    assert said.startswith("generation trial is at the cut: 1,200 records in 2.0 s (600/s)\n")
    assert ("`newsroom compare main trial`" in said, "`newsroom promote trial`" in said) == (compared, True)


@pytest.mark.usefixtures("away")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_generations_are_listed_without_kafka_too(control: Control, tmp_path: Path) -> None:
    """How far they are behind is not known then; all else is."""
    listed = run(tmp_path)
    _, main, trial, *_ = listed.stdout.splitlines()
    assert (listed.exit_code, main.split()[:3], trial.split()[:3]) == (
        0,
        ["main", "live", "?"],
        ["trial", "?", "missing"],
    )
    assert "how far they are behind is not known: Kafka at 127.0.0.1:1 does not answer" in listed.stderr


@pytest.mark.usefixtures("away")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_where_there_is_no_generation_the_list_says_what_makes_one(tmp_path: Path) -> None:
    assert "`newsroom worker` makes the first" in run(tmp_path).stdout


def test_a_generation_is_dropped_only_by_who_confirms_it(control: Control, tmp_path: Path) -> None:
    refused = run(tmp_path, "drop", "trial", answer="n\n")
    assert (refused.exit_code, [each.name for each in control.all()]) == (1, ["main", "trial"])
    assert "Drop generation trial?" in refused.stderr
    dropped = run(tmp_path, "drop", "trial", answer="y\n")
    assert (dropped.exit_code, dropped.stdout) == (0, "generation trial is dropped\n")
    assert [each.name for each in control.all()] == ["main"]


def test_a_program_drops_a_generation_without_a_question(control: Control, tmp_path: Path) -> None:
    dropped = run(tmp_path, "drop", "trial", "--yes")
    assert (dropped.exit_code, dropped.output) == (0, "generation trial is dropped\n")
    assert [each.name for each in control.all()] == ["main"]


def test_nobody_is_asked_about_a_generation_that_is_not_there(control: Control, tmp_path: Path) -> None:
    refused = run(tmp_path, "drop", "nowhere")
    assert (type(refused.exception), refused.output) == (UnknownGenerationError, "")
