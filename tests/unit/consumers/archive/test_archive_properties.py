"""Whatever becomes of one record of an export, verifying it names the partition and the place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.archives import TOPICS, Row, made, rows, rows_of, sample, write
from support.examples import examples
from support.strategies import unhurried

from newsroom_consumers.archive.format import MANIFEST, ManifestError, folder_of
from newsroom_consumers.archive.log import ArchiveLog
from newsroom_consumers.archive.partition_check import FindingKind
from newsroom_consumers.archive.verify import verify
from newsroom_consumers.log.chain import CHAIN_START, link, record_hash, value_sha
from newsroom_consumers.log.cut import end_of, records_until
from newsroom_consumers.log.record import Partition, Record

some = settings(unhurried, max_examples=examples(60))
PARTITIONS = [Partition(topic, number) for topic, count in TOPICS.items() for number in range(count)]
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "offset": st.integers(0, 12),
    "timestamp": st.integers(0, 2**62),
    "key": st.none() | st.binary(max_size=3),
    "value": st.none() | st.binary(max_size=3),
    "headers": st.lists(st.fixed_dictionaries({"name": st.text("ab"), "value": st.none() | st.binary(max_size=1)})),
    "sha256": st.binary(min_size=32, max_size=32),
    "chain": st.binary(min_size=32, max_size=32),
}


class Changed(NamedTuple):
    """Rows with one of them changed, and the offsets that may be named for it, first and last."""

    rows: list[Row]
    first: int
    last: int
    true: int | None = None
    """The offset that the text has to name, whichever is thought the more probable one."""


Change = Callable[[st.DataObject, list[Row]], Changed]


def altered(data: st.DataObject, rows: list[Row]) -> Changed:
    """Alter a field of one record."""
    place = data.draw(st.sampled_from(range(len(rows))))
    field = data.draw(st.sampled_from(sorted(FIELDS)))
    row = rows[place] | {field: data.draw(FIELDS[field])}
    assume(row != rows[place])
    at = rows[place]["offset"]
    return Changed([*rows[:place], row, *rows[place + 1 :]], at, at)


def forged(data: st.DataObject, rows: list[Row]) -> Changed:
    """Alter one record together with its own hash and its own chain."""
    place = data.draw(st.sampled_from(range(len(rows))))
    row = hashed(rows[place] | {"value": b"forged"}, rows[place - 1]["chain"] if place else CHAIN_START)
    at = rows[place]["offset"]
    after = rows[place + 1]["offset"] if place + 2 < len(rows) else at
    gap = place + 2 == len(rows) and rows[place + 1]["offset"] > at + 1
    return Changed([*rows[:place], row, *rows[place + 1 :]], at, after + gap, at)


def rehashed(data: st.DataObject, rows: list[Row]) -> Changed:
    """Alter one record together with its own hash; its chain is left."""
    place = data.draw(st.sampled_from(range(len(rows))))
    row = hashed(rows[place] | {"value": b"forged"}, CHAIN_START) | {"chain": rows[place]["chain"]}
    at = rows[place]["offset"]
    first = rows[place - 1]["offset"] + 1 if place else at
    is_last = place + 1 == len(rows)
    return Changed([*rows[:place], row, *rows[place + 1 :]], at if is_last else first, at, at)


def dropped(data: st.DataObject, rows: list[Row]) -> Changed:
    """Remove one record."""
    place = data.draw(st.sampled_from(range(len(rows))))
    return Changed(
        [*rows[:place], *rows[place + 1 :]], rows[place - 1]["offset"] + 1 if place else 0, rows[place]["offset"]
    )


def doubled(data: st.DataObject, rows: list[Row]) -> Changed:
    """Put one record in once more, somewhere."""
    place = data.draw(st.sampled_from(range(len(rows))))
    where = data.draw(st.sampled_from(range(len(rows) + 1)))
    at = rows[place]["offset"] if where > place else rows[where]["offset"]
    return Changed([*rows[:where], rows[place], *rows[where:]], at, at)


def swapped(data: st.DataObject, rows: list[Row]) -> Changed:
    """Swap two neighbours."""
    assume(len(rows) > 1)
    place = data.draw(st.sampled_from(range(len(rows) - 1)))
    at = rows[place]["offset"]
    return Changed([*rows[:place], rows[place + 1], rows[place], *rows[place + 2 :]], at, at)


def appended(data: st.DataObject, rows: list[Row]) -> Changed:
    """Append a record with the hash and the chain that it would have."""
    at = rows[-1]["offset"] + data.draw(st.integers(1, 3))
    return Changed([*rows, hashed(rows[-1] | {"offset": at}, rows[-1]["chain"])], at, at)


def hashed(row: Row, before: bytes) -> Row:
    """Set the hash and the chain of a row to what fits it."""
    headers = tuple((each["name"], each["value"]) for each in row["headers"])
    record = Record("", 0, row["offset"], row["timestamp"], row["key"], row["value"], headers)
    sha = record_hash(record, value_sha(record))
    return row | {"sha256": sha, "chain": link(before, sha)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an export of a small log, three records in a file."""
    folder = tmp_path_factory.mktemp("archive") / "export"
    made(folder, sample())
    return folder


def test_an_export_as_it_was_written_holds(folder: Path) -> None:
    report = verify(folder)
    assert report.findings == ()
    assert report.records == len(sample())


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        (altered, {FindingKind.ALTERED}),
        (forged, {FindingKind.ALTERED, FindingKind.MISSING}),
        (rehashed, {FindingKind.ALTERED, FindingKind.MISSING}),
        (dropped, {FindingKind.MISSING}),
        (doubled, {FindingKind.MOVED}),
        (swapped, {FindingKind.MOVED}),
        (appended, {FindingKind.ADDED}),
    ],
)
def test_any_one_record_that_is_not_as_it_was_is_named(folder: Path, change: Change, faults: set[FindingKind]) -> None:
    @some
    @given(st.data(), st.sampled_from(PARTITIONS))
    def holds(data: st.DataObject, at: Partition) -> None:
        with rows_of(folder, at) as files:
            sizes = [len(rows) for rows in files]
            changed = change(data, [row for rows in files for row in rows])
            write(folder, at, spread(changed.rows, sizes))
            (finding,) = verify(folder).findings
        assert (finding.topic, finding.partition) == at
        assert finding.offset is not None
        assert changed.first <= finding.offset <= changed.last
        assert finding.kind in faults
        assert change not in (forged, rehashed) or f"at {changed.true}" in str(finding)

    holds()


def spread(rows: list[Row], sizes: list[int]) -> list[list[Row]]:
    """Put rows into files of the sizes that they had; the last takes the rest."""
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    ends: list[int | None] = [*starts[1:], None]
    return [rows[start:end] for start, end in zip(starts, ends, strict=True)]


@some
@given(st.data(), st.sampled_from(PARTITIONS))
def test_a_container_that_is_cut_off_is_named_with_the_first_record_that_is_lost(
    folder: Path, data: st.DataObject, at: Partition
) -> None:
    with rows_of(folder, at):
        path = data.draw(st.sampled_from(sorted(folder_of(folder, at).iterdir())))
        whole = path.read_bytes()
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
        (finding,) = verify(folder).findings
    assert (finding.topic, finding.partition) == at
    assert finding.offset is not None
    assert finding.kind in {FindingKind.UNREADABLE, FindingKind.MISSING}
    assert finding.offset in lost(path)


def lost(path: Path) -> tuple[int, int]:
    """Return where the records of a container begin, or the gap before them; and, if only its end mark is gone, end."""
    files = sorted(path.parent.iterdir())
    earlier = [row["offset"] for file in files[: files.index(path)] for row in rows(file)]
    return max(earlier, default=-1) + 1, rows(path)[-1]["offset"] + 1


@some
@given(st.data(), st.sampled_from(PARTITIONS))
def test_a_bit_that_flips_is_found_or_changes_no_record(folder: Path, data: st.DataObject, at: Partition) -> None:
    true = read(folder)
    with rows_of(folder, at):
        path = data.draw(st.sampled_from(sorted(folder_of(folder, at).iterdir())))
        torn = bytearray(path.read_bytes())
        torn[data.draw(st.integers(0, len(torn) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(torn)
        findings = verify(folder).findings
        if findings:
            assert [(each.topic, each.partition) for each in findings] == [at]
            assert findings[0].offset is not None
        else:
            assert read(folder) == true


def read(folder: Path) -> list[Record]:
    """Read an export as a log."""
    log = ArchiveLog(folder, batch=1000)
    return list(records_until(log, end_of(log)))


def numbers(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in a JSON tree."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for key, child in children for found in numbers(child, (*path, key))] or [path]


@some
@given(st.data())
def test_any_value_of_the_manifest_that_is_not_as_it_was_is_found(folder: Path, data: st.DataObject) -> None:
    path = folder / MANIFEST
    whole = path.read_bytes()
    manifest = msgspec.json.decode(whole)
    *way, last = data.draw(st.sampled_from(numbers(manifest)))
    node = manifest
    for key in way:
        node = node[key]
    was = node[last]
    node[last] = data.draw(
        st.just(None) | (st.integers(0, 12) if isinstance(was, int) else st.just(str(was).replace("0", "1")))
    )
    assume(node[last] != was)
    try:
        path.write_bytes(msgspec.json.encode(manifest))
        assert is_found(folder)
    finally:
        path.write_bytes(whole)


def is_found(folder: Path) -> bool:
    """Return whether an export is found not to hold."""
    try:
        return bool(verify(folder).findings)
    except ManifestError:
        return True
