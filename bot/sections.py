"""The sections of the configuration, but for the channels that have a room of their own.

Each key says what it takes; `bot/configuration.py` puts the sections together. Their docstrings and
descriptions are what `config.example.toml` says.
"""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from insights.lexicon import TRADES
from scheduler.caring import CareSettings
from scheduler.greetings import ALL_TONES, Tone
from storage.errors import RunningError


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


# Lower case only: the environment does not tell NUANQUN_TELEGRAM__SHOP from __shop.
_ACCOUNT_NAME = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


def _account_name(name: str) -> str:
    if not _ACCOUNT_NAME.fullmatch(name):
        raise ValueError("an account's name is made of small letters, digits and single _")
    return name


AccountName = Annotated[str, AfterValidator(_account_name)]


def _trade(name: str) -> str:
    if name not in TRADES:
        raise ValueError(f"a trade is one of {', '.join(TRADES)}")
    return name


_Trade = Annotated[str, AfterValidator(_trade)]


_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z0-9-]+")


def _site(host: str) -> str:
    if not _HOST.fullmatch(host.lower()):
        raise ValueError("a site is a host such as shop.example.com, without https://")
    return host.lower()


_Site = Annotated[str, AfterValidator(_site)]


class Section(BaseModel):
    """A part of the configuration: frozen, and without keys that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Shop(Section):
    """Who the shop is."""

    key: str = Field("shop", min_length=1, description="The shop's short name in the database.")
    name: str = Field("暖群小店", min_length=1, description="The name fans know.")
    slogan: str = Field("", description="Used by greetings; may be empty.")
    address: str = Field(
        "", max_length=20, description="How greetings call the fans; empty: 大家, or everyone."
    )
    tones: tuple[Tone, ...] = Field(
        ALL_TONES,
        min_length=1,
        description="The tones of greetings: warm, playful, elegant. Fewer tones are fewer texts.",
    )
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
    colour: str = Field(
        "#c8362b",
        pattern=r"^#[0-9a-fA-F]{6}$",
        description="The shop's colour in pictures; what is written on it stays readable.",
    )
    sites: tuple[_Site, ...] = Field(
        (), description="The shop's own hosts; a link to another one is pointed out in previews."
    )


class Storage(Section):
    """Where the bot remembers."""

    url: SecretStr = Field(
        SecretStr("sqlite+aiosqlite:///data/nuanqun.sqlite3"),
        description="The database: an SQLite file, or postgresql+asyncpg://USER:PASSWORD@HOST/NAME.",
    )
    keep_text_days: int = Field(
        180, ge=1, le=3650, description="Messages older than this many days are deleted."
    )


class Room(Section):
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


class Care(Section):
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


class Tags(Section):
    """When automatic tags are set and end."""

    newcomer_days: int = Field(7, ge=1, le=365, description="新人: for so many days after joining.")
    active_messages: int = Field(10, ge=1, description="活跃: at least so many messages ...")
    active_days: int = Field(7, ge=1, le=365, description="... within so many days.")
    silent_days: int = Field(30, ge=1, le=3650, description="沉默: no word for so many days.")
    interest_days: int = Field(
        90, ge=1, le=3650, description="A watched word's tag stays for so many days."
    )


class Insights(Section):
    """What the bot should know to understand fans."""

    words: tuple[str, ...] = Field(
        (), description="The shop's own words, so that they are not cut in pieces."
    )
    things: dict[str, tuple[str, ...]] = Field(
        {}, description="Products by name, each with the short forms fans use."
    )
    trades: tuple[_Trade, ...] = Field(
        TRADES,
        description="The trades whose words are known; where two disagree, the first one wins.",
    )
    names_for: tuple[str, ...] = Field(
        (),
        description="Platform ids of the managers who may see who said a quote; each look is noted "
        "in the audit log.",
    )


class Programmes(Section):
    """What the shop runs through the year."""

    folder: Path = Field(
        Path("programmes"),
        description="The shop's own programmes, one file each, beside this file; may be missing.",
    )
    nodes: Path = Field(
        Path("nodes"),
        description="The shop's own dates of sales, such as tmall-2026.toml, beside this file; may "
        "be missing.",
    )
    platform: str = Field(
        "tmall",
        pattern="^[a-z0-9]+$",
        description="Whose dates the big sales follow: the front of a file's name in nodes.",
    )
    greetings_days_ahead: int = Field(
        5, ge=1, le=14, description="So many days ahead managers are shown a greeting to approve."
    )


class Log(Section):
    """What the bot tells about its work, on stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important lines to show: debug, info, warning or error."
    )
    form: Literal["text", "json"] = Field("text", description="Lines for people, or json.")


class Metrics(Section):
    """Counters for Prometheus, on this machine only."""

    port: int = Field(0, ge=0, le=65535, description="Where they are served; 0: nowhere.")
