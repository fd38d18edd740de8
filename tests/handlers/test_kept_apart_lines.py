"""A greeting's preview tells which groups get the same words as a neighbour, or as before."""

from __future__ import annotations

from tests.handlers.shop import MANAGER, Opener, Shop


async def test_where_texts_suffice_nothing_is_said(shop: Shop) -> None:
    await shop.joins("小美", group="一群")
    await shop.joins("小美", group="二群")
    preview = await shop.says(MANAGER, "/greet 冬至 @所有群")
    assert "重复" not in preview.text


async def test_too_few_texts_for_groups_that_share_fans_are_told(opened: Opener) -> None:
    shop = await opened(tones=("elegant",))
    names = ("一群", "二群", "三群")
    await shop.opens(*names)
    for name in names:
        await shop.joins("小美", group=name)
    preview = await shop.says(MANAGER, "/greet 冬至 @所有群")
    assert "文案不够分，有 1 处会重复：" in preview.text
    assert "有共同的粉丝，这次说的一样" in preview.text


async def test_words_of_the_last_two_years_are_told(opened: Opener) -> None:
    shop = await opened(tones=("playful",))
    await shop.opens("一群")
    for _ in range(2):
        await shop.says(MANAGER, "/greet 冬至 @所有群")
        await shop.says(MANAGER, "/confirm")
        shop.clock.advance_to(
            shop.clock.now().replace(
                year=shop.clock.now().year, month=12, day=22, hour=1, minute=45
            )
        )
        assert len(await shop.delivers()) == 1
        shop.clock.advance_to(shop.clock.now().replace(year=shop.clock.now().year + 1, month=11))
    preview = await shop.says(MANAGER, "/greet 冬至 @所有群")
    assert "· 「一群」两年内听过这一段" in preview.text
    assert len(set(shop.platform.said_in("一群"))) == len(shop.platform.said_in("一群")) == 2
