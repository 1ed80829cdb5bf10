"""What people read of a history: no text that somebody wrote looks like what the program says itself."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from newsroom_consumers.audit.history import words
from newsroom_consumers.queries.answers import Instant, RecordOutcome
from newsroom_infra.cli import newsroom
from newsroom_infra.cli.audit import history
from newsroom_infra.cli.audit.asof import moment
from newsroom_infra.cli.shared.output import one_line
from newsroom_infra.cli.views import history_page, history_text
from newsroom_infra.cli.views.outcomes import print_outcomes
from newsroom_schemas.values import Block

FORGED = "x\n2026-11-24 12:00:00.000  ArticlePublished en  applied  by olena"
TEXTS = st.text(alphabet="{}[]+- a", max_size=12)
EVENT: dict[str, Any] = {
    "event_id": FORGED,
    "type": "ArticleEdited",
    "tag_id": None,
    "language": "uk",
    "outcome": "rejected",
    "reason": "version_conflict",
    "facts": {"note": FORGED},
    "recorded_at": "2026-11-24T11:00:00.000000Z",
    "occurred_at": None,
    "actor": FORGED,
    "source": FORGED,
    "partition": 3,
    "offset": 1,
    "by_this_build": None,
    "compared": {"what": "draft", "language": "uk", "from": 1, "to": None},
    "winners": [
        {"actor": FORGED, "type": "ArticleEdited", "recorded_at": None, "version": 2, "event_id": FORGED},
    ],
    "changes": [
        {"language": "uk", "field": "headline", "words": [{"op": "insert", "text": f"{FORGED}\nlead: {{+no+}}"}]},
        {"language": None, "field": "tags", "before": None, "after": [FORGED]},
        {
            "language": "uk",
            "field": "blocks",
            "blocks": words.blocks([], [Block(kind="paragraph", text=f"a\n+ text: {FORGED}")]),
        },
    ],
}
TOLD: dict[str, Any] = {
    "article_id": "storm",
    "headline": "Storm </title> over Kyiv",
    "generation": "main",
    "made_at": "2026-11-24T12:00:00.000000Z",
    "cut": [{"topic": "newsroom.articles", "partition": 3, "offset": 2, "chain": "ab" * 32}],
    "events": [EVENT],
}


def test_no_text_of_an_event_begins_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """One line begins an event; those of a longer text stand further in than whatever the program says."""
    history_text.show(TOLD)
    shown = capsys.readouterr().out.splitlines()
    assert len([line for line in shown if re.match(r"[0-9]", line)]) == 1
    assert [line for line in shown if re.match(r" {0,9}(lead|\+ text|2026)", line) and FORGED[2:] in line] == []
    assert [line for line in shown if re.match(r" {0,9}(lead: |\+ text: 2026)", line)] == []
    assert any(re.match(r" {10}lead: ", line) for line in shown)


PARAGRAPHS = [Block(kind="paragraph", text=text) for text in ("It rains.", "It pours.", "It hails.")]
LONG = "word " * 100
SHOWN: dict[str, tuple[dict[str, Any], str]] = {
    "yes and no": (
        {"changes": [{"language": None, "field": "breaking", "before": False, "after": True}]},
        "breaking: [-no-] {+yes+}",
    ),
    "another build": (
        {"by_this_build": {"outcome": "applied", "reason": None}},
        "this build folds it otherwise: outcome applied",
    ),
    "the last block": (
        {"changes": [{"language": "uk", "field": "blocks", "blocks": words.blocks(PARAGRAPHS, PARAGRAPHS[:2])}]},
        "blocks (uk): … 2 blocks unchanged - kind: [-paragraph-] text: [-It hails.-]",
    ),
    "a block before the last": (
        {"changes": [{"language": "uk", "field": "blocks", "blocks": words.blocks(PARAGRAPHS[:2], PARAGRAPHS[1:2])}]},
        "blocks (uk): - kind: [-paragraph-] text: [-It rains.-] … 1 block unchanged",
    ),
    "a long text": (
        {"changes": [{"language": "uk", "field": "lead", "words": words.words(LONG, LONG + "end")}]},
        f"lead (uk): {LONG[:60]}… {LONG[-60:]}{{+end+}}",
    ),
}


def event(**fields: Any) -> dict[str, Any]:
    """Return an event that says nothing but these fields."""
    return EVENT | {"facts": {}, "winners": [], "compared": None, "changes": []} | fields


@pytest.mark.parametrize("case", SHOWN)
def test_of_what_has_not_changed_there_is_only_as_much_as_leads_to_what_has(
    capsys: pytest.CaptureFixture[str], case: str
) -> None:
    fields, said = SHOWN[case]
    history_text.show(TOLD | {"events": [event(**fields)]})
    assert " ".join(capsys.readouterr().out.split()).endswith(f" {said}")


def test_lines_are_as_wide_as_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "50"}.items():
        monkeypatch.setenv(name, value)
    fields, _ = SHOWN["a long text"]
    history_text.show(TOLD | {"events": [event(**fields)]})
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert 45 < max(map(len, shown)) <= 50


def test_a_page_says_what_this_build_makes_of_an_event_and_has_no_empty_list_of_changes() -> None:
    otherwise = {"outcome": "applied", "reason": None}
    page = history_page.page(TOLD | {"events": [EVENT | {"by_this_build": otherwise}]}, ZoneInfo("UTC"))
    assert "This build folds it otherwise: outcome applied" in page
    assert "<dl>" in page
    page = history_page.page(TOLD | {"events": [EVENT | {"changes": []}]}, ZoneInfo("UTC"))
    assert "This build" not in page
    assert "<dl>" not in page


def test_a_cell_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert one_line("a\nb\tc\u2028d\x1b") == "a␊b␉c␤d\N{REPLACEMENT CHARACTER}"
    fields = {name: EVENT[name] for name in RecordOutcome.__struct_fields__}
    print_outcomes([RecordOutcome(**fields | {"facts": {}, "recorded_at": Instant(0)})])
    assert len(capsys.readouterr().out.splitlines()) == 2


@given(TEXTS, TEXTS)
def test_marks_in_a_text_are_not_taken_for_ours(before: str, after: str) -> None:
    """Who reads the marked words gets both texts back, whatever brackets are in them."""
    shown = "".join(text for text, _ in history_text.marked(words.words(before, after)))
    assert read(shown) == (before, after)


def read(shown: str) -> tuple[str, str]:
    """Read marked words as the help explains them: a bracket that stands twice is one of the text."""
    old, new, op = "", "", "="
    while shown:
        if found := re.match(r"([{}\[\]])\1", shown):
            sign = found[1]
        elif re.match(r"\{\+|\[-", shown):
            op, sign = shown[1], ""
        elif re.match(r"\+\}(?:\}\})*(?!\})|-\](?:\]\])*(?!\])", shown):
            op, sign = "=", ""
        else:
            sign = shown[0]
        old += sign if op in "=-" else ""
        new += sign if op in "=+" else ""
        shown = shown[2 if found or not sign else 1 :]
    return old, new


def test_a_page_says_what_it_is_of_and_which_seal_it_belongs_to() -> None:
    page = history_page.page(TOLD, ZoneInfo("Europe/Kyiv"))
    title = "Storm &lt;/title&gt; over Kyiv"
    assert f"<title>{title}: history of storm</title>" in page
    assert f"<h1>{title}</h1>" in page
    for said in ("2026-11-24 12:00:00.000 UTC", "main", "newsroom.articles/3:2", "ab" * 32, "13:00:00 in Europe/Kyiv"):
        assert said in page


def test_words_taken_out_and_put_in_do_not_touch_on_a_page() -> None:
    event = EVENT | {"changes": [{"language": "uk", "field": "headline", "words": words.words("cat", "dog")}]}
    page = history_page.page(TOLD | {"events": [event]}, ZoneInfo("UTC"))
    assert "<del>cat</del> <ins>dog</ins>" in page


def test_a_page_is_a_file_of_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "storm.html"
    history.write(file, "Буря")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("Буря", 0o600)


def test_a_page_that_does_not_fit_on_the_disk_leaves_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "storm.html"
    history.write(file, "Буря")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(history.UnwritableError, match=r"storm\.html cannot be written: File too large"):
            history.write(file, "Злива" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"storm.html": "Буря"}


def test_a_page_goes_through_a_pipe_or_a_link_and_leaves_them_what_they_are(tmp_path: Path) -> None:
    pipe, link, target = tmp_path / "pipe", tmp_path / "link", tmp_path / "target"
    os.mkfifo(pipe)
    found: list[str] = []
    reading = threading.Thread(target=lambda: found.append(pipe.read_text()), daemon=True)
    reading.start()
    history.write(pipe, "Буря")
    reading.join(5)
    link.symlink_to(target)
    history.write(link, "Буря")
    assert (found, pipe.is_fifo()) == (["Буря"], True)
    assert (link.is_symlink(), target.read_text(), target.stat().st_mode & 0o777) == (True, "Буря", 0o600)


def test_a_page_is_no_folder_and_an_article_has_a_name(tmp_path: Path) -> None:
    for given_, problem in (
        (["storm", "--html", str(tmp_path)], "directory"),
        (["storm", "--html", "-", "--json"], "exclude each other"),
        ([""], "--tags"),
        (["a", "--tags"], "--tags"),
    ):
        answered = CliRunner().invoke(newsroom, ["audit", "history", *given_])
        assert (answered.exit_code, problem in answered.output) == (2, True)


def test_the_moment_of_an_answer_is_said_in_both_clocks_and_by_the_records_before_it() -> None:
    zone, cut = (
        ZoneInfo("Europe/Kyiv"),
        {("newsroom.articles", 0): 0, ("newsroom.articles", 3): 14, ("newsroom.tags", 0): 5},
    )
    instant = 1_738_953_300_000_000
    said = moment(instant, cut, zone, now=instant)
    assert said == (
        "as of 2025-02-07T18:35:00.000000Z (2025-02-07 20:35:00 in Europe/Kyiv), "
        "records before newsroom.articles/3:14, newsroom.tags/0:5"
    )
    assert moment(instant, {}, zone, now=instant).endswith(", before every record")
    first = moment(-62_135_596_800_000_000, {}, ZoneInfo("America/New_York"), now=instant)
    assert first == "as of 0001-01-01T00:00:00.000000Z, before every record"
    assert (
        moment(instant, cut, zone, now=instant - 1)
        == f"{said}; that is in the future: the answer is what the log says now"
    )


@pytest.mark.parametrize("module", ["newsroom_infra.logs", "newsroom_infra.cli.timeline"])
def test_ctrl_c_while_the_program_loads_is_no_traceback(module: str) -> None:
    program = f"""
import sys
class Finder:
    def find_spec(self, name, *_):
        if name == "{module}": raise KeyboardInterrupt
sys.meta_path.insert(0, Finder())
sys.argv = ["newsroom", "timeline"]
from newsroom_infra.cli import main
main()
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "interrupted\n")
