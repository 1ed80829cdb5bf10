"""Verification of the live generation: folds the log again and compares the result with it.

Example::

    verification = verify(control, log, reader, stopping=threading.Event())
    verification.equal, verification.comparison.summary

A worker may go on meanwhile. The log is folded into a fresh generation up to where the live one stands. Then the live
one is held in a read transaction, the fresh one catches up with it, and the digests of the two are compared.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import msgspec
from sqlalchemy import Connection

from newsroom_consumers.compare.compare import Comparison, Side, compare_rows
from newsroom_consumers.control.build import this_build
from newsroom_consumers.control.control import Build, Control, UnknownGenerationError
from newsroom_consumers.database.database import GenerationInUseError
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.log.cut import Cut
from newsroom_consumers.log.log import Log, LogExtent
from newsroom_consumers.log.record import Partition, all_partitions
from newsroom_consumers.progress import Progress
from newsroom_consumers.store import cursors, event_rows
from newsroom_consumers.store.digests import digest_of
from newsroom_consumers.worker.replay import replay
from newsroom_schemas.errors import Kind, NewsroomError

SCRATCH = "verify-"
"""Prefix of the names of fresh generations."""

Plan = Callable[[int], Progress]
"""Called with the number of offsets to fold; returns the progress to report to."""


class CannotVerifyError(NewsroomError):
    """The live generation was made by another build or from other topics, so a difference would prove nothing."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, name: str, made: Build, ours: Build) -> None:
        """``made`` is the build that made the generation, ``ours`` this one."""
        super().__init__(
            f"generation {name} cannot be verified by this build: it was made by {_described(made)}, and this build is "
            f"{_described(ours)}. Run the build that made it, or see with `newsroom compare` what this build changes"
        )
        self.name = name


class VerificationStoppedError(NewsroomError):
    """The log was not folded to its end, so nothing is known."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self) -> None:
        """Make the error: it has no attributes."""
        super().__init__("stopped before the log was folded: nothing is verified. Start again")


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a verification. In its comparison, A is the live generation and B the log folded again."""

    generation: str
    cut: Cut
    """The cursors of the generation: the offset of the next record of each partition."""
    records: int
    """Number of event rows in the fresh generation, one for each record up to the cut."""
    beyond: dict[Partition, tuple[int, int]]
    """Partitions whose cursor is past the end of the log: cursor and end. The log was shortened, or the row altered."""
    damage: list[str]
    """Places where the generation's database contradicts itself, such as an index without its row."""
    comparison: Comparison

    @property
    def equal(self) -> bool:
        """True if every row of the generation follows from the log, and every index finds it."""
        return self.comparison.equal and not self.damage

    @property
    def digest(self) -> dict[str, str]:
        """Digest of all tables: ``a`` of the generation, ``b`` of the log folded again."""
        tables = self.comparison.digests
        return {side: digest_of({name: each[side] for name, each in tables.items()}) for side in ("a", "b")}


def verify(
    control: Control,
    log: Log,
    reader: RecordReader,
    *,
    stopping: threading.Event,
    batch_fold: BatchFold | None = None,
    plan: Plan = lambda _: lambda _: None,
) -> Verification:
    """Fold the log again up to where the live generation stands, and compare the two.

    Raises ``NoGenerationError``, ``CannotVerifyError``, ``VerificationStoppedError``, and what ``replay`` raises.
    """
    name = control.live()
    _require_build(control, name, log)
    with control.database.auditing(name) as connection:
        first = _within(_reached(connection, log), log)
    with _scratch(control) as fresh:
        progress = plan(sum(first.values()))

        def fold(cut: Cut) -> None:
            if not replay(
                control, fresh, log, cut, reader, stopping=stopping, batch_fold=batch_fold, progress=progress
            ):
                raise VerificationStoppedError

        fold(first)
        with control.database.auditing(name) as connection:
            reached = _reached(connection, log)
            cut = _further(first, _within(reached, log))
            if cut != first:
                fold(cut)
            with control.database.auditing(fresh) as again:
                compared = compare_rows(Side(name, connection), Side(fresh, again))
                damage = control.database.damage(connection)
                records = event_rows.count(again)
    beyond = {at: (offset, cut[at]) for at, offset in reached.items() if offset > cut[at]}
    return Verification(generation=name, cut=cut, records=records, beyond=beyond, damage=damage, comparison=compared)


def _require_build(control: Control, name: str, log: LogExtent) -> None:
    """Raise ``CannotVerifyError`` if another build has made the generation."""
    made, ours = control.known(name).build, this_build(log.partitions)
    if made != ours:
        raise CannotVerifyError(name, made, ours)


def _reached(connection: Connection, log: LogExtent) -> Cut:
    """Return how far a generation has folded each partition: by its cursor, or without one by its event rows."""
    reached = {at: offset for at, offset in cursors.cut(connection).items() if offset}
    there = set(all_partitions(log.partitions))
    for at in there - reached.keys():
        last = event_rows.last_offset(connection, at)
        reached |= {} if last is None else {at: last + 1}
    return {at: end for at, end in reached.items() if at in there}


def _within(cut: Cut, log: LogExtent) -> Cut:
    """Return the cut limited to the end of the log. A cursor past that end then shows as a difference."""
    return {at: min(cut[at], bounds.end) for at, bounds in log.bounds(cut).items()}


def _further(first: Cut, then: Cut) -> Cut:
    """Return the later of two cuts in each partition. A cursor that has gone back then shows as a difference."""
    return {at: max(first.get(at, 0), then.get(at, 0)) for at in {**first, **then}}


@contextmanager
def _scratch(control: Control) -> Iterator[str]:
    """Yield the name of a new, locked generation and drop it at the end. First drop those of killed verifications."""
    for left in control.all():
        if left.name.startswith(SCRATCH):
            with suppress(GenerationInUseError, UnknownGenerationError):
                control.drop(left.name)
    name = f"{SCRATCH}{uuid.uuid4().hex}"
    with control.database.exclusively(name):
        try:
            yield name
        finally:
            control.drop_locked(name)


def _described(made: Build) -> str:
    """Return the versions and topics of a build, for people."""
    versions: dict[str, Any] = {"fold": made.fold_version, **made.projection_versions}
    partitions = ", ".join(f"{topic} ({count} partitions)" for topic, count in sorted(made.partitions.items()))
    return f"{', '.join(f'{name} {number}' for name, number in versions.items())} from {partitions}"
