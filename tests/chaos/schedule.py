"""The schedule of faults: endless, and the same for the same seed and database."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from newsroom_consumers.store.steps import Step

SESSION_SECONDS = 8.0
"""Silence after which Kafka takes partitions from a worker."""
_LONG = 0.12
"""Share of freezes that outlast a session."""
_QUIET = (0.2, 1.2)
"""Seconds between a recovery and the next blow, from and to."""


class Fault(NamedTuple):
    """One thing that goes wrong."""

    kind: str
    target: str = ""
    seconds: float = 0.0
    """How long it lasts, where it does not end by itself."""
    place: str = ""
    """A failpoint."""

    def __str__(self) -> str:
        return " ".join(word for word in (self.kind, self.target, self.place) if word)


class Blow(NamedTuple):
    """Faults that come at the same time, and the quiet before them, in seconds."""

    quiet: float
    faults: tuple[Fault, ...]


WEIGHTS = {
    ("kill", "worker"): 5,
    ("kill", "broker"): 2,
    ("kill", "database"): 3,
    ("freeze", "worker"): 3,
    ("freeze", "broker"): 3,
    ("stutter", "broker"): 4,
    ("freeze", "database"): 2,
    ("failpoint", "worker"): 7,
    ("full", "disk"): 2,
    ("refuse", "records"): 3,
    ("wrong", "clock"): 2,
    ("replay", "and promote"): 3,
}
"""How often each kind of fault comes."""
ONLY = {("kill", "database"): "postgres", ("freeze", "database"): "postgres", ("full", "disk"): "sqlite"}
"""Faults that one of the databases can have."""


def kinds(database: str) -> list[tuple[str, str]]:
    """Return the kinds of faults that come with a database."""
    return [kind for kind in WEIGHTS if ONLY.get(kind, database) == database]


def blows(seed: int, database: str) -> Iterator[Blow]:
    """Return the blows. The first ones have every kind of fault once, in random order."""
    random = Random(f"{seed}-{database}")  # noqa: S311 - reproducible, not secret
    first = kinds(database)
    random.shuffle(first)
    for kind in first:
        yield Blow(random.uniform(*_QUIET), (_fault(kind, random),))
    while True:
        count = 2 if random.random() < 0.25 else 1
        found = random.choices(kinds(database), [WEIGHTS[kind] for kind in kinds(database)], k=count)
        yield Blow(random.uniform(*_QUIET), tuple(_fault(kind, random) for kind in dict.fromkeys(found)))


def _fault(kind: tuple[str, str], random: Random) -> Fault:
    is_long = random.random() < _LONG
    seconds = random.uniform(SESSION_SECONDS + 1, SESSION_SECONDS + 4) if is_long else random.uniform(0.3, 3.5)
    place = f"{random.choice(list(Step))}:{random.randint(1, 3)}"
    return Fault(*kind, round(seconds, 2), place if kind[0] == "failpoint" else "")
