"""Builds what sends events to the log."""

from __future__ import annotations

from newsroom_infra.app.codec import codec
from newsroom_infra.settings import Settings
from newsroom_producers.kafka.transport import KafkaTransport


def transport(settings: Settings) -> KafkaTransport:
    """Build the transport into Kafka's log. Raises ``MissingExtraError``."""
    return KafkaTransport(settings.bootstrap, settings.topics, codec(), delivery_timeout=settings.delivery_timeout)
