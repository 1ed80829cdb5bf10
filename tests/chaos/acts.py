"""Editorial acts of a small vocabulary: random, and mostly what the state of an article allows."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from random import Random

from chaos.beliefs import Beliefs
from chaos.leaks import canary

from newsroom_producers.desk import Desk, now
from newsroom_schemas.fold.state import Article
from newsroom_schemas.values import Block, Note

LANGUAGES = ("uk", "ru", "en")
TAGS = tuple(f"tag-{number}" for number in range(8))
_ACTIVE = 30
"""Articles that are worked on at the same time."""
_FRESH = 0.03
"""Share of acts that begin a new article."""
_STALE = 0.1
"""Share of acts whose author saw an older version; as many do not say what they saw."""


class Editor:
    """One person at a desk, who knows what the receipts tell."""

    def __init__(self, desk: Desk, beliefs: Beliefs, random: Random, name: str) -> None:
        self._desk = desk
        self._beliefs = beliefs
        self._random = random
        self._name = name
        self._numbers = itertools.count()
        self._acts: list[tuple[int, Callable[[Article], None]]] = [
            (30, self._edit),
            (22, self._publish),
            (10, self._translate),
            (8, self._classify),
            (6, self._unpublish),
            (4, self._schedule),
            (2, self._unschedule),
            (3, self._embargo),
            (5, self._release),
            (2, self._tag),
        ]

    def act(self) -> None:
        """Do one thing. Raises a ``NewsroomError`` when there is no receipt."""
        id_ = f"story-{self._newest() - self._random.randrange(_ACTIVE)}"
        article = self._beliefs.article(id_)
        if article is None:
            self._create(id_)
            return
        weights, acts = zip(*self._acts, strict=True)
        self._random.choices(acts, weights)[0](article)

    def _newest(self) -> int:
        """Return the number of the newest story, which grows with what this person has done."""
        return _ACTIVE + int(next(self._numbers) * _FRESH)

    def _word(self) -> str:
        return canary(f"{self._name}x{next(self._numbers)}")

    def _blocks(self) -> tuple[Block, ...]:
        words = [self._word() for _ in range(self._random.randint(1, 4))]
        return tuple(Block(kind="paragraph", text=f"{word} " + "слово " * 20) for word in words)

    def _seen(self, version: int) -> int | None:
        """Return which version the author saw: mostly this one."""
        dice = self._random.random()
        if dice < _STALE:
            return max(0, version - 1)
        return None if dice < 2 * _STALE else version

    def _edition(self, article: Article) -> tuple[str, int]:
        language = self._random.choice(sorted(article.editions))
        return language, article.editions[language].version

    def _create(self, id_: str) -> None:
        word = self._word()
        tags = tuple(self._random.sample(TAGS, self._random.randint(0, 3)))
        flags = ("main",) if self._random.random() < 0.2 else ()
        language = self._random.choice(LANGUAGES)
        self._desk.create(
            id_,
            language,
            headline=f"Заголовок {word}",
            lead=self._word(),
            tags=tags,
            flags=flags,
            blocks=self._blocks(),
        )

    def _edit(self, article: Article) -> None:
        language, version = self._edition(article)
        seen, text = self._seen(version), self._word()
        match self._random.randrange(3):
            case 0:
                self._desk.edit(
                    article.article_id, language, expected_version=seen, headline=text, blocks=self._blocks()
                )
            case 1:
                self._desk.edit(article.article_id, language, expected_version=seen, lead=text)
            case _:
                self._desk.edit(article.article_id, language, expected_version=seen, cleared=("lead",), slug=text)

    def _publish(self, article: Article) -> None:
        language, version = self._edition(article)
        schedule = article.editions[language].schedule
        note = Note(kind="update", text="Доповнено") if self._random.random() < 0.2 else None
        self._desk.publish(
            article.article_id,
            language,
            expected_version=self._seen(version),
            note=note,
            schedule_id=schedule.schedule_id if schedule and self._random.random() < 0.5 else None,
        )

    def _translate(self, article: Article) -> None:
        source, version = self._edition(article)
        language = self._random.choice(LANGUAGES)
        known = article.editions.get(language)
        self._desk.translate(
            article.article_id,
            language,
            source_language=source,
            source_version=version,
            expected_version=self._seen(known.version if known else 0),
            headline=f"Переклад {self._word()}",
            lead=self._word(),
            blocks=self._blocks(),
        )

    def _classify(self, article: Article) -> None:
        tags = tuple(self._random.sample(TAGS, self._random.randint(0, 3)))
        seen = self._seen(article.card_version)
        self._desk.classify(article.article_id, section="world", tags=tags, flags=(), expected_version=seen)

    def _unpublish(self, article: Article) -> None:
        language, _ = self._edition(article)
        reason = self._random.choices(("withdrawn", "error", "legal"), (6, 3, 1))[0]
        languages = (language,) if reason != "legal" and self._random.random() < 0.7 else ()
        self._desk.unpublish(article.article_id, reason=reason, languages=languages, note="Знято")

    def _schedule(self, article: Article) -> None:
        language, version = self._edition(article)
        instant = now() + timedelta(seconds=self._random.uniform(-1, 3))
        self._desk.schedule(article.article_id, language, publish_at=instant, expected_version=self._seen(version))

    def _unschedule(self, article: Article) -> None:
        self._desk.unschedule(article.article_id, self._edition(article)[0])

    def _embargo(self, article: Article) -> None:
        until = now() + timedelta(seconds=self._random.uniform(-1, 3)) if self._random.random() < 0.7 else None
        self._desk.embargo(article.article_id, until=until)

    def _release(self, article: Article) -> None:
        if article.hold:
            self._desk.release(article.article_id)
        else:
            self._publish(article)

    def _tag(self, _: Article) -> None:
        tag, other = self._random.sample(TAGS, 2)
        if self._random.random() < 0.6:
            self._desk.define_tag(tag, labels={"uk": f"Тег {tag}"})
        else:
            self._desk.merge_tag(tag, into=other if self._random.random() < 0.7 else None)
