"""What the tests of programmes share: a small programme, and a shop that has it in its folder."""

from __future__ import annotations

from pathlib import Path

from handlers.settings import ShopSettings
from storage.campaigns import StoredCampaign
from storage.database import Database
from tests.handlers.conftest import with_groups
from tests.handlers.scenes import made
from tests.handlers.shop import MANAGER, Answers, Shop, open_shop

SALE = """
key = "sale"
valid_hours = 8
[name]
zh = "秋季上新节"
en = "Autumn launch"
[anchor]
solar = "11-12"

[[fact]]
key = "gift"
kind = "text"
name = { zh = "赠品", en = "gift" }
needed = true

[[fact]]
key = "parcel"
kind = "day"
name = { zh = "发货日", en = "parcel day" }

[[phase]]
key = "warm"
name = { zh = "预热", en = "warm-up" }
first = "d-6"
last = "d-1"
goal = { zh = "让老朋友记起来", en = "wake the memory" }

[[phase]]
key = "main"
name = { zh = "当天", en = "the day" }
first = "d-0"
last = "d+4"

[[task]]
key = "hello"
name = { zh = "预告", en = "notice" }
phase = "warm"
kind = "关怀互动"
on = ["d-6", "d-3"]
at = "10:18"
[task.texts]
zh = "还有 {{ days }} 天，买就送{{ gift }}。"

[[task]]
key = "eve"
name = { zh = "前一晚", en = "eve" }
phase = "warm"
kind = "预售预热"
on = "d-1"
at = "20:12"
[task.texts]
zh = "{{ shop }}明天上新，先把购物车看一看。"

[[task]]
key = "regulars"
name = { zh = "老客先知道", en = "regulars first" }
phase = "warm"
kind = "激活冲刺"
on = "d-2"
at = "11:12"
audience = "tag:老客"
[task.texts]
zh = "{{ fan }}，{{ gift }}给你留了一份。"

[[task]]
key = "sent"
name = { zh = "发货通知", en = "dispatch" }
phase = "main"
kind = "收割转化"
on = "fact:parcel"
at = "10:24"
needs = ["parcel"]
[task.texts]
zh = "订单从今天开始发货啦。"
"""

ON = "/programme on sale @所有群 赠品=护手霜小样"


def write_sale(folder: Path, text: str = SALE) -> Path:
    """The shop's own folder of programmes, with this one in it."""
    folder.mkdir(exist_ok=True)
    (folder / "sale.toml").write_text(text, encoding="utf-8")
    return folder


async def shop_with_sale(
    database: Database, folder: Path, *, text: str = SALE, **settings: object
) -> Shop:
    """A shop with three groups, 福利群 being the tag of two, and the programme in its folder."""
    known = ShopSettings(programmes=write_sale(folder, text), **settings)  # type: ignore[arg-type]  # as named there
    return await with_groups(await open_shop(database, known))


async def switched_on(shop: Shop) -> Answers:
    """The manager switches the programme on and confirms it; what the bot answers to that."""
    await shop.says(MANAGER, ON, group=None)
    return await shop.says(MANAGER, "/confirm", group=None)


async def by_key(shop: Shop) -> dict[str, StoredCampaign]:
    """Every campaign by its key."""
    return {one.key: one for one in await made(shop)}
