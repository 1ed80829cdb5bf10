"""The topics of the log: their required settings, their creation, and the comparison of a cluster with them.

``ensure`` creates missing topics and never alters existing ones; ``differences`` returns settings that are wrong.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import msgspec
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from newsroom_consumers.waiting import until
from newsroom_infra.settings import Settings
from newsroom_schemas.errors import Kind, NewsroomError

TIMEOUT_MS = 5_000
"""Maximum milliseconds until a cluster answers."""
UNKNOWN_TOPIC = 3
"""Error code UNKNOWN_TOPIC_OR_PARTITION of the Kafka protocol."""
STAMPS = "message.timestamp.type"
"""Setting of a topic: whether records get the broker's timestamps or keep the producer's."""
MAX_BYTES = 1_100_000
"""Maximum size of a batch: more than the 1,000,000 bytes of one framed value, to leave room for headers."""
CONFIGS = {
    "cleanup.policy": "delete",
    "max.message.bytes": str(MAX_BYTES),
    STAMPS: "LogAppendTime",
    "retention.bytes": "-1",
    "retention.ms": "-1",
}
"""Settings of every topic: kept for ever, never compacted, timestamps set by the broker."""
FATAL = frozenset(CONFIGS.keys() - {"max.message.bytes"} | {"partitions"})
"""Settings that must be right, or records would be lost, restamped or misplaced."""
AUTO_CREATE = "auto.create.topics.enable"


class ClusterError(NewsroomError):
    """A Kafka cluster did not answer, or refused a request."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, bootstrap: str, problem: str) -> None:
        """``bootstrap`` is the list of servers, ``problem`` Kafka's own text."""
        super().__init__(
            f"the Kafka cluster at {bootstrap} could not be reached: {problem}. "
            "Is it up (`newsroom status`), and is NEWSROOM_KAFKA right?"
        )
        self.bootstrap = bootstrap
        self.problem = problem


class TopicDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One setting that differs from the required value."""

    where: str
    """The topic, or ``broker 1``."""
    setting: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: {self.setting} is {self.found}, wanted {self.wanted}"


class LeftStampingError(NewsroomError):
    """After an import, the topics could not be set back to the broker's timestamps."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, bootstrap: str, problem: str) -> None:
        """``bootstrap`` is the list of servers, ``problem`` Kafka's own text."""
        super().__init__(
            f"the topics on {bootstrap} may still keep the timestamps of producers ({STAMPS} is CreateTime): "
            f"{problem}. Append nothing before `newsroom topics check` succeeds; the same import sets it right"
        )
        self.bootstrap = bootstrap
        self.problem = problem


class TopicsError(NewsroomError):
    """Topics exist with settings that would lose, restamp or misplace records."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, bootstrap: str, found: tuple[TopicDifference, ...]) -> None:
        """``found`` are the settings that differ."""
        super().__init__(
            f"the topics on {bootstrap} would not keep the log as it is: {'; '.join(map(str, found))}. Alter them with "
            "Kafka's own tools until `newsroom topics check` succeeds, or use others with NEWSROOM_TOPIC_PREFIX=… "
            "(a number of partitions cannot be altered where there are records)"
        )
        self.bootstrap = bootstrap
        self.found = found


def wanted(settings: Settings) -> dict[str, int]:
    """Return the topics of the log with their numbers of partitions, which never change."""
    return {settings.topics.articles: 6, settings.topics.tags: 1}


def ensure(settings: Settings) -> tuple[str, ...]:
    """Create missing topics, wait until each partition has a leader, and return the names of the topics created.

    Existing topics stay as they are. Raises :class:`ClusterError`.
    """
    with _admin(settings.bootstrap) as admin:
        missing = {name: count for name, count in wanted(settings).items() if name not in admin.list_topics()}
        if missing:
            new = {name: {"num_partitions": count, "configs": CONFIGS} for name, count in missing.items()}
            _create(admin, new)
        return tuple(missing)


def differences(settings: Settings) -> tuple[TopicDifference, ...]:
    """Return every setting of the topics and brokers that differs from the required one.

    Raises :class:`ClusterError`.
    """
    with _admin(settings.bootstrap) as admin:
        topics = {topic["name"]: topic for topic in admin.describe_topics(list(wanted(settings)))}
        found = [
            difference for name, count in wanted(settings).items() for difference in _topic(admin, topics[name], count)
        ]
        return (*found, *_brokers(admin))


def require(settings: Settings) -> tuple[TopicDifference, ...]:
    """Return the harmless differences. Raises :class:`TopicsError` for any other, and :class:`ClusterError`."""
    found = differences(settings)
    if fatal := tuple(each for each in found if each.setting in FATAL):
        raise TopicsError(settings.bootstrap, fatal)
    return found


@contextmanager
def keeping_timestamps(settings: Settings) -> Iterator[None]:
    """Let the topics keep the timestamps of producers; at the end, also after an error, let the broker set them again.

    Raises :class:`ClusterError`, and :class:`LeftStampingError` if the setting could not be changed back.
    """
    _stamp(settings, "CreateTime")
    try:
        yield
    finally:
        try:
            _stamp(settings, CONFIGS[STAMPS])
        except ClusterError as error:
            raise LeftStampingError(settings.bootstrap, error.problem) from error


def _stamp(settings: Settings, by: str) -> None:
    """Set ``message.timestamp.type`` of all topics, and wait until the cluster has applied it."""
    names = list(wanted(settings))
    kind = ConfigResourceType.TOPIC
    with _admin(settings.bootstrap) as admin:
        admin.alter_configs([ConfigResource(kind, name, configs={STAMPS: by}) for name in names])
        if not until(
            lambda: all(_configs(admin, kind, name, [STAMPS]).get(STAMPS) == by for name in names), TIMEOUT_MS / 1000
        ):
            raise ClusterError(settings.bootstrap, f"it does not set {STAMPS} to {by}")


def _create(admin: Any, new: dict[str, Any]) -> None:
    """Create topics and wait for their leaders. One that another process has created in the meantime is accepted."""
    with suppress(TopicAlreadyExistsError):
        admin.create_topics(new)
    admin.wait_for_topics(list(new), timeout_ms=TIMEOUT_MS)


def _topic(admin: Any, topic: dict[str, Any], count: int) -> Iterator[TopicDifference]:
    name = topic["name"]
    if topic["error_code"] == UNKNOWN_TOPIC:
        yield TopicDifference(where=name, setting="exists", wanted="yes", found="no")
        return
    partitions = len(topic["partitions"])
    if partitions != count:
        yield TopicDifference(where=name, setting="partitions", wanted=str(count), found=str(partitions))
    values = _configs(admin, ConfigResourceType.TOPIC, name, list(CONFIGS))
    for setting, value in CONFIGS.items():
        if not _satisfies(setting, values.get(setting, "")):
            yield TopicDifference(where=name, setting=setting, wanted=value, found=values.get(setting, ""))


def _satisfies(setting: str, found: str) -> bool:
    """Return True if a value is as required. A larger limit on sizes also is."""
    if setting == "max.message.bytes" and found.isdigit():
        return int(found) >= MAX_BYTES
    return found == CONFIGS[setting]


def _brokers(admin: Any) -> Iterator[TopicDifference]:
    """Yield a difference for each broker that creates topics automatically, with its own settings."""
    for broker in admin.describe_cluster()["brokers"]:
        number = str(broker["broker_id"])
        found = _configs(admin, ConfigResourceType.BROKER, number, [AUTO_CREATE]).get(AUTO_CREATE, "not shown")
        if found != "false":
            yield TopicDifference(where=f"broker {number}", setting=AUTO_CREATE, wanted="false", found=found)


def _configs(admin: Any, kind: Any, name: str, settings: list[str]) -> dict[str, str]:
    resource = ConfigResource(kind, name, configs=dict.fromkeys(settings, ""))
    answer = admin.describe_configs([resource], config_filter="all")
    return {setting: str(value["value"]) for setting, value in answer[kind.name.lower()][name].items()}


@contextmanager
def _admin(bootstrap: str) -> Iterator[Any]:
    """Open an admin client. Kafka's errors are raised as :class:`ClusterError`.

    The client leaks sockets and a thread if it finds no server, so it is opened only if a server listens.
    """
    if not any(_listens(server) for server in bootstrap.split(",")):
        raise ClusterError(bootstrap, "no server listens there")
    try:
        with KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","), bootstrap_timeout_ms=TIMEOUT_MS, request_timeout_ms=TIMEOUT_MS
        ) as admin:
            yield admin
    except KafkaError as error:
        raise ClusterError(bootstrap, str(error)) from error


def _listens(server: str) -> bool:
    """Return True if ``host:port`` accepts connections."""
    host, _, port = server.strip().rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), TIMEOUT_MS / 1000).close()
    except (OSError, ValueError):
        return False
    return True
