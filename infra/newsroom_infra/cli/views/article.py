"""An article's page in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.panel import Panel
from rich.text import Text

from newsroom_infra.cli.shared.output import one_line
from newsroom_infra.cli.views.table import facts_table, print_parts

if TYPE_CHECKING:
    from newsroom_consumers.queries.answers import GoneArticle, LiveArticle
    from newsroom_schemas.values import Block


def print_article(answer: LiveArticle | GoneArticle) -> None:
    """Print an article's page, or what is left of it."""
    if answer.status == "gone":
        title = Text(f"{answer.article_id} ({answer.language}) is gone", style="bold red")
        print_parts(title, facts_table(_facts(answer, "reason note successor since languages url")))
        return
    facts = _facts(answer, "url section flags version first_published_at updated_at languages")
    facts["authors"] = [author.name for author in answer.authors]
    facts["tags"] = [tag.label for tag in answer.tags]
    facts["related"] = [story.headline for story in answer.related or ()]
    print_parts(
        Text(one_line(answer.headline), style="bold"),
        Text(answer.lead or "", style="italic"),
        *(_block(block) for block in answer.blocks),
        *(Panel(Text(note.text), title=Text(f"{note.kind}, {note.at}")) for note in answer.notes),
        facts_table(facts),
    )


def _facts(answer: LiveArticle | GoneArticle, names: str) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in names.split()}


def _block(block: Block) -> Text:
    text = Text()
    if block.label:
        text.append(one_line(f"{block.label} "), style="bold")
    text.append(block.text or block.url or "")
    for item in block.items:
        text.append(f"\n  • {one_line(item)}")
    if block.attribution:
        text.append(one_line(f" — {block.attribution}"))
    text.append("\n")
    return text
