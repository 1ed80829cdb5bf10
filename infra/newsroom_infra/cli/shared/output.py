"""How commands print: JSON for programs on standard output, tables for people."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, TypeVar

import click
import msgspec

from newsroom_infra.cli.shared.extras import needs
from newsroom_infra.cli.shared.options import with_json

Answer = TypeVar("Answer")

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that a terminal obeys instead of showing: controls, and those that change the writing direction."""

_BREAKS = str.maketrans({"\n": "␊", "\t": "␉", "\u2028": "␤", "\u2029": "␤"})
"""Characters that begin a new line or column, and the symbol that is shown instead."""


def prints(
    extra: str,
    view: Callable[[], Callable[Concatenate[Answer, ...], None]],
    *,
    ok: Callable[[Answer], bool] = lambda _: True,
    json: Callable[[Answer], Any] = lambda answer: answer,
) -> Callable[[Callable[..., Answer]], Callable[..., None]]:
    """Make a command of a function that returns an answer: print that by a view, or as JSON with ``--json``.

    The function imports what ``extra`` provides. ``view`` returns what prints for people, and is not called for JSON;
    texts in the answer are made safe for a terminal. The function and the view each get the options that they have a
    parameter for, ``as_json`` among them; what ``click.pass_obj`` passes goes to the function. ``json`` returns what to
    print as JSON, the answer itself by default. The exit code is 1 if the answer is not ``ok``. Example::

        @click.command()
        @prints(CONSUMERS, lambda: views.parked.print_parked)
        def parked() -> list[ParkedArticle]: ...
    """

    def decorate(ask: Callable[..., Answer]) -> Callable[..., None]:
        @with_json
        @wraps(ask)
        def command(*passed: Any, **options: Any) -> None:
            with needs(extra):
                answer = ask(*passed, **_named(ask, options))
            if options["as_json"]:
                print_json(json(answer))
            else:
                show = view()
                show(visible(answer), **_named(show, options))
            if not ok(answer):
                sys.exit(1)

        return command

    return decorate


def _named(function: Callable[..., Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that a function has a parameter for."""
    return {name: options[name] for name in inspect.signature(function).parameters if name in options}


def print_json(value: Any) -> None:
    """Print a value as indented JSON, in UTF-8 whatever the locale."""
    from newsroom_consumers.queries.answers import to_json

    click.echo(msgspec.json.format(to_json(value), indent=2))


def visible(value: Any) -> Any:
    """Return an answer with all its texts safe for a terminal: a replacement character stands for each control."""
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
    """Return a text as one line that is safe for a terminal, so that no field can look like a line of ours."""
    return str(visible(text)).translate(_BREAKS)
