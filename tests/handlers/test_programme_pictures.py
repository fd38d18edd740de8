"""A countdown's pictures are drawn at the yes, and never for a preview."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import handlers.programme_pictures
from handlers.pictures.sheet import CountdownSheet
from scheduler.content import Picture
from storage import campaigns
from storage.database import Database
from tests.handlers.programme_scenes import SALE, by_key, shop_with_sale
from tests.handlers.scenes import OTHER, says, second_manager
from tests.handlers.shop import MANAGER, Shop

_EVE = 'on = "d-1"\nat = "20:12"'
_FACT = '[[fact]]\nkey = "product"\nkind = "text"\nname = { zh = "主推", en = "product" }\n\n'
COUNTED = SALE.replace(_EVE, f'{_EVE}\npicture = "countdown"').replace("明天上新", "上新")
TO_A_NODE = COUNTED.replace(_EVE, f'needs = ["node:end"]\n{_EVE}')
OF_A_PRODUCT = COUNTED.replace("[[phase]]", _FACT + "[[phase]]", 1)
EVE = 4


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[CountdownSheet]:
    """What was drawn, which is told instead of being drawn."""
    asked: list[CountdownSheet] = []

    async def draws(sheets: Sequence[CountdownSheet]) -> list[Picture]:
        asked.extend(sheets)
        return [Picture.drawn(f"{one.title} {one.figure} {one.product}".encode()) for one in sheets]

    monkeypatch.setattr(handlers.programme_pictures, "countdown_pictures", draws)
    return asked


async def counted(database: Database, tmp_path: Path, text: str = COUNTED) -> Shop:
    """A shop whose programme has one picture, on the evening before."""
    return await shop_with_sale(database, tmp_path / "programmes", text=text)


async def picture_kept(shop: Shop) -> list[dict[str, Any]]:
    """The picture that the eve's post goes out with."""
    version = (await by_key(shop))["sale:2026"].version_id
    async with shop.desk.database.reading() as connection:
        body = (await campaigns.bodies(connection, [version]))[version]
    found: list[dict[str, Any]] = body.get("pictures", {}).get("eve", [])
    return found


def picture(words: str) -> list[dict[str, str]]:
    return [{"source": Picture.drawn(words.encode()).source, "caption": ""}]


async def test_it_is_drawn_at_the_yes_and_not_before(
    database: Database, tmp_path: Path, drawn: list[CountdownSheet]
) -> None:
    shop = await counted(database, tmp_path)
    preview = await says(shop, "/programme on sale @所有群 赠品=小样")
    assert "没有配图" not in preview
    assert drawn == []
    await says(shop, "/confirm")
    assert [one.figure for one in drawn] == ["就在明天"]
    assert await picture_kept(shop) == picture("秋季上新节 就在明天 ")


async def test_it_is_looked_at_before_the_yes(
    sqlite: Database, tmp_path: Path, drawn: list[CountdownSheet]
) -> None:
    shop = await counted(sqlite, tmp_path)
    await says(shop, "/programme on sale @所有群 赠品=小样")
    answer = await shop.says(MANAGER, f"/programme sale {EVE}", group=None)
    (one,) = answer
    assert one.content.pictures == (Picture.drawn("秋季上新节 就在明天 ".encode()),)
    (other,) = await shop.says(MANAGER, "/programme sale 1", group=None)
    assert other.content.pictures == ()
    assert len(drawn) == 1


@pytest.mark.usefixtures("drawn")
async def test_wherever_a_post_is_shown_it_is_said_that_it_has_one(
    database: Database, tmp_path: Path
) -> None:
    shop = await counted(database, tmp_path)
    line, look = "11-11 20:12 [配图] 暖群小店上新", f"图先看一眼：/programme sale {EVE}"
    preview = await says(shop, "/programme on sale @所有群 赠品=小样")
    assert preview.count("[配图]") == 1
    assert line in preview
    assert look in preview
    await second_manager(shop)
    await says(shop, "/confirm")
    number = (await by_key(shop))["sale:2026"].id
    for command in (f"/preview {number}", "/approve programme sale"):
        answer = await says(shop, command, OTHER)
        assert answer.count("[配图]") == 1, command
        assert "图先看一眼：/programme sale eve" in answer, command
    tried = await says(shop, f"/test {number}")
    assert tried.endswith("这一条没有配图，后面有的。\n图先看一眼：/programme sale eve")
    assert "11-11 20:12 [等批准] [配图] 暖群" in await says(shop, "/programme sale")
    (shown,) = await shop.says(OTHER, "/programme sale eve", group=None)
    assert len(shown.content.pictures) == 1
    await says(shop, "/programme skip sale 1")
    await says(shop, "/programme skip sale 2")
    (_, trial) = await shop.says(MANAGER, f"/test {number}", group=None)
    assert len(trial.content.pictures) == 1


async def test_it_counts_down_to_the_node_that_the_post_speaks_of(
    sqlite: Database, tmp_path: Path, drawn: list[CountdownSheet]
) -> None:
    shop = await counted(sqlite, tmp_path, TO_A_NODE)
    await says(shop, "/programme on sale @所有群 赠品=小样 结束=11-14 20:00")
    await says(shop, "/confirm")
    (one,) = drawn
    assert (one.figure, one.title, one.node) == ("3", "秋季上新节 结束", "11月14日20:00")


async def test_an_update_draws_what_is_new_in_a_picture_and_keeps_the_others(
    sqlite: Database, tmp_path: Path, drawn: list[CountdownSheet]
) -> None:
    shop = await counted(sqlite, tmp_path, OF_A_PRODUCT)
    await says(shop, "/programme on sale @所有群 赠品=小样 主推=山茶精华")
    await says(shop, "/confirm")
    await says(shop, "/programme on sale 赠品=面膜")
    await says(shop, "/confirm")
    assert len(drawn) == 1
    assert await picture_kept(shop) == picture("秋季上新节 就在明天 山茶精华")
    await says(shop, "/programme on sale 主推=玫瑰面霜")
    await says(shop, "/confirm")
    assert await picture_kept(shop) == picture("秋季上新节 就在明天 玫瑰面霜")


async def test_a_moved_post_has_its_picture_drawn_anew_at_the_yes(
    sqlite: Database, tmp_path: Path, drawn: list[CountdownSheet]
) -> None:
    shop = await counted(sqlite, tmp_path)
    await says(shop, "/programme on sale @所有群 赠品=小样")
    await says(shop, "/confirm")
    await says(shop, "/programme move sale eve 11-10 20:12")
    assert len(drawn) == 1
    assert "改好了" in await says(shop, "/confirm")
    assert "改好了" in await says(shop, "/confirm")  # the same yes again
    assert await picture_kept(shop) == picture("秋季上新节 2 ")


@pytest.mark.parametrize("product", ["玫瑰面霜", "全网最好用的面霜"])
async def test_a_post_that_can_have_no_picture_is_pointed_out(
    sqlite: Database,
    tmp_path: Path,
    drawn: list[CountdownSheet],
    monkeypatch: pytest.MonkeyPatch,
    product: str,
) -> None:
    if product == "玫瑰面霜":
        monkeypatch.setattr(handlers.programme_pictures, "find_fonts", lambda: None)
    shop = await counted(sqlite, tmp_path, OF_A_PRODUCT)
    preview = await says(shop, f"/programme on sale @所有群 赠品=小样 主推={product}")
    assert f"没有配图，只发文字（图没画成，或者图上的字要先改）：第 {EVE} 条" in preview
    assert "[配图]" not in preview
    assert "图先看一眼" not in preview
    await says(shop, "/confirm")
    assert drawn == []
    assert await picture_kept(shop) == []


async def test_what_cannot_be_drawn_after_all_goes_without(
    sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(sheets: Sequence[CountdownSheet]) -> list[None]:
        return [None] * len(sheets)

    monkeypatch.setattr(handlers.programme_pictures, "countdown_pictures", nothing)
    shop = await counted(sqlite, tmp_path)
    await says(shop, "/programme on sale @所有群 赠品=小样")
    answer = await says(shop, "/confirm")
    assert "开好了" in answer
    assert "有 1 张图没画成，那几条只发文字。" in answer
    assert await picture_kept(shop) == []
