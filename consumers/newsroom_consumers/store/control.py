"""The control database: which generations there are, what made each, and which one is live.

It lies outside the generations, beside them. A generation remembers the numbers of the
fold and of every projection that made it, and the topics that it folds; a worker of other numbers refuses to write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection, MetaData, Table, insert, select
from sqlalchemy.exc import IntegrityError

from newsroom_consumers.columns import canonical, integer, text
from newsroom_consumers.store import retries, twins
from newsroom_consumers.store.database import CONTROL, Database, NoGenerationError, answering
from newsroom_consumers.store.retries import Retries
from newsroom_schemas.errors import NewsroomError

FIRST = "main"
"""Name of the first generation."""

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
    """What decides the content of a generation, apart from the log."""

    fold_version: int
    projection_versions: Mapping[str, int]
    partitions: Mapping[str, int]
    """Number of partitions of each topic."""


class OtherBuildError(NewsroomError):
    """A generation was made by another build, or from other topics."""

    def __init__(self, name: str, has: Mapping[str, Any], wants: Mapping[str, Any]) -> None:
        """Take the generation's name, and what it has and this build wants where the two differ."""
        differences = "; ".join(
            f"{key}: it has {has[key]}, this build {wants[key]}" for key in wants if has[key] != wants[key]
        )
        super().__init__(
            f"generation {name} was made by another build ({differences}): run the build that made it, or fold the log "
            f"into a new generation"
        )
        self.name = name


class Control:
    """Reads and writes the control database that lies beside the generations."""

    def __init__(self, database: Database) -> None:
        """Take the place of the control database and the generations."""
        self.database = database

    def live(self) -> str:
        """Give the name of the live generation. Raises ``NoGenerationError`` where there is none yet."""
        with self.database.reading(CONTROL) as connection:
            name = connection.scalar(select(LIVE.c.name))
        if name is None:
            raise NoGenerationError(self.database.where(CONTROL))
        return str(name)

    def live_or(self, name: str) -> str:
        """Give the name of the live generation, or ``name`` where there is none yet."""
        try:
            return self.live()
        except NoGenerationError:
            return name

    def register(self, name: str, build: Build, *, now: int) -> None:
        """Enter a generation on its first start, live if it is the first of all; check its build on every later one.

        ``now`` is in microseconds. Raises ``OtherBuildError``.
        """
        wants = {
            "fold_version": build.fold_version,
            "projection_versions": canonical(dict(build.projection_versions)),
            "topics": canonical(sorted(build.partitions)),
            "partitions": canonical(dict(build.partitions)),
        }
        try:
            self._enter(name, wants, now)
        except IntegrityError:  # another worker has entered it at the same moment
            self._enter(name, wants, now)

    def _enter(self, name: str, wants: Mapping[str, Any], now: int) -> None:
        with self._writing() as connection:
            has = connection.execute(select(GENERATION).where(GENERATION.c.name == name)).mappings().one_or_none()
            if has is None:
                connection.execute(insert(GENERATION).values(name=name, created_at=now, **wants))
                if connection.scalar(select(LIVE.c.name)) is None:
                    connection.execute(insert(LIVE).values(one=1, name=name))
            elif any(has[key] != wants[key] for key in wants):
                raise OtherBuildError(name, dict(has), wants)

    @contextmanager
    def retries(self, name: str) -> Iterator[Retries]:
        """Open the requests to fold parked records of a generation again, over one connection that is kept."""
        with self._writing():
            pass  # the table may be missing in a control database of an older release
        engine = self.database.writer(CONTROL)
        try:
            yield Retries(engine, name)
        finally:
            engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Open a transaction on the control database, and make its tables where there are none."""
        engine = self.database.writer(CONTROL)
        try:
            with answering(CONTROL):
                twins.make_tables(engine, (METADATA, retries.METADATA), {LIVE.name})
                with engine.begin() as connection:
                    yield connection
        finally:
            engine.dispose()
