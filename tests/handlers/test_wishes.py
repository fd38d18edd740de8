"""Fans wish and keep favourites by a word or a button; managers see how many, and nobody's name."""

from __future__ import annotations

from tests.handlers.shop import MANAGER, Shop, in_private


async def test_a_wish_is_kept_once_by_word_or_button(any_shop: Shop) -> None:
    shop = any_shop
    answer = await shop.presses("小鱼", "/wish 云絮面霜", group="一群")
    assert answer.text == "记下了，你想要「云絮面霜」，店里会看到。"
    assert answer.addresses == [in_private("小鱼")]
    assert answer.buttons == {"去掉": "/unwish 云絮面霜"}
    assert (await shop.says("小鱼", "/许愿 云絮面霜")).text == "「云絮面霜」早就记着啦。"
    await shop.says("小美", "/wish 云絮面霜")
    await shop.says("小美", "/favourite PDRN 精华")
    listed = await shop.says(MANAGER, "/wishes", group=None)
    assert listed.text == ("最想要的：\n· 云絮面霜：2 位\n收藏最多的：\n· PDRN 精华：1 位")


async def test_what_was_wished_for_is_shown_to_its_owner_and_let_go(shop: Shop) -> None:
    assert "还没有许愿" in (await shop.says("小鱼", "/wish")).text
    assert "还没有收藏" in (await shop.says("小鱼", "/favourite")).text
    await shop.says("小鱼", "/wish 云絮面霜")
    await shop.says("小鱼", "/favourite 云絮面霜")
    mine = await shop.says("小鱼", "/wish")
    assert mine.text == "你的愿望：\n· 云絮面霜"
    assert "愿望和收藏：云絮面霜" in (await shop.says("小鱼", "/me")).text
    drop = mine.buttons["去掉 云絮面霜"]
    assert (await shop.presses("小鱼", drop)).text == "好的，「云絮面霜」去掉了。"
    assert (await shop.presses("小鱼", drop)).text == "「云絮面霜」本来就没有记。"
    assert "云絮面霜" not in (await shop.says("小鱼", "/me")).text


async def test_the_staff_and_who_wants_no_record_wish_for_nothing(shop: Shop) -> None:
    await shop.says("小静", "/wish 云絮面霜")
    await shop.says("小静", "/norecord")
    assert "先发 /record" in (await shop.says("小静", "/wish 云絮面霜")).text
    assert "店里的人不参加" in (await shop.says(MANAGER, "/wish 云絮面霜")).text
    assert "还没有许愿" in (await shop.says(MANAGER, "/wishes", group=None)).text


async def test_a_wish_that_is_none_is_answered_with_an_example(shop: Shop) -> None:
    answer = await shop.says("小鱼", f"/wish {'长' * 41}")
    assert answer.text == "写得太长了，最多 40 个字。可以这样写：/wish 云絮面霜"


async def test_no_more_is_kept_than_so_many(shop: Shop) -> None:
    for number in range(50):
        await shop.says("小鱼", f"/wish 面霜第{number}款", group=None)
    answer = await shop.says("小鱼", "/wish 再来一款", group=None)
    assert answer.text == "已经记了 50 件，先去掉几件吧。"
