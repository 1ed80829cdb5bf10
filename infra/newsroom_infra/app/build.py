"""Builds what reads and writes the database: the control database and the queries. Kafka's part is in ``log.py``."""

from __future__ import annotations

from contextlib import AbstractContextManager
from zoneinfo import ZoneInfo

from newsroom_consumers.control.control import Control
from newsroom_consumers.database import open_database
from newsroom_consumers.generations.open import editor_queries, reader_queries
from newsroom_consumers.queries.editors import EditorQueries
from newsroom_consumers.queries.readers import ReaderQueries, Site
from newsroom_infra.settings import Settings
from newsroom_schemas.values import Block, StoredBlocks


def control(settings: Settings) -> Control:
    """Build the control database, and the generations beside it."""
    return Control(open_database(settings.database_place))


def site(settings: Settings) -> Site:
    """Build what readers' answers need besides the database."""
    return Site(settings.languages, ZoneInfo(settings.timezone), _blocks)


def _blocks(stored: StoredBlocks) -> tuple[Block, ...]:
    from newsroom_infra.app.codec import codec  # noqa: PLC0415 - Avro loads slowly, and most queries need none

    return codec().blocks(stored)


def readers(settings: Settings) -> AbstractContextManager[ReaderQueries]:
    """Open what readers can ask of the live generation. Raises ``NoGenerationError``."""
    return reader_queries(control(settings), site(settings))


def editors(settings: Settings) -> AbstractContextManager[EditorQueries]:
    """Open what editors and engineers can ask of the live generation. Raises ``NoGenerationError``."""
    return editor_queries(control(settings))
