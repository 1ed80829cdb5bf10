"""Every failure that the newsroom names: one root, one class for each reason."""

from __future__ import annotations

from enum import Enum, auto
from typing import ClassVar


class Kind(Enum):
    """What a failure means to whoever asked; a command maps it to an exit code, an HTTP server to a status."""

    FAILED = auto()
    """It was tried, and did not succeed."""
    REFUSED = auto()
    """It would break a rule, or what others rely on, and was not tried."""
    USAGE = auto()
    """It was asked for in a way that makes no sense: another argument or setting is needed."""
    UNKNOWN = auto()
    """There is nothing of that name."""
    UNDECIDED = auto()
    """The answer could not be found out; the same question may succeed later."""
    TIMED_OUT = auto()
    """It did not happen within the time allowed."""


class NewsroomError(Exception):
    """The root of every error that this project raises on purpose; its text says what happened and what to do."""

    kind: ClassVar[Kind] = Kind.FAILED


class InvalidEventError(NewsroomError):
    """An event breaks the contract and is not put on the wire."""

    def __init__(self, type_: str, field: str, problem: str) -> None:
        """Name the event's type, the field (a dotted path) and what is wrong with it."""
        super().__init__(f"{type_}.{field}: {problem}")
        self.type = type_
        self.field = field
        self.problem = problem


class EventTooLargeError(NewsroomError):
    """An event is larger on the wire than the contract allows."""

    def __init__(self, type_: str, size: int, limit: int) -> None:
        """Take the event's type, its size and the limit, both in bytes after framing."""
        super().__init__(f"{type_} takes {size:,} bytes on the wire; {limit:,} are allowed: shorten its blocks")
        self.type = type_
        self.size = size
        self.limit = limit


class UndecodableError(NewsroomError):
    """A record's value is no event that this build understands; the consumer parks its article."""

    def __init__(self, problem: str) -> None:
        """Say what was found in the bytes."""
        super().__init__(problem)
        self.problem = problem


class UnsafeSchemaError(NewsroomError):
    """A schema would let a few bytes take unbounded memory, stack or time."""

    def __init__(self, name: str, problem: str) -> None:
        """Name the schema and what makes it unsafe."""
        super().__init__(f"schema {name} is refused: {problem}")
        self.name = name
        self.problem = problem


class DuplicateSchemaError(NewsroomError):
    """Two schema files have one fingerprint or one frame id, so that a record could not say which one wrote it."""

    def __init__(self, name: str, other: str) -> None:
        """Name both files' events and versions, such as ``ArticleEdited.2``."""
        super().__init__(f"schemas {name} and {other} have one fingerprint or frame id: take back the later file")
        self.name = name
        self.other = other


class BrokerAwayError(NewsroomError):
    """The broker could not be reached, or did not acknowledge an event in time."""

    def __init__(self, bootstrap: str, seconds: float, event_id: str | None) -> None:
        """Name the bootstrap servers, the time waited, and the event if it was sent and may be in the log after all."""
        unknown = f"event {event_id} may or may not be in the log: send it again with this event_id"
        state = unknown if event_id else "the event was not sent"
        super().__init__(
            f"no acknowledgement from the broker at {bootstrap} within {seconds:g} s; {state}. Is the broker running? "
            "See `newsroom status`"
        )
        self.bootstrap = bootstrap
        self.seconds = seconds
        self.event_id = event_id


class RecordRefusedError(NewsroomError):
    """The broker refuses one record; it is not in the log, and all others are sent."""

    def __init__(self, topic: str, key: str, reason: str) -> None:
        """Name the topic, the record's key and the broker's reason."""
        super().__init__(
            f"the broker refuses the record of {key} in topic {topic}: {reason}. "
            "Compare the topic's settings with `newsroom topics check`"
        )
        self.topic = topic
        self.key = key
        self.reason = reason


class OvertakenError(NewsroomError):
    """An event was not acknowledged, and a later one of the same article was: sending it again would reorder them."""

    def __init__(self, event_id: str, key: str) -> None:
        """Name the event and its article or tag."""
        super().__init__(
            f"event {event_id} of {key} was not acknowledged, but a later one of {key} was: it may or may not be in "
            "the log, and it is not sent behind the later one. Look at its history and decide"
        )
        self.event_id = event_id
        self.key = key


class UnknownTopicError(NewsroomError):
    """The cluster has no such topic."""

    def __init__(self, topic: str, bootstrap: str) -> None:
        """Name the topic and the bootstrap servers."""
        super().__init__(
            f"the cluster at {bootstrap} shows no topic {topic}: create it with `newsroom up`, or check "
            "NEWSROOM_TOPIC_PREFIX and the rights of this client"
        )
        self.topic = topic
        self.bootstrap = bootstrap


class ForbiddenTopicError(NewsroomError):
    """The cluster does not let this client write to a topic."""

    def __init__(self, topic: str, bootstrap: str) -> None:
        """Name the topic and the bootstrap servers."""
        super().__init__(
            f"the cluster at {bootstrap} does not let this client write to topic {topic}: ask for the right"
        )
        self.topic = topic
        self.bootstrap = bootstrap


class SlowChecksumsError(NewsroomError):
    """Checksums would be made in pure Python, 15 times slower, because the C extension is not installed."""

    def __init__(self) -> None:
        """Say which extra brings it."""
        super().__init__("crc32c is not installed: run `pip install 'newsroom-pipeline[kafka]'`")


class UnreadableLineError(NewsroomError):
    """A line of input is no event or no story."""


class DuplicateStoryError(NewsroomError):
    """A file has two stories of one id in one language."""

    def __init__(self, article_id: str, language: str) -> None:
        """Name the story's id and language."""
        super().__init__(f"story {article_id} in {language} stands on an earlier line of this file: remove one of them")
        self.article_id = article_id
        self.language = language
