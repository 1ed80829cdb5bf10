"""The history of an article as a page for a browser: one file, no scripts, every text escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from newsroom_infra.cli.views.history_text import comparison, instant, plain, replaced, subject
from newsroom_schemas.catalogue import display_name

_TAGS = {"delete": "del", "insert": "ins"}
_STYLE = """
:root { color-scheme: light dark; --line: #8886; --dim: #666; --in: #0a7f2e; --out: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --dim: #aaa; --in: #6fd68a; --out: #ff8f86; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 0; }
ol { list-style: none; padding: 0; }
li.event { border-top: 1px solid var(--line); padding: .8rem 0; break-inside: avoid; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .1rem .8rem; margin: .4rem 0 0; }
dt { color: var(--dim); }
dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
code { overflow-wrap: anywhere; }
p { margin: .2rem 0; overflow-wrap: anywhere; }
.dim { color: var(--dim); font-size: .9rem; }
.rejected, .parked { color: var(--out); }
.lost { font-weight: bold; }
ins { color: var(--in); text-decoration: underline; }
del { color: var(--out); text-decoration: line-through; }
.block { border-left: 3px solid var(--line); padding-left: .6rem; margin: .3rem 0; }
.block.insert { border-color: var(--in); }
.block.delete { border-color: var(--out); }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } }
"""


def page(told: dict[str, Any], zone: ZoneInfo) -> str:
    """Return the page of a history, with instants in UTC and in the newsroom's zone."""
    name = escape(f"history of {display_name(told['article_id'])}")
    title = escape(told["headline"] or told["article_id"] or "The tag catalogue")
    events = "\n".join(_event(event, zone) for event in told["events"])
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}: {name}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{title}</h1>
<p>{name[:1].upper()}{name[1:]}: {len(told["events"])} events, drafts among them. For the newsroom's eyes only.</p>
<p class="dim">Made at {escape(instant(told["made_at"]))} UTC, as generation {escape(told["generation"])} has folded it.
{_cut(told["cut"])}
<del>Taken out</del> and <ins>put in</ins> are marked like this.</p>
<ol>
{events}
</ol>
</body>
</html>
"""


def _cut(cut: Sequence[dict[str, Any]]) -> str:
    """Return where the log ended, with the chain that ties the page to a seal."""
    return " ".join(
        f"Records before {escape(each['topic'])}/{each['partition']}:{each['offset']}, where the chain of hashes is "
        f"<code>{escape(each['chain'])}</code>, as in a seal made there."
        for each in cut
    )


def _clocks(written: str, zone: ZoneInfo) -> str:
    """Return an instant of JSON in UTC and in a zone."""
    local = datetime.fromisoformat(written).astimezone(zone)
    return f"{instant(written)} UTC ({local:%Y-%m-%d %H:%M:%S} in {zone.key})"


def _event(event: dict[str, Any], zone: ZoneInfo) -> str:
    outcome = " ".join(filter(None, (event["outcome"], event["reason"])))
    title = (
        f"<h2>{escape(_clocks(event['recorded_at'], zone))} · {escape(subject(event))} · "
        f'<span class="{escape(event["outcome"])}">{escape(outcome)}</span></h2>'
    )
    parts = [title, *_facts(event), *_lost(event)]
    if event["compared"]:
        parts.append(f"<p><em>{escape(comparison(event))}</em></p>")
    if event["changes"]:
        parts.append(f"<dl>{''.join(_change(change) for change in event['changes'])}</dl>")
    return f'<li class="event">{"".join(parts)}</li>'


def _facts(event: dict[str, Any]) -> Iterator[str]:
    """Yield who sent the event and where it lies, and why it was refused."""
    said = {
        "by": event["actor"],
        "with": event["source"],
        "at": f"{event['partition']}:{event['offset']}",
        "event": event["event_id"],
        "by its tool's clock": instant(event["occurred_at"]),
    }
    yield f'<p class="dim">{escape(", ".join(f"{name} {value}" for name, value in said.items() if value))}</p>'
    if event["facts"]:
        yield f'<p class="rejected">{escape(plain(event["facts"]))}</p>'
    if event["by_this_build"]:
        yield f'<p class="rejected">This build folds it otherwise: {escape(plain(event["by_this_build"]))}</p>'


def _lost(event: dict[str, Any]) -> Iterator[str]:
    for winner in event["winners"]:
        said = f"Lost to {winner['actor']}: {winner['type']} at {instant(winner['recorded_at'])} made version "
        yield f'<p class="lost">{escape(said)}{winner["version"]} (event {escape(winner["event_id"])})</p>'


def _change(change: dict[str, Any]) -> str:
    language = change["language"]
    name = escape(change["field"] + (f" ({language})" if language else ""))
    lang = f' lang="{escape(language)}"' if language else ""
    if "words" in change:
        body = _words(change["words"])
    elif "blocks" in change:
        body = "".join(_blocks(change["blocks"]))
    else:
        body = _words(replaced(change))
    return f'<dt>{name}</dt><dd dir="auto"{lang}>{body}</dd>'


def _blocks(blocks: Sequence[dict[str, Any]]) -> Iterator[str]:
    for block in blocks:
        fields = "\n".join(f"{escape(each['field'])}: {_words(each['words'])}" for each in block["fields"])
        yield f'<div class="block {escape(block["op"])}">{fields}</div>'


def _words(pieces: Sequence[dict[str, str]]) -> str:
    """Return words marked, with a blank between a deletion and the insertion that follows it."""
    marked = "".join(_marked(piece["op"], escape(piece["text"])) for piece in pieces)
    return marked.replace("</del><ins>", "</del> <ins>")


def _marked(op: str, text: str) -> str:
    tag = _TAGS.get(op)
    return f"<{tag}>{text}</{tag}>" if tag else text
