"""The history of an article in a terminal.

Texts are printed as they are: never as markup, and never so that they look like what the program says. A field stays on
its line, further lines of a text are indented more than anything else, and brackets such as those of marks are doubled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from newsroom_infra.cli.shared.output import one_line
from newsroom_schemas.catalogue import display_name

_PIPED_WIDTH = 120
"""Columns if the output is not a terminal."""
_LONG = 160
"""Characters from which on only both ends of an unchanged text are shown."""
_END = 60
"""Characters of each end."""
_HANGING = 6
"""Columns by which further lines of a text are indented more than its first, beyond any line of the program's own."""
_MARKS = {
    "equal": ("", "", ""),
    "delete": ("[-", "-]", "red strike"),
    "insert": ("{+", "+}", "green underline"),
}
"""What is printed before and after each kind of words, and their style."""
_BRACKETS = re.compile(r"[\[\]{}]")
_SIGNS = {"delete": "- ", "insert": "+ ", "change": "~ "}
_OUTCOMES = {"applied": "green", "duplicate": "dim"}


def show(told: dict[str, Any]) -> None:
    """Print a history."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    for indent, text in _lines(told):
        width = max(1, console.width - indent - _HANGING)
        for number, line in enumerate(text.wrap(console, width, overflow="fold")):
            line.pad_left(indent + (_HANGING if number else 0))
            console.print(line, overflow="ignore", no_wrap=True, crop=False)


def heading(told: dict[str, Any]) -> str:
    """Return what a history covers: the generation, its cut, and when it was made."""
    cut = ", ".join(f"{each['topic']}/{each['partition']}:{each['offset']}" for each in told["cut"])
    made = f"made at {instant(told['made_at'])}"
    return one_line(
        f"as generation {told['generation']} has folded it, records before {cut}; {made}; all times are UTC"
    )


def comparison(event: dict[str, Any]) -> str:
    """Return what was compared with what. Of an event that was refused, only what its author wanted is known."""
    compared, refused = event["compared"], event["outcome"] == "rejected"
    of = f" ({compared['language']})" if compared["language"] else ""
    old, new = (f"version {each}" if each else "nothing" for each in (compared["from"], compared["to"]))
    if compared["what"] == "readers":
        return (
            f"what readers {'would see' if refused else 'see'}{of}: {old} before, {new} {'then' if refused else 'now'}"
        )
    if refused:
        return f"what was wanted of the {compared['what']}{of}, against {old} that its author had seen"
    return f"{compared['what']}{of}: {old} before, {new} now"


def plain(value: Any) -> str:
    """Return a value that is not compared word by word as text."""
    match value:
        case None | False:
            return "no"
        case True:
            return "yes"
        case dict():
            return ", ".join(f"{name} {plain(inner)}" for name, inner in value.items() if inner is not None)
        case list():
            return "; ".join(plain(each) for each in value)
    return str(value)


def replaced(change: dict[str, Any]) -> list[dict[str, str]]:
    """Return a plain value before and after as marked words; an absent value gives none."""
    old, new = (None if value is None else plain(value) for value in (change["before"], change["after"]))
    pieces = [("delete", old), ("equal", " " if old and new else None), ("insert", new)]
    return [{"op": op, "text": text} for op, text in pieces if text is not None]


def subject(event: dict[str, Any]) -> str:
    """Return an event's type, and its language or tag."""
    return " ".join(filter(None, (event["type"] or "no event", event["language"], event["tag_id"])))


def instant(written: str | None) -> str:
    """Return an instant of JSON to the millisecond, which is how precise the log's timestamps are."""
    return "" if written is None else written[:23].replace("T", " ")


def _lines(told: dict[str, Any]) -> Iterator[tuple[int, Text]]:
    """Yield every line with its indentation."""
    yield 0, _line(f"history of {display_name(told['article_id'])}", "bold")
    yield 0, Text(heading(told), style="dim")
    for event in told["events"]:
        yield 0, Text()
        yield from _event(event)


def _event(event: dict[str, Any]) -> Iterator[tuple[int, Text]]:
    style = _OUTCOMES.get(event["outcome"], "red")
    outcome = " ".join(filter(None, (event["outcome"], event["reason"])))
    sender = f"  by {' with '.join(filter(None, (event['actor'], event['source'])))}" if event["actor"] else ""
    yield (
        0,
        Text.assemble(
            (instant(event["recorded_at"]), "bold"),
            "  " + one_line(subject(event)),
            ("  " + outcome, style),
            one_line(sender),
        ),
    )
    occurred = f", {instant(event['occurred_at'])} by its tool's clock" if event["occurred_at"] else ""
    yield 2, _line(f"{event['partition']}:{event['offset']}, event {event['event_id'] or '–'}{occurred}", "dim")
    if event["facts"]:
        yield 2, _line(plain(event["facts"]), "red")
    if made := event["by_this_build"]:
        yield 2, _line(f"this build folds it otherwise: {plain(made)}", "red")
    for winner in event["winners"]:
        said = f"lost to {winner['actor']}: {winner['type']} at {instant(winner['recorded_at'])} made version "
        yield 2, _line(f"{said}{winner['version']} (event {winner['event_id']})", "bold")
    if event["compared"]:
        yield 2, _line(comparison(event), "italic")
    for change in event["changes"]:
        yield from _change(change)


def _change(change: dict[str, Any]) -> Iterator[tuple[int, Text]]:
    name = one_line(change["field"] + (f" ({change['language']})" if change["language"] else ""))
    if "words" in change:
        yield 4, Text.assemble((f"{name}: ", "dim"), *marked(change["words"]))
    elif "blocks" in change:
        yield 4, Text(f"{name}:", style="dim")
        yield from _blocks(change["blocks"])
    else:
        pieces = [piece | {"text": one_line(piece["text"])} for piece in replaced(change)]
        yield 4, Text.assemble((f"{name}: ", "dim"), *marked(pieces))


def _blocks(blocks: Sequence[dict[str, Any]]) -> Iterator[tuple[int, Text]]:
    """Yield the blocks that differ, and how many between them do not."""
    same = 0
    for block in blocks:
        if block["op"] == "equal":
            same += 1
            continue
        if same:
            yield 6, _unchanged(same)
        same = 0
        for number, field in enumerate(block["fields"]):
            sign = _SIGNS[block["op"]] if number == 0 else "  "
            yield 6, Text.assemble(sign, (f"{field['field']}: ", "dim"), *marked(field["words"]))
    if same:
        yield 6, _unchanged(same)


def _line(text: str, style: str) -> Text:
    return Text(one_line(text), style=style)


def _unchanged(count: int) -> Text:
    return Text(f"  … {count} block{'' if count == 1 else 's'} unchanged", style="dim")


def marked(pieces: Sequence[dict[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield words marked by signs and by colours. Of a long unchanged text, only both ends are shown.

    A bracket in a text is doubled, so that it is not taken for a mark.
    """
    for piece in pieces:
        first, last, style = _MARKS[piece["op"]]
        text = piece["text"]
        if piece["op"] == "equal" and len(text) > _LONG:
            text = f"{text[:_END]} … {text[-_END:]}"
        doubled = _BRACKETS.sub(r"\g<0>\g<0>", text)
        yield f"{first}{doubled}{last}", style
