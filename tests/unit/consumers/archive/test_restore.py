"""What stands in the way of an import, and what shows that one was not as it should be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.archives import NOON, TOPICS, made, record
from support.memory_log import MemoryLog

from newsroom_consumers.archive.export import export
from newsroom_consumers.archive.format import read_manifest
from newsroom_consumers.archive.restore import (
    ArchiveTopicsError,
    DifferentCopyError,
    NotRestorableError,
    OccupiedTopicsError,
    Restore,
    RestoreCheck,
)
from newsroom_consumers.archive.verify import verify
from newsroom_consumers.log.cut import end_of
from newsroom_consumers.log.record import Partition, Record
from newsroom_schemas.errors import Kind

AT = Partition("newsroom.articles", 1)
LOG = [record(*AT, offset, b"record %d" % offset) for offset in range(5)] + [record("newsroom.tags", 0, 0, b"tag")]
OTHER = {"other.articles": 2, "other.tags": 1}


def restoring(tmp_path: Path, log: MemoryLog, *, rename: bool = False) -> Restore:
    """Begin an import of the log into another one."""
    manifest = made(tmp_path / "export", LOG)
    return Restore(tmp_path / "export", manifest, log, rename=rename)


def test_what_is_there_already_is_counted_and_the_rest_is_given_in_order(tmp_path: Path) -> None:
    importing = restoring(tmp_path, MemoryLog(TOPICS, LOG[:2]))
    assert importing.compare() == 2
    assert list(importing.rest()) == LOG[2:]


def test_a_copy_is_equal_to_the_export(tmp_path: Path) -> None:
    log = MemoryLog(TOPICS, LOG)
    importing = restoring(tmp_path, log)
    assert importing.compare() == len(LOG)
    assert list(importing.rest()) == []
    importing.read_back(lambda _: None)


@pytest.mark.parametrize(
    "there",
    [
        [LOG[0], LOG[1]._replace(timestamp=NOON - 1)],
        [LOG[0], LOG[1]._replace(value=b"x")],
        [LOG[0], LOG[2]._replace(offset=1)],
    ],
)
def test_topics_with_another_record_are_refused_and_it_is_named(tmp_path: Path, there: list[Record]) -> None:
    with pytest.raises(OccupiedTopicsError) as caught:
        restoring(tmp_path, MemoryLog(TOPICS, there)).compare()
    assert (caught.value.at, caught.value.offset) == (AT, 1)


def test_topics_with_more_records_than_the_export_are_refused(tmp_path: Path) -> None:
    log = MemoryLog(TOPICS, [*LOG, record(*AT, 5, b"more")])
    with pytest.raises(OccupiedTopicsError) as caught:
        restoring(tmp_path, log).compare()
    assert caught.value.offset == 5


@pytest.mark.parametrize(
    ("after", "problem"),
    [
        ([*LOG[:3], LOG[3]._replace(timestamp=NOON), *LOG[4:]], "its chain differs"),
        (LOG[1:5], "its chain differs"),
        (LOG[:4], "it ends at 4, the export at 5"),
    ],
)
def test_a_copy_that_differs_is_found_when_it_is_read_back(tmp_path: Path, after: list[Record], problem: str) -> None:
    importing = restoring(tmp_path, MemoryLog(TOPICS, after))
    with pytest.raises(DifferentCopyError, match=problem):
        importing.read_back(lambda _: None)


@pytest.mark.parametrize("topics", [OTHER, {"newsroom.articles": 3, "newsroom.tags": 1}, {"newsroom.articles": 2}])
def test_other_topics_are_refused(tmp_path: Path, topics: Mapping[str, int]) -> None:
    with pytest.raises(ArchiveTopicsError) as caught:
        restoring(tmp_path, MemoryLog(topics, []))
    assert caught.value.kind is Kind.USAGE


def test_topics_of_another_prefix_are_taken_when_told_so(tmp_path: Path) -> None:
    there = [each._replace(topic=each.topic.replace("newsroom", "other")) for each in LOG]
    log = MemoryLog(OTHER, there[:1])
    importing = restoring(tmp_path, log, rename=True)
    assert importing.compare() == 1
    for each in importing.rest():
        log.append(each)
    importing.read_back(lambda _: None)


def test_topics_of_other_numbers_are_refused_under_another_prefix_too(tmp_path: Path) -> None:
    with pytest.raises(ArchiveTopicsError):
        restoring(tmp_path, MemoryLog(OTHER | {"other.articles": 6}, []), rename=True)


@pytest.mark.parametrize(
    ("odd", "offset"),
    [
        ({"offset": 1}, 0),
        ({"timestamp": NOON + 1}, 0),
        ({"timestamp": -1000}, 0),
        ({"key": None, "value": None}, 0),
        ({"headers": (("trace", None),)}, 0),
    ],
)
def test_what_would_not_come_out_the_same_is_not_imported(tmp_path: Path, odd: dict[str, Any], offset: int) -> None:
    with pytest.raises(NotRestorableError, match=r"newsroom\.articles/1") as caught:
        look(record(*AT, 0, b"odd")._replace(**odd), tmp_path)
    assert (caught.value.at, caught.value.offset) == (AT, offset)


def test_an_export_whose_last_offset_has_no_record_is_not_imported(tmp_path: Path) -> None:
    """As behind a transaction: a new log would end one offset earlier."""
    log = MemoryLog(TOPICS, LOG)
    log.ends[AT] += 1
    manifest = export(log, end_of(log), tmp_path / "export", {}, now=NOON)
    check = RestoreCheck(manifest)
    verify(tmp_path / "export", visit=check.check)
    with pytest.raises(NotRestorableError, match="it ends at 6, without a record at 5") as caught:
        check.end()
    assert (caught.value.at, caught.value.offset) == (AT, 5)


def look(odd: Record, folder: Path) -> None:
    """Look at an export of a record as an import does."""
    made(folder, [odd])
    obstacles = RestoreCheck(read_manifest(folder))
    verify(folder, visit=obstacles.check)
    obstacles.end()
