"""The one configuration: a TOML file, overridden by the environment, checked as a whole.

`load` reads it and hands out a frozen settings value for each floor. Every key has a default,
so the bot runs without any file. `config.example.toml` is this model written out; a test keeps
the two equal. Environment: `NUANQUN_STORAGE__URL` stands for `url` in `[storage]`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import time, timedelta
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from bot.arrivals_section import Arrivals, ProductFeed, arrival_rules
from bot.narrative_section import Narrative
from bot.sections import (
    AccountName,
    Care,
    Insights,
    Log,
    Metrics,
    Programmes,
    Room,
    Section,
    Shop,
    Storage,
    Tags,
)
from bot.telegram_section import Telegram, telegram_account
from bot.wechat_section import WeChat, wechat_account
from handlers.arrivals.rules import ArrivalRules
from handlers.settings import ConfiguredWords, ShopSettings
from scheduler.caring import CareSettings
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


class Configuration(Section):
    """All of it."""

    shop: Shop = Shop()
    storage: Storage = Storage()
    room: Room = Room()
    telegram: dict[AccountName, Telegram] = Field({})
    wechat: dict[AccountName, WeChat] = Field({})
    care: Care = Care()
    tags: Tags = Tags()
    programmes: Programmes = Programmes()
    arrivals: Arrivals = Arrivals()
    feeds: dict[AccountName, ProductFeed] = Field({})
    insights: Insights = Insights()
    narrative: Narrative = Narrative()
    log: Log = Log()
    metrics: Metrics = Metrics()

    def shop_settings(self) -> ShopSettings:
        """Floor 4's settings."""
        return ShopSettings(
            key=self.shop.key,
            name=self.shop.name,
            slogan=self.shop.slogan,
            address=self.shop.address,
            tones=self.shop.tones,
            zone=self.shop.zone,
            language=self.shop.language,
            region=self.shop.region,
            colour=self.shop.colour,
            programmes=self.programmes.folder,
            nodes=self.programmes.nodes,
            sale_platform=self.programmes.platform,
            greetings_ahead=timedelta(days=self.programmes.greetings_days_ahead),
            managers=self.shop.managers,
            names_for=self.insights.names_for,
            active_messages=self.tags.active_messages,
            activity_window=timedelta(days=self.tags.active_days),
            silent_after=timedelta(days=self.tags.silent_days),
            newcomer_for=timedelta(days=self.tags.newcomer_days),
            interest_for=timedelta(days=self.tags.interest_days),
            text_kept_for=timedelta(days=self.storage.keep_text_days),
            welcome_stays={
                telegram_account(name): timedelta(minutes=section.welcome_minutes)
                for name, section in self.telegram.items()
                if section.welcome_minutes
            },
            open_accounts=frozenset(
                [telegram_account(name) for name in self.telegram]
                + [wechat_account(name) for name in self.wechat]
            ),
        )

    def arrival_rules(self) -> ArrivalRules:
        """Where new products come from, and what is made of them; may read files.

        Raises:
            SecretUnreadable: the file of a feed's secret is missing, or holds none.
        """
        return arrival_rules(self.arrivals, self.feeds)

    def configured_words(self) -> ConfiguredWords:
        """What the bot is told of words."""
        told = self.insights
        return ConfiguredWords(told.words, told.things, told.trades)

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
            trades=self.insights.trades,
            sites=self.shop.sites,
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
        ConfigurationUnreadable: the file is missing or not TOML, or a variable is not JSON where it
            must be.
        ConfigurationInvalid: a key is unknown or has a wrong value; the first one is named.
    """
    place = file if file is not None else DEFAULT_FILE if DEFAULT_FILE.exists() else None
    document = _read(place) if place is not None else {}
    try:
        found = _WithEnvironment(**document)
    except SettingsError as trouble:  # its cause quotes the variable, which may hold a secret
        what = str(trouble).partition(" from source")[0]
        reason = f"{what}; lists and whole sections are written as JSON there"
        raise ConfigurationUnreadable(place="in the environment", reason=reason) from None
    except ValidationError as invalid:
        raise _named(invalid, str(place or "the environment")) from None
    return found if place is None else _beside(place, found)


def _beside(place: Path, found: Configuration) -> Configuration:
    """The configuration with the shop's own files looked for beside it, wherever the bot starts.

    What the bot writes, and secrets, stay where the paths say from where it starts.
    """
    mine = found.programmes
    folders = {"folder": place.parent / mine.folder, "nodes": place.parent / mine.nodes}
    return found.model_copy(update={"programmes": mine.model_copy(update=folders)})


def _read(place: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as trouble:
        reason = trouble.strerror if isinstance(trouble, OSError) else str(trouble)
        raise ConfigurationUnreadable(place=place, reason=reason) from trouble


def _named(invalid: ValidationError, place: str) -> ConfigurationInvalid:
    """The first thing that is wrong; a secret's value is never shown."""
    first = invalid.errors()[0]
    path = [part for part in first["loc"] if part != "[key]"]
    return ConfigurationInvalid(
        place=place, key=".".join(map(str, path)), found=_found(first), allowed=_allowed(first)
    )


def _found(wrong: ErrorDetails) -> str:
    if wrong["type"] == "extra_forbidden" or wrong["loc"][-1] == "[key]":
        return "given"
    if wrong["input"] is None:
        return "not set"
    if _is_no_section(wrong):
        return "no section"
    return "a secret" if _may_hold(_kind_of(wrong["loc"]), SecretStr) else repr(wrong["input"])


def _allowed(wrong: ErrorDetails) -> str:
    if wrong["type"] == "extra_forbidden":
        return "there is no such key"
    if _is_no_section(wrong) and wrong["loc"][0] in ("telegram", "wechat"):
        return f"each account is a section of its own, such as [{wrong['loc'][0]}.shop]"
    return _sentence(wrong["msg"])


def _is_no_section(wrong: ErrorDetails) -> bool:
    """Whether a single value stands where keys should stand below it; it may be a secret."""
    return wrong["type"] in ("model_type", "dict_type") and _may_hold(
        _kind_of(wrong["loc"]), BaseModel
    )


def _kind_of(path: Sequence[str | int]) -> Any:
    """The type of what the model declares at a path; of a leaf's parts that of the leaf."""
    kind: Any = Configuration
    for part in path:
        if get_origin(kind) is dict and _may_hold(kind, BaseModel):
            kind = get_args(kind)[1]
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[str(part)].annotation
    return kind


def _may_hold(kind: Any, what: type) -> bool:
    """Whether a value of this type, or a part of one, is such a thing."""
    if isinstance(kind, type) and issubclass(kind, what):
        return True
    return any(_may_hold(part, what) for part in get_args(kind))


def _sentence(message: str) -> str:
    """Pydantic's message as the end of a sentence."""
    plain = message.removeprefix("Value error, ")
    return plain[:1].lower() + plain[1:]
