"""What every test may ask for: one real broker and one real PostgreSQL for the whole run."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from support.postgres import Server, running_server
from support.stack import fresh_topics, running_broker


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """Bootstrap string of the run's broker."""
    with running_broker() as bootstrap:
        yield bootstrap


@pytest.fixture
def topic_prefix(broker: str) -> Iterator[str]:
    """Prefix of two empty topics: ``<prefix>.articles`` with 6 partitions, ``<prefix>.tags`` with 1."""
    with fresh_topics(broker, f"test-{uuid.uuid4().hex[:12]}") as prefix:
        yield prefix


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Start the run's PostgreSQL server."""
    with running_server() as server:
        yield server
