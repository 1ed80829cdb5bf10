"""The newswire of 1987: 16,000 real stories by the product's importer, the broker, and the loop with large batches.

The stories lie beside the checkout, never in it.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kit import Newsroom
from stack import fresh_topics

from newsroom_consumers.generations import Snapshot
from newsroom_producers.desk import Receipt
from newsroom_producers.emit import answers
from newsroom_producers.importers.stories import NAMESPACE, StoryReader
from newsroom_producers.lines import read_lines

WIRE = Path(__file__).parents[3] / "shared" / "data" / "reuters-21578.jsonl.gz"
TAG_FIELDS = ("topics", "places", "people", "organizations", "exchanges")
PAGE = 1000

pytestmark = pytest.mark.skipif(not WIRE.exists(), reason=f"no {WIRE.name} in ../shared/data beside the checkout")
