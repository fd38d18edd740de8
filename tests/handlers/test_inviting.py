"""A fan's own link into a group: theirs alone, made once, for groups they sit in."""

from __future__ import annotations

from handlers.events import Chat, GroupMoved, MemberJoined
from scheduler.courier import NothingSent, Unable
from storage import staff_chats
from tests.handlers.shop import ACCOUNT, MANAGER, Shop, chat_of, in_group, in_private


async def test_in_a_group_a_fan_gets_a_link_into_it_in_private(any_shop: Shop) -> None:
    shop = any_shop
    answer = await shop.says("小鱼", "/invite", group="一群")
    assert answer.addresses == [in_private("小鱼")]
    assert answer.text == "这是你进 一群 的邀请链接，发给朋友就行：\nhttps://t.example/+1"
    (made,) = shop.platform.links
    assert (made.address, made.name) == (in_group("一群"), "小鱼")


async def test_the_link_is_made_once_and_counts_who_came(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says("小鱼", "邀请", group="一群")
    link = "https://t.example/+1"
    came = MemberJoined(ACCOUNT, "x", shop.clock.now(), chat_of("一群"), shop.person("小美"), link)
    await shop.hear(came)
    again = await shop.says("小鱼", "/invite", group="一群")
    assert again.text.endswith(f"{link}\n已经有 1 位朋友用它进来了，谢谢你！")
    await shop.says("小美", "/invite", group="一群")
    assert [one.name for one in shop.platform.links] == ["小鱼", "小美"]


async def test_in_private_the_only_group_is_meant_and_of_several_one_is_chosen(
    shop: Shop,
) -> None:
    await shop.says("小鱼", "大家好", group="一群")
    assert "一群" in (await shop.says("小鱼", "/invite", group=None)).text
    await shop.says("小鱼", "大家好", group="二群")
    which = await shop.says("小鱼", "/invite", group=None)
    assert which.buttons == {"一群": "/invite @一群", "二群": "/invite @二群"}
    chosen = await shop.presses("小鱼", which.buttons["二群"])
    assert "进 二群 的邀请链接" in chosen.text


async def test_of_groups_a_fan_does_not_sit_in_nothing_is_said(shop: Shop) -> None:
    nowhere = await shop.says("小鱼", "/invite @三群", group=None)
    assert nowhere.text == "你还不在我照看的群里，进了群再来拿链接。"
    await shop.says("小鱼", "大家好", group="一群")
    for name in ("三群", "没有的群"):
        answer = await shop.says("小鱼", f"/invite @{name}", group=None)
        assert answer.text == "想请朋友进哪个群？"
        assert answer.buttons == {"一群": "/invite @一群"}
    assert shop.platform.links == []


async def test_in_a_chat_of_the_staff_nobody_is_invited(shop: Shop) -> None:
    chat, group = await shop.group("三群"), await shop.group("一群")
    async with shop.desk.database.writing() as connection:
        await staff_chats.tie(connection, chat.id, [group.id])
    answer = await shop.says(MANAGER, "/invite", group="三群")
    assert "三群" not in answer.text
    assert shop.platform.links == []


async def test_where_no_link_can_be_made_it_is_said_kindly(shop: Shop) -> None:
    shop.platform.refuses[in_group("一群")] = Unable("not enough rights")
    assert "在群里找管理员说一声" in (await shop.says("小鱼", "/invite", group="一群")).text
    shop.platform.refuses[in_group("一群")] = NothingSent("refused")
    assert "过一会儿" in (await shop.says("小鱼", "/invite", group="一群")).text
    shop.platform.refuses.clear()
    assert "邀请链接" in (await shop.says("小鱼", "/invite", group="一群")).text


async def test_who_brought_friends_by_hand_is_thanked_where_there_are_no_links(shop: Shop) -> None:
    shop.platform.refuses[in_group("一群")] = Unable("no links here")
    await shop.says("小鱼", "大家好", group="一群")
    fish = shop.person("小鱼")
    for name in ("小美", "圆圆"):
        came = MemberJoined(
            ACCOUNT, "x", shop.clock.now(), chat_of("一群"), shop.person(name), by=fish
        )
        await shop.hear(came, came)
    answer = await shop.says("小鱼", "/invite", group="一群")
    assert "2 位朋友是你拉进来的" in answer.text


async def test_a_group_that_moved_has_new_links(shop: Shop) -> None:
    await shop.says("小鱼", "/invite", group="一群")
    new = Chat("chat-超群", "一群")
    await shop.hear(GroupMoved(ACCOUNT, "x", shop.clock.now(), new, "chat-一群"))
    for _ in range(2):
        assert "https://t.example/+2" in (await shop.says("小鱼", "/invite", group=None)).text
    assert [one.address for one in shop.platform.links] == [in_group("一群"), in_group("超群")]
