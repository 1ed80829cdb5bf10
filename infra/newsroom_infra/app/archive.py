"""Runs seals, exports and imports, with the log and the database that the settings name."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import ClassVar

import msgspec

from newsroom_consumers.archive import export as exporting
from newsroom_consumers.archive.format import Manifest, read_manifest
from newsroom_consumers.archive.restore import Restore, RestoreCheck
from newsroom_consumers.archive.verify import ArchiveReport, verify
from newsroom_consumers.database.database import NoGenerationError
from newsroom_consumers.log.cut import Cut, distance
from newsroom_consumers.log.log import LogExtent
from newsroom_consumers.log.record import Record
from newsroom_consumers.progress import ShowProgress
from newsroom_consumers.seals.check import SealCheck, SealVerdict
from newsroom_consumers.seals.generation import EventRowHashes, seal_of
from newsroom_consumers.seals.seal import Seal, read_seals
from newsroom_infra import topics
from newsroom_infra.app import build
from newsroom_infra.app.log import kafka_log
from newsroom_infra.settings import Settings
from newsroom_producers.kafka.append import RawRecord, append
from newsroom_schemas.errors import Kind, NewsroomError
from newsroom_schemas.wire.released import schema_files


class BrokenArchiveError(NewsroomError):
    """An export is not as it was written, and is not used."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, report: ArchiveReport) -> None:
        """``report`` is what the verification of the export found."""
        found = "; ".join(map(str, report.findings))
        super().__init__(f"the export is not as it was written: {found}. It was not used; take another copy of it")
        self.report = report


class RestoreResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an import has done."""

    records: int
    """Records of the export."""
    there: int
    """Records that the topics held already."""
    appended: int


def seal(settings: Settings) -> Seal:
    """Seal what the live generation has folded. Raises ``NoGenerationError``."""
    control = build.control(settings)
    name = control.live()
    with control.database.reading(name) as connection:
        return seal_of(connection, name, now=_now())


def check_seals(settings: Settings, path: Path, show: ShowProgress) -> SealVerdict:
    """Check the log against a file of seals. The live generation, if there is one, shows which record differs.

    Raises ``LogError`` and what ``read_seals`` raises.
    """
    seals = read_seals(path)
    control = build.control(settings)
    with closing(kafka_log(settings)) as log, ExitStack() as opened:
        try:
            folded = EventRowHashes(opened.enter_context(control.database.auditing(control.live())))
        except NoGenerationError:
            folded = None
        check = SealCheck(seals, log, folded)
        with show(check.records, "records") as progress:
            return check.run(progress)


def export(settings: Settings, folder: Path, cut_of: Callable[[LogExtent], Cut], show: ShowProgress) -> Manifest:
    """Export the log up to a cut. Raises what ``archive.export.export`` raises."""
    with closing(kafka_log(settings)) as log:
        now, cut = _now(), cut_of(log)
        first = {at: bounds.first for at, bounds in log.bounds(cut).items()}
        with show(distance(cut, first), "records") as progress:
            return exporting.export(log, cut, folder, schema_files(), now=now, progress=progress)


def require_sound(folder: Path, show: ShowProgress, visit: Callable[[Record], None] = lambda _: None) -> None:
    """Verify an export before it is used, and call ``visit`` with each record. Raises ``BrokenArchiveError``."""
    with show(read_manifest(folder).records, "records verified") as progress:
        report = verify(folder, progress=progress, visit=visit)
    if not report.holds:
        raise BrokenArchiveError(report)


def restore(settings: Settings, folder: Path, show: ShowProgress, *, rename: bool) -> RestoreResult:
    """Verify an export, append the records that the topics do not hold yet, and read all of them back.

    Raises ``BrokenArchiveError``, ``TopicsError`` and ``NotAppendedError``, and what ``archive.restore`` raises.
    """
    manifest = read_manifest(folder)
    restorable = RestoreCheck(manifest)
    require_sound(folder, show, visit=restorable.check)
    restorable.end()
    with closing(kafka_log(settings)) as log:
        job = Restore(folder, manifest, log, rename=rename)
        _require_lasting(settings)
        there = job.compare()
        with topics.keeping_timestamps(settings):
            with show(manifest.records - there, "records appended") as progress:
                for more in append(settings.bootstrap, map(_raw, job.rest()), settings.delivery_timeout):
                    progress(more)
            with show(manifest.records, "records read back") as progress:
                job.read_back(progress)
    return RestoreResult(records=manifest.records, there=there, appended=manifest.records - there)


def _require_lasting(settings: Settings) -> None:
    """Raise ``TopicsError`` if topics would not keep old records. Their timestamps are handled while appending."""
    found = [each for each in topics.differences(settings) if each.setting in topics.FATAL - {topics.STAMPS}]
    if found:
        raise topics.TopicsError(settings.bootstrap, tuple(found))


def _raw(record: Record) -> RawRecord:
    headers = [(name, value or b"") for name, value in record.headers]
    return RawRecord(record.topic, record.partition, record.timestamp // 1000, record.key, record.value, headers)


def _now() -> int:
    return time.time_ns() // 1000
