"""A cluster that does not do as it is told, or does more."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from typing import Any, Self

import pytest
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from newsroom_infra import topics
from newsroom_infra.settings import Settings
from newsroom_infra.topics import ClusterError, LeftStampingError, TopicDifference


class Cluster:
    """Answers as Kafka's admin client does; ``away`` makes it fail, ``deaf`` makes it forget what it was told."""

    def __init__(self) -> None:
        self.away = self.deaf = False
        self.broker = {topics.AUTO_CREATE: "false"}
        self.topic = dict(topics.CONFIGS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Keep everything."""

    def describe_topics(self, names: Sequence[str]) -> list[dict[str, Any]]:
        counts = topics.wanted(Settings())
        return [{"name": name, "error_code": 0, "partitions": [{}] * counts[name]} for name in names]

    def describe_cluster(self) -> dict[str, Any]:
        return {"brokers": [{"broker_id": 4}]}

    def describe_configs(self, resources: Sequence[ConfigResource], **_: str) -> dict[str, Any]:
        (asked,) = resources
        values = self.topic if asked.resource_type is ConfigResourceType.TOPIC else self.broker
        return {
            asked.resource_type.name.lower(): {asked.name: {key: {"value": value} for key, value in values.items()}}
        }

    def alter_configs(self, resources: Sequence[ConfigResource]) -> None:
        if self.away:
            raise KafkaError("out of paper")
        for each in resources:
            self.topic |= {} if self.deaf else each.configs


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Put a cluster in the place of Kafka."""
    cluster = Cluster()
    monkeypatch.setattr(topics, "KafkaAdminClient", lambda **_: cluster)
    return cluster


@pytest.fixture
def settings() -> Iterator[Settings]:
    """Name a server that listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield Settings(kafka=f"127.0.0.1:{server.getsockname()[1]}")


@pytest.mark.parametrize(("configs", "found"), [({topics.AUTO_CREATE: "true"}, "true"), ({}, "not shown")])
def test_a_broker_that_makes_topics_by_itself_is_a_difference(
    cluster: Cluster, settings: Settings, configs: dict[str, str], found: str
) -> None:
    """A slip in a topic's name would make a topic."""
    assert topics.differences(settings) == ()
    cluster.broker = configs
    wanted = TopicDifference(where="broker 4", setting=topics.AUTO_CREATE, wanted="false", found=found)
    assert topics.require(settings) == (wanted,)


def test_topics_that_cannot_be_set_back_after_an_import_are_an_error_of_their_own(
    cluster: Cluster, settings: Settings
) -> None:
    with pytest.raises(LeftStampingError, match=r"out of paper\. Append nothing before") as caught:
        fail_within(cluster, settings)
    assert (caught.value.bootstrap, cluster.topic[topics.STAMPS]) == (settings.bootstrap, "CreateTime")


def fail_within(cluster: Cluster, settings: Settings) -> None:
    """Keep timestamps until the cluster is away."""
    with topics.keeping_timestamps(settings):
        cluster.away = True


def test_a_cluster_that_does_not_apply_a_setting_is_not_written_to(
    cluster: Cluster, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "TIMEOUT_MS", 50)
    cluster.deaf = True
    written = []
    with pytest.raises(ClusterError, match=rf"does not set {topics.STAMPS} to CreateTime"):  # noqa: SIM117
        with topics.keeping_timestamps(settings):
            written.append("a record")
    assert written == []
