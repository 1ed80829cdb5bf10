"""The connection: from an address to desks that write into the newsroom there."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from newsroom_producers.desk import Desk
from newsroom_schemas.errors import AddressError, MissingExtraError
from newsroom_schemas.topics import DELIVERY_TIMEOUT, PREFIX, Topics
from newsroom_schemas.wire.codec import Codec
from newsroom_schemas.wire.released import ReleasedSchemas

if TYPE_CHECKING:
    from newsroom_producers.kafka.transport import KafkaTransport


class Connection:
    """An open connection to a newsroom's log. For one thread; close it, or use it in a ``with`` statement."""

    def __init__(self, transport: KafkaTransport) -> None:
        """``transport`` is closed together with the connection."""
        self._transport = transport

    def desk(self, *, source: str, actor: str) -> Desk:
        """Return the desk of one person (``actor``, a staff id) in one tool (``source``)."""
        return Desk(self._transport, source=source, actor=actor)

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.__exit__(kind, error, trace)


def connect(url: str, *, prefix: str = PREFIX, delivery_timeout: float = DELIVERY_TIMEOUT) -> Connection:
    """Return a connection to the newsroom at an address; the network is first used by the first act of a desk.

    * ``url``: ``kafka://host:port``, or several brokers of one cluster, ``kafka://host:port,host:port``.
    * ``prefix``: first part of the topics' names.
    * ``delivery_timeout``: seconds until an act that the broker has not acknowledged is a BrokerAwayError.

    Raises AddressError for any other address, and MissingExtraError where Kafka's client, or crc32c, is not installed.
    """
    scheme, _, bootstrap = url.partition("://")
    if scheme != "kafka" or not bootstrap:
        raise AddressError(url)
    try:
        from newsroom_producers.kafka.transport import KafkaTransport  # noqa: PLC0415 - not every address needs Kafka
    except ModuleNotFoundError as error:
        raise MissingExtraError("kafka", str(error.name)) from error
    codec = Codec(ReleasedSchemas.load())
    return Connection(KafkaTransport(bootstrap, Topics.of(prefix), codec, delivery_timeout=delivery_timeout))
