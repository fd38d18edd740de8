"""What `/arrive` and `/feeds` take: a product as it is typed, one by its number, a feed by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

from handlers.arguments import Unreadable, one_of, token
from handlers.arrivals.plain import LONGEST_TITLE, address, amount, plain
from handlers.desk import shortened

_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_MEANT_AS_LINK = re.compile(r"\S*://\S*|www\.\S+|(?:javascript|mailto|tel|data):\S*", re.IGNORECASE)
_MEANT_AS_PRICE = re.compile(
    r"[-−－+＋]?[¥￥$€£]?[-−－]?\d[\d.,，]*(?:元|块钱?|圆)?"
    r"|[零〇一二两三四五六七八九十百千万]{2,}(?:元|块钱?|圆)?|[零〇一二两三四五六七八九十](?:元|块钱?|圆)"
)
_NUMBERED = re.compile(r"[#＃](\d{1,18})")
_DEED_WORDS = {"look": False, "看": False, "accept": True, "收下": True}


@dataclass(frozen=True, slots=True)
class TypedWare:
    """A product in a manager's words: `面霜加量装 199 https://…`; price and link may be missing."""

    label: ClassVar[str] = "商品 价格 链接"
    title: str
    price: Decimal | None
    currency: str
    link: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """The name, then a price, then an address, to the end of what is written.

        What was meant to be a price or an address, and is none, never becomes a part of the name.
        """
        words = rest.split()
        links = [one for one in words if _MEANT_AS_LINK.fullmatch(one)]
        for one in links:
            if not _LINK.fullmatch(one) or not address(one, ""):
                sentence = "没看懂链接「{link}」，要以 https:// 开头，前面空一格"
                raise Unreadable(sentence, link=shortened(one))
        if len(links) > 1:
            raise Unreadable("写了 {count} 个链接，只能写一个", count=len(links))
        left = [one for one in words if one not in links]
        price = amount(left[-1], "CNY") if len(left) > 1 else None
        if price is None and len(left) > 1 and _MEANT_AS_PRICE.fullmatch(left[-1]):
            raise Unreadable("没看懂价格「{price}」，写成 299 或 19.9", price=shortened(left[-1]))
        title = " ".join(left[:-1] if price else left)
        if not title or len(title) > LONGEST_TITLE or plain(title) != title:
            sentence = "先写商品名（最多 {most} 个字），再写价格和链接"
            raise Unreadable(sentence, most=LONGEST_TITLE)
        link = address(links[0], "") if links else ""
        return cls(title, price[0] if price else None, price[1] if price else "CNY", link), ""


@dataclass(frozen=True, slots=True)
class ProductNumber:
    """A product that is known, by its number: `#12`."""

    label: ClassVar[str] = "#商品编号"
    number: int

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A number with its sign: a name may begin with a number itself."""
        text, left = token(rest)
        found = _NUMBERED.fullmatch(text)
        if not found:
            raise Unreadable("商品编号要写成 #12")
        return cls(int(found[1])), left


@dataclass(frozen=True, slots=True)
class FeedDeed:
    """What to do with a feed: `look` (看) at it now, or `accept` (收下) it as it is."""

    label: ClassVar[str] = "看|收下"
    accepts: bool

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """One word, in English or Chinese."""
        otherwise = "要做什么？写 看 或 收下，再写货源的名字"
        accepts, left = one_of(_DEED_WORDS, rest, otherwise)
        return cls(accepts), left


@dataclass(frozen=True, slots=True)
class FeedName:
    """A feed by its name in the configuration."""

    label: ClassVar[str] = "货源"
    name: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """One word."""
        text, left = token(rest)
        if not text:
            raise Unreadable("还没说是哪个货源")
        return cls(text), left
