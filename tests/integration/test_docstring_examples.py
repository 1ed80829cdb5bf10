"""The examples in docstrings that send events run, against a real broker."""

from __future__ import annotations

import pytest
from support.docstring_examples import BROKER, Example, examples
from support.kit import Newsroom
from support.logged import logged

from newsroom_producers.desk import Desk
from newsroom_schemas.wire.codec import Codec
from newsroom_schemas.wire.released import ReleasedSchemas


@pytest.mark.parametrize("example", [each for each in examples() if each.module in BROKER], ids=str)
def test_an_example_sends_its_events(example: Example, newsroom: Newsroom) -> None:
    """Only the address and the topics are the test's."""
    prefix = newsroom.topics.articles.removesuffix(".articles")
    text = (
        example.text.replace('"kafka://127.0.0.1:19092"', f'"kafka://{newsroom.bootstrap}", prefix="{prefix}"')
        .replace('"127.0.0.1:19092"', f'"{newsroom.bootstrap}"')
        .replace('"newsroom"', f'"{prefix}"')
    )
    example.run({"Codec": Codec, "Desk": Desk, "ReleasedSchemas": ReleasedSchemas}, text)
    sent = [each.event for each in logged(newsroom.bootstrap, newsroom.topics.articles)]
    assert type(sent[-1]).__name__ == "ArticlePublished"
