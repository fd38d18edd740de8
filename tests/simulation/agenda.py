"""What people do in a simulated year: the manager runs the shop's programmes, and fans talk.

The manager gives commands in the private chat, each followed by a yes. The sale's dates are the
manager's own words, since platforms announce those of a coming year late. Fans talk a little every
month, some come in, and some take part in draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum, auto

from scheduler.festivals import festivals_of

MOURNING = (5, 13)
"""The month and day that the manager declares a day of mourning: member day is on it."""

MEMBER_DAY = 13
_BROADCAST_EVERY = timedelta(days=14)
_NEWS = (
    "秋冬的围巾到货了，纯棉，三个颜色，想摸摸看的来店里",
    "茉莉花茶补货了，去年喝过的朋友说说怎么样",
    "保温杯的配件到了，杯盖和密封圈都能单买",
    "手账本新到两款，纸不透墨，图在商品页",
)


class Fans(Enum):
    """What fans do."""

    LISTEN = auto()
    TAKE_PART = auto()
    TALK = auto()
    COME_IN = auto()


@dataclass(frozen=True, slots=True)
class Deed:
    """Something the manager says at a local time (nothing: they are silent), and what fans do."""

    at: datetime
    says: str = ""
    fans: Fans = Fans.LISTEN


def deeds_of(year: int) -> list[Deed]:
    """A year's deeds, in the order of time."""
    return sorted(_deeds(year), key=lambda deed: deed.at)


def _deeds(year: int) -> Iterator[Deed]:
    def on(month: int, day: int, hour: int = 9, minute: int = 12) -> datetime:
        return datetime.combine(date(year, month, day), time(hour, minute))

    festival = _spring_festival(year)
    last_parcel, back = festival - timedelta(days=5), festival + timedelta(days=8)
    last_order = last_parcel - timedelta(days=2)
    yield Deed(on(1, 1, 9, 3), "/programme on festivals @所有群")
    yield Deed(
        on(1, 1, 9, 6),
        f"/programme on new-year-goods @所有群 年前发货的最后下单日={last_order:%m-%d}"
        " 这次的优惠=年货满三件减二十",
    )
    yield Deed(
        on(1, 1, 9, 9),
        f"/programme on spring-closing @所有群 年前最后发货日={last_parcel:%m-%d}"
        f" 年后复工发货日={back:%m-%d} 假期值班=小满每天十点到晚上八点",
    )
    yield Deed(
        on(1, 1, 9, 15),
        f"/programme on member-day @所有群 每月几号={MEMBER_DAY} 会员日的优惠=会员满百减十",
    )
    yield Deed(
        on(2, 24), "/programme on womens-day @所有群 这次的优惠=面霜两件减十五 主推的商品=面霜"
    )
    month, day = MOURNING
    yield Deed(on(month, day - 3), f"/mourn {month:02}-{day:02} 哀悼日")
    yield Deed(
        on(5, 16),
        "/programme on 618 @所有群 主推的商品=防晒霜 这次的优惠=满两百减二十 当天卖完的商品=草帽"
        " 多久发货=四十八小时内 开卖=05-31 20:00 尾款截止=06-17 22:00",
    )
    yield Deed(on(7, 22, 16), "/care 台风 @所有群 广东沿海")
    yield Deed(
        on(10, 9),
        "/double11 @所有群 主推的商品=面霜 这次的优惠=满三百减四十 给老朋友备的礼=护手霜小样"
        " 直播几点开始=11-05 20:00 当天卖完的商品=礼盒 多久发货=四十八小时内"
        " 预售开始=10-15 20:00 尾款开始=10-20 20:00 现货开始=10-20 21:00 第二波开始=10-31 20:00"
        " 尾款截止=11-10 23:12 返场=11-13 20:00",
    )
    yield Deed(
        on(12, 1), "/programme on double12 @所有群 这次的优惠=满百减八 多久发货=四十八小时内"
    )
    for month in (3, 6, 9, 11, 12):
        yield Deed(
            on(month, 5, 10, 33),
            f"/draw @所有群 {month}月抽奖 | 面霜正装 x1 | 小样 x5 | 截止 今晚8点",
            fans=Fans.TAKE_PART,
        )
    for month in range(1, 13):
        yield Deed(on(month, 3, 11, 3), fans=Fans.TALK)
        yield Deed(on(month, 8, 11, 3), fans=Fans.COME_IN)
    for number in range(26):
        moment = on(1, 14, 12, 36) + number * _BROADCAST_EVERY
        if moment.year == year:
            yield Deed(
                moment, f"/broadcast @所有群 {_NEWS[number % len(_NEWS)]}（第{number + 1}期）"
            )


def _spring_festival(year: int) -> date:
    return next(one.day for one in festivals_of(year) if one.festival.key == "spring-festival")


def within(deeds: Sequence[Deed], first: date, last: date) -> list[Deed]:
    """Those of some days, both included."""
    return [deed for deed in deeds if first <= deed.at.date() <= last]
