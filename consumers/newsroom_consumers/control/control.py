"""The control database: the list of generations, the build that made each, and which one is live.

It is separate from the generations. For each it records the versions of the fold and of every projection, and the
topics that it folds; a worker with other versions or topics refuses to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, NamedTuple

import msgspec
from sqlalchemy import Connection, MetaData, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from newsroom_consumers.control import retries, snapshots
from newsroom_consumers.control.retries import StoredRequests
from newsroom_consumers.database.database import CONTROL, Database, NoGenerationError
from newsroom_consumers.projections.columns import canonical, integer, text
from newsroom_schemas.errors import Kind, NewsroomError

FIRST = "main"
"""Name of the first generation."""
_NAME_LENGTH = 48
"""Maximum length of a generation's name: PostgreSQL truncates a schema's name at 63 bytes."""
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{_NAME_LENGTH - 1}}}")

METADATA = MetaData()
GENERATION = Table(
    "generation",
    METADATA,
    text("name", key=True),
    integer("fold_version"),
    text("projection_versions"),
    text("topics"),
    text("partitions"),
    integer("created_at"),
)
LIVE = Table("live", METADATA, integer("one", key=True), text("name"))


class Build(NamedTuple):
    """Everything besides the log that decides the content of a generation."""

    fold_version: int
    projection_versions: Mapping[str, int]
    partitions: Mapping[str, int]
    """Number of partitions of each topic."""


class OtherBuildError(NewsroomError):
    """A generation was made by another build or from other topics."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, name: str, has: Mapping[str, Any], wants: Mapping[str, Any]) -> None:
        """``has`` is the generation's build by column, ``wants`` this program's."""
        differences = "; ".join(
            f"{key}: it has {has[key]}, this build has {wants[key]}" for key in wants if has[key] != wants[key]
        )
        super().__init__(
            f"generation {name} was made by another build ({differences}): run the build that made it, or fold the log "
            f"into a new generation"
        )
        self.name = name


class UnknownGenerationError(NewsroomError):
    """There is no generation with that name."""

    kind: ClassVar[Kind] = Kind.UNKNOWN

    def __init__(self, name: str, known: Sequence[str]) -> None:
        """``known`` are the names of all generations."""
        there = ", ".join(known) or "none"
        super().__init__(f"there is no generation {name}: there is {there} (see `newsroom generations`)")
        self.name = name


class LiveGenerationError(NewsroomError):
    """The operation would harm the generation that readers see."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, name: str) -> None:
        """``name`` is the live generation."""
        super().__init__(
            f"{name} is the live generation, which readers see: it cannot be dropped or replayed into. Replay into "
            f"another name, and make that live with `newsroom promote`"
        )
        self.name = name


class GenerationNameError(NewsroomError):
    """A text cannot be the name of a generation."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, name: str) -> None:
        """``name`` is the text that was given."""
        super().__init__(
            f"{name!r} cannot be a generation's name: use 1 to {_NAME_LENGTH} of A-Z a-z 0-9 _ -, the first a letter "
            f"or a digit, and not {CONTROL!r}"
        )
        self.name = name


class KnownGeneration(NamedTuple):
    """A generation's entry in the control database."""

    name: str
    live: bool
    build: Build
    created_at: int
    """Instant of its creation, microseconds."""


class Control:
    """Reads and writes the control database."""

    def __init__(self, database: Database) -> None:
        """``database`` holds the control database and the generations."""
        self.database = database

    def live(self) -> str:
        """Return the name of the live generation. Raises ``NoGenerationError`` if there is none yet."""
        with self.database.reading(CONTROL) as connection:
            name = connection.scalar(select(LIVE.c.name))
        if name is None:
            raise NoGenerationError(self.database.where(CONTROL))
        return str(name)

    def live_or(self, name: str) -> str:
        """Return the name of the live generation, or ``name`` if there is none yet."""
        try:
            return self.live()
        except NoGenerationError:
            return name

    def require_not_live(self, name: str) -> None:
        """Raise ``LiveGenerationError`` for the live generation, and ``GenerationNameError`` for an invalid name."""
        check_name(name)
        if self.live_or("") == name:
            raise LiveGenerationError(name)

    def register(self, name: str, build: Build, *, now: int) -> None:
        """Enter a generation that a worker is to follow the log into, and make it live if none is.

        Raises what ``enter`` raises.
        """
        self.enter(name, build, now=now)
        self.make_live_if_none_is(name)

    def enter(self, name: str, build: Build, *, now: int) -> None:
        """Enter a generation, or check its build if it has been entered before. It does not become live.

        ``now`` is in microseconds. Raises ``OtherBuildError`` and ``GenerationNameError``.
        """
        check_name(name)
        wants = {
            "fold_version": build.fold_version,
            "projection_versions": canonical(dict(build.projection_versions)),
            "topics": canonical(sorted(build.partitions)),
            "partitions": canonical(dict(build.partitions)),
        }
        try:
            self._enter(name, wants, now)
        except IntegrityError:  # another worker entered it at the same moment
            self._enter(name, wants, now)

    def _enter(self, name: str, wants: Mapping[str, Any], now: int) -> None:
        with self.writing() as connection:
            has = connection.execute(select(GENERATION).where(GENERATION.c.name == name)).mappings().one_or_none()
            if has is None:
                connection.execute(insert(GENERATION).values(name=name, created_at=now, **wants))
            elif any(has[key] != wants[key] for key in wants):
                raise OtherBuildError(name, dict(has), wants)

    def make_live_if_none_is(self, name: str) -> None:
        """Make a generation live if none is."""
        with suppress(IntegrityError), self.writing() as connection:  # another process may do so at the same moment
            if connection.scalar(select(LIVE.c.name)) is None:
                connection.execute(insert(LIVE).values(one=1, name=name))

    def flip(self, old: str, new: str, within: Connection) -> bool:
        """Make a generation live in place of another. Return False if that one is no longer live.

        ``within`` is a transaction on the old generation. On PostgreSQL the flip is part of it. On SQLite, where only
        its own process can end that transaction, the flip is stored at once.
        """
        statement = update(LIVE).where(LIVE.c.name == old).values(name=new)
        options = self.database.control_within()
        if options is not None:
            return within.execute(statement, execution_options=options).rowcount == 1
        with self.writing() as connection:
            return connection.execute(statement).rowcount == 1

    def all(self) -> list[KnownGeneration]:
        """Return all generations in the order of their creation; none if there is no control database yet."""
        try:
            with self.database.reading(CONTROL) as connection:
                live = connection.scalar(select(LIVE.c.name))
                found = connection.execute(
                    select(GENERATION).order_by(GENERATION.c.created_at, GENERATION.c.name)
                ).all()
        except NoGenerationError:
            return []
        return [KnownGeneration(row.name, row.name == live, _build_of(row), row.created_at) for row in found]

    def known(self, name: str) -> KnownGeneration:
        """Return one generation. Raises ``UnknownGenerationError``."""
        there = {each.name: each for each in self.all()}
        if name not in there:
            raise UnknownGenerationError(name, list(there))
        return there[name]

    def drop(self, name: str) -> None:
        """Drop a generation that is not live and that nobody has locked, and all requests for it.

        Raises ``UnknownGenerationError``, ``LiveGenerationError`` and ``GenerationInUseError``.
        """
        self.known(name)
        self.require_not_live(name)
        with self.database.exclusively(name):
            self.drop_locked(name)

    def drop_locked(self, name: str) -> None:
        """Drop a generation that is not live and that the caller has locked exclusively."""
        self.database.drop(name)
        with self.writing() as connection:
            connection.execute(delete(GENERATION).where(GENERATION.c.name == name))
            connection.execute(delete(retries.RETRY).where(retries.RETRY.c.generation == name))

    @contextmanager
    def retries(self, name: str) -> Iterator[StoredRequests]:
        """Open the requests to fold parked records of a generation again, over one connection."""
        with self.writing():
            pass  # the table may be missing in a control database of an older release
        with self.database.session(CONTROL) as session:
            yield StoredRequests(session, name)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction on the control database. Creates missing tables."""
        with self.database.session(CONTROL) as session:
            session.make_tables((METADATA, retries.METADATA, snapshots.METADATA), {LIVE.name})
            with session.begin() as connection:
                yield connection


def check_name(name: str) -> None:
    """Raise ``GenerationNameError`` if a text cannot be a generation's name."""
    if name == CONTROL or _NAME.fullmatch(name) is None:
        raise GenerationNameError(name)


def _build_of(row: Any) -> Build:
    return Build(row.fold_version, msgspec.json.decode(row.projection_versions), msgspec.json.decode(row.partitions))
