"""Verify: the live generation is what the log says, or every row that is not is named, with a worker or without."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from integration.conftest import on_both_databases
from sqlalchemy import Table, delete, insert, select, update
from support.asked import verdict, verified
from support.fold_model import correction, edited, published, unpublished
from support.kit import Newsroom
from support.parking import Faults
from support.raw import RawLog
from support.stories import Story, send, send_stories
from support.workers import environment, positions, run, until, worker

from newsroom_consumers.audit import verify as auditing
from newsroom_consumers.audit.verify import SCRATCH, CannotVerifyError
from newsroom_consumers.control.control import GENERATION, Control
from newsroom_consumers.projections.published import GONE, PUBLISHED
from newsroom_consumers.projections.tags import TAG, TAG_ENTRY
from newsroom_consumers.projections.timeline import TIMELINE
from newsroom_consumers.store.tables import ARTICLE, CURSOR, EDITION, EVENT, PARKED
from newsroom_infra.cli import newsroom as program
from newsroom_producers.desk import new_event_id
from newsroom_schemas.errors import Kind
from newsroom_schemas.values import Block

TEXT = (Block(kind="paragraph", text="Повінь"),)


def fill(newsroom: Newsroom, raw_log: RawLog) -> None:
    """Send a small newsroom: live, corrected, withdrawn, parked, and some of it refused."""
    stories = [Story(id=name, tags=("weather", name), texts={"blocks": TEXT}) for name in ("storm", "rain", "hail")]
    send_stories(newsroom, stories)
    newsroom.desk().define_tag("weather", labels={"uk": "Погода"})
    named = {"event_id": new_event_id(), "article_id": "rain"}
    send(newsroom, [unpublished(**named, reason="error"), edited(**named | {"event_id": new_event_id()}, headline="x")])
    send(newsroom, [published(event_id=new_event_id(), article_id="hail", expected_version=7, note=correction())])
    raw_log.event(edited(event_id=new_event_id(), article_id="snow"), cut=1)


@pytest.fixture
def filled(newsroom: Newsroom, raw_log: RawLog) -> Newsroom:
    """Return a newsroom whose generation holds all of its log."""
    fill(newsroom, raw_log)
    newsroom.work()
    return newsroom


@on_both_databases
def test_a_generation_that_a_worker_made_is_what_the_log_says(filled: Newsroom) -> None:
    found = verdict(filled)
    assert (found.equal, found.generation, found.cut) == (True, "main", begun(filled))
    assert found.records == len(filled.tables()["event"])
    assert found.digest["a"] == found.digest["b"]
    assert names_left(filled) == ["main"]


def begun(newsroom: Newsroom) -> Mapping[Any, int]:
    """Return where the log ends, in the partitions that have records."""
    return {at: end for at, end in newsroom.ends().items() if end}


def names_left(newsroom: Newsroom) -> list[str]:
    """Name the generations that there are."""
    return [each.name for each in Control(newsroom.database).all()]


Touch = tuple[Table, Mapping[str, Any], Callable[[Any], Mapping[str, Any]] | None]
"""A table, which of its rows, and what to write into one; ``None``: delete it."""

TOUCHES: dict[str, Touch] = {
    "headline": (PUBLISHED, {"article_id": "storm"}, lambda row: {"headline": row.headline + "."}),
    "page deleted": (PUBLISHED, {"article_id": "storm"}, None),
    "withdrawal deleted": (GONE, {"article_id": "rain"}, None),
    "tag entry": (TAG_ENTRY, {"tag_id": "weather", "article_id": "storm"}, lambda _: {"slug": "x"}),
    "tag entry deleted": (TAG_ENTRY, {"tag_id": "weather", "article_id": "storm"}, None),
    "timeline instant": (
        TIMELINE,
        {"article_id": "storm"},
        lambda row: {"first_published_at": row.first_published_at + 1},
    ),
    "outcome": (EVENT, {"article_id": "hail", "outcome": "rejected"}, lambda _: {"outcome": "applied"}),
    "event deleted": (EVENT, {"article_id": "hail", "outcome": "rejected"}, None),
    "blocks": (EDITION, {"article_id": "storm"}, lambda row: {"blocks": bytes(row.blocks[:-2]) + b"\x01\0"}),
    "hold": (ARTICLE, {"article_id": "storm"}, lambda _: {"hold": 1}),
    "parked": (PARKED, {"article_id": "snow"}, lambda row: {"value": bytes(row.value) + b"\0"}),
}


CHANGES = ("headline", "tag entry", "timeline instant", "outcome", "blocks", "hold", "parked")
"""Those that change one byte or one value."""

CURSORS: dict[str, Callable[[Any], Mapping[str, Any]] | None] = {
    "chain": lambda row: {"chain": bytes(reversed(row.chain))},
    "past the end": lambda row: {"next_offset": row.next_offset + 1000},
    "behind": lambda row: {"next_offset": row.next_offset - 1},
    "last": lambda _: {"last": bytes(32)},
    "missing": None,
}


def touch(newsroom: Newsroom, touched: Touch) -> Any:
    """Change or delete one row by hand, and return it as it was."""
    table, which, write = touched
    session = newsroom.database.session(newsroom.generation)
    with session.begin() as connection:
        row = connection.execute(select(table).where(*(table.c[name] == which[name] for name in which))).one()
        statement = delete(table) if write is None else update(table).values(**write(row))
        assert connection.execute(statement.where(*_key(table, row))).rowcount == 1
    session.close()
    return row


@contextmanager
def touching(newsroom: Newsroom, touched: Touch) -> Iterator[Any]:
    """Change or delete one row by hand for a while; give it as it was."""
    table, _, write = touched
    row = touch(newsroom, touched)
    yield row
    session = newsroom.database.session(newsroom.generation)
    with session.begin() as connection:
        changed = {**row._mapping, **(write(row) if write else {})}
        key = [column == changed[column.name] for column in table.primary_key]
        connection.execute(delete(table).where(*key))
        connection.execute(insert(table).values(**row._mapping))
    session.close()


def _key(table: Table, row: Any) -> list[Any]:
    return [column == row._mapping[column.name] for column in table.primary_key]


def test_each_row_changed_by_hand_is_found_under_its_article(filled: Newsroom) -> None:
    for name, touched in TOUCHES.items():
        with touching(filled, touched) as row:
            found = verdict(filled).comparison
            assert not found.equal, name
            assert found.differences.article_ids == [row.article_id], name
            assert list(found.differences.counts) == [touched[0].name], name
    assert verified(filled)


@pytest.mark.parametrize("database", ["postgres"])
def test_rows_changed_by_hand_in_every_table_are_found_under_their_articles(filled: Newsroom) -> None:
    for name in CHANGES:
        touch(filled, TOUCHES[name])
    touch(filled, (CURSOR, {"topic": filled.topics.tags}, CURSORS["chain"]))
    found = verdict(filled).comparison
    assert found.differences.article_ids == ["hail", "snow", "storm"]
    assert found.differences.counts.keys() == {TOUCHES[name][0].name for name in CHANGES} | {"cursor"}
    assert [each.topic for each in found.differences.cursors] == [filled.topics.tags]


@on_both_databases
def test_a_row_that_the_log_does_not_give_is_found(filled: Newsroom) -> None:
    session = filled.database.session("main")
    with session.begin() as connection:
        gone = {"article_id": "ghost", "language": "uk", "reason": "legal", "since": 1}
        connection.execute(insert(GONE).values(**gone))
        connection.execute(update(TAG).values(labels="{}"))
    session.close()
    differences = verdict(filled).comparison.differences
    assert (differences.article_ids, [each.tag_id for each in differences.catalogue]) == (["ghost"], ["weather"])


def test_a_cursor_that_the_log_does_not_give_is_found(filled: Newsroom) -> None:
    for name, write in CURSORS.items():
        with touching(filled, (CURSOR, {"topic": filled.topics.tags}, write)) as row:
            differences = verdict(filled).comparison.differences
            assert [each.topic for each in differences.cursors] == [row.topic], name
            assert list(differences.counts) == ["cursor"], name
    assert verified(filled)


def test_a_generation_that_is_past_the_end_of_the_log_is_told_so(filled: Newsroom) -> None:
    (end,) = (end for at, end in filled.ends().items() if at.topic == filled.topics.tags)
    touch(filled, (CURSOR, {"topic": filled.topics.tags}, CURSORS["past the end"]))
    answered = CliRunner().invoke(program, ["audit", "verify"], env=environment(filled))
    said = f"main stands at {end + 1000} in {filled.topics.tags}/0, where the log ends at {end}\n"
    assert (answered.exit_code, said in answered.stdout) == (1, True)


def test_an_index_that_hides_a_row_is_found(filled: Newsroom) -> None:
    """Every row is there; but who looks for the events of an article by the index is not shown the first ones."""
    with closing(sqlite3.connect(Path(filled.place) / "main.sqlite")) as hand, hand:
        (whole,) = hand.execute("SELECT sql FROM sqlite_master WHERE name = 'event_article'").fetchone()
        hand.execute("DROP INDEX event_article")
        hand.execute(f'{whole} WHERE "offset" > 0')
        hand.execute("PRAGMA writable_schema = ON")
        hand.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'event_article'", (whole,))
    found = verdict(filled)
    assert (found.equal, found.comparison.equal) == (False, True)
    assert "event_article" in found.damage[0]


@on_both_databases
def test_a_worker_runs_on_while_its_generation_is_verified(newsroom: Newsroom, raw_log: RawLog, tmp_path: Path) -> None:
    fill(newsroom, raw_log)
    with worker(newsroom, tmp_path / "worker.log") as running:
        until(lambda: positions(newsroom) == newsroom.ends())
        answered = run(newsroom, "audit", "verify", "--json")
        assert (answered.returncode, answered.stderr) == (0, "")
        answer = msgspec.json.decode(answered.stdout)
        assert (answer["equal"], answer["generation"], answer["records"]) == (True, "main", 11)
        assert answer["digest"]["a"] == answer["digest"]["b"]

        row = touch(newsroom, TOUCHES["headline"])
        refused = run(newsroom, "audit", "verify")
        assert refused.returncode == 1
        assert f"article storm (uk) changes: published headline {row.headline}. -> {row.headline}" in refused.stdout
        assert "main is NOT what the log says. From main to the log: 1 article changes" in refused.stdout
        assert running.end(signal.SIGTERM) == 0
    assert names_left(newsroom) == ["main"]


def test_an_export_verifies_the_generation_too_until_that_has_gone_on(filled: Newsroom, tmp_path: Path) -> None:
    export = str(tmp_path / "export")
    assert run(filled, "log", "export", export).returncode == 0
    proven = run(filled, "audit", "verify", "--from", export)
    assert (proven.returncode, proven.stderr) == (0, "")
    assert "folded afresh: 11 records, all before " in proven.stdout
    assert "main is what the log says: every row of 10 tables is equal" in proven.stdout

    send_stories(filled, [Story(id="fog")])
    filled.work()
    refused = run(filled, "audit", "verify", "--from", export)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert f"the export in {export} is older than generation main" in refused.stderr


def test_records_that_this_build_folds_and_the_generation_has_parked_are_explained(newsroom: Newsroom) -> None:
    event_id = new_event_id()
    send_stories(newsroom, [Story(id="storm", event_id=event_id)])
    newsroom.work(folding=Faults(events=frozenset({event_id})).folding())
    refused = run(newsroom, "audit", "verify")
    assert refused.returncode == 1
    assert "this build folds records that are parked: `newsroom parked retry --all`" in refused.stdout


@on_both_databases
def test_what_is_folded_between_the_first_look_and_the_snapshot_is_verified_too(filled: Newsroom) -> None:
    def plan(total: int) -> Callable[[int], None]:
        assert total == sum(filled.ends().values())
        send_stories(filled, [Story(id="fog")])
        filled.work()
        return lambda _: None

    found = verdict(filled, plan=plan)
    assert (found.equal, found.cut) == (True, begun(filled))


@on_both_databases
def test_what_a_killed_verification_left_is_dropped_and_another_one_that_runs_is_not(filled: Newsroom) -> None:
    control = Control(filled.database)
    build = control.known("main").build
    for name in ("left", "running"):
        control.enter(f"{SCRATCH}{name}", build, now=0)
    with filled.database.exclusively(f"{SCRATCH}running"):
        assert verified(filled)
        assert names_left(filled) == ["main", f"{SCRATCH}running"]


def test_a_generation_of_another_build_cannot_be_verified(filled: Newsroom) -> None:
    with Control(filled.database).writing() as connection:
        connection.execute(update(GENERATION).values(fold_version=99))
    with pytest.raises(CannotVerifyError, match=r"made by fold 99, .*this build is fold \d") as refused:
        verdict(filled)
    assert refused.value.kind is Kind.UNDECIDED


@on_both_databases
def test_nothing_is_left_when_the_fold_fails(filled: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(auditing, "compare_rows", failing)
    with pytest.raises(KeyboardInterrupt):
        verdict(filled)
    assert names_left(filled) == ["main"]
