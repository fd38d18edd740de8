"""The one configuration: a TOML file, overridden by the environment, checked as a whole.

`load` reads it and hands out a frozen settings value for each floor. Every key has a default,
so the bot runs without any file. `config.example.toml` is this model written out; a test keeps
the two equal. Environment: `NUANQUN_STORAGE__URL` stands for `url` in `[storage]`.
"""

from __future__ import annotations

import re
import tomllib
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from handlers.settings import ShopSettings
from scheduler.decide import CareSettings
from storage.errors import RunningError

DEFAULT_FILE = Path("nuanqun.toml")


class ConfigurationInvalid(RunningError):
    """A key of the configuration has a value it cannot have, or is not known."""

    number = 501
    sentence = "In {place}, {key} is {found}, but {allowed}."
    mend = "config.example.toml shows every key with what it takes."


class ConfigurationUnreadable(RunningError):
    """The configuration file is missing or not TOML."""

    number = 502
    sentence = "The configuration {place} cannot be read: {reason}."
    mend = "Copy config.example.toml and change what differs."


class RoomTokenUnreadable(RunningError):
    """The bot's token for a room elsewhere is not where the configuration says."""

    number = 503
    sentence = "The room's token {place} cannot be read: {reason}."
    mend = "Set room.token_file to the token_file that `python -m bot.room` prints."


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("a time zone's name such as Asia/Shanghai is needed")
    return name


_WALL_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _wall_time(written: str) -> str:
    if not _WALL_TIME.fullmatch(written):
        raise ValueError("a time of day such as 22:00 is needed")
    return written


_WallTime = Annotated[str, AfterValidator(_wall_time)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shop(_Section):
    """Who the shop is."""

    key: str = Field("shop", min_length=1, description="The shop's short name in the database.")
    name: str = Field("暖群小店", min_length=1, description="The name fans know.")
    slogan: str = Field("", description="Used by greetings; may be empty.")
    zone: Annotated[str, AfterValidator(_zone)] = Field(
        "Asia/Shanghai", description="The shop's time zone; all times are shown in it."
    )
    language: Literal["zh", "en"] = Field("zh", description="What the bot speaks: zh or en.")
    region: Literal["north", "south"] = Field(
        "north", description="Which 小年 the shop keeps: north (廿三) or south (廿四)."
    )
    managers: tuple[str, ...] = Field(
        (), description="Platform ids of managers, beside those the platform calls admins."
    )


class Storage(_Section):
    """Where the bot remembers."""

    url: SecretStr = Field(
        SecretStr("sqlite+aiosqlite:///data/nuanqun.sqlite3"),
        description="The database: an SQLite file, or postgresql+asyncpg://USER:PASSWORD@HOST/NAME.",
    )
    keep_text_days: int = Field(
        180, ge=1, le=3650, description="Messages older than this many days are deleted."
    )


class Room(_Section):
    """The embedded room."""

    enabled: bool = Field(True, description="Whether the bot lives in the embedded room.")
    data: Path = Field(Path("data/room"), description="The room's own folder.")
    host: str = Field("127.0.0.1", description="Where the page listens; only this machine.")
    port: int = Field(8766, ge=0, le=65535, description="The page's port; 0 takes any free one.")
    names: tuple[str, ...] = Field(
        (), description="Further host names the page answers to, when it is opened to others."
    )
    door: str = Field(
        "", description="A room that runs as a process of its own: ws://HOST:PORT/door."
    )
    token_file: Path | None = Field(
        None, description="The bot's token for that room, in a file only its owner can read."
    )

    def token(self) -> str:
        """The bot's token for the room elsewhere; reads a file.

        Raises:
            RoomTokenUnreadable: it is not there.
        """
        if self.token_file is None:
            raise RoomTokenUnreadable(place="room.token_file", reason="it is not set")
        try:
            return self.token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as trouble:
            reason = trouble.strerror if isinstance(trouble, OSError) else "it is no token"
            raise RoomTokenUnreadable(place=self.token_file, reason=reason) from trouble


class Care(_Section):
    """When fans are left in peace, and how often they hear from the shop at most."""

    quiet_from: _WallTime = Field(
        "22:00",
        description="Quiet hours begin, by the clock of the group or person; order notices pass.",
    )
    quiet_until: _WallTime = Field(
        "09:00",
        validate_default=True,
        description="Quiet hours end; the same time as quiet_from means none.",
    )
    posts_a_day: int = Field(
        3, ge=1, le=100, description="At most so many posts to a group in 24 hours."
    )
    posts_a_week: int = Field(
        15, ge=1, le=700, description="At most so many posts to a group in 7 days."
    )
    private_a_day: int = Field(
        2, ge=1, le=100, description="At most so many private messages to a customer in 24 hours."
    )
    private_a_week: int = Field(
        5, ge=1, le=700, description="At most so many private messages to a customer in 7 days."
    )

    @field_validator("quiet_until")
    @classmethod
    def _leave_time_to_speak(cls, until: str, others: ValidationInfo) -> str:
        """The floor below says how much of a day must be left; its sentence is the answer."""
        begin = others.data.get("quiet_from")
        if begin is not None:
            CareSettings(
                quiet_from=time.fromisoformat(begin), quiet_until=time.fromisoformat(until)
            )
        return until


class Tags(_Section):
    """When automatic tags are set and end."""

    newcomer_days: int = Field(7, ge=1, le=365, description="新人: for so many days after joining.")
    active_messages: int = Field(10, ge=1, description="活跃: at least so many messages ...")
    active_days: int = Field(7, ge=1, le=365, description="... within so many days.")
    silent_days: int = Field(30, ge=1, le=3650, description="沉默: no word for so many days.")
    interest_days: int = Field(
        90, ge=1, le=3650, description="A watched word's tag stays for so many days."
    )


class Insights(_Section):
    """What the bot should know to understand fans."""

    words: tuple[str, ...] = Field(
        (), description="The shop's own words, so that they are not cut in pieces."
    )
    things: dict[str, tuple[str, ...]] = Field(
        {}, description="Products by name, each with the short forms fans use."
    )


class Log(_Section):
    """What the bot tells about its work, on stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important lines to show: debug, info, warning or error."
    )
    form: Literal["text", "json"] = Field("text", description="Lines for people, or json.")


class Metrics(_Section):
    """Counters for Prometheus, on this machine only."""

    port: int = Field(0, ge=0, le=65535, description="Where they are served; 0: nowhere.")


class Configuration(_Section):
    """All of it."""

    shop: Shop = Shop()
    storage: Storage = Storage()
    room: Room = Room()
    care: Care = Care()
    tags: Tags = Tags()
    insights: Insights = Insights()
    log: Log = Log()
    metrics: Metrics = Metrics()

    def shop_settings(self) -> ShopSettings:
        """Floor 4's settings."""
        return ShopSettings(
            key=self.shop.key,
            name=self.shop.name,
            slogan=self.shop.slogan,
            zone=self.shop.zone,
            language=self.shop.language,
            region=self.shop.region,
            managers=self.shop.managers,
            active_messages=self.tags.active_messages,
            activity_window=timedelta(days=self.tags.active_days),
            silent_after=timedelta(days=self.tags.silent_days),
            newcomer_for=timedelta(days=self.tags.newcomer_days),
            interest_for=timedelta(days=self.tags.interest_days),
            text_kept_for=timedelta(days=self.storage.keep_text_days),
        )

    def care_settings(self) -> CareSettings:
        """Floor 3's settings of quiet hours and caps."""
        return CareSettings(
            zone=self.shop.zone,
            quiet_from=time.fromisoformat(self.care.quiet_from),
            quiet_until=time.fromisoformat(self.care.quiet_until),
            posts_a_day=self.care.posts_a_day,
            posts_a_week=self.care.posts_a_week,
            private_a_day=self.care.private_a_day,
            private_a_week=self.care.private_a_week,
        )


class _WithEnvironment(Configuration, BaseSettings):
    """The configuration with what the environment says on top."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="NUANQUN_", env_nested_delimiter="__"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 (pydantic's signature)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic's signature)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic's signature)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file, which comes in as arguments."""
        return env_settings, init_settings


def load(file: Path | None = None) -> Configuration:
    """The configuration from this file; without one, from `nuanqun.toml` here if there is one.

    Raises:
        ConfigurationUnreadable: the file is missing or not TOML.
        ConfigurationInvalid: a key is unknown or has a wrong value; the first one is named.
    """
    place = file if file is not None else DEFAULT_FILE if DEFAULT_FILE.exists() else None
    document = _read(place) if place is not None else {}
    try:
        return _WithEnvironment(**document)
    except ValidationError as invalid:
        raise _named(invalid, str(place or "the environment")) from None


def _read(place: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as trouble:
        reason = trouble.strerror if isinstance(trouble, OSError) else str(trouble)
        raise ConfigurationUnreadable(place=place, reason=reason) from trouble


def _named(invalid: ValidationError, place: str) -> ConfigurationInvalid:
    """The first thing that is wrong; a secret's value is never shown."""
    first = invalid.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return ConfigurationInvalid(
            place=place, key=key, found="given", allowed="there is no such key"
        )
    found = "a secret" if key == "storage.url" else repr(first["input"])
    return ConfigurationInvalid(place=place, key=key, found=found, allowed=_sentence(first["msg"]))


def _sentence(message: str) -> str:
    """Pydantic's message as the end of a sentence."""
    plain = message.removeprefix("Value error, ")
    return plain[:1].lower() + plain[1:]
