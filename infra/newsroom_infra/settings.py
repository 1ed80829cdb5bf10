"""The settings: ``NEWSROOM_*`` environment variables, read here and nowhere else.

``newsroom settings`` prints them. Everything that can differ between two stacks on one machine is one of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, ValidationError, convert, structs

from newsroom_consumers.worker.article_cache import CACHED
from newsroom_infra.home import POSTGRES_USER, note_of, postgres_password
from newsroom_schemas.errors import Kind, NewsroomError
from newsroom_schemas.topics import DELIVERY_TIMEOUT, PREFIX, Topics

SQLITE = "sqlite"
"""Word for the SQLite files in the home."""
POSTGRES = "postgres"
"""Word for the PostgreSQL server of the local stack."""
WORDS = frozenset({SQLITE, POSTGRES})


class SettingsError(NewsroomError):
    """A variable holds a value that its setting does not allow."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, problems: dict[str, str]) -> None:
        """``problems`` is what is wrong with each variable, by its name."""
        listed = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        super().__init__(
            f"settings that cannot be read: {listed}. Correct or unset them (`newsroom settings` prints their meaning)"
        )
        self.problems = problems


Port = Annotated[int, Meta(ge=1, le=65535)]
"""A TCP port."""


class Settings(Struct, frozen=True, kw_only=True):
    """What a person can set, with the defaults of a local stack."""

    home: Annotated[Path, Meta(description="folder that holds the state of the local stack")] = Path(".newsroom")
    jars: Annotated[
        Path | None, Meta(description="folder of Kafka's jars, may be shared; default: jars/ in the home")
    ] = None
    kafka: Annotated[str | None, Meta(description="bootstrap servers of a cluster of one's own, host:port,…")] = None
    kafka_port: Annotated[Port, Meta(description="port of the local stack's broker")] = 19092
    controller_port: Annotated[Port, Meta(description="port of the local stack's controller")] = 19093
    postgres_port: Annotated[Port, Meta(description="port of the local stack's PostgreSQL")] = 19432
    database: Annotated[
        str | None,
        Meta(
            description="sqlite (in the home), postgres (the local stack's), a folder for SQLite files, or a "
            "postgresql:// URL; default: what the home was last brought up with"
        ),
    ] = None
    workers: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="workers of the local stack; default: one for each core on PostgreSQL"),
    ] = None
    topic_prefix: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,200}$", description="first part of topics")] = PREFIX
    timezone: Annotated[str, Meta(description="the newsroom's time zone, an IANA name")] = "Europe/Kyiv"
    languages: Annotated[
        tuple[str, ...], Meta(description="languages of the site, the first is the first choice for labels")
    ] = ("uk", "ru", "en")
    delivery_timeout: Annotated[float, Meta(gt=0, description="seconds until an unacknowledged send is an error")] = (
        DELIVERY_TIMEOUT
    )
    batch: Annotated[int, Meta(ge=1, description="most records that a worker folds in one transaction")] = 2000
    cached_articles: Annotated[
        int, Meta(ge=0, description="articles that a worker keeps in memory between transactions")
    ] = CACHED
    replay_batch: Annotated[int, Meta(ge=1, description="most records that a replay folds in one transaction")] = 5000
    """Larger than ``batch``, because no reader waits for a replay."""
    log_level: Annotated[str, Meta(pattern="^(debug|info|warning|error)$", description="lowest level to log")] = "info"
    failpoint: Annotated[
        str | None, Meta(description="for tests: the step, name or name:count, at which a worker dies as by kill -9")
    ] = None

    def variables(self) -> dict[str, str]:
        """Return the variables from which another process reads these settings; all paths are absolute."""
        paths = {"home": self.home.resolve(), "jars": self.jars_folder.resolve()}
        if self.database and self.database not in WORDS and not _is_url(self.database):
            paths["database"] = Path(self.database).resolve()
        return {
            variable(name): _written(value)
            for name, value in (structs.asdict(self) | paths).items()
            if value is not None
        }

    @property
    def bootstrap(self) -> str:
        """Bootstrap servers: the cluster of one's own, or the local stack's broker."""
        return self.kafka or f"127.0.0.1:{self.kafka_port}"

    @property
    def database_folder(self) -> Path:
        """Folder of the SQLite files: ``control.sqlite`` and one file for each generation."""
        if self.database is None or self.database in WORDS or _is_url(self.database):
            return self.home / "database"
        return Path(self.database)

    @property
    def local_postgres(self) -> bool:
        """Whether the database is the PostgreSQL of the local stack."""
        return self.database == POSTGRES

    @property
    def many_workers(self) -> bool:
        """Whether the database takes more than one worker."""
        return self.database is not None and (self.database == POSTGRES or _is_url(self.database))

    @property
    def database_place(self) -> str:
        """Where the generations are: the folder of SQLite files, or the URL of a PostgreSQL database.

        Raises ``NoPasswordError`` where the local PostgreSQL has not been made yet.
        """
        if self.local_postgres:
            password = quote(postgres_password(self.home), safe="")
            return f"postgresql://{POSTGRES_USER}:{password}@127.0.0.1:{self.postgres_port}/postgres"
        return self.database if self.database and _is_url(self.database) else str(self.database_folder)

    @property
    def database_shown(self) -> str:
        """The database in words for people, without secrets."""
        if self.local_postgres:
            return f"PostgreSQL on 127.0.0.1:{self.postgres_port}, of this stack"
        kind = "PostgreSQL at" if self.many_workers else "SQLite in"
        return f"{kind} {masked(self.database_place)}"

    @property
    def jars_folder(self) -> Path:
        """Folder of the jars that the local broker runs on."""
        return self.jars or self.home / "jars"

    @property
    def topics(self) -> Topics:
        """Names of the topics."""
        return Topics.of(self.topic_prefix)


def load() -> Settings:
    """Return the settings of the environment; a database that is not set there is the one noted in the home.

    An empty variable counts as not set. Raises :class:`SettingsError`, and what ``note_of`` raises.
    """
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field in structs.fields(Settings):
        name = variable(field.name)
        if text := os.environ.get(name):
            try:
                reader = _READERS.get(field.name)
                values[field.name] = reader(text) if reader else _converted(text, field.type)
            except ValueError as error:
                problems[name] = f"{error} (found {text!r})"
    if problems:
        raise SettingsError(problems)
    settings = Settings(**values)
    note = note_of(settings.home) if settings.database is None else None
    return structs.replace(settings, database=note.database) if note else settings


def variable(name: str) -> str:
    """Return the variable of a setting: ``kafka_port`` is read from ``NEWSROOM_KAFKA_PORT``."""
    return f"NEWSROOM_{name.upper()}"


def described(settings: Settings) -> list[dict[str, str | None]]:
    """Return each setting's variable, value and meaning; secrets in URLs are masked."""
    return [
        {
            "variable": variable(field.name),
            "value": None if value is None else masked(_written(value)),
            "meaning": next(each.description for each in field.type.__metadata__ if each.description),
        }
        for field in structs.fields(Settings)
        for value in [getattr(settings, field.name)]
    ]


def _converted(text: str, to: Any) -> Any:
    """Convert a variable's text to the type of its setting. Raises ``ValueError``."""
    try:
        return convert(text, to, strict=False)
    except ValidationError as error:
        problem = str(error).removesuffix(", got `str`")
        for type_, words in _WORDS.items():
            problem = problem.replace(type_, words)
        raise ValueError(problem) from error


_WORDS = {
    "Expected": "expected",
    "`int | null`": "a whole number",
    "`int`": "a whole number",
    "`float`": "a number",
    "`str`": "text",
}
"""Words of msgspec's messages, and what people read instead."""


def _languages(text: str) -> tuple[str, ...]:
    """Return the languages of a text such as ``uk,ru,en``."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _database(text: str) -> str:
    """Return the text. Raises ``ValueError`` for a word that would name a folder but is hardly meant to."""
    if text.lower() in {"pg", "postgresql", "sqlite3"}:
        raise ValueError(f"write {POSTGRES}, {SQLITE}, a postgresql:// URL, or ./{text} for a folder")
    return text


def _timezone(text: str) -> str:
    """Return the text. Raises ``ValueError`` if the time-zone database has no such zone."""
    try:
        ZoneInfo(text)
    except (LookupError, OSError, ValueError) as error:
        raise ValueError("no such time zone") from error
    return text


_READERS: Mapping[str, Callable[[str], Any]] = {
    "home": Path,
    "jars": Path,
    "languages": _languages,
    "database": _database,
    "timezone": _timezone,
}
"""Readers of the settings for which the type alone is not enough."""


def masked(value: str) -> str:
    """Return a URL with its password hidden, also one that is given as a parameter."""
    if not _is_url(value):
        return value
    value = re.sub(r"(?<=://)([^/?#@:]*):[^/?#]*(?=@)", r"\1:***", value)
    return re.sub(r"(?i)([?&][^=&]*password=)[^&#]*", r"\1***", value)


def _is_url(value: str) -> bool:
    return "://" in value


def _written(value: object) -> str:
    """Return a value as the text of its variable."""
    return ",".join(value) if isinstance(value, tuple) else str(value)
