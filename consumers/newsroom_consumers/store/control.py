"""The control database: which generations there are, what made each, and which one is live.

It lies outside the generations, beside them. A generation remembers the numbers of the
fold and of every projection that made it, and the topics that it folds; a worker of other numbers refuses to write.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Engine, MetaData, Table, insert, select

from newsroom_consumers.columns import canonical, integer, text
from newsroom_consumers.store.database import CONTROL, Database, NoGenerationError
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
        engine = self._engine()
        wants = {
            "fold_version": build.fold_version,
            "projection_versions": canonical(dict(build.projection_versions)),
            "topics": canonical(sorted(build.partitions)),
            "partitions": canonical(dict(build.partitions)),
        }
        with engine.begin() as connection:
            has = connection.execute(select(GENERATION).where(GENERATION.c.name == name)).mappings().one_or_none()
            if has is None:
                connection.execute(insert(GENERATION).values(name=name, created_at=now, **wants))
                if connection.scalar(select(LIVE.c.name)) is None:
                    connection.execute(insert(LIVE).values(one=1, name=name))
            elif any(has[key] != wants[key] for key in wants):
                raise OtherBuildError(name, dict(has), wants)

    def _engine(self) -> Engine:
        engine = self.database.writer(CONTROL)
        METADATA.create_all(engine)
        return engine
