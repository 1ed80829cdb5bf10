"""An article's page in a terminal."""

from __future__ import annotations

from typing import Any

from rich.panel import Panel
from rich.text import Text

from newsroom_infra.cli.shared.output import one_line
from newsroom_infra.cli.views.table import facts_table, print_parts


def print_article(answer: dict[str, Any]) -> None:
    """Print an article's page."""
    if answer["status"] == "gone":
        facts = {name: answer[name] for name in ("reason", "note", "successor", "since", "languages", "url")}
        print_parts(
            Text(f"{answer['article_id']} ({answer['language']}) is gone", style="bold red"), facts_table(facts)
        )
        return
    names = ("url", "section", "flags", "version", "first_published_at", "updated_at", "languages")
    facts = {name: answer[name] for name in names}
    facts["authors"] = [author["name"] for author in answer["authors"]]
    facts["tags"] = [shown["label"] for shown in answer["tags"]]
    facts["related"] = [story["headline"] for story in answer["related"] or ()]
    notes = [Panel(Text(note["text"]), title=Text(f"{note['kind']}, {note['at']}")) for note in answer["notes"]]
    print_parts(
        Text(one_line(answer["headline"]), style="bold"),
        Text(answer["lead"] or "", style="italic"),
        *(_block(block) for block in answer["blocks"]),
        *notes,
        facts_table(facts),
    )


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
