"""What an export says of itself: its manifest, its seal and its schemas; and records altered with their own hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from support.archives import SAID, made, rows_of, sample, write

from newsroom_consumers.archive.format import MANIFEST, ManifestError
from newsroom_consumers.archive.partition_check import FindingKind
from newsroom_consumers.archive.verify import verify
from newsroom_consumers.log.chain import record_hash, value_sha
from newsroom_consumers.log.record import Partition
from newsroom_consumers.seals.seal import MalformedSealsError, read_seals
from newsroom_infra.cli import newsroom

DENSE = Partition("newsroom.articles", 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make an export of a small log, three records in a file."""
    made(tmp_path / "export", sample())
    return tmp_path / "export"


def alter(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest of an export."""
    path = folder / MANIFEST
    manifest = msgspec.json.decode(path.read_bytes())
    change(manifest)
    path.write_bytes(msgspec.json.encode(manifest))


def test_an_altered_schema_is_found(folder: Path) -> None:
    path = folder / "schemas" / "Said.1.avsc"
    path.write_text(path.read_text().replace("text", "fake"))
    (finding,) = verify(folder).findings
    assert (finding.kind, "Said.1.avsc" in finding.problem) == (FindingKind.SCHEMA, True)


def test_a_schema_altered_with_its_hash_in_the_manifest_is_found_by_its_fingerprint(folder: Path) -> None:
    path, manifest = folder / "schemas" / "Said.1.avsc", folder / MANIFEST
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_text(path.read_text().replace("text", "fake"))
    manifest.write_text(manifest.read_text().replace(before, hashlib.sha256(path.read_bytes()).hexdigest()))
    (finding,) = verify(folder).findings
    assert (finding.kind, "Said.1.avsc" in finding.problem) == (FindingKind.SCHEMA, True)


def test_what_is_no_schema_is_found_even_where_the_manifest_has_its_hash(folder: Path) -> None:
    path, manifest = folder / "schemas" / "Said.1.avsc", folder / MANIFEST
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_text("no schema")
    manifest.write_text(manifest.read_text().replace(before, hashlib.sha256(path.read_bytes()).hexdigest()))
    (finding,) = verify(folder).findings
    assert (finding.kind, "Said.1.avsc" in finding.problem) == (FindingKind.SCHEMA, True)


@pytest.mark.parametrize("name", ["schemas/Said.1.avsc", "seals.jsonl"])
def test_a_schema_or_a_seal_that_is_missing_is_found_once(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (finding,) = verify(folder).findings
    assert (finding.kind, finding.problem) == (FindingKind.FILE, f"the file {name} is missing")


def test_a_seal_that_cannot_be_read_is_found(folder: Path) -> None:
    (folder / "seals.jsonl").write_text("no seal")
    (finding,) = verify(folder).findings
    assert (finding.kind, "seals.jsonl cannot be read" in finding.problem) == (FindingKind.SEAL, True)


def test_a_seal_of_a_partition_that_the_export_does_not_have_does_not_hold(folder: Path, tmp_path: Path) -> None:
    made(tmp_path / "less", [each for each in sample() if each.topic != "newsroom.tags"], topics={DENSE.topic: 2})
    report = verify(tmp_path / "less", read_seals(folder / "seals.jsonl"))
    assert report.seals is not None
    (broken,) = report.seals.broken
    assert (broken.topic, broken.offset, report.holds) == ("newsroom.tags", 0, False)


def test_a_manifest_that_lists_a_topic_twice_is_refused(folder: Path) -> None:
    alter(folder, lambda manifest: manifest["topics"].append(manifest["topics"][0]))
    with pytest.raises(ManifestError, match="a topic twice"):
        verify(folder)


def test_a_schema_that_was_taken_out_with_its_row_is_missed_by_the_records(folder: Path) -> None:
    alter(folder, lambda manifest: manifest["schemas"].pop(0))
    (folder / "schemas" / "Said.1.avsc").unlink()
    (finding,) = verify(folder).findings
    assert (finding.kind, SAID.decode() in finding.problem) == (FindingKind.SCHEMA, True)
    assert "newsroom.articles/0: the record at 0" in str(finding)


def test_a_schema_that_the_exporting_build_never_had_is_told_of_and_is_no_alteration(tmp_path: Path) -> None:
    manifest = made(tmp_path, [each for each in sample() if each.value is not None], schemas={})
    assert manifest.unknown_schemas == (SAID.decode(),)
    report = verify(tmp_path)
    assert (report.findings, report.unknown_schemas) == ((), (SAID.decode(),))
    assert (
        f"the export never had schemas that records name: {SAID.decode()}"
        in CliRunner().invoke(newsroom, ["log", "verify", str(tmp_path)]).output
    )


def test_a_schema_that_is_called_unknown_and_is_named_by_no_record_is_found(folder: Path) -> None:
    alter(folder, lambda manifest: manifest.update(unknown_schemas=["0123456789abcdef"]))
    (finding,) = verify(folder).findings
    assert finding.kind is FindingKind.MANIFEST


@pytest.mark.parametrize("name", [b"0123456789ABCDEF", b"short", b"", None])
def test_a_header_that_is_no_fingerprint_needs_no_schema(tmp_path: Path, name: bytes | None) -> None:
    made(tmp_path, [sample()[0]._replace(headers=(("schema", name),))])
    assert verify(tmp_path).holds


def test_a_manifest_or_a_seal_without_its_format_is_refused(folder: Path) -> None:
    alter(folder, lambda manifest: manifest.pop("format"))
    with pytest.raises(ManifestError, match="format"):
        verify(folder)
    path = folder / "seals.jsonl"
    path.write_text(path.read_text().replace('"format":1,', ""))
    with pytest.raises(MalformedSealsError, match="format"):
        read_seals(path)


def test_topics_that_changed_places_in_the_manifest_are_said_to_have(folder: Path) -> None:
    alter(folder, lambda manifest: manifest["topics"].reverse())
    (finding,) = verify(folder).findings
    assert "differ in which partitions they name, or in what order" in str(finding)


def test_a_manifest_of_another_date_is_said_to_be(folder: Path) -> None:
    alter(folder, lambda manifest: manifest.update(made_at="2024-01-01T00:00:00.000000Z"))
    (finding,) = verify(folder).findings
    assert "differ in when and by whom the export was made" in str(finding)


def test_a_record_altered_with_its_hash_is_told_from_its_neighbours(folder: Path) -> None:
    for place, said in ((7, "the record at 7 or the one at 6"), (8, "the record at 8"), (0, "the record at 0")):
        with rows_of(folder, DENSE) as files:
            row = files[place // 3][place % 3]
            row["value"] = b"forged"
            record = sample()[place]._replace(value=b"forged")
            row["sha256"] = record_hash(record, value_sha(record))
            write(folder, DENSE, files)
            (finding,) = verify(folder).findings
        assert (finding.kind, finding.offset) == (FindingKind.ALTERED, place)
        assert f"{said} was rewritten with its hash" in finding.problem
