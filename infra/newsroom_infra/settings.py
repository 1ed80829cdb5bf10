"""The settings: ``NEWSROOM_*`` environment variables, read here and nowhere else.

``newsroom settings`` prints them. Everything that can differ between two stacks on one machine is one of them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from newsroom_schemas.errors import NewsroomError


class SettingsError(NewsroomError):
    """A variable holds what its setting cannot be."""

    exit_code = 2

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
    database: str | None = Field(default=None, description="folder for SQLite files; default: database/ in the home")
    topic_prefix: str = Field(
        default="newsroom", pattern=r"^[A-Za-z0-9._-]{1,200}$", description="first part of topics"
    )
    timezone: str = Field(default="Europe/Kyiv", description="the newsroom's time zone, an IANA name")
    languages: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("uk", "ru", "en"), description="languages of the site, the first is the first choice for labels"
    )
    delivery_timeout: float = Field(default=30.0, gt=0, description="seconds until an unacknowledged send is an error")
    batch: int = Field(default=2000, ge=1, description="records that a worker folds in one transaction at most")
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$", description="least level to log")

    @field_validator("languages", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Read ``uk,ru,en``."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

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
        if self.database and not _is_url(self.database):
            paths["database"] = Path(self.database).resolve()
        return {variable(name): _written(value) for name, value in (dict(self) | paths).items() if value is not None}

    @property
    def bootstrap(self) -> str:
        """Bootstrap servers: the cluster of one's own, or the local stack's broker."""
        return self.kafka or f"127.0.0.1:{self.kafka_port}"

    @property
    def database_folder(self) -> Path:
        """Folder of the SQLite files: ``control.sqlite`` and one file for each generation."""
        return Path(self.database) if self.database else self.home / "database"

    @property
    def jars_folder(self) -> Path:
        """Folder of the jars that the local broker runs on."""
        return self.jars or self.home / "jars"

    @property
    def articles_topic(self) -> str:
        """Topic of the events of articles."""
        return f"{self.topic_prefix}.articles"

    @property
    def tags_topic(self) -> str:
        """Topic of the events of the tag catalogue."""
        return f"{self.topic_prefix}.tags"


def load() -> Settings:
    """Read the settings from the environment. Raises :class:`SettingsError`."""
    try:
        return Settings()
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
