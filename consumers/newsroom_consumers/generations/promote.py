"""Promote: make a generation the one that readers see, so that none of them sees anything go back in time.

Example::

    promote(control, "trial", seconds=60)

The workers of the live generation are fenced for the moment of the change: their cursors stand still until the other
generation has passed them all. Should it not do so in time, the fence falls with the transaction that it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar, NamedTuple

import msgspec
from sqlalchemy import Connection, func, select, update

from newsroom_consumers.control.control import Control, KnownGeneration
from newsroom_consumers.database.database import DatabaseAwayError, GenerationInUseError
from newsroom_consumers.generations.open import cut_of
from newsroom_consumers.log.cut import Cut
from newsroom_consumers.log.record import Partition
from newsroom_consumers.queries.editors import EditorQueries
from newsroom_consumers.store.tables import CURSOR, PARKED
from newsroom_schemas.errors import Kind, NewsroomError

_NEAR = 1000
"""Offsets behind live at which it is worth while to stop live's workers: some tenths of a second."""
_FENCE_SECONDS = 2.0
"""How long live's workers are fenced at most; the database lets them wait for longer than that."""
_LOOK_SECONDS = 0.02
"""How often to look how far the generation is while live's workers are fenced."""
_PAUSE_SECONDS = 0.25
"""How long live's workers go on between two tries."""
_NAMED = 5
"""Articles to name in an error."""


class OtherLogError(NewsroomError):
    """Two generations were made of topics that differ in name or in number of partitions."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, wanted: KnownGeneration, live: KnownGeneration) -> None:
        """Take the generation that was to become live, and the one that is."""
        super().__init__(
            f"generation {wanted.name} is made of {_topics(wanted)}, the live one, {live.name}, of {_topics(live)}: "
            "readers would see another log. Replay the live one's topics into a new generation"
        )
        self.name = wanted.name


class MoreParkedError(NewsroomError):
    """A generation has parked an article of which readers see more now."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, name: str, ids: list[str]) -> None:
        """Take the generation and the articles of which it has parked more than live has."""
        more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
        named = ", ".join(id_ or "the tag catalogue" for id_ in ids[:_NAMED])
        super().__init__(
            f"generation {name} has parked {named}{more}, and the live one has not, or only from a later record on: "
            "readers would lose what has happened since. Mend the code that cannot fold them, and replay into a new "
            "generation"
        )
        self.name = name
        self.ids = ids


class BehindError(NewsroomError):
    """A generation lacks what the live one has folded."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, name: str, live: str, behind: Cut, why: str) -> None:
        """Take both names, how many offsets are missing of each partition, and why it was not waited longer."""
        parts = ", ".join(f"{at.topic}/{at.partition} by {offsets:,}" for at, offsets in sorted(behind.items()))
        super().__init__(
            f"generation {name} is behind {live}, the live one, by {sum(behind.values()):,} records ({parts}), and "
            f"{why}. Nothing was changed. `newsroom replay --into {name}` brings it near, "
            f"`newsroom worker --generation {name}` keeps it there"
        )
        self.name = name
        self.behind = behind


class ReplacedError(NewsroomError):
    """Another promote has made another generation live meanwhile."""

    def __init__(self, live: str) -> None:
        """Name the generation that was live."""
        super().__init__(f"{live} is not live any more: somebody has promoted another generation. Look, and ask again")
        self.live = live


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """Which generation is live after a promotion, and which one was before."""

    live: str
    before: str | None
    """``None`` where there was none; the same name where it was live already."""


class _Frozen(NamedTuple):
    """The live generation while nobody moves it: a transaction that has raised its epochs, and is yet to be stored."""

    connection: Connection
    cursors: Cut


def promote(control: Control, name: str, seconds: float) -> Promotion:
    """Make a generation live, waiting some seconds for it to catch up.

    1. Refuse a generation of another log, one with more parked than live has, and one behind that nobody moves.
    2. When it is near, fence live's workers.  3. Wait until it is at or past every cursor of live.  4. Flip; or let the
    workers go on, and try again.

    Raises ``UnknownGenerationError``, ``OtherLogError``, ``MoreParkedError``, ``BehindError``, ``ReplacedError``.
    """
    until = time.monotonic() + seconds
    wanted = control.known(name)
    live = next((each for each in control.all() if each.live), None)
    if live is None:
        control.make_live_if_none_is(name)
        return Promotion(live=name, before=None)
    if live.name == name:
        return Promotion(live=name, before=name)
    _require_same_log(wanted, live)
    while True:
        missing = _promotable(control, name, live.name)
        if sum(missing.values()) <= _NEAR and _has_flipped(control, name, live.name, until):
            return Promotion(live=name, before=live.name)
        if time.monotonic() >= until:
            raise BehindError(name, live.name, missing, f"was not level with it within {seconds:g} s")
        time.sleep(_PAUSE_SECONDS)


def _promotable(control: Control, name: str, live: str) -> Cut:
    """Give what a generation lacks, unless there is no use in waiting for it."""
    with control.database.reading(live) as connection:
        cursors, parked = EditorQueries(connection).positions(), _parked(connection)
    _require_no_more_parked(control, name, parked)
    missing = _missing(control, name, cursors)
    if missing and not _is_moved(control, name):
        raise BehindError(name, live, missing, "nobody moves it")
    return missing


def _has_flipped(control: Control, name: str, live: str, until: float) -> bool:
    """Try to flip. A worker that takes a partition just then may end the transaction: look what came of it."""
    try:
        return _flip(control, name, live, until)
    except DatabaseAwayError:
        if time.monotonic() >= until:
            raise
        return control.live() == name


def _flip(control: Control, name: str, live: str, until: float) -> bool:
    """Fence live's workers, and flip if the generation passes their cursors soon enough; give whether it did."""
    with _frozen(control, live) as frozen:
        soon = min(until, time.monotonic() + _FENCE_SECONDS)
        while _missing(control, name, frozen.cursors):
            if time.monotonic() >= soon:
                return False
            time.sleep(_LOOK_SECONDS)
        _require_no_more_parked(control, name, _parked(frozen.connection))
        if not control.flip(live, name, frozen.connection):
            raise ReplacedError(live)
        frozen.connection.commit()
    return True


@contextmanager
def _frozen(control: Control, name: str) -> Iterator[_Frozen]:
    """Raise the epoch of every cursor of a generation, which stops its workers, and fences them once this is committed.

    Otherwise it is undone, and they go on as if nothing had been. Cursors are locked in the order in which workers lock
    them.
    """
    with control.database.session(name) as session, session.connect() as connection:
        control.database.commit_in_full(connection)
        found = connection.execute(select(CURSOR).order_by(*CURSOR.primary_key).with_for_update())
        cursors = {Partition(row.topic, row.partition): row.next_offset for row in found}
        connection.execute(update(CURSOR).values(epoch=CURSOR.c.epoch + 1, owner="promote"))
        yield _Frozen(connection, cursors)


def _require_same_log(wanted: KnownGeneration, live: KnownGeneration) -> None:
    if wanted.build.partitions != live.build.partitions:
        raise OtherLogError(wanted, live)


def _require_no_more_parked(control: Control, name: str, parked: Mapping[str, int]) -> None:
    with control.database.reading(name) as connection:
        found = _parked(connection)
    more = sorted(id_ for id_, first in found.items() if id_ not in parked or first < parked[id_])
    if more:
        raise MoreParkedError(name, more)


def _parked(connection: Connection) -> dict[str, int]:
    """Give the articles that are parked, each with the offset of its first parked record."""
    query = select(PARKED.c.article_id, func.min(PARKED.c.offset).label("first")).group_by(PARKED.c.article_id)
    return {row.article_id: row.first for row in connection.execute(query)}


def _missing(control: Control, name: str, cursors: Cut) -> dict[Partition, int]:
    """Count the offsets that a generation lacks of each partition."""
    reached = cut_of(control, name)
    return {at: offset - reached.get(at, 0) for at, offset in cursors.items() if offset > reached.get(at, 0)}


def _is_moved(control: Control, name: str) -> bool:
    """Say whether a worker or a replay holds a generation."""
    try:
        with control.database.exclusively(name):
            return False
    except GenerationInUseError:
        return True


def _topics(known: KnownGeneration) -> str:
    return ", ".join(f"{topic} ({count} partitions)" for topic, count in sorted(known.build.partitions.items()))
