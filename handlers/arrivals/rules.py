"""What the shop laid down about new arrivals: its feeds, and how their products are announced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import SecretStr


class FeedKind(StrEnum):
    """What a feed is written in."""

    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"
    RSS = "rss"  # and Atom
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class FeedRules:
    """One feed. Without a `url` it is never asked, and only takes what its shop pushes.

    `currency` is that of prices without one. `follows` are hosts that it may redirect to. `user`
    and `password` are shown to its own host only, and `secret` is what pushed products are signed
    with.
    """

    name: str
    kind: FeedKind
    url: str = ""
    currency: str = "CNY"
    every: timedelta = timedelta(minutes=15)
    follows: tuple[str, ...] = ()
    user: str = ""
    password: SecretStr | None = None
    secret: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class ArrivalRules:
    """How new products are announced, and what is not believed.

    Without `approve` announcements go out by themselves. They are at least `apart`; from
    `digest_from` products on one lists them all. With `everywhere` they go to every group, else to
    those they fit. Customers who carry `regulars` hear `early` before the groups, with
    `early_words`, which may call them by name and give each a coupon like any private words; zero:
    they do not. More than `most_new` new products of a feed in a day, or a
    price lower than the last by more than the share `largest_drop`, are held.
    """

    feeds: Mapping[str, FeedRules] = field(default_factory=dict)
    approve: bool = True
    apart: timedelta = timedelta(hours=6)
    digest_from: int = 3
    everywhere: bool = False
    regulars: str = "老客"
    early: timedelta = timedelta(0)
    early_words: str = ""
    most_new: int = 30
    largest_drop: Decimal = Decimal("0.7")
