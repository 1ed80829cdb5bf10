"""FULL_TRANSITIVE: every version of an event reads every other version of it, by Apache Avro's own checker."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import parse

from newsroom_schemas.events import EVENTS
from newsroom_schemas.wire.released import ReleasedSchemas


def clashes(definitions: list[dict[str, Any]]) -> list[str]:
    """Return, for every pair of versions in both directions, why one cannot read what the other wrote."""
    schemas = [parse(json.dumps(definition), validate_names=True) for definition in definitions]
    found = []
    for reader, writer in itertools.permutations(schemas, 2):
        result = ReaderWriterCompatibilityChecker().get_compatibility(reader, writer)
        if result.compatibility is not SchemaCompatibilityType.compatible:
            found.extend(result.messages)
    return found


def with_field(definition: dict[str, Any], **field: Any) -> dict[str, Any]:
    """Make a next version with one more field."""
    return definition | {"fields": [*definition["fields"], field]}


def published() -> dict[str, Any]:
    """Return the first version of a schema to change."""
    return ReleasedSchemas.load().versions("ArticlePublished")[0].definition


@pytest.mark.parametrize("name", EVENTS)
def test_every_version_reads_every_other_version(name: str) -> None:
    assert not clashes([schema.definition for schema in ReleasedSchemas.load().versions(name)])


def test_a_new_field_with_a_default_is_compatible() -> None:
    second = with_field(published(), name="desk", type=["null", "string"], default=None)
    third = with_field(second, name="urgent", type="boolean", default=False)
    assert not clashes([published(), second, third])


def test_a_new_field_without_a_default_is_seen() -> None:
    """New readers could not read old records."""
    assert clashes([published(), with_field(published(), name="desk", type="string")])


def test_a_required_field_that_goes_is_seen() -> None:
    """Old readers could not read new records."""
    fields = [field for field in published()["fields"] if field["name"] != "language"]
    assert clashes([published(), published() | {"fields": fields}])


def test_a_union_that_grows_is_seen() -> None:
    fields = [
        field | {"type": ["null", "string", "long"]} if field["name"] == "schedule_id" else field
        for field in published()["fields"]
    ]
    assert clashes([published(), published() | {"fields": fields}])


def test_a_clash_with_any_earlier_version_is_seen_not_only_with_the_last() -> None:
    """A field that went and comes back with another type gets on with the version between."""
    texts = with_field(published(), name="desk", type=["null", "string"], default=None)
    numbers = with_field(published(), name="desk", type=["null", "long"], default=None)
    assert not clashes([texts, published()])
    assert not clashes([published(), numbers])
    assert clashes([texts, published(), numbers])
