"""The answers that this version of the fold has given once, and must give for ever."""

from __future__ import annotations

from hashlib import sha256

import msgspec
from support.fold_model import defined, merged
from support.strategies import CHOICES, Entry, Step, log_of

from newsroom_schemas import rejections
from newsroom_schemas.fold.article import FOLD_VERSION, decide, pages
from newsroom_schemas.fold.state import Article, Catalogue, Page
from newsroom_schemas.fold.tags import evolve_tags
from newsroom_schemas.rejections import DuplicateId, Rejected

LOG = "d818a658c7b2fbb6074500e725af559d7d609a58b6e9513ce1df8b3f0da7bc4c"
"""Digest of the fixed log itself."""
ANSWERS = {1: "bf96f0a53d04b03d8bf6475fee9ad31ed88e92d44c1cd8830e8c7f58e56328ff"}
"""Digest of the answers to it, by FOLD_VERSION."""

REFUSALS = (
    rejections.AlreadyPublic,
    rejections.ArticleExists,
    rejections.Embargoed,
    rejections.Incomplete,
    rejections.NotDue,
    rejections.NothingToPublish,
    rejections.NotOnHold,
    rejections.NotParked,
    rejections.NotPublished,
    rejections.NotScheduled,
    rejections.OnHold,
    rejections.SameLanguage,
    rejections.ScheduleGone,
    rejections.UnknownEdition,
    rejections.UnknownSourceVersion,
    rejections.VersionConflict,
)


def chosen(number: int, *, of: int) -> list[int]:
    """Choose, always in the same way, some numbers below 256."""
    return list(sha256(f"{of}/{number}".encode()).digest())


def step(number: int, log: int) -> Step:
    """Choose a step of one of the fixed logs."""
    return Step(*(choice[byte % len(choice)] for choice, byte in zip(CHOICES, chosen(number, of=log), strict=False)))


def fixed_logs() -> list[list[Entry]]:
    """Make 20 logs of 40 steps."""
    return [log_of([step(number, log) for number in range(40)]) for log in range(20)]


def answers_to(log: list[Entry]) -> list[tuple[Article | Rejected | DuplicateId, dict[str, Page]]]:
    """Fold a log and return the answer to each record, with the pages that it shows to readers."""
    articles: dict[str, Article] = {}
    decided: dict[str, set[str]] = {}
    answers = []
    for event, recorded in log:
        before, ids = articles.get(event.article_id), decided.setdefault(event.article_id, set())
        answer = decide(ids, before, event, recorded)
        ids.add(event.event_id)
        shown = pages(before, answer, event, recorded) if isinstance(answer, Article) else {}
        articles |= {event.article_id: answer} if isinstance(answer, Article) else {}
        answers.append((answer, shown))
    return answers


def answers_of_the_catalogue() -> list[Catalogue | Rejected]:
    """Fold a fixed log of tag events and return the answer to each."""
    catalogue: Catalogue = {}
    answers = []
    for number in range(200):
        kind, a, b, *_ = chosen(number, of=-1)
        event = (
            defined("abcdef"[a % 6], uk=str(number)) if kind % 3 else merged("abcdef"[a % 6], [*"abcdef", None][b % 7])
        )
        answer = evolve_tags(catalogue, event)
        catalogue = answer if isinstance(answer, dict) else catalogue
        answers.append(answer)
    return answers


def digest(value: object) -> str:
    """Return the SHA-256 of a value's canonical JSON."""
    return sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def test_the_fixed_log_is_the_one_that_the_digest_was_taken_of() -> None:
    assert digest(fixed_logs()) == LOG, "the log has changed, not the fold: take both digests anew from the old fold"


def test_the_fold_gives_the_answers_that_its_version_has_given_before() -> None:
    answers = [answers_to(log) for log in fixed_logs()]
    found = digest([answers, answers_of_the_catalogue()])
    assert ANSWERS[FOLD_VERSION] == found, (
        "an answer of the fold has changed: raise FOLD_VERSION, add this digest to it"
    )


def test_the_fixed_logs_are_applied_and_refused_in_every_way() -> None:
    answers = [answer for log in fixed_logs() for answer, _ in answers_to(log)]
    applied = sum(isinstance(answer, Article) for answer in answers)
    assert 0.4 < applied / len(answers) < 0.7
    assert {type(answer) for answer in answers} == {Article, DuplicateId, *REFUSALS}
