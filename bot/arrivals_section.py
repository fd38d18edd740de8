"""The sections `[arrivals]` and `[feeds.*]`: where products come from, and what is made of them.

The docstrings and descriptions are what `config.example.toml` says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.secret_files import secret_in
from bot.sections import Section
from handlers.arrivals.plain import address
from handlers.arrivals.rules import ArrivalRules, FeedKind, FeedRules
from handlers.coupon_names import plainly
from scheduler.templates import render
from storage.errors import SchedulingError

_PASSWORD = re.compile(r"[\x21-\x7e]{1,1000}")
_SECRET = re.compile(r"[\x21-\x7e]{16,1000}")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_CURRENCY = re.compile(r"[A-Z]{3}")
_AN_ADDRESS = "an address such as https://shop.example.com is needed, without a name or password"


class Arrivals(Section):
    """New products: how they are announced, and what of a feed is not believed."""

    approve: bool = Field(
        True,
        description="Whether a manager approves each announcement; false: they go out unasked.",
    )
    hours_apart: float = Field(
        6, ge=0, le=168, description="At least so many hours between two announcements."
    )
    list_from: int = Field(
        3, ge=2, le=100, description="From so many products on they are one list, not a post each."
    )
    everywhere: bool = Field(
        False, description="Announce in every group, not only in those that a product fits."
    )
    early_hours: float = Field(
        0, ge=0, le=72, description="Old customers hear so many hours before the groups; 0: not."
    )
    regulars: str = Field("老客", min_length=1, description="The tag of those old customers.")
    early_words: str = Field(
        "",
        max_length=200,
        description="What they are told besides; {{ fan }} and {{ coupon:NAME }} may be in it.",
    )
    most_new_a_day: int = Field(
        30, ge=1, le=1000, description="More new products of one feed in a day are not believed."
    )
    largest_drop: float = Field(
        0.7, gt=0, lt=1, description="A price that falls by more than this share is not believed."
    )
    host: str = Field(
        "127.0.0.1", description="Where the door for pushed products listens on this machine."
    )
    port: int = Field(0, ge=0, le=65535, description="The door's port; 0: there is no door.")

    @field_validator("early_words")
    @classmethod
    def _be_words_to_a_fan(cls, words: str) -> str:
        plain, named = plainly(words)
        try:
            render(plain, fan="", coupon="")
        except SchedulingError as wrong:
            raise ValueError(str(wrong)) from wrong
        if "、" in named:
            raise ValueError("the codes of one batch of coupons are needed, not of several")
        return words


class ProductFeed(Section):
    """A feed of products; `shop` is its name. There may be several."""

    kind: FeedKind = Field(
        FeedKind.SHOPIFY, description="shopify, woocommerce, rss (and Atom), json or csv."
    )
    url: str = Field(
        "", description="Where it is; of shopify and woocommerce the shop's. Empty: only pushed."
    )
    currency: str = Field("CNY", description="The currency of prices that name none.")
    every_minutes: int = Field(
        15, ge=1, le=1440, description="It is looked at every so many minutes."
    )
    follows: tuple[str, ...] = Field(
        (), description="Hosts that it may redirect to, beside its own."
    )
    user: str = Field("", description="The name it is asked with, such as a consumer key.")
    password_file: Path | None = Field(
        None, description="The password, in a file only its owner can read."
    )
    password: SecretStr | None = Field(None, description="The password itself, before the file.")
    secret_file: Path | None = Field(
        None, description="What pushed products are signed with, in a file; at least 16 letters."
    )
    secret: SecretStr | None = Field(None, description="The secret itself, before the file.")

    @field_validator("url")
    @classmethod
    def _be_an_address(cls, url: str) -> str:
        if not url:
            return url
        whole = address(url, "")
        if not whole or not urlsplit(url).scheme:
            raise ValueError(_AN_ADDRESS)
        return whole

    @field_validator("currency")
    @classmethod
    def _be_a_currency(cls, currency: str) -> str:
        if not _CURRENCY.fullmatch(currency):
            raise ValueError("a currency's three letters such as CNY are needed")
        return currency

    @field_validator("follows")
    @classmethod
    def _be_hosts(cls, follows: tuple[str, ...]) -> tuple[str, ...]:
        lowered = tuple(host.lower() for host in follows)
        if not all(map(_HOST.fullmatch, lowered)):
            raise ValueError("hosts such as www.shop.example.com are needed")
        return lowered

    @field_validator("password", "secret")
    @classmethod
    def _be_printable(cls, held: SecretStr | None, of: ValidationInfo) -> SecretStr | None:
        shape = _SECRET if of.field_name == "secret" else _PASSWORD
        if held is not None and not shape.fullmatch(held.get_secret_value()):
            least = " and at least 16 of them" if shape is _SECRET else ""
            raise ValueError(f"printable letters without blanks are needed{least}")
        return held

    def rules(self, name: str) -> FeedRules:
        """The feed as floor 4 knows it; may read files.

        Raises:
            SecretUnreadable: a file is missing, or holds nothing of the right shape.
        """
        password, secret = self.password, self.secret
        if password is None and self.password_file is not None:
            key = f"feeds.{name}.password_file"
            password = secret_in(self.password_file, key, _PASSWORD, "a password without blanks")
        if secret is None and self.secret_file is not None:
            key = f"feeds.{name}.secret_file"
            what = "a secret of 16 letters or more"
            secret = secret_in(self.secret_file, key, _SECRET, what)
        return FeedRules(
            name=name,
            kind=self.kind,
            url=self.url,
            currency=self.currency,
            every=timedelta(minutes=self.every_minutes),
            follows=self.follows,
            user=self.user,
            password=password,
            secret=secret,
        )


def arrival_rules(arrivals: Arrivals, feeds: Mapping[str, ProductFeed]) -> ArrivalRules:
    """What the shop laid down about new arrivals; may read files.

    Raises:
        SecretUnreadable: a file is missing, or holds nothing of the right shape.
    """
    return ArrivalRules(
        feeds={name: feed.rules(name) for name, feed in feeds.items()},
        approve=arrivals.approve,
        apart=timedelta(hours=arrivals.hours_apart),
        digest_from=arrivals.list_from,
        everywhere=arrivals.everywhere,
        regulars=arrivals.regulars,
        early=timedelta(hours=arrivals.early_hours),
        early_words=arrivals.early_words,
        most_new=arrivals.most_new_a_day,
        largest_drop=Decimal(str(arrivals.largest_drop)),
    )
