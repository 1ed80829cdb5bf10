"""What cannot be told is not said to be altered; a place that cannot be written to is named."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.archives import NOON, SCHEMAS, TOPICS, made, sample
from support.memory_log import MemoryLog
from support.workers import command

from newsroom_consumers.archive.export import export
from newsroom_consumers.archive.format import MANIFEST, SEALS, NoArchiveError, file_name
from newsroom_consumers.archive.verify import verify
from newsroom_consumers.files import UnreadableFileError, UnwritableFileError
from newsroom_consumers.log.cut import end_of
from newsroom_consumers.seals.seal import NoSealsError, append_seal, read_seals
from newsroom_schemas.errors import Kind

NOBODY = 65534
FAILING = Path("/proc/self/mem")
CONTAINER = f"records/newsroom.articles/0/{file_name(3)}"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make an export in a folder that every user may look into."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        made(Path(place) / "export", sample())
        yield Path(place) / "export"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let nobody read a file or a folder, and be a user whom that binds."""
    mode, user = path.stat().st_mode, os.geteuid()
    path.chmod(0)
    os.seteuid(user or NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        path.chmod(mode)


@pytest.mark.parametrize(
    "name", [MANIFEST, SEALS, CONTAINER, "schemas/Said.1.avsc", "schemas", "records", "records/newsroom.articles/0", ""]
)
def test_what_may_not_be_read_is_not_said_to_be_missing_or_altered(folder: Path, name: str) -> None:
    with locked(folder / name), pytest.raises(UnreadableFileError, match="Permission denied") as caught:
        verify(folder)
    assert caught.value.kind is Kind.UNDECIDED
    assert str(folder / name) in str(caught.value)


@pytest.mark.skipif(not FAILING.exists(), reason="this system has no file that opens and fails to be read")
@pytest.mark.parametrize("name", [MANIFEST, SEALS, CONTAINER])
def test_a_disk_that_fails_is_not_said_to_be_an_alteration(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to(FAILING)
    with pytest.raises(UnreadableFileError, match="Input/output error"):
        verify(folder)


def test_a_folder_in_the_place_of_a_container_is_an_alteration(folder: Path) -> None:
    (folder / CONTAINER).unlink()
    (folder / CONTAINER).mkdir()
    assert len(verify(folder).findings) == 2


def test_seals_that_may_not_be_read_say_so(folder: Path) -> None:
    with locked(folder / SEALS), pytest.raises(UnreadableFileError) as caught:
        read_seals(folder / SEALS)
    assert caught.value.kind is Kind.UNDECIDED


@pytest.mark.parametrize("name", ["nowhere", f"{SEALS}/below", "schemas"])
def test_seals_that_are_not_there_are_a_wrong_argument(folder: Path, name: str) -> None:
    with pytest.raises(NoSealsError) as caught:
        read_seals(folder / name)
    assert caught.value.kind is Kind.USAGE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("group", ["log", "audit"])
def test_one_that_is_stopped_proves_nothing(folder: Path, group: str, number: signal.Signals) -> None:
    file = folder / (CONTAINER if group == "log" else SEALS)
    file.unlink()
    os.mkfifo(file)
    arguments = ["verify", str(folder)] if group == "log" else ["check-seals", str(file)]
    started = subprocess.Popen(command(group, *arguments), stderr=subprocess.PIPE, text=True)
    with started as process, file.open("wb"):  # which opens when the command reads it
        process.send_signal(number)
        said = process.communicate(timeout=20)[1]
    assert (process.returncode, said) == (4, "error: stopped: nothing is proven. Start again\n")


def test_an_export_into_a_place_that_cannot_be_written_to_says_why(folder: Path) -> None:
    (folder / "nowhere").symlink_to("nowhere")
    for below, reason in ((MANIFEST, "Not a directory"), ("nowhere", "symbolic links")):
        place = folder / below / "below"
        log = MemoryLog(TOPICS, sample())
        with pytest.raises(UnwritableFileError, match=f"{place}.*{reason}") as caught:
            export(log, end_of(log), place, SCHEMAS, now=NOON)
        assert caught.value.kind is Kind.USAGE


def test_a_seal_that_cannot_be_kept_says_why(folder: Path) -> None:
    with pytest.raises(UnwritableFileError, match=r"/nowhere/seals.jsonl.*No such file") as caught:
        append_seal(folder / "nowhere" / "seals.jsonl", b"{}\n")
    assert caught.value.kind is Kind.USAGE


def test_an_export_under_a_file_is_no_export(folder: Path) -> None:
    with pytest.raises(NoArchiveError):
        verify(folder / MANIFEST / "below")
