"""The SDK's face: what an address opens, and what importing the SDK loads."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing

import pytest

import newsroom_producers
from newsroom_producers import AddressError, Connection, Desk, MissingExtraError, connect

_WITHOUT_KAFKA = """
import sys
sys.modules["kafka"] = None
from newsroom_producers import MissingExtraError, connect
try:
    connect("kafka://127.0.0.1:9092")
except MissingExtraError as error:
    print(error)
"""


@pytest.mark.parametrize("url", ["http://127.0.0.1:9092", "127.0.0.1:9092", "kafka://", ""])
def test_an_address_that_the_sdk_cannot_open_is_named_with_one_that_it_can(url: str) -> None:
    with pytest.raises(AddressError, match=r"write kafka://host:port") as caught:
        connect(url)
    assert caught.value.url == url


def test_a_desk_is_there_before_the_network_is_used() -> None:
    with closing(connect("kafka://nowhere.invalid:9092")) as newsroom:
        assert isinstance(newsroom, Connection)
        assert isinstance(newsroom.desk(source="cms", actor="olena"), Desk)


def test_the_sdk_loads_without_kafkas_client_and_says_what_to_install_when_it_is_needed() -> None:
    said = subprocess.run([sys.executable, "-c", _WITHOUT_KAFKA], capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(MissingExtraError("kafka", "kafka"))
    assert "pip install 'newsroom-pipeline[kafka]'" in said


def test_a_missing_checksum_library_is_named_before_anything_is_sent_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "crc32c", None)
    with pytest.raises(MissingExtraError, match="crc32c"):
        connect("kafka://127.0.0.1:9092")


def test_every_name_that_the_sdk_offers_is_there() -> None:
    assert [name for name in newsroom_producers.__all__ if not hasattr(newsroom_producers, name)] == []
