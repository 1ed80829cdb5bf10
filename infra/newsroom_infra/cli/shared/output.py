"""How commands print: JSON for programs on standard output, tables for people."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click
import msgspec

from newsroom_infra.cli.shared.extras import needs
from newsroom_infra.cli.shared.options import with_json

Answer = TypeVar("Answer")

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What a terminal would obey instead of showing: control characters, and those that turn the direction of writing."""

_BREAKS = str.maketrans({"\n": "␊", "\t": "␉", "\u2028": "␤", "\u2029": "␤"})
"""What would begin a new line, or a new column, and the sign that is shown instead."""


def prints(
    extra: str, view: Callable[[], Callable[[Answer], None]], *, ok: Callable[[Answer], bool] = lambda _: True
) -> Callable[[Callable[..., Answer]], Callable[..., None]]:
    """Make a command of a function that returns an answer: print that by a view, or as JSON with ``--json``.

    The function imports what ``extra`` provides. ``view`` is called for people only, and returns what prints; texts in
    the answer then do nothing in a terminal. The exit code is 1 where the answer is not ``ok``. Example::

        @click.command()
        @prints(CONSUMERS, lambda: views.parked.print_parked)
        def parked() -> list[ParkedArticle]: ...
    """

    def decorate(ask: Callable[..., Answer]) -> Callable[..., None]:
        @with_json
        @wraps(ask)
        def command(*arguments: Any, as_json: bool, **options: Any) -> None:
            with needs(extra):
                answer = ask(*arguments, **options)
            if as_json:
                print_json(answer)
            else:
                view()(visible(answer))
            if not ok(answer):
                sys.exit(1)

        return command

    return decorate


def print_json(value: Any) -> None:
    """Print a value as indented JSON, in UTF-8 whatever the locale."""
    from newsroom_consumers.queries.answers import to_json

    click.echo(msgspec.json.format(to_json(value), indent=2))


def visible(value: Any) -> Any:
    """Make every text in an answer safe for a terminal: what it would obey becomes a replacement character."""
    match value:
        case str():
            return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", value)
        case msgspec.Struct():
            fields = {name: visible(getattr(value, name)) for name in value.__struct_fields__}
            return msgspec.structs.replace(value, **fields)
        case dict():
            return {name: visible(inner) for name, inner in value.items()}
        case list() | tuple():
            return [visible(inner) for inner in value]
    return value


def one_line(text: str) -> str:
    """Keep a text on the line where the program puts it: what stands in a field cannot look like a line of ours."""
    return str(visible(text)).translate(_BREAKS)
