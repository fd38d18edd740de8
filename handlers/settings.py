"""What the shop tells the bot about itself, as floor 4 needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from handlers.arrivals.rules import ArrivalRules
from insights.lexicon import TRADES
from scheduler.greeting_facts import ADDRESS
from scheduler.greetings import ALL_TONES, Tone


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """One shop. `zone` is its IANA time zone, `language` zh or en, `managers` platform ids.

    `names_for` are platform ids, too: of the managers who may see who said a quote. `address` is
    what the shop calls its fans (empty: 大家, everyone), and `tones` are those of its greetings.

    `active_messages` in `activity_window` make a member active; `silent_after` without a word
    makes one silent; a newcomer is one for `newcomer_for`; a tag set by a watched word stays
    for `interest_for` after the word was last said. Raw text is kept for `text_kept_for`. On an
    account in `welcome_stays` a welcome is taken back after so long; on any other it stays. An
    account in `open_accounts` can be brought into a group by anybody; see `acceptance.py`. `colour`
    is the shop's own, written `#rrggbb`, for pictures.

    `programmes` and `nodes` are the shop's own folders of programmes and of the dates of sales;
    either may be missing. The dates are those of `sale_platform`. A festival's greeting is shown to
    the managers `greetings_ahead` of its day.
    """

    key: str = "shop"
    name: str = "暖群小店"
    slogan: str = ""
    address: str = ""
    tones: tuple[Tone, ...] = ALL_TONES
    zone: str = "Asia/Shanghai"
    language: str = "zh"
    region: str = "north"
    managers: tuple[str, ...] = ()
    names_for: tuple[str, ...] = ()
    active_messages: int = 10
    activity_window: timedelta = timedelta(days=7)
    silent_after: timedelta = timedelta(days=30)
    newcomer_for: timedelta = timedelta(days=7)
    interest_for: timedelta = timedelta(days=90)
    text_kept_for: timedelta = timedelta(days=180)
    welcome_stays: Mapping[str, timedelta] = field(default_factory=dict)
    open_accounts: frozenset[str] = frozenset()
    colour: str = "#c8362b"
    programmes: Path = Path("programmes")
    nodes: Path = Path("nodes")
    sale_platform: str = "tmall"
    greetings_ahead: timedelta = timedelta(days=5)
    arrivals: ArrivalRules = field(default_factory=ArrivalRules)

    @property
    def variables(self) -> dict[str, str]:
        """What the shop is to every template: its name, its slogan, how it calls its fans."""
        address = self.address or ADDRESS[self.language]
        return {"shop": self.name, "slogan": self.slogan, "address": address}

    def day_of(self, moment: datetime) -> date:
        """The shop's calendar day at a moment."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def local(self, moment: datetime) -> datetime:
        """A moment as the shop's wall clock shows it."""
        return moment.astimezone(ZoneInfo(self.zone))


@dataclass(frozen=True, slots=True)
class ConfiguredWords:
    """What the configuration says: words to keep whole, products with their short forms, trades."""

    words: tuple[str, ...] = ()
    things: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trades: tuple[str, ...] = TRADES

    def to_json(self) -> dict[str, Any]:
        """The words as plain JSON."""
        things = {thing: list(names) for thing, names in self.things.items()}
        return {"words": list(self.words), "things": things, "trades": list(self.trades)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """The words that `to_json` wrote, but for trades that only a newer release knows."""
        return cls(
            words=tuple(document["words"]),
            things={thing: tuple(names) for thing, names in document["things"].items()},
            trades=tuple(trade for trade in document["trades"] if trade in TRADES),
        )
