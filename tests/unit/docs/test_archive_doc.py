"""docs/archive.md says what is so: its example has real numbers, and its program verifies an export."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.archives import made, rows_of, sample, write

from newsroom_consumers.archive.format import RECORD_SCHEMA, Manifest, read_manifest
from newsroom_consumers.log.chain import CHAIN_START, link, record_hash, value_sha
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.seals.seal import SealedPartition

DOC = (Path(__file__).parents[3] / "docs" / "archive.md").read_text()
FIRST = Record(
    "newsroom.articles",
    0,
    0,
    1_738_929_600_000_000,
    b"storm",
    b"hello",
    (("schema", b"0123456789abcdef"), ("note", None)),
)
SECOND = Record("newsroom.articles", 0, 1, 1_738_929_600_250_000, b"storm", None, ())


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)


def test_the_example_has_the_hashes_and_chains_of_its_records() -> None:
    chain = CHAIN_START
    for record in (FIRST, SECOND):
        sha = record_hash(record, value_sha(record))
        chain = link(chain, sha)
        assert f"`{sha.hex()}`" in DOC
        assert f"`{chain.hex()}`" in DOC


@pytest.mark.parametrize(("number", "record"), [(0, FIRST), (1, SECOND)])
def test_the_canonical_bytes_in_the_example_give_its_hashes(number: int, record: Record) -> None:
    canonical = bytes.fromhex(blocks("text")[number])
    assert hashlib.sha256(canonical).digest() == record_hash(record, value_sha(record))


def test_every_field_is_told_of() -> None:
    fields = {each["name"] for each in RECORD_SCHEMA["fields"]} | set(Manifest.__struct_fields__)
    fields |= set(SealedPartition.__struct_fields__)
    assert [name for name in sorted(fields) if f"`{name}`" not in DOC] == []


def verified(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the program of the page on an export."""
    (program,) = blocks("python")
    return subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False, timeout=30
    )


def test_the_program_of_the_page_verifies_an_export(tmp_path: Path) -> None:
    made(tmp_path / "export", sample())
    result = verified(tmp_path / "export")
    assert result.returncode == 0, result.stderr
    heads = [(at.topic, str(at.partition), each.chain) for at, each in read_manifest(tmp_path / "export").partitions()]
    assert [(line.split()[0], line.split()[1], line.split()[3]) for line in result.stdout.splitlines()] == heads
    at = Partition("newsroom.articles", 0)
    with rows_of(tmp_path / "export", at) as files:
        files[1][2]["value"] = b"altered"
        write(tmp_path / "export", at, files)
        assert "('newsroom.articles', 0, 5)" in verified(tmp_path / "export").stderr


def test_an_export_is_verified_without_kafka_and_without_a_database(tmp_path: Path) -> None:
    made(tmp_path / "export", sample())
    program = (
        "import sys; from pathlib import Path; from newsroom_consumers.archive.verify import verify;"
        "assert verify(Path(sys.argv[1])).holds; assert not {'kafka', 'sqlalchemy', 'tenacity'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "export")], check=True, timeout=30)
