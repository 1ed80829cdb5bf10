"""Seals hold as long as no record before them is altered, taken out, added or moved; else the first such is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.archives import TOPICS, Shortened, record
from support.memory_log import MemoryLog
from support.strategies import unhurried

from newsroom_consumers.log.chain import CHAIN_START, link, record_hash, value_sha
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.seals import check as seals_check
from newsroom_consumers.seals.check import BrokenKind, FoldedHashes, SealCheck, SealVerdict
from newsroom_consumers.seals.seal import MalformedSealsError, Seal, SealedPartition, SealFile, read_seals
from newsroom_schemas.errors import Kind

AT = Partition("newsroom.articles", 0)
WHOLE = [record(*AT, offset, b"record %d" % offset) for offset in range(10)]


def seal(records: Sequence[Record], end: int) -> Seal:
    """Seal the records of the one partition before an offset."""
    chain, last = CHAIN_START, None
    for each in records[:end]:
        last = each.offset, record_hash(each, value_sha(each)).hex()
        chain = link(chain, bytes.fromhex(last[1]))
    offset, sha = last or (None, None)
    cursor = SealedPartition(
        topic=AT.topic, partition=0, next_offset=end, last_offset=offset, last=sha, chain=chain.hex()
    )
    return Seal(format=1, sealed_at="2025-02-07T20:35:00.000000Z", generation="main", cursors=(cursor,))


def kept(tmp_path: Path, *ends: int) -> SealFile:
    """Keep seals of the whole log, one in each line."""
    path = tmp_path / "seals.jsonl"
    path.write_bytes(b"".join(seal(WHOLE, end).line() for end in ends))
    return read_seals(path)


class Memory:
    """A generation that has folded records up to an offset."""

    def __init__(self, records: Sequence[Record], until: int) -> None:
        self._hashes = {each.offset: record_hash(each, value_sha(each)) for each in records if each.offset < until}
        self._until = until

    def end(self, at: Partition) -> int:
        """Return the offset behind the last one folded."""
        return self._until if at == AT else 0

    def hashes(self, at: Partition, first: int, end: int) -> Mapping[int, bytes]:
        """Return the hashes of some records."""
        return {offset: sha for offset, sha in self._hashes.items() if at == AT and first <= offset < end}


def check(seals: SealFile, records: Sequence[Record], folded: FoldedHashes | None = None) -> SealVerdict:
    """Hold a log against seals."""
    return SealCheck(seals, MemoryLog(TOPICS, records, sizes=(3,)), folded).run(lambda _: None)


def test_the_seals_of_a_log_that_grows_hold(tmp_path: Path) -> None:
    verdict = check(kept(tmp_path, 0, 4, 9), [*WHOLE, record(*AT, 10, b"later")], Memory(WHOLE, 10))
    assert (verdict.seals, verdict.held, verdict.broken) == (3, 3, ())


def renumbered(records: Sequence[Record]) -> list[Record]:
    """Return records numbered as a new log would number them."""
    return [each._replace(offset=offset) for offset, each in enumerate(records)]


@unhurried
@given(st.integers(0, 8), st.sampled_from(["alter", "drop", "insert", "swap"]), st.sampled_from(["generation", None]))
def test_the_first_record_that_is_not_as_it_was_is_named_by_the_generation(
    tmp_path_factory: pytest.TempPathFactory, place: int, act: str, knows: str | None
) -> None:
    acts = {
        "alter": [*WHOLE[:place], WHOLE[place]._replace(value=b"x"), *WHOLE[place + 1 :]],
        "drop": [*WHOLE[:place], *WHOLE[place + 1 :]],
        "insert": [*WHOLE[:place], WHOLE[place]._replace(value=b"x"), *WHOLE[place:]],
        "swap": [*WHOLE[:place], WHOLE[place + 1], WHOLE[place], *WHOLE[place + 2 :]],
    }
    seals = kept(tmp_path_factory.mktemp("seals"), 3, 6, 10)
    log = renumbered(acts[act])
    verdict = check(seals, log, Memory(WHOLE, 10) if knows else None)
    (broken,) = verdict.broken
    held = max(end for end in (0, 3, 6) if end <= place)
    assert (broken.topic, broken.partition, broken.held) == (*AT, held)
    assert verdict.held == [0, 3, 6].index(held)
    if knows:
        assert (broken.kind, broken.offset) == (BrokenKind.ALTERED, place)
    elif broken.kind is BrokenKind.MISSING:
        assert (broken.offset, act) == (len(log), "drop")
    else:
        assert (broken.kind, broken.offset) == (BrokenKind.UNKNOWN, None)


@pytest.mark.parametrize(
    ("log", "kind", "offset"),
    [
        ([each for each in WHOLE if each.offset != 4], BrokenKind.MISSING, 4),
        (WHOLE[:7], BrokenKind.MISSING, 7),
        (WHOLE[3:], BrokenKind.MISSING, 0),
        ([], BrokenKind.MISSING, 0),
    ],
)
@pytest.mark.parametrize("knows", [True, False])
def test_a_record_that_is_missing_is_named(
    tmp_path: Path, log: list[Record], kind: BrokenKind, offset: int, *, knows: bool
) -> None:
    (broken,) = check(kept(tmp_path, 10), log, Memory(WHOLE, 10) if knows else None).broken
    if knows or not log or log[-1].offset < 9:
        assert (broken.kind, broken.offset) == (kind, offset)
    else:
        assert broken.kind is BrokenKind.UNKNOWN


def test_a_record_in_a_place_that_was_empty_is_named_as_inserted(tmp_path: Path) -> None:
    gap = [each for each in WHOLE if each.offset != 4]
    path = tmp_path / "seals.jsonl"
    sealed = seal(gap, 9)
    path.write_bytes(sealed.line())
    (broken,) = check(read_seals(path), WHOLE, Memory(gap, 10)).broken
    assert (broken.kind, broken.offset) == (BrokenKind.INSERTED, 4)


def test_where_the_generation_agrees_with_the_log_the_range_is_named(tmp_path: Path) -> None:
    forged = [each._replace(value=b"x") if each.offset == 5 else each for each in WHOLE]
    (broken,) = check(kept(tmp_path, 3, 9), forged, Memory(forged, 10)).broken
    assert (broken.kind, broken.held, broken.next_offset) == (BrokenKind.UNKNOWN, 3, 9)
    assert "from 3 to 8" in str(broken)


def test_what_the_generation_has_otherwise_before_a_seal_that_holds_is_not_named(tmp_path: Path) -> None:
    forged = [each._replace(value=b"x") if each.offset == 7 else each for each in WHOLE]
    wrong = [each._replace(value=b"y") if each.offset == 1 else each for each in WHOLE]
    (broken,) = check(kept(tmp_path, 3, 9), forged, Memory(wrong, 10)).broken
    assert (broken.kind, broken.offset) == (BrokenKind.ALTERED, 7)


def test_a_generation_that_is_behind_says_nothing_of_later_records(tmp_path: Path) -> None:
    forged = [each._replace(value=b"x") if each.offset == 7 else each for each in WHOLE]
    (broken,) = check(kept(tmp_path, 3, 9), forged, Memory(WHOLE, 4)).broken
    assert (broken.kind, broken.held) == (BrokenKind.UNKNOWN, 3)


def test_a_log_that_begins_later_lacks_its_first_record(tmp_path: Path) -> None:
    log = Shortened(TOPICS, WHOLE[Shortened.FIRST :])
    (broken,) = SealCheck(kept(tmp_path, 9), log).run(lambda _: None).broken
    assert (broken.kind, broken.offset) == (BrokenKind.MISSING, 0)


@pytest.mark.parametrize("change", [{"last": "0" * 64}, {"last_offset": 3}, {"chain": "0" * 64}])
def test_a_seal_that_was_altered_does_not_hold(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "seals.jsonl"
    sealed = seal(WHOLE, 5)
    cursor = msgspec.structs.replace(sealed.cursors[0], **change)
    path.write_bytes(msgspec.structs.replace(sealed, cursors=(cursor,)).line())
    assert check(read_seals(path), WHOLE, Memory(WHOLE, 10)).held == 0


def test_a_log_is_compared_with_the_generation_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of a check must not grow with the log; what is found does not depend on where a piece ends."""
    monkeypatch.setattr(seals_check, "_CHUNK", 4)
    seals, forged = kept(tmp_path, 10), [*WHOLE[:6], WHOLE[6]._replace(value=b"x"), *WHOLE[7:]]
    steps: list[int] = []
    (broken,) = SealCheck(seals, MemoryLog(TOPICS, forged, sizes=(3,)), Memory(WHOLE, 10)).run(steps.append).broken
    assert (broken.kind, broken.offset) == (BrokenKind.ALTERED, 6)
    assert [step for step in steps if step] == [4, 4, 2]


def test_a_seal_of_topics_that_the_log_does_not_have_does_not_hold(tmp_path: Path) -> None:
    (broken,) = SealCheck(kept(tmp_path, 4), MemoryLog({"other.articles": 1}, [])).run(lambda _: None).broken
    assert (broken.topic, broken.offset) == (AT.topic, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": None},
        {"sealed_at": "yesterday"},
        {"cursors": None},
        {"more": 1},
        {"cursors": [{"topic": "../t", "partition": 0}]},
    ],
)
def test_a_file_of_something_else_is_refused_with_its_line(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "seals.jsonl"
    good = seal(WHOLE, 2).line()
    path.write_bytes(good + msgspec.json.encode(msgspec.json.decode(good) | change))
    with pytest.raises(MalformedSealsError, match="line 2") as caught:
        read_seals(path)
    assert caught.value.kind is Kind.USAGE


def test_a_seal_that_lists_a_partition_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    path, sealed = tmp_path / "seals.jsonl", seal(WHOLE, 2)
    path.write_bytes(msgspec.structs.replace(sealed, cursors=sealed.cursors * 2).line())
    with pytest.raises(MalformedSealsError, match=r"line 1.*a partition twice"):
        read_seals(path)


@pytest.mark.parametrize("text", [b"", b"\n", b"\xff", b"[]"])
def test_a_file_without_a_seal_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "seals.jsonl"
    path.write_bytes(text)
    with pytest.raises(MalformedSealsError):
        read_seals(path)
