"""Answers as tables for people in a terminal. User text is printed as it is: never as markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from newsroom_infra.cli.output import one_line

_PIPED_WIDTH = 200
"""Columns where the output is no terminal: wide enough that hardly a row is folded."""


def timeline(answer: dict[str, Any]) -> None:
    """Print a page of the timeline."""
    _print(_list(answer["items"]), _next(answer))


def tag(answer: dict[str, Any]) -> None:
    """Print a page of a tag."""
    shown = answer["tag"]
    _print(Text(one_line(f"{shown['label']} ({shown['id']})"), style="bold"), _list(answer["items"]), _next(answer))


def article(answer: dict[str, Any]) -> None:
    """Print an article's page."""
    if answer["status"] == "gone":
        facts = {name: answer[name] for name in ("reason", "note", "successor", "since", "languages", "url")}
        _print(Text(f"{answer['article_id']} ({answer['language']}) is gone", style="bold red"), _facts(facts))
        return
    names = ("url", "section", "flags", "version", "first_published_at", "updated_at", "languages")
    facts = {name: answer[name] for name in names}
    facts["authors"] = [author["name"] for author in answer["authors"]]
    facts["tags"] = [shown["label"] for shown in answer["tags"]]
    facts["related"] = [story["headline"] for story in answer["related"] or ()]
    notes = [Panel(Text(note["text"]), title=Text(f"{note['kind']}, {note['at']}")) for note in answer["notes"]]
    _print(
        Text(one_line(answer["headline"]), style="bold"),
        Text(answer["lead"] or "", style="italic"),
        *(_block(block) for block in answer["blocks"]),
        *notes,
        _facts(facts),
    )


def outcomes(answer: list[dict[str, Any]]) -> None:
    """Print what became of events."""
    table = _table("recorded (UTC)", "event", "language", "outcome", "reason", "facts", "actor", "place")
    for row in answer:
        facts = ", ".join(f"{name}={value}" for name, value in row["facts"].items())
        place = f"{row['partition']}:{row['offset']}"
        cells = (
            _second(row["recorded_at"]),
            row["type"],
            row["language"],
            row["outcome"],
            row["reason"],
            facts,
            row["actor"],
            place,
        )
        table.add_row(*_cells(cells))
    _print(table)


def parked(answer: list[dict[str, Any]]) -> None:
    """Print the articles that wait."""
    if not answer:
        _print(Text("nothing is parked"))
        return
    table = _table("article", "waiting", "stage", "error", "place", "since")
    for row in answer:
        place = f"{row['topic']} {row['partition']}:{row['offset']}"
        of = row["article_id"] or "the tag catalogue"
        cells = (of, row["waiting"], row["stage"], row["error"], place, row["recorded_at"])
        table.add_row(*_cells(cells))
    _print(table)


def parked_records(answer: list[dict[str, Any]]) -> None:
    """Print the parked records of one article."""
    table = _table("place", "recorded", "stage", "error", "hides")
    for row in answer:
        place = f"{row['topic']} {row['partition']}:{row['offset']}"
        table.add_row(*_cells((place, row["recorded_at"], row["stage"], row["error"], row["hides"])))
    _print(table)


def fates(answer: list[dict[str, Any]]) -> None:
    """Print what became of parked records that were folded again."""
    if not answer:
        _print(Text("nothing is parked"))
    for fate in answer:
        _print(Text(one_line(_fate(fate))))


def head(answer: dict[str, Any], *, behind: int) -> None:
    """Print the first parked record of an article, before it is given up: beside the question, on standard error."""
    names = ("article_id", "key", "topic", "partition", "offset", "type", "actor", "recorded_at", "stage", "error")
    facts = {name: answer[name] for name in (*names, "sha256")} | {"records behind it": behind}
    Console(stderr=True).print(_facts(facts))


def skipped(answer: dict[str, Any]) -> None:
    """Print what came of skipping a record, and of those behind it."""
    skip = answer["skip"]
    place = f"{skip['partition']}:{skip['offset']}"
    if skip["outcome"] != "applied":
        why = f"not skipped: {skip['reason'] or skip['outcome']}. It was not the first parked record any more"
        said = f"{why}; `newsroom outcomes` says what became of it (event {skip['event_id']} at {place})"
        return _print(Text(one_line(said)))
    rest = [Text(one_line(_fate(answer)))] if answer["records"] else []
    return _print(Text(one_line(f"skipped, by event {skip['event_id']} at {place}")), *rest)


def _fate(fate: dict[str, Any]) -> str:
    """Say what became of the records of one queue."""
    of = fate["article_id"] or "the tag catalogue"
    outcomes = {name: count for name, count in fate["outcomes"].items() if name != "parked"}
    folded = sum(outcomes.values())
    parts = ", ".join(f"{count} {name}" for name, count in outcomes.items())
    said = f"{folded} record{'' if folded == 1 else 's'} of {of} folded" + (f": {parts}" if parts else "")
    if first := fate["parked"]:
        at = f"{first['topic']} {first['partition']}:{first['offset']}"
        said += f"; still parked from {at} on, {fate['outcomes'].get('parked', 0)} of them: {first['error']}"
    return said


def _list(items: Iterable[dict[str, Any]]) -> Table:
    table = _table("time", "headline", "flags", "published (UTC)", "article")
    for item in items:
        cells = (item["time"], item["headline"], item["flags"], _minute(item["published_at"]), item["article_id"])
        table.add_row(*_cells(cells))
    return table


def _next(answer: dict[str, Any]) -> Text:
    """Say how to go on; never folded, so that it can be copied."""
    return Text(f"more: --after {answer['next']}" if answer["next"] else "", no_wrap=True, overflow="ignore")


def _minute(instant: str) -> str:
    return instant[:16].replace("T", " ")


def _second(instant: str) -> str:
    return instant[:19].replace("T", " ")


def _block(block: dict[str, Any]) -> Text:
    text = Text()
    if block["label"]:
        text.append(one_line(f"{block['label']} "), style="bold")
    text.append(block["text"] or block["url"] or "")
    for item in block["items"]:
        text.append(f"\n  • {one_line(item)}")
    if block["attribution"]:
        text.append(one_line(f" — {block['attribution']}"))
    text.append("\n")
    return text


def _facts(facts: dict[str, Any]) -> Table:
    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        if value not in (None, [], ""):
            table.add_row(Text(name, style="dim"), *_cells([value]))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _cells(values: Sequence[Any]) -> list[Text]:
    """Write values as plain text, each on one line; lists with commas, nothing for ``None``."""
    return [Text(_cell(value)) for value in values]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return one_line(", ".join(value) if isinstance(value, list) else str(value))


def _print(*parts: Any) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    console.print(Group(*(part for part in parts if not isinstance(part, Text) or part.plain)), crop=False)
