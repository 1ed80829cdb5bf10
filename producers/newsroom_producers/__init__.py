"""The SDK: what an editorial tool imports to write into a newsroom's log.

Example::

    from newsroom_producers import connect

    with connect("kafka://127.0.0.1:19092") as newsroom:
        desk = newsroom.desk(source="cms", actor="olena")
        desk.create("storm", "uk", headline="Буря над Мріянкою")
        receipt = desk.publish("storm", "uk", expected_version=1)

Every error is a `NewsroomError`; the classes below are those that a tool may want to tell apart.
"""

from newsroom_producers.connection import Connection, connect
from newsroom_producers.desk import Desk
from newsroom_producers.receipts import Receipt
from newsroom_schemas.errors import (
    AddressError,
    BrokerAwayError,
    EventTooLargeError,
    ForbiddenTopicError,
    InvalidEventError,
    MissingExtraError,
    NewsroomError,
    RecordRefusedError,
    UnknownTopicError,
)
from newsroom_schemas.values import Author, Block, Image, Note

__all__ = [
    "AddressError",
    "Author",
    "Block",
    "BrokerAwayError",
    "Connection",
    "Desk",
    "EventTooLargeError",
    "ForbiddenTopicError",
    "Image",
    "InvalidEventError",
    "MissingExtraError",
    "NewsroomError",
    "Note",
    "Receipt",
    "RecordRefusedError",
    "UnknownTopicError",
    "connect",
]
