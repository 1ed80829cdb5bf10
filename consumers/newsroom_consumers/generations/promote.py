"""Promote a generation: make it the one that readers see. No reader sees anything go back in time.

Example::

    promotion = promote(control, "trial", seconds=60)
    promotion.live, promotion.before    # "trial", "main"

The workers of the live generation are fenced for the moment of the change: their cursors stand still until the other
generation has passed them all. If it does not do so in time, the transaction is rolled back, and the fence with it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar, NamedTuple

import msgspec
from sqlalchemy import Connection

from newsroom_consumers.control.control import Control, KnownGeneration
from newsroom_consumers.database.database import DatabaseAwayError, GenerationInUseError
from newsroom_consumers.generations.open import folded_cut
from newsroom_consumers.log.cut import Cut
from newsroom_consumers.log.record import Partition
from newsroom_consumers.store import cursors, queues
from newsroom_consumers.waiting import attempts
from newsroom_schemas.catalogue import display_name
from newsroom_schemas.errors import Kind, NewsroomError

_NEAR = 1000
"""Offsets behind live at which live's workers are fenced. To fold so many takes some tenths of a second."""
_FENCE_SECONDS = 2.0
"""Maximum seconds for which live's workers are fenced. Their database time-out is longer."""
_LOOK_SECONDS = 0.02
"""Seconds between two checks of how far the generation is, while live's workers are fenced."""
_PAUSE_SECONDS = 0.25
"""Seconds for which live's workers go on between two tries."""
_NAMED = 5
"""Articles that an error names."""


class OtherLogError(NewsroomError):
    """Two generations were folded from topics that differ in name or in number of partitions."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, wanted: KnownGeneration, live: KnownGeneration) -> None:
        """``wanted`` is the generation that was to become live, ``live`` the one that is."""
        super().__init__(
            f"generation {wanted.name} is made of {_topics(wanted)}, the live one, {live.name}, of {_topics(live)}: "
            "readers would see another log. Replay the live one's topics into a new generation"
        )
        self.name = wanted.name


class MoreParkedError(NewsroomError):
    """A generation has parked more of an article than the live one: readers would see less of it."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, name: str, ids: list[str]) -> None:
        """``ids`` are the articles of which the generation ``name`` has parked more than live."""
        more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
        named = ", ".join(map(display_name, ids[:_NAMED]))
        super().__init__(
            f"generation {name} has parked {named}{more}, and the live one has not, or only from a later record on: "
            "readers would lose what has happened since. Mend the code that cannot fold them, and replay into a new "
            "generation"
        )
        self.name = name
        self.ids = ids


class BehindError(NewsroomError):
    """A generation lacks records that the live one has folded."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, name: str, live: str, behind: Mapping[Partition, int], why: str) -> None:
        """``behind`` is the number of missing offsets by partition, ``why`` the reason as part of a sentence."""
        parts = ", ".join(f"{at.topic}/{at.partition} by {offsets:,}" for at, offsets in sorted(behind.items()))
        super().__init__(
            f"generation {name} is behind {live}, the live one, by {sum(behind.values()):,} records ({parts}), and "
            f"{why}. Nothing was changed. `newsroom replay --into {name}` brings it near, "
            f"`newsroom worker --generation {name}` keeps it there"
        )
        self.name = name
        self.behind = behind


class ReplacedError(NewsroomError):
    """Another promotion has made another generation live in the meantime."""

    def __init__(self, live: str) -> None:
        """``live`` is the generation that was live."""
        super().__init__(f"{live} is not live any more: somebody has promoted another generation. Look, and ask again")
        self.live = live


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """Which generation is live after a promotion, and which one was before."""

    live: str
    before: str | None
    """``None`` where there was none; the same name where it was live already."""


class _Frozen(NamedTuple):
    """The live generation while nobody moves it: an open transaction that has raised its epochs, and its cursors."""

    connection: Connection
    cut: Cut


def promote(control: Control, name: str, seconds: float) -> Promotion:
    """Make a generation live, waiting some seconds for it to catch up.

    1. Refuse a generation of another log, one with more parked than live has, and one behind that nobody moves.
    2. When it is near, fence live's workers.  3. Wait until it is at or past every cursor of live.  4. Flip; or let the
    workers go on, and try again.

    Raises ``UnknownGenerationError``, ``OtherLogError``, ``MoreParkedError``, ``BehindError``, ``ReplacedError``.
    """
    deadline = time.monotonic() + seconds
    wanted = control.known(name)
    live = next((each for each in control.all() if each.live), None)
    if live is None:
        control.make_live_if_none_is(name)
        return Promotion(live=name, before=None)
    if live.name == name:
        return Promotion(live=name, before=name)
    _require_same_log(wanted, live)
    missing: Cut = {}
    for _ in attempts(seconds, _PAUSE_SECONDS):
        missing = _promotable(control, name, live.name)
        if sum(missing.values()) <= _NEAR and _has_flipped(control, name, live.name, deadline):
            return Promotion(live=name, before=live.name)
    raise BehindError(name, live.name, missing, f"was not level with it within {seconds:g} s")


def _promotable(control: Control, name: str, live: str) -> dict[Partition, int]:
    """Return what a generation lacks. Raises ``MoreParkedError``, and ``BehindError`` if nobody moves it."""
    with control.database.reading(live) as connection:
        cut, parked = cursors.cut(connection), queues.heads(connection)
    _require_no_more_parked(control, name, parked)
    missing = _missing(control, name, cut)
    if missing and not _is_moved(control, name):
        raise BehindError(name, live, missing, "nobody moves it")
    return missing


def _has_flipped(control: Control, name: str, live: str, deadline: float) -> bool:
    """Try to flip; return whether it is live. A worker that takes a partition meanwhile may end the transaction."""
    try:
        return _flip(control, name, live, deadline)
    except DatabaseAwayError:
        if time.monotonic() >= deadline:
            raise
        return control.live() == name


def _flip(control: Control, name: str, live: str, deadline: float) -> bool:
    """Fence live's workers, and flip if the generation passes their cursors soon enough; return whether it did."""
    with _frozen(control, live) as frozen:
        left = min(deadline - time.monotonic(), _FENCE_SECONDS)
        if not any(not _missing(control, name, frozen.cut) for _ in attempts(left, _LOOK_SECONDS)):
            return False
        _require_no_more_parked(control, name, queues.heads(frozen.connection))
        if not control.flip(live, name, frozen.connection):
            raise ReplacedError(live)
        frozen.connection.commit()
    return True


@contextmanager
def _frozen(control: Control, name: str) -> Iterator[_Frozen]:
    """Raise the epoch of every cursor of a generation in a transaction, which holds up its workers while it is open.

    Committed, it fences them; rolled back, they go on.
    """
    with control.database.session(name) as session, session.connect() as connection:
        control.database.commit_in_full(connection)
        yield _Frozen(connection, cursors.fence(connection, "promote"))


def _require_same_log(wanted: KnownGeneration, live: KnownGeneration) -> None:
    if wanted.build.partitions != live.build.partitions:
        raise OtherLogError(wanted, live)


def _require_no_more_parked(control: Control, name: str, parked: Mapping[str, int]) -> None:
    with control.database.reading(name) as connection:
        found = queues.heads(connection)
    more = sorted(id_ for id_, first in found.items() if id_ not in parked or first < parked[id_])
    if more:
        raise MoreParkedError(name, more)


def _missing(control: Control, name: str, cut: Cut) -> dict[Partition, int]:
    """Return the number of offsets that a generation lacks of each partition; none where it is level."""
    reached = folded_cut(control, name)
    return {at: offset - reached.get(at, 0) for at, offset in cut.items() if offset > reached.get(at, 0)}


def _is_moved(control: Control, name: str) -> bool:
    """Return whether a worker or a replay moves a generation."""
    try:
        with control.database.exclusively(name):
            return False
    except GenerationInUseError:
        return True


def _topics(known: KnownGeneration) -> str:
    return ", ".join(f"{topic} ({count} partitions)" for topic, count in sorted(known.build.partitions.items()))
