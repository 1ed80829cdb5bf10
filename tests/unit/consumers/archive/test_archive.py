"""Exports of a log: how they are made, what else in their folder is looked at, and how they are read as a log."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from support.archives import NOON, SCHEMAS, TOPICS, Shortened, made, rows, rows_of, sample, write
from support.batches import fold
from support.examples import examples
from support.kit import scan
from support.memory_log import MemoryLog
from support.record_strategies import PARTITIONS, records
from support.strategies import unhurried
from support.writing import READER

from newsroom_consumers.archive.container import UnreadableContainerError
from newsroom_consumers.archive.export import OccupiedFolderError, export
from newsroom_consumers.archive.format import MANIFEST, RECORD_SCHEMA, NoArchiveError, file_name, folder_of
from newsroom_consumers.archive.log import ArchiveLog
from newsroom_consumers.archive.partition_check import FindingKind
from newsroom_consumers.archive.verify import verify
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.log.cut import cut_at, end_of, records_until
from newsroom_consumers.log.log import Bounds
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.seals.check import BrokenKind
from newsroom_consumers.seals.seal import read_seals
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.worker.loop import Loop
from newsroom_infra.cli import newsroom
from newsroom_schemas.wire.released import schema_files

DENSE, GAPS = Partition("newsroom.articles", 0), Partition("newsroom.articles", 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make an export of a small log, three records in a file."""
    made(tmp_path / "export", sample())
    return tmp_path / "export"


def order(record: Record) -> tuple[str, int, int]:
    """Return the place of a record."""
    return record[:3]


def run(*arguments: str) -> tuple[int, str]:
    """Run a command of ``newsroom log``; give its exit code and what it printed."""
    result = CliRunner().invoke(newsroom, ["log", *arguments])
    return result.exit_code, result.output


class TestExport:
    """Making one."""

    def test_it_holds_every_record_byte_for_byte(self, folder: Path) -> None:
        log = ArchiveLog(folder, batch=1000)
        assert sorted(records_until(log, end_of(log)), key=order) == sorted(sample(), key=order)

    def test_it_ends_at_the_cut(self, tmp_path: Path) -> None:
        log = MemoryLog(TOPICS, sample())
        cut = end_of(log) | {DENSE: 4}
        export(log, cut, tmp_path / "export", SCHEMAS, now=NOON)
        found = ArchiveLog(tmp_path / "export", batch=1000)
        assert end_of(found) == cut
        assert [each.offset for each in records_until(found, {DENSE: 4})] == [0, 1, 2, 3]
        assert verify(tmp_path / "export").holds

    def test_it_ends_where_offsets_without_records_end_and_never_behind_the_log(self, tmp_path: Path) -> None:
        log = MemoryLog(TOPICS, sample())
        export(log, end_of(log) | {GAPS: 7, DENSE: 99}, tmp_path / "export", SCHEMAS, now=NOON)
        found = ArchiveLog(tmp_path / "export", batch=1000)
        assert end_of(found) == end_of(log) | {GAPS: 7}
        found.seek(GAPS, 4)
        assert found.poll(0).positions == {GAPS: 7}

    def test_its_files_take_so_many_records_and_are_named_by_the_first(self, folder: Path) -> None:
        assert [path.name for path in sorted(folder_of(folder, GAPS).iterdir())] == [file_name(0), file_name(4)]

    def test_it_carries_every_schema_of_this_build(self, tmp_path: Path) -> None:
        log = MemoryLog(TOPICS, [])
        export(log, end_of(log), tmp_path, schema_files(), now=NOON)
        assert {path.name: path.read_text() for path in (tmp_path / "schemas").iterdir()} == schema_files()
        assert verify(tmp_path).holds

    def test_one_that_was_cut_short_is_no_export_and_is_begun_anew(self, tmp_path: Path) -> None:
        with pytest.raises(ZeroDivisionError):
            interrupted(tmp_path)
        assert list((tmp_path / "records").rglob("*.avro"))
        with pytest.raises(NoArchiveError):
            verify(tmp_path)
        made(tmp_path, sample())
        assert verify(tmp_path).holds

    @pytest.mark.parametrize("foreign", ["notes.txt", "schemas/notes.txt", "records/newsroom.tags/0/1.avro"])
    def test_a_folder_with_anything_else_is_refused_and_left_alone(self, tmp_path: Path, foreign: str) -> None:
        with pytest.raises(ZeroDivisionError):
            interrupted(tmp_path)
        (tmp_path / foreign).write_text("mine")
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(OccupiedFolderError):
            made(tmp_path, sample())
        assert sorted(tmp_path.rglob("*")) == before

    def test_a_file_in_the_place_of_the_folder_is_refused_and_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "export").write_text("mine")
        with pytest.raises(OccupiedFolderError, match="it is a file"):
            made(tmp_path / "export", sample())
        assert (tmp_path / "export").read_text() == "mine"

    def test_a_finished_export_is_not_overwritten(self, folder: Path) -> None:
        with pytest.raises(OccupiedFolderError, match="a finished export"):
            made(folder, sample())


def interrupted(folder: Path) -> None:
    """Fail in the middle of an export."""
    log, steps = MemoryLog(TOPICS, sample()), itertools.count(-8)
    export(log, end_of(log), folder, SCHEMAS, now=NOON, progress=lambda _: 1 // next(steps), per_file=3)


class TestVerify:
    """What else is looked at."""

    def test_the_first_problem_of_each_partition_is_named(self, folder: Path) -> None:
        for at in (DENSE, GAPS):
            sorted(folder_of(folder, at).iterdir())[1].write_bytes(b"")
        found = [(each.partition, each.offset) for each in verify(folder).findings]
        assert found == [(0, 3), (1, 4)]

    def test_a_missing_file_is_named_with_its_first_record(self, folder: Path) -> None:
        (folder_of(folder, GAPS) / file_name(4)).unlink()
        findings = verify(folder).findings
        assert [each.kind for each in findings] == [FindingKind.FILE, FindingKind.UNREADABLE]
        assert (findings[0].partition, findings[1].offset) == (1, 4)

    @pytest.mark.parametrize("name", ["schemas/Said.3.avsc", "records/newsroom.articles/0/" + file_name(99), "notes"])
    def test_a_foreign_file_is_found(self, folder: Path, name: str) -> None:
        (folder / name).write_text("mine")
        (finding,) = verify(folder).findings
        assert finding.kind is FindingKind.FILE
        assert name in str(finding)

    def test_a_file_under_another_name_is_found(self, folder: Path) -> None:
        (folder_of(folder, DENSE) / file_name(3)).rename(folder_of(folder, DENSE) / file_name(2))
        manifest = folder / MANIFEST
        manifest.write_text(manifest.read_text().replace(file_name(3), file_name(2), 1))
        (finding,) = verify(folder).findings
        assert (finding.kind, finding.partition, finding.offset) == (FindingKind.FILE, 0, 3)

    def test_an_export_that_begins_later_than_its_seals_lacks_records(self, folder: Path, tmp_path: Path) -> None:
        log = Shortened(TOPICS, [each for each in sample() if each.offset >= Shortened.FIRST])
        export(log, end_of(log), tmp_path / "later", SCHEMAS, now=NOON)
        report = verify(tmp_path / "later", read_seals(folder / "seals.jsonl"))
        assert report.seals is not None
        assert {(each.kind, each.offset) for each in report.seals.broken} == {(BrokenKind.MISSING, 0)}

    def test_a_container_of_another_schema_is_not_read(self, folder: Path) -> None:
        path = folder_of(folder, DENSE) / file_name(3)
        fields = [*RECORD_SCHEMA["fields"], {"name": "note", "type": "string", "default": ""}]
        records = rows(path)
        with path.open("wb") as file:
            fastavro.writer(file, RECORD_SCHEMA | {"fields": fields}, records)
        (finding,) = verify(folder).findings
        assert (finding.kind, finding.offset) == (FindingKind.UNREADABLE, 3)

    def test_an_altered_seal_is_found(self, folder: Path) -> None:
        path = folder / "seals.jsonl"
        path.write_text(path.read_text().replace('"next_offset":9', '"next_offset":8', 1))
        (finding,) = verify(folder).findings
        assert (finding.kind, finding.partition) == (FindingKind.MANIFEST, 0)

    def test_one_that_was_rewritten_whole_is_told_by_seals_kept_elsewhere_only(
        self, folder: Path, tmp_path: Path
    ) -> None:
        seals = read_seals(folder / "seals.jsonl")
        assert verify(folder, seals).holds
        forged = [each._replace(value=b"forged") if each.value == b"gap 4" else each for each in sample()]
        made(tmp_path / "forged", forged)
        assert verify(tmp_path / "forged").holds
        report = verify(tmp_path / "forged", seals)
        assert report.findings == ()
        assert report.seals is not None
        (broken,) = report.seals.broken
        assert (broken.partition, broken.next_offset, report.holds) == (1, 9, False)

    def test_commands_exit_by_what_they_find(self, folder: Path, tmp_path: Path) -> None:
        assert run("verify", str(folder))[0] == 0
        assert run("verify", str(tmp_path / "nowhere"))[0] != 0
        with rows_of(folder, DENSE) as files:
            files[1][0]["timestamp"] += 1
            write(folder, DENSE, files)
            code, said = run("verify", str(folder))
            assert (code, "newsroom.articles/0: the record at 3 was altered" in said) == (1, True)
            code, said = run("verify", "--json", str(folder))
        answer = msgspec.json.decode(said)
        assert (code, answer["holds"]) == (1, False)
        assert answer["report"]["findings"][0]["offset"] == 3


class TestArchiveLog:
    """Reading one as a log."""

    def test_a_fold_of_it_equals_that_of_the_log(self, tmp_path: Path) -> None:
        numbers = itertools.count()

        @settings(unhurried, max_examples=examples(12))
        @given(records())
        def equal(log: list[Record]) -> None:
            place = tmp_path / str(next(numbers))
            memory = MemoryLog(PARTITIONS, log)
            export(memory, end_of(memory), place / "export", {}, now=NOON, per_file=5)
            assert folded(place, batch=7) == fold(log, SqliteDatabase(place / "live"), [500])
            shutil.rmtree(place)

        equal()

    def test_it_begins_where_it_is_sought_and_ends_where_the_log_did(self, folder: Path) -> None:
        log = ArchiveLog(folder, batch=2)
        assert log.bounds([GAPS]) == {GAPS: Bounds(0, 9)}
        log.seek(GAPS, 2)
        assert [each.offset for each in log.poll(0).records] == [3, 4]
        assert log.poll(0).positions == {GAPS: 9}
        assert log.poll(0) == ([], {GAPS: 9})
        log.seek(GAPS, 8)
        log.pause(GAPS)
        assert log.poll(0) == ([], {})

    def test_behind_a_pause_it_is_read_from_where_it_is_sought(self, folder: Path) -> None:
        """A loop that has waited seeks its cursors again: what was read before the wait and not stored comes again."""
        log = ArchiveLog(folder, batch=2)
        log.seek(GAPS, 0)
        log.poll(0)
        log.heartbeat(0)
        assert log.poll(0) == ([], {})
        log.seek(GAPS, 0)
        assert [each.offset for each in log.poll(0).records] == [0, 1]

    def test_partitions_take_turns(self, folder: Path) -> None:
        log = ArchiveLog(folder, batch=4)
        for at in log.assigned():
            log.seek(at, 0)
        assert [(each.topic, each.partition, each.offset) for each in log.poll(0).records] == [
            (*DENSE, 0),
            (*GAPS, 0),
            ("newsroom.tags", 0, 0),
            (*DENSE, 1),
        ]

    def test_single_records_are_found_wherever_they_are(self, folder: Path) -> None:
        log = ArchiveLog(folder, batch=1000)
        assert log.records_at({DENSE: 5, GAPS: 2}) == {DENSE: sample()[5]}
        assert [each.offset for each in log.records_of(GAPS, [0, 2, 7, 99])] == [0, 7]

    def test_it_is_cut_by_instants_as_the_log_is(self, folder: Path) -> None:
        memory, log = MemoryLog(TOPICS, sample()), ArchiveLog(folder, batch=1000)
        for instant in range(NOON - 1000, NOON + 10_000, 500):
            assert cut_at(log, instant) == cut_at(memory, instant)

    def test_a_torn_container_is_an_error_that_names_it(self, folder: Path) -> None:
        path = folder_of(folder, DENSE) / file_name(3)
        path.write_bytes(path.read_bytes()[:-40])
        log = ArchiveLog(folder, batch=1000)
        with pytest.raises(UnreadableContainerError, match=file_name(3)):
            list(records_until(log, end_of(log)))


def folded(place: Path, batch: int) -> dict[str, list[tuple[Any, ...]]]:
    """Fold an export into a generation beside it, and scan its tables."""
    log, database = ArchiveLog(place / "export", batch=batch), SqliteDatabase(place / "replayed")
    session = database.session("main")
    loop = Loop(log, Generation(session), READER, BatchFold(), owner="test", cached=1)
    while loop.run_once(0).records:
        pass
    session.close()
    with database.reading("main") as connection:
        return scan(connection)
