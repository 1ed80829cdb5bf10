"""Comparisons and verifications as commands run them, with the clients that the settings name."""

from __future__ import annotations

import threading
from pathlib import Path

from newsroom_consumers.audit import verify as auditing
from newsroom_consumers.comparison import Comparison, compare_common, compare_equal, compared
from newsroom_infra import replaying, wiring
from newsroom_infra.settings import Settings


def compare(settings: Settings, a: str, b: str, *, common: bool) -> Comparison:
    """Compare two generations; with ``common`` what both hold whole, otherwise they must be equally far.

    Raises ``UnknownGenerationError`` and ``CursorsDifferError``.
    """
    with compared(wiring.control(settings), a, b) as sides:
        return compare_common(*sides) if common else compare_equal(*sides)


def verify(settings: Settings, archive: Path | None, plan: auditing.Plan) -> auditing.Verdict:
    """Verify the live generation against Kafka's log, or against an export of it. See ``audit.verify.verify``."""
    wiring.calm_collector()
    control = wiring.control(settings)
    with replaying.source_of(settings, archive) as log:
        return auditing.verify(control, log, wiring.reader_of(log), stopping=threading.Event(), plan=plan)
