"""Runs a replay in one process, or in several that share the partitions.

Each process folds partitions of its own, so none waits for another. A process whose parent has died stops when its
next report cannot be sent.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path

from newsroom_consumers.log.cut import Cut, distance
from newsroom_consumers.log.record import Partition
from newsroom_consumers.progress import Progress
from newsroom_consumers.worker.replay import reached_by, replay
from newsroom_infra import logs
from newsroom_infra.app import build
from newsroom_infra.app.log import log_or_archive, record_reader
from newsroom_infra.app.worker import tune_collector
from newsroom_infra.settings import Settings
from newsroom_schemas.errors import Kind, NewsroomError

_LOOK_SECONDS = 0.2
"""Seconds between two checks of whether the replay is to stop."""
_STOP_SECONDS = 30.0
"""Seconds that a process may take to store its batch and end."""

_Failure = tuple[str, Kind]
"""What went wrong in a process, and its kind."""


class PartFailedError(NewsroomError):
    """One of several processes could not go on; the others were told to stop."""

    def __init__(self, problem: str, kind: Kind = Kind.FAILED) -> None:
        """``problem`` and ``kind`` are the text and the kind of the error in that process."""
        super().__init__(f"{problem}. What was folded is kept: run the same command again to continue")
        self.kind = kind  # type: ignore[misc]  # another process's error keeps its own


def run(
    settings: Settings,
    name: str,
    archive: Path | None,
    cut: Cut,
    *,
    workers: int,
    stopping: threading.Event,
    progress: Progress,
) -> bool:
    """Replay into a generation that the caller has locked, and return whether it has reached the cut.

    Raises ``PartFailedError``, and what ``replay`` raises.
    """
    tune_collector()
    if workers == 1:
        return _fold(settings, name, archive, cut, stopping=stopping, progress=progress)
    control = build.control(settings)
    shares = share_out(cut, reached_by(control, name), workers)
    _together(settings, name, archive, shares, stopping=stopping, progress=progress)
    return not distance(cut, reached_by(control, name))


def _fold(
    settings: Settings, name: str, archive: Path | None, cut: Cut, *, stopping: threading.Event, progress: Progress
) -> bool:
    """Replay in this process, and return whether the generation has reached the cut."""
    with log_or_archive(settings, archive) as log:
        reader = record_reader(log)
        return replay(build.control(settings), name, log, cut, reader, stopping=stopping, progress=progress)


def share_out(cut: Cut, reached: Cut, count: int) -> list[dict[Partition, int]]:
    """Return the partitions of a cut in ``count`` shares at most. All have about as much to fold, and none is empty."""
    shares: list[dict[Partition, int]] = [{} for _ in range(min(count, len(cut)))]
    for at in sorted(cut, key=lambda at: (reached.get(at, 0) - cut[at], at)):
        least = min(shares, key=lambda share: (distance(share, reached), len(share)))
        least[at] = cut[at]
    return shares


def _together(
    settings: Settings,
    name: str,
    archive: Path | None,
    shares: Sequence[Cut],
    *,
    stopping: threading.Event,
    progress: Progress,
) -> None:
    """Fold each share in a process of its own, and report progress until all have ended."""
    context = multiprocessing.get_context("spawn")
    with ExitStack() as opened:
        reports = []
        for share in shares:
            report, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_fold_share, args=(settings, name, archive, share, theirs))
            process.start()
            theirs.close()
            opened.callback(process.join, _STOP_SECONDS)
            opened.callback(report.close)
            reports.append(report)
        _listen(reports, stopping, progress)


def _listen(reports: list[Connection], stopping: threading.Event, progress: Progress) -> None:
    """Read reports until every process is done, or until told to stop. Raises ``PartFailedError``."""
    while reports and not stopping.is_set():
        for report in wait(reports, _LOOK_SECONDS):
            said = _next(report)  # type: ignore[arg-type]  # no socket is among them
            if said is None:
                reports.remove(report)  # type: ignore[arg-type]
            elif isinstance(said, int):
                progress(said)
            else:
                raise PartFailedError(*said)


def _next(report: Connection) -> int | _Failure | None:
    try:
        said: int | _Failure | None = report.recv()
    except (EOFError, OSError):
        return ("a process of this replay has died", Kind.FAILED)
    return said


def _fold_share(settings: Settings, name: str, archive: Path | None, share: Cut, report: Connection) -> None:
    """Fold a share; the main function of a process. Signals are the parent's, which then closes the connection."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    logs.configure(settings.log_level)
    logs.silence_libraries()
    tune_collector()
    stopping = threading.Event()

    def progress(more: int) -> None:
        try:
            report.send(more)
        except OSError:
            stopping.set()

    try:
        _fold(settings, name, archive, share, stopping=stopping, progress=progress)
        said: _Failure | None = None
    except NewsroomError as error:
        said = (str(error), error.kind)
    with suppress(OSError):  # nobody listens any more
        report.send(said)
