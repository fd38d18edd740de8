"""A small programme's file that tests change one part of, and what it needs to be planned."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from scheduler.festivals import festivals_of
from scheduler.nodes import Node
from scheduler.programme import shipped_programmes
from scheduler.programme_file import read_programme
from scheduler.programme_parts import Programme

SALE = """
key = "sale"
valid_hours = 10
[name]
zh = "大促"
en = "sale"
[anchor]
solar = "11-11"
[promotion]
first_day = "d-3"
last_day = "d-0"
posts_a_day = 5
posts_a_week = 20
late_nights = ["d-0", "node:balance-end"]
[[fact]]
key = "gift"
kind = "text"
name = { zh = "礼" }
[[fact]]
key = "live"
kind = "moment"
name = { zh = "直播" }
[[fact]]
key = "member_day"
kind = "number"
name = { zh = "会员日" }
default = 18
[[phase]]
key = "before"
name = { zh = "预热" }
first = "d-10"
last = "d-1"
goal = { zh = "有用" }
[[phase]]
key = "day"
name = { zh = "当天" }
first = "d-0"
last = "d-0"
[[task]]
key = "wishes"
name = { zh = "心愿" }
phase = "before"
kind = "关怀互动"
on = "d-9"
at = "12:12"
buttons = [{ label = { zh = "许愿" }, says = "/wish" }]
[task.texts]
zh = ["还有{{ days }}天，{{ shop }}收心愿。", "{{ shop }}想听你们的心愿。"]
en = ["{{ days }} days.", "Your wishes."]
[[task]]
key = "count"
name = { zh = "倒计时" }
phase = "before"
kind = "预售预热"
on = "d-2..d-1"
at = "10:18"
picture = "countdown"
[task.texts.d-2]
zh = "后天"
[task.texts.d-1]
zh = "明天"
[[task]]
key = "old-fans"
name = { zh = "老朋友" }
phase = "before"
kind = "激活冲刺"
on = "11-05"
at = "10:42"
valid_hours = 3
audience = "joined > 90d and not staff"
needs = ["gift"]
texts = { zh = "{{ fan }}，{{ gift }}" }
[[task]]
key = "balance"
name = { zh = "尾款" }
phase = "before"
kind = "收割转化"
at = "node:balance-end-2h"
until = "node:balance-end"
texts = { zh = "{{ node }} {{ node_at }} {{ balance_end }}" }
[[task]]
key = "live"
name = { zh = "直播" }
phase = "day"
kind = "收割转化"
at = "fact:live-30m"
groups = "@福利群"
texts = { zh = "{{ live }}" }
[[task]]
key = "thanks"
name = { zh = "道谢" }
phase = "day"
kind = "关怀互动"
on = "d-0"
at = "22:12"
until = "24:00"
texts = { zh = "谢谢{{ gift }}" }
"""

BALANCE = Node(
    "balance-end",
    {"zh": "尾款截止", "en": "balances end"},
    datetime(2026, 11, 8, 20, tzinfo=ZoneInfo("Asia/Shanghai")),
    "test",
)
NODES = {"balance-end": BALANCE}
FACTS = {"gift": "护手霜", "live": "2026-11-11T20:30"}


DOUBLE11 = {
    "presale-start": (10, 14, 20),
    "balance-start": (10, 21, 20),
    "spot-start": (10, 21, 20),
    "balance-end": (10, 24, 21),
    "second-wave": (10, 31, 20),
    "encore-start": (11, 14, 20),
}
SIX_EIGHTEEN = {"sale-start": (5, 26, 20), "balance-end": (6, 9, 22)}


def told_for(key: str, year: int) -> dict[str, object]:
    """All the facts of a shipped programme, as a shop might tell them."""
    festival = next(
        found.day for found in festivals_of(year) if found.festival.key == "spring-festival"
    )
    days = {
        name: (festival + timedelta(days=after)).isoformat()
        for name, after in (("last_order", -9), ("last_parcel", -5), ("back_at_work", 7))
    }
    told = {
        "offer": "满300减40",
        "product": "云绒围巾",
        "gift": "护手霜一支",
        "sold_out": "云绒围巾的驼色",
        "dispatch": "付款后72小时内",
        "on_duty": "每天10点到18点有人值班",
        "live": f"{year}-11-09T19:30",
        "day_of_month": 8,
        **days,
    }
    facts = shipped_programmes()[key].facts
    return {fact.key: told[fact.key] for fact in facts}


def needed_for(key: str, year: int) -> dict[str, object]:
    """Only those facts without which a shipped programme cannot be switched on."""
    needed = {fact.key for fact in shipped_programmes()[key].facts if fact.needed}
    return {name: told for name, told in told_for(key, year).items() if name in needed}


def nodes_for(key: str, year: int) -> dict[str, Node]:
    """Nodes as they might be announced for a programme."""
    if key == "double11":
        found = DOUBLE11
    elif key == "618":
        found = SIX_EIGHTEEN
    else:
        return {}
    return {
        name: Node(
            name,
            {"zh": "节点", "en": "node"},
            datetime(year, *at, tzinfo=ZoneInfo("Asia/Shanghai")),
            "test",
        )
        for name, at in found.items()
    }


def written(folder: Path, text: str = SALE) -> Path:
    """The text as a file `sale.toml`."""
    path = folder / "sale.toml"
    path.write_text(text, encoding="utf-8")
    return path


def changed_sale(folder: Path, old: str, new: str) -> Programme:
    """The sale with one part changed."""
    assert SALE.count(old) >= 1, old
    return read_programme(written(folder, SALE.replace(old, new, 1)))
