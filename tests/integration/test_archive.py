"""Exports and imports on the real broker, and seals held against it."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner, Result
from integration.conftest import Places
from kafka.admin import KafkaAdminClient
from support.archives import NOON, SCHEMAS, record
from support.fold_model import edited, unpublished
from support.kit import Newsroom
from support.memory_log import MemoryLog
from support.raw import RawLog
from support.stack import alter_topic, fresh_topics
from support.stories import Story, send, send_stories
from support.workers import command, environment, run, until

from newsroom_consumers.archive.export import export
from newsroom_consumers.archive.log import ArchiveLog
from newsroom_consumers.log.cut import end_of, records_until
from newsroom_consumers.log.kafka import KafkaLog
from newsroom_consumers.log.log import Log
from newsroom_consumers.log.record import Record
from newsroom_infra import topics
from newsroom_infra.cli import newsroom as program
from newsroom_infra.cli.shared import progress
from newsroom_infra.settings import Settings
from newsroom_producers.desk import new_event_id

MANY = 20_000
"""Records of an import that is long enough to be killed in its middle."""


def ask(newsroom: Newsroom, *arguments: str | Path) -> Result:
    """Run a command of the program in this process."""
    return CliRunner().invoke(program, [str(each) for each in arguments], env=environment(newsroom))


def done(newsroom: Newsroom, *arguments: str | Path) -> str:
    """Run a command that has to succeed; give what it printed."""
    result = ask(newsroom, *arguments)
    assert result.exit_code == 0, result.output + str(result.exception)
    return result.output


def settings_of(newsroom: Newsroom) -> Settings:
    """Return the settings of a newsroom's log."""
    return Settings(kafka=newsroom.bootstrap, topic_prefix=newsroom.topics.articles.removesuffix(".articles"))


def read(log: Log) -> list[Record]:
    """Read a log to its end."""
    return sorted(records_until(log, end_of(log)), key=lambda record: record[:3])


def held(newsroom: Newsroom) -> list[Record]:
    """Read the newsroom's log from Kafka."""
    with closing(KafkaLog(newsroom.bootstrap, newsroom.topics, batch=newsroom.batch)) as log:
        return read(log)


def lose_the_log(newsroom: Newsroom) -> None:
    """Delete the topics, and make empty ones."""
    settings = settings_of(newsroom)
    names = set(newsroom.topics)
    with KafkaAdminClient(bootstrap_servers=newsroom.bootstrap) as admin:
        admin.delete_topics(sorted(names))
        until(lambda: not names & set(admin.list_topics()))
    topics.ensure(settings)


def write_news(newsroom: Newsroom, count: int = 40) -> None:
    """Write stories, edit some, withdraw some, and define a tag."""
    send_stories(newsroom, (Story(id=f"story-{number}", tags=("sport",)) for number in range(count)))
    newsroom.desk().define_tag("sport", labels={"uk": "Спорт"})
    for number in range(0, count, 3):
        named = {"article_id": f"story-{number}", "event_id": new_event_id()}
        send(newsroom, [unpublished(**named) if number % 2 else edited(headline="Revised", **named)])


def test_a_log_that_was_lost_comes_back_from_its_export_to_the_last_byte(
    newsroom: Newsroom, places: Places, topic_prefix: str, tmp_path: Path, raw_log: RawLog
) -> None:
    write_news(newsroom)
    raw_log.append(b"nobody", None)
    newsroom.work()
    before, tables = held(newsroom), newsroom.tables()
    done(newsroom, "log", "export", tmp_path / "export")
    done(newsroom, "log", "verify", tmp_path / "export")
    lose_the_log(newsroom)
    assert f"{len(before):,} records are imported" in done(newsroom, "log", "import", tmp_path / "export")
    assert held(newsroom) == before
    again = json.loads(done(newsroom, "log", "import", tmp_path / "export", "--json"))
    assert again == {"records": len(before), "there": len(before), "appended": 0}
    assert held(newsroom) == before
    assert topics.differences(settings_of(newsroom)) == ()
    other = Newsroom(newsroom.bootstrap, topic_prefix, places())
    other.work()
    assert other.tables() == tables
    newsroom.desk().create("later", "uk", headline="Later")
    newsroom.work()
    assert len(held(newsroom)) == len(before) + 1


def test_a_replay_of_an_export_equals_the_live_generation(
    newsroom: Newsroom, topic_prefix: str, tmp_path: Path
) -> None:
    write_news(newsroom)
    newsroom.work()
    done(newsroom, "log", "export", tmp_path / "export")
    nowhere = Newsroom("127.0.0.1:1", topic_prefix, newsroom.place, generation="again")
    replayed = run(nowhere, "replay", "--into", "again", "--from", str(tmp_path / "export"))
    assert replayed.returncode == 0, replayed.stderr
    assert nowhere.tables() == newsroom.tables()


def test_an_export_is_the_log_byte_for_byte_and_can_be_cut(newsroom: Newsroom, tmp_path: Path) -> None:
    write_news(newsroom, 9)
    done(newsroom, "log", "export", tmp_path / "export")
    assert read(ArchiveLog(tmp_path / "export", batch=1000)) == held(newsroom)
    said = json.loads(done(newsroom, "log", "export", tmp_path / "cut", "--until", "tags/0:0,0:1", "--json"))
    kept = read(ArchiveLog(tmp_path / "cut", batch=1000))
    assert kept == [
        each
        for each in held(newsroom)
        if each.topic == newsroom.topics.articles and (each.partition != 0 or each.offset == 0)
    ]
    seal = json.loads((tmp_path / "cut" / "seals.jsonl").read_text())
    assert said["records"] == len(kept) == sum(each["records"] for each in said["partitions"])
    assert [(each["next_offset"], each["chain"]) for each in said["partitions"]] == [
        (each["next_offset"], each["chain"]) for each in seal["cursors"]
    ]
    assert ask(newsroom, "log", "export", tmp_path / "cut").exit_code != 0


def test_an_import_killed_in_its_middle_is_gone_on_with_by_the_same_command(newsroom: Newsroom, tmp_path: Path) -> None:
    records = spread(newsroom, MANY)
    archived(newsroom, records, tmp_path / "export")
    arguments = command("log", "import", str(tmp_path / "export"))
    with subprocess.Popen(arguments, env=environment(newsroom), stderr=subprocess.DEVNULL) as process:
        until(lambda: sum(newsroom.ends().values()) > 0)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    there = sum(newsroom.ends().values())
    assert 0 < there < MANY
    assert {each.found for each in topics.differences(settings_of(newsroom))} == {"CreateTime"}
    assert f"{there:,} of them by an earlier import" in done(newsroom, "log", "import", tmp_path / "export")
    assert held(newsroom) == sorted(records, key=lambda record: record[:3])
    assert topics.differences(settings_of(newsroom)) == ()


def spread(newsroom: Newsroom, count: int) -> list[Record]:
    """Make records that mean nothing, spread over the partitions of the articles."""
    return [record(newsroom.topics.articles, number % 6, number // 6, b"%d" % number * 40) for number in range(count)]


def archived(newsroom: Newsroom, records: Iterable[Record], folder: Path) -> None:
    """Export records as those of the newsroom's topics."""
    log = MemoryLog({newsroom.topics.articles: 6, newsroom.topics.tags: 1}, records, sizes=(MANY,))
    export(log, end_of(log), folder, SCHEMAS, now=NOON)


def test_an_export_goes_into_topics_of_another_prefix_when_told_so(
    newsroom: Newsroom, broker: str, tmp_path: Path
) -> None:
    records = spread(newsroom, 60)
    archived(newsroom, records, tmp_path / "export")
    with fresh_topics(broker, f"{newsroom.topics.articles}-copy") as prefix:
        other = Newsroom(broker, prefix, tmp_path / "other")
        refused = ask(other, "log", "import", tmp_path / "export")
        assert "--rename" in str(refused.exception)
        done(other, "log", "import", tmp_path / "export", "--rename")
        assert [each[1:] for each in held(other)] == [each[1:] for each in sorted(records, key=lambda each: each[:3])]


def test_topics_with_other_records_and_a_bad_export_are_refused_before_anything_is_written(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    archived(newsroom, spread(newsroom, 60), tmp_path / "export")
    newsroom.desk().define_tag("sport", labels={"uk": "Спорт"})
    assert "holds a record at 0" in str(ask(newsroom, "log", "import", tmp_path / "export").exception)
    next((tmp_path / "export").rglob("*.avro")).write_bytes(b"")
    assert "not as it was written" in str(ask(newsroom, "log", "import", tmp_path / "export").exception)
    assert sum(newsroom.ends().values()) == 1
    assert topics.differences(settings_of(newsroom)) == ()


def test_nothing_is_imported_into_topics_that_would_not_keep_it(newsroom: Newsroom, tmp_path: Path) -> None:
    archived(newsroom, spread(newsroom, 6), tmp_path / "export")
    alter_topic(newsroom.bootstrap, newsroom.topics.articles, "retention.ms", "60000")
    refused = ask(newsroom, "log", "import", tmp_path / "export").exception
    assert (type(refused), "retention.ms is 60000" in str(refused)) == (topics.TopicsError, True)
    assert sum(newsroom.ends().values()) == 0


def test_topics_stamp_records_again_after_an_import_that_failed(newsroom: Newsroom, tmp_path: Path) -> None:
    large = record(newsroom.topics.articles, 0, 1, b"x" * (topics.MAX_BYTES + 1))
    archived(newsroom, [record(newsroom.topics.articles, 0, 0, b"small"), large], tmp_path / "export")
    result = ask(newsroom, "log", "import", tmp_path / "export")
    assert "has not acknowledged all records" in str(result.exception)
    assert topics.differences(settings_of(newsroom)) == ()


@pytest.mark.parametrize(("command", "said"), [("export", "start it over"), ("import", "to continue")])
def test_ctrl_c_says_what_becomes_of_what_is_written(
    newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    """Somebody presses it while the records are counted."""
    archived(newsroom, spread(newsroom, 6), tmp_path / "import")

    def interrupted(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(progress, "counting", interrupted)
    result = ask(newsroom, "log", command, tmp_path / command)
    assert (result.exit_code, "interrupted: " in result.stderr, said in result.stderr) == (1, True, True)


@pytest.mark.parametrize("folded", [True, False])
def test_seals_hold_while_the_log_grows_and_name_the_record_that_was_altered(
    newsroom: Newsroom, tmp_path: Path, *, folded: bool
) -> None:
    seals = tmp_path / "seals.jsonl"
    write_news(newsroom, 9)
    newsroom.work()
    seals.write_text(done(newsroom, "audit", "seal"))
    newsroom.desk().create("later", "uk", headline="Later")
    newsroom.work()
    done(newsroom, "audit", "seal", "--out", seals)
    assert "2 of 2 seals hold" in done(newsroom, "audit", "check-seals", seals)
    assert "2 of 2 seals" in done_with_export(newsroom, tmp_path / "export", seals)
    records = held(newsroom)
    forged = records[3]._replace(value=b"forged")
    archived(newsroom, [forged if each is records[3] else each for each in records], tmp_path / "forged")
    lose_the_log(newsroom)
    done(newsroom, "log", "import", tmp_path / "forged")
    asking = newsroom if folded else Newsroom(newsroom.bootstrap, prefix_of(newsroom), tmp_path / "empty")
    result = ask(asking, "audit", "check-seals", seals, "--json")
    answer = json.loads(result.stdout)
    (broken,) = answer["broken"]
    assert (result.exit_code, answer["held"], answer["seals"]) == (1, 0, 2)
    assert (broken["topic"], broken["partition"]) == forged[:2]
    assert (broken["kind"], broken["offset"]) == (("altered", forged.offset) if folded else ("unknown", None))
    said = ask(asking, "audit", "check-seals", seals).stdout.splitlines()
    assert (f"{forged.topic}/{forged.partition}" in said[0], said[-1]) == (True, "0 of 2 seals hold")


def prefix_of(newsroom: Newsroom) -> str:
    """Return the prefix of a newsroom's topics."""
    return newsroom.topics.articles.removesuffix(".articles")


def done_with_export(newsroom: Newsroom, folder: Path, seals: Path) -> str:
    """Export the log and hold the export against seals."""
    done(newsroom, "log", "export", folder)
    return done(newsroom, "log", "verify", folder, "--seals", seals)
