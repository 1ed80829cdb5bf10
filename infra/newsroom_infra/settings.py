"""The settings: ``NEWSROOM_*`` environment variables, read here and nowhere else.

``newsroom settings`` prints them. Everything that can differ between two stacks on one machine is one of them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from newsroom_infra.home import POSTGRES_USER, note_of, postgres_password
from newsroom_schemas.errors import Kind, NewsroomError

SQLITE = "sqlite"
"""Word for the SQLite files in the home."""
POSTGRES = "postgres"
"""Word for the PostgreSQL server of the local stack."""
WORDS = frozenset({SQLITE, POSTGRES})
ARTICLES, TAGS = ".articles", ".tags"
"""Last parts of the topics' names, behind their prefix."""


class SettingsError(NewsroomError):
    """A variable holds what its setting cannot be."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, problems: dict[str, str]) -> None:
        """Take what is wrong with each variable, by its name."""
        listed = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        super().__init__(
            f"settings that cannot be read: {listed}. Correct or unset them (`newsroom settings` says their meaning)"
        )
        self.problems = problems


class Settings(BaseSettings):
    """What a person can set, with the defaults of a local stack."""

    model_config = SettingsConfigDict(env_prefix="NEWSROOM_", env_ignore_empty=True, frozen=True)

    home: Path = Field(default=Path(".newsroom"), description="folder that holds the state of the local stack")
    jars: Path | None = Field(
        default=None, description="folder of Kafka's jars, may be shared; default: jars/ in the home"
    )
    kafka: str | None = Field(default=None, description="bootstrap servers of a cluster of one's own, host:port,…")
    kafka_port: int = Field(default=19092, ge=1, le=65535, description="port of the local stack's broker")
    controller_port: int = Field(default=19093, ge=1, le=65535, description="port of the local stack's controller")
    postgres_port: int = Field(default=19432, ge=1, le=65535, description="port of the local stack's PostgreSQL")
    database: str | None = Field(
        default=None,
        description="sqlite (in the home), postgres (the local stack's), a folder for SQLite files, or a postgresql:// "
        "URL; default: what the home was last brought up with",
    )
    workers: int | None = Field(
        default=None, ge=1, description="workers of the local stack; default: one for each core on PostgreSQL"
    )
    topic_prefix: str = Field(
        default="newsroom", pattern=r"^[A-Za-z0-9._-]{1,200}$", description="first part of topics"
    )
    timezone: str = Field(default="Europe/Kyiv", description="the newsroom's time zone, an IANA name")
    languages: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("uk", "ru", "en"), description="languages of the site, the first is the first choice for labels"
    )
    delivery_timeout: float = Field(default=30.0, gt=0, description="seconds until an unacknowledged send is an error")
    batch: int = Field(default=2000, ge=1, description="records that a worker folds in one transaction at most")
    cached_articles: int = Field(
        default=4000, ge=0, description="articles that a worker keeps in memory between transactions"
    )
    replay_batch: int = Field(default=5000, ge=1, description="records that a replay folds in one transaction at most")
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$", description="least level to log")
    failpoint: str | None = Field(
        default=None, description="for tests: the place, name or name:count, where a worker dies as by kill -9"
    )

    @field_validator("languages", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Read ``uk,ru,en``."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("database")
    @classmethod
    def _no_slip(cls, value: str | None) -> str | None:
        """Refuse a word that would become a folder's name and is hardly meant as one."""
        if value is not None and value.lower() in {"pg", "postgresql", "sqlite3"}:
            raise ValueError(f"write {POSTGRES}, {SQLITE}, a postgresql:// URL, or ./{value} for a folder")
        return value

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        """Refuse a zone that the time-zone database does not have."""
        try:
            ZoneInfo(value)
        except (LookupError, OSError, ValueError) as error:
            raise ValueError("no such time zone") from error
        return value

    def variables(self) -> dict[str, str]:
        """Give these settings as the variables that another process reads them from; all paths are absolute."""
        paths = {"home": self.home.resolve(), "jars": self.jars_folder.resolve()}
        if self.database and self.database not in WORDS and not _is_url(self.database):
            paths["database"] = Path(self.database).resolve()
        return {variable(name): _written(value) for name, value in (dict(self) | paths).items() if value is not None}

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
    def articles_topic(self) -> str:
        """Topic of the events of articles."""
        return self.topic_prefix + ARTICLES

    @property
    def tags_topic(self) -> str:
        """Topic of the events of the tag catalogue."""
        return self.topic_prefix + TAGS


def load() -> Settings:
    """Read the settings from the environment, and from the home the database that is not set there.

    Raises :class:`SettingsError`, and what ``note_of`` raises.
    """
    try:
        settings = Settings()
        note = note_of(settings.home) if settings.database is None else None
        return settings.model_copy(update={"database": note.database}) if note else settings
    except ValidationError as error:
        problems = {variable(str(one["loc"][0])): f"{one['msg']} (found {one['input']!r})" for one in error.errors()}
        raise SettingsError(problems) from error


def variable(name: str) -> str:
    """Give the variable of a setting: ``kafka_port`` is read from ``NEWSROOM_KAFKA_PORT``."""
    return f"NEWSROOM_{name.upper()}"


def described(settings: Settings) -> list[dict[str, str | None]]:
    """Give each setting's variable, value and meaning; secrets in URLs are masked."""
    return [
        {
            "variable": variable(name),
            "value": None if value is None else masked(_written(value)),
            "meaning": field.description,
        }
        for name, field in Settings.model_fields.items()
        for value in [getattr(settings, name)]
    ]


def masked(value: str) -> str:
    """Hide the password of a URL, also one that is given as a parameter."""
    if not _is_url(value):
        return value
    value = re.sub(r"(?<=://)([^/?#@:]*):[^/?#]*(?=@)", r"\1:***", value)
    return re.sub(r"(?i)([?&][^=&]*password=)[^&#]*", r"\1***", value)


def _is_url(value: str) -> bool:
    return "://" in value


def _written(value: object) -> str:
    """Write a value as its variable holds it."""
    return ",".join(value) if isinstance(value, tuple) else str(value)
