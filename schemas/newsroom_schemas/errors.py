"""The root of all errors of the newsroom, what an error means to a caller, and the errors of events and the broker."""

from __future__ import annotations

from enum import Enum, auto
from typing import ClassVar


class Kind(Enum):
    """What an error means to the caller. A command maps it to an exit code, an HTTP server to a status."""

    FAILED = auto()
    """The operation was tried and did not succeed."""
    REFUSED = auto()
    """The operation was not tried, because it would break a rule or something that others rely on."""
    USAGE = auto()
    """The request itself is wrong: it needs another argument or setting."""
    UNKNOWN = auto()
    """Nothing of that name exists."""
    UNDECIDED = auto()
    """The answer could not be determined; the same request may succeed later."""
    TIMED_OUT = auto()
    """The operation did not finish within the time allowed."""


class NewsroomError(Exception):
    """The root of every error that this project raises on purpose. Its text says what happened and what to do."""

    kind: ClassVar[Kind] = Kind.FAILED


class InvalidEventError(NewsroomError):
    """An event breaks the contract and is not put on the wire."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, type_: str, field: str, problem: str) -> None:
        """``type_`` is the event's type, ``field`` a dotted path, ``problem`` what is wrong with that field."""
        super().__init__(f"{type_}.{field}: {problem}")
        self.type = type_
        self.field = field
        self.problem = problem


class EventTooLargeError(NewsroomError):
    """An event is larger on the wire than the contract allows."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, type_: str, size: int, limit: int) -> None:
        """``type_`` is the event's type; ``size`` and ``limit`` are bytes after framing."""
        super().__init__(f"{type_} takes {size:,} bytes on the wire; {limit:,} are allowed: shorten its blocks")
        self.type = type_
        self.size = size
        self.limit = limit


class UndecodableError(NewsroomError):
    """A record's value is not an event that this build understands; the consumer parks its article."""

    def __init__(self, problem: str) -> None:
        """``problem`` is what was found in the bytes."""
        super().__init__(problem)
        self.problem = problem


class UnsafeSchemaError(NewsroomError):
    """A schema would let a few bytes decode to unbounded memory, stack or time."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, name: str, problem: str) -> None:
        """``name`` is the schema, ``problem`` what makes it unsafe."""
        super().__init__(f"schema {name} is refused: {problem}")
        self.name = name
        self.problem = problem


class DuplicateSchemaError(NewsroomError):
    """Two schema files share a fingerprint or a frame id, so a record could not tell which of them wrote it."""

    def __init__(self, name: str, other: str) -> None:
        """``name`` and ``other`` are the event and version of each file, such as ``ArticleEdited.2``."""
        super().__init__(f"schemas {name} and {other} share a fingerprint or a frame id: remove the later file")
        self.name = name
        self.other = other


class BrokerAwayError(NewsroomError):
    """The broker could not be reached, or did not acknowledge an event in time."""

    def __init__(self, bootstrap: str, seconds: float, event_id: str | None) -> None:
        """``seconds`` is the time waited; ``event_id`` names an event that was sent and may be in the log after all."""
        unknown = f"event {event_id} may or may not be in the log: send it again with this event_id"
        state = unknown if event_id else "the event was not sent"
        super().__init__(
            f"no acknowledgement from the broker at {bootstrap} within {seconds:g} s; {state}. Check the address, or "
            "ask the newsroom's engineers whether the broker is running"
        )
        self.bootstrap = bootstrap
        self.seconds = seconds
        self.event_id = event_id


class RecordRefusedError(NewsroomError):
    """The broker refuses one record. It is not in the log; all other records are sent."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, topic: str, key: str, reason: str) -> None:
        """``key`` is the record's key, ``reason`` the broker's own text."""
        super().__init__(
            f"the broker refuses the record of {key} in topic {topic}: {reason}. Ask the newsroom's engineers whether "
            "the topic's settings are right"
        )
        self.topic = topic
        self.key = key
        self.reason = reason


class OvertakenError(NewsroomError):
    """An event was not acknowledged but a later one of the same article was: resending it would reorder them."""

    def __init__(self, event_id: str, key: str) -> None:
        """``key`` is the id of the event's article or tag."""
        super().__init__(
            f"event {event_id} of {key} was not acknowledged, but a later one of {key} was: it may or may not be in "
            "the log, and it is not sent after the later one. Look at what became of both before you send it again"
        )
        self.event_id = event_id
        self.key = key


class UnknownTopicError(NewsroomError):
    """The cluster has no such topic."""

    def __init__(self, topic: str, bootstrap: str) -> None:
        """``bootstrap`` is the list of bootstrap servers."""
        super().__init__(
            f"the cluster at {bootstrap} shows no topic {topic}: check the prefix of the topics, or ask the newsroom's "
            "engineers whether the topic exists and this client may write to it"
        )
        self.topic = topic
        self.bootstrap = bootstrap


class ForbiddenTopicError(NewsroomError):
    """The cluster does not let this client write to a topic."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, topic: str, bootstrap: str) -> None:
        """``bootstrap`` is the list of bootstrap servers."""
        super().__init__(
            f"the cluster at {bootstrap} does not let this client write to topic {topic}: ask the newsroom's engineers "
            "for the right"
        )
        self.topic = topic
        self.bootstrap = bootstrap


class NotAppendedError(NewsroomError):
    """Not all of the records that were to be appended were acknowledged."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, bootstrap: str, problem: str) -> None:
        """``bootstrap`` is the list of bootstrap servers; ``problem`` is the message of Kafka's client."""
        super().__init__(
            f"the broker at {bootstrap} has not acknowledged all records ({problem}); the last ones sent may or may "
            "not be in the log"
        )
        self.bootstrap = bootstrap
        self.problem = problem


class AddressError(NewsroomError):
    """The SDK cannot connect to an address of this form."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, url: str) -> None:
        """``url`` is the address as given."""
        super().__init__(f"{url!r} is not the address of a newsroom: write kafka://host:port")
        self.url = url


class MissingExtraError(NewsroomError):
    """An optional part of the newsroom needs a library that is not installed."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, extra: str, module: str) -> None:
        """``extra`` is what to install, such as ``kafka,stack``; ``module`` was not found."""
        super().__init__(f"the module {module} is not installed: run `pip install 'newsroom-pipeline[{extra}]'`")
        self.extra = extra
        self.module = module


class UnreadableLineError(NewsroomError):
    """A line of input is not a valid event or story."""

    kind: ClassVar[Kind] = Kind.REFUSED


class DuplicateStoryError(NewsroomError):
    """A file has two stories with the same id and language."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, article_id: str, language: str) -> None:
        """``article_id`` and ``language`` are those of both stories."""
        super().__init__(f"story {article_id} in {language} is on an earlier line of this file: remove one of them")
        self.article_id = article_id
        self.language = language
