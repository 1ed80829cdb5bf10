"""The schemas and their Python twins say the same, sentence by sentence."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import msgspec
import pytest

from newsroom_schemas import events, values
from newsroom_schemas.events import EVENTS
from newsroom_schemas.validation import instants
from newsroom_schemas.values import StoredBlocks
from newsroom_schemas.wire.released import ReleasedSchemas

RELEASED = ReleasedSchemas.load()
ENVELOPE = ["event_id", "article_id", "occurred_at", "actor", "source", "expected_version"]
TAG_ENVELOPE = ["event_id", "tag_id", "occurred_at", "actor", "source"]
INSTANT = {"type": "long", "logicalType": "timestamp-micros"}
UUID = {"type": "string", "logicalType": "uuid"}


def classes() -> list[ast.ClassDef]:
    """Parse the twins and the values that they are made of."""
    nodes = [node for module in (values, events) for node in ast.parse(inspect.getsource(module)).body]
    return [node for node in nodes if isinstance(node, ast.ClassDef)]


def class_docs() -> dict[str, str]:
    """Read the docstrings of the twins."""
    return {node.name: ast.get_docstring(node) or "" for node in classes()}


def field_docs(type_: type) -> dict[str, str]:
    """Read the docstrings of a twin's fields, those of its bases too."""
    wanted = {base.__name__ for base in type_.__mro__}
    docs: dict[str, str] = {}
    for node in classes():
        if node.name in wanted:
            for field, doc in zip(node.body, node.body[1:], strict=False):
                match field, doc:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        docs[name] = " ".join(text.split())
    return docs


def records(type_: Any) -> dict[str, dict[str, Any]]:
    """Find every record in a schema, by name."""
    match type_:
        case {"type": "record", "name": str(name), "fields": fields}:
            inner = [records(field["type"]) for field in fields]
            return {name: type_} | {key: value for found in inner for key, value in found.items()}
        case {"type": "array", "items": item}:
            return records(item)
        case list():
            return {key: value for branch in type_ for key, value in records(branch).items()}
    return {}


def avro_type(name: str, type_: msgspec.inspect.Type) -> Any:
    """Return which Avro type a field of a twin must have; records by their name."""
    avro: Any = UUID if name in {"event_id", "schedule_id"} else "string"
    match type_:
        case msgspec.inspect.UnionType(types=types):
            branches = [one for one in types if getattr(one, "cls", None) is not StoredBlocks]
            (value,) = (one for one in branches if not isinstance(one, msgspec.inspect.NoneType))
            avro = avro_type(name, value) if len(branches) == 1 else ["null", avro_type(name, value)]
        case msgspec.inspect.StructType(cls=cls):
            avro = cls.__name__
        case msgspec.inspect.VarTupleType(item_type=item):
            avro = {"type": "array", "items": avro_type("", item)}
        case msgspec.inspect.DictType(value_type=value):
            avro = {"type": "map", "values": avro_type("", value)}
        case msgspec.inspect.IntType() if name in {"occurred_at", "publish_at", "published_at", "until"}:
            avro = INSTANT
        case msgspec.inspect.IntType():
            avro = "long" if name == "offset" else "int"
    return avro


def by_name(type_: Any) -> Any:
    """Write a schema's type with records by their name."""
    match type_:
        case {"type": "record", "name": name}:
            return name
        case {"type": "array", "items": item}:
            return {"type": "array", "items": by_name(item)}
        case list():
            return [by_name(branch) for branch in type_]
    return type_


def avro_default(field: msgspec.structs.FieldInfo) -> Any:
    """Return the default that a field of the schema must have: a value, or NODEFAULT."""
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return list(field.default) if isinstance(field.default, tuple) else field.default


def test_every_event_has_a_schema_and_every_schema_an_event() -> None:
    assert {schema.name for schema in RELEASED} == set(EVENTS)


@pytest.mark.parametrize("name", EVENTS)
def test_the_newest_schema_names_its_event_in_the_newsroom(name: str) -> None:
    definition = RELEASED.latest(name).definition
    assert (definition["name"], definition["namespace"]) == (name, "newsroom")


@pytest.mark.parametrize("name", EVENTS)
def test_fields_come_envelope_first_then_as_in_the_twin(name: str) -> None:
    twin = [field for field in EVENTS[name].__struct_fields__ if field not in {*ENVELOPE, *TAG_ENVELOPE}]
    envelope = TAG_ENVELOPE if name.startswith("Tag") else ENVELOPE
    assert [field["name"] for field in RELEASED.latest(name).definition["fields"]] == envelope + twin


@pytest.mark.parametrize("name", EVENTS)
def test_schema_and_twin_agree_on_every_record_and_field(name: str) -> None:
    docs = class_docs()
    for record_name, record in records(RELEASED.latest(name).definition).items():
        type_ = getattr(events if hasattr(events, record_name) else values, record_name)
        types = {field.name: field.type for field in msgspec.inspect.type_info(type_).fields}  # type: ignore[attr-defined]
        twin = {
            field.name: (field_docs(type_)[field.name], avro_type(field.name, types[field.name]), avro_default(field))
            for field in msgspec.structs.fields(type_)
        }
        schema = {
            field["name"]: (field["doc"], by_name(field["type"]), field.get("default", msgspec.NODEFAULT))
            for field in record["fields"]
        }
        assert record["doc"] == docs[record_name]
        assert schema == twin


def test_blocks_are_the_last_field_of_every_schema_that_has_them() -> None:
    """The loop decodes the fields before them and keeps the rest as bytes."""
    with_blocks = [schema for schema in RELEASED if "blocks" in {field["name"] for field in schema.whole["fields"]}]
    assert {schema.name for schema in with_blocks} >= {"ArticleCreated", "ArticleEdited", "ArticleTranslated"}
    assert all(schema.whole["fields"][-1]["name"] == "blocks" for schema in with_blocks)


def test_a_record_inside_events_is_the_same_in_all_of_them() -> None:
    """Stored blocks carry the fingerprint of Block alone, whichever event brought them."""
    seen: dict[str, Any] = {}
    for name in EVENTS:
        for record_name, record in records(RELEASED.latest(name).definition).items():
            assert seen.setdefault(record_name, record) == record


@pytest.mark.parametrize("name", EVENTS)
def test_instants_are_the_fields_with_the_logical_type(name: str) -> None:
    fields = RELEASED.latest(name).definition["fields"]
    assert instants(name) == {field["name"] for field in fields if field["type"] in (INSTANT, ["null", INSTANT])}
