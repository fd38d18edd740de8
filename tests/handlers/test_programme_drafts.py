"""A programme that is made anew keeps what a manager changed, and no yes for other words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storage import campaigns
from storage.database import Database
from tests.handlers.programme_scenes import SALE, by_key, shop_with_sale, switched_on
from tests.handlers.scenes import says
from tests.handlers.shop import Shop


@pytest.fixture
async def shop(sqlite: Database, tmp_path: Path) -> Shop:
    """A shop whose folder holds a small programme."""
    return await shop_with_sale(sqlite, tmp_path / "programmes")


@pytest.fixture
async def any_shop(database: Database, tmp_path: Path) -> Shop:
    """The same on SQLite and on PostgreSQL."""
    return await shop_with_sale(database, tmp_path / "programmes")


async def body_of(shop: Shop, key: str = "sale:2026") -> dict[str, Any]:
    """What a campaign says in its newest version."""
    campaign = (await by_key(shop))[key]
    async with shop.desk.database.reading() as connection:
        found = await campaigns.bodies(connection, [campaign.version_id])
    return dict(found[campaign.version_id])


async def made_anew(shop: Shop, facts: str) -> str:
    """The shop says more, and has the programme follow; the preview of that."""
    await says(shop, f"/programme facts sale {facts}")
    return await says(shop, "/programme on sale")


async def test_a_trial_with_its_texts_is_kept_when_more_is_known(shop: Shop) -> None:
    await switched_on(shop)
    number = (await by_key(shop))["sale:2026"].id
    await says(shop, f"/trial {number} 另一版 {{{{ shop }}}}悄悄备了礼，先到先得")
    await says(shop, "/confirm")
    await says(shop, f"/trial {number} 回复 48小时 3")
    await says(shop, "/confirm")
    plan = (await body_of(shop))["test"]
    await made_anew(shop, "发货日=11-15")
    await says(shop, "/confirm")
    body = await body_of(shop)
    assert body["test"] == plan
    assert len(body["templates"]["hello:1"]) == 2
    assert isinstance(body["templates"]["sent"], str)


async def test_an_update_is_previewed_as_it_will_be_and_says_what_changes(any_shop: Shop) -> None:
    shop = any_shop
    await switched_on(shop)
    preview = await made_anew(shop, "赠品=玫瑰面膜 发货日=11-15")
    changed = preview.partition("这次改的：\n")[2].partition("改完一共：")[0]
    assert "1 · 11-06 10:18 还有 6 天，买就送玫瑰面膜。\n" in changed
    assert "5 · 11-15 10:24 订单从今天开始发货啦。\n" in changed.replace("6 · ", "5 · ")
    assert "前一晚" not in changed
    assert "1 · 11-06 10:18 [这次改] 还有 6 天，买就送玫瑰面膜。" in preview
    assert "护手霜" not in preview
    await says(shop, "/confirm")
    assert "[这次改]" not in await says(shop, "/programme sale")


async def test_each_campaign_lets_pass_what_it_says_itself(
    sqlite: Database, tmp_path: Path
) -> None:
    text = SALE.replace("{{ fan }}，{{ gift }}给你留了一份。", "{{ fan }}，给你留了一份。")
    shop = await shop_with_sale(sqlite, tmp_path / "programmes", text=text)
    await let_pass(shop)
    assert (await body_of(shop))["overrides"]
    assert "overrides" not in await body_of(shop, "sale:2026:regulars")


async def test_words_that_a_manager_let_pass_are_asked_about_once(shop: Shop) -> None:
    await let_pass(shop)
    assert "✗" not in await made_anew(shop, "发货日=11-15")
    await says(shop, "/confirm")
    assert (await body_of(shop))["overrides"]


async def test_other_words_are_not_let_pass_with_the_old_ones(shop: Shop) -> None:
    await let_pass(shop)
    assert "✗" in await made_anew(shop, "赠品=全国第一的小样")
    assert "措辞要改一下" in await says(shop, "/confirm")
    assert (await body_of(shop))["facts"]["hello:1"]["gift"] == "全网最好用的小样"


async def let_pass(shop: Shop) -> None:
    """The programme is on, with a gift that breaks a rule and that the manager has let pass."""
    preview = await says(shop, "/programme on sale @所有群 赠品=全网最好用的小样")
    assert "✗" in preview
    number = preview.rpartition("/override ")[2].split()[0]
    assert "放行" in await says(shop, f"/override {number}")
    assert "开好了" in await says(shop, "/confirm")
