"""Runs a verification of the live generation, against the log that the settings name or an export of it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar

from newsroom_consumers.audit import verify as auditing
from newsroom_infra.app import build
from newsroom_infra.app.log import log_or_archive, record_reader
from newsroom_infra.app.worker import tune_collector
from newsroom_infra.settings import Settings
from newsroom_schemas.errors import Kind, NewsroomError


class OlderArchiveError(NewsroomError):
    """The live generation holds records that an export does not, so differences prove nothing."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, archive: Path, verification: auditing.Verification) -> None:
        """``archive`` is the export; ``verification`` holds the partitions in which it ends before the generation."""
        listed = ", ".join(
            f"{at.topic}/{at.partition} at {end}, the generation stands at {offset}"
            for at, (offset, end) in sorted(verification.beyond.items())
        )
        super().__init__(
            f"the export in {archive} is older than generation {verification.generation} and cannot verify it "
            f"(it ends in {listed}): export the log anew, or verify against Kafka's"
        )
        self.archive = archive


def verify(settings: Settings, archive: Path | None, plan: auditing.Plan) -> auditing.Verification:
    """Verify the live generation against Kafka's log, or against an export of it.

    Raises ``OlderArchiveError`` and what ``audit.verify.verify`` raises.
    """
    tune_collector()
    control = build.control(settings)
    with log_or_archive(settings, archive) as log:
        verification = auditing.verify(control, log, record_reader(log), stopping=threading.Event(), plan=plan)
    if archive is not None and verification.beyond:
        raise OlderArchiveError(archive, verification)
    return verification
