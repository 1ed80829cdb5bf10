"""The README's example of the SDK, run as a tool's programmer would."""

from __future__ import annotations

import re
from pathlib import Path

from support.logged import logged

from newsroom_schemas.events import ArticleCreated, ArticlePublished

README = Path(__file__).parents[2] / "README.md"
ADDRESS = '"kafka://127.0.0.1:19092"'


def test_the_example_of_the_readme_puts_its_events_into_the_log(broker: str, topic_prefix: str) -> None:
    """Only the address is another one here, and the prefix of the topics."""
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert ADDRESS in example
    exec(example.replace(ADDRESS, f'"kafka://{broker}", prefix="{topic_prefix}"'), {})  # noqa: S102 - our own README
    events = [record.event for record in logged(broker, f"{topic_prefix}.articles")]
    assert [type(event) for event in events] == [ArticleCreated, ArticlePublished]
    assert {(event.source, event.actor) for event in events} == {("cms", "olena")}
