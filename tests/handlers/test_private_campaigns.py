"""A message to fans with a tag: each in private, never to a group, from the preview to the end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.courier import AddressGone
from storage import customers, reach, tags
from storage.tags import Tag
from tests.handlers.scenes import TONIGHT, made, second_manager, state_counts, the_one
from tests.handlers.shop import MANAGER, MINUTE, Opener, Shop, in_private
from tests.handlers.test_previews import at

TO = "@标签:老客"
LEAVES_OUT_ONLY = (
    "光写「-标签」不行：发到群里的消息，群里每个人都看得到。可以写：@标签:老客 -标签:敏感肌"
)
GROUPS_ONLY = (
    "这里只能选群。要私下发给带某个标签的粉丝，可以写："
    "/broadcast @标签:老客 新品到了，先给老朋友留一份"
)
WRONG_BRACES = (
    "这段内容里的花括号没写对。私信里能用的只有 {{ fan }}（称呼）、{{ shop }}（店名）、"
    "{{ slogan }}（口号）和 {{ coupon }}（券码）。"
)
HELLO = "{{ fan }}，{{ shop }}上新了，先给你留一份"


async def tagged(shop: Shop, *names: str, tag: str = "老客", group: str = "一群") -> None:
    """Fans of these names sit in a group and carry a tag."""
    await shop.joins(*names, group=group)
    for name in names:
        member = await shop.member(name)
        async with shop.desk.database.writing() as connection:
            given = Tag(member.id, tag, "manager:阿玲", "", shop.clock.now())
            await tags.set_tags(connection, [given])


async def previewed(shop: Shop, to: str = TO, text: str = TONIGHT) -> str:
    """What the preview of such a message says."""
    return (await shop.says(MANAGER, f"/broadcast {to} {text}", group=None)).text


async def sent(shop: Shop, to: str = TO, text: str = TONIGHT) -> None:
    """The manager has it sent, and it is."""
    await previewed(shop, to, text)
    await shop.says(MANAGER, "/confirm", group=None)
    await shop.delivers()


async def test_each_fan_with_the_tag_gets_it_in_private_by_name_and_no_group_does(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await tagged(shop, "小鱼", "小美")
    await tagged(shop, "小陈", tag="新客")
    preview = await shop.says(MANAGER, f"/broadcast {TO} {HELLO}", group=None)
    number = preview.buttons["确认发送"].split()[1]
    assert preview.text == (
        "要发的内容：\n小鱼，暖群小店上新了，先给你留一份\n\n"
        "私下发给 2 位粉丝，每人一条，不发到群里\n"
        f"没问题的话，10 分钟内发 /confirm {number}；不发了，发 /dismiss。"
    )
    answer = await shop.says(MANAGER, "/confirm", group=None)
    assert answer.text.startswith("好的，「上新了，先给你留一份」已确认")
    posted = await shop.delivers()
    assert {(str(one.address), one.content.text) for one in posted} == {
        (str(in_private("小鱼")), "小鱼，暖群小店上新了，先给你留一份"),
        (str(in_private("小美")), "小美，暖群小店上新了，先给你留一份"),
    }
    assert not await shop.delivers()
    assert await state_counts(shop) == {"sent": 2}


async def test_the_preview_says_who_cannot_be_reached_and_who_opted_out(shop: Shop) -> None:
    await tagged(shop, "小鱼", "小美", "小陈", "小李")
    async with shop.desk.database.writing() as connection:
        opted_out = await shop.member("小美")
        await customers.set_opt_out(connection, opted_out.customer_id, shop.clock.now())
        closed = await shop.member("小陈")
        await reach.mark_unreachable(connection, [closed.id], shop.clock.now())
    said = await previewed(shop)
    assert (
        "私下发给 2 位粉丝，每人一条，不发到群里\n另有 1 位私聊发不到\n"
        "另有 1 位退订了营销消息，不发\n"
    ) in said
    await shop.says(MANAGER, "/confirm", group=None)
    await shop.delivers()
    assert await state_counts(shop) == {"sent": 2, "skipped": 2}
    progress = (await shop.says(MANAGER, f"/progress {(await the_one(shop)).id}")).text
    assert "已发 2、跳过 2" in progress
    assert "跳过：私聊发不到（1 条）" in progress
    assert "跳过：退订了营销消息（1 条）" in progress


async def test_where_a_private_chat_has_to_be_opened_only_those_who_did_are_counted(
    shop: Shop,
) -> None:
    shop.platform.start_link = "https://t.example/bot?start=x"
    await tagged(shop, "小鱼", "小美")
    await shop.says("小鱼", "/start", group=None)
    said = await previewed(shop)
    assert "私下发给 1 位粉丝，每人一条，不发到群里\n另有 1 位私聊发不到\n" in said
    await shop.says(MANAGER, "/confirm", group=None)
    assert (await shop.delivers()).addresses == [in_private("小鱼")]


async def test_quiet_hours_and_caps_of_people_are_told_as_they_will_bind(shop: Shop) -> None:
    await tagged(shop, "小鱼", "小美")
    await sent(shop)
    await sent(shop)
    await tagged(shop, "小陈")
    said = await previewed(shop)
    assert "照现在的情形，有些人这次收不到：\n· 2 位：24 小时内已经发满\n" in said
    shop.clock.advance_to(at("23:10"))
    said = await previewed(shop)
    assert "· 3 位：免打扰时段，11-06 09:" in said
    answer = await shop.says(MANAGER, "/confirm", group=None)
    assert "· 3 位：免打扰时段，11-06 09:" in answer.text
    assert not await shop.delivers()
    shop.clock.advance_to(at("10:10", 6))
    assert len(await shop.delivers()) == 3


async def test_with_groups_it_is_those_who_sit_there(shop: Shop) -> None:
    await tagged(shop, "小鱼")
    await tagged(shop, "小美", group="二群")
    await shop.joins("小鱼", group="三群")
    await sent(shop, "@一群 @标签:老客")
    assert shop.platform.posts[-1].address == in_private("小鱼")
    for to, count in (
        ("@福利群 @标签:老客", 2),
        ("@标签:老客 -三群", 1),
        ("@tag:老客 -二群", 1),
        ("@TAG：老客 @三群", 1),
    ):
        assert f"私下发给 {count} 位粉丝" in await previewed(shop, to), to


async def test_tags_leave_out(shop: Shop) -> None:
    await tagged(shop, "小鱼", "小美")
    await tagged(shop, "小美", tag="敏感肌")
    assert "私下发给 1 位粉丝" in await previewed(shop, "@标签:老客 -标签:敏感肌")
    assert "私下发给 2 位粉丝" in await previewed(shop, "@标签:老客 @标签:敏感肌")


async def test_who_is_tagged_before_it_is_planned_gets_it_too(shop: Shop) -> None:
    await tagged(shop, "小鱼")
    await previewed(shop)
    await shop.says(MANAGER, "/confirm", group=None)
    await tagged(shop, "小美")
    assert len(await shop.delivers()) == 2


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        (
            f"/broadcast @标签:老友 {TONIGHT}",
            "还没有人带着标签「老友」，可以写：@标签:老客。现有的标签：新人、老客",
        ),
        (
            f"/broadcast @一群 -标签:老客 {TONIGHT}",
            LEAVES_OUT_ONLY,
        ),
        (
            f"/broadcast @四群 @标签:老客 {TONIGHT}",
            "没有叫「四群」的群或群标签，可以写：@二群。现有：一群、三群、二群、福利群",
        ),
        (
            "/countdown 双11 @标签:老客",
            GROUPS_ONLY,
        ),
        (
            "/greet 春节 @一群 @标签:老客",
            GROUPS_ONLY,
        ),
        (
            f"/broadcast {TO} {{{{ group }}}}的朋友",
            WRONG_BRACES,
        ),
        (f"/broadcast {TO} {'长' * 4097}", "内容太长了，最多 4096 个字。"),
    ],
)
async def test_what_cannot_be_meant_is_said_in_one_friendly_line(
    shop: Shop, says: str, answer: str
) -> None:
    await tagged(shop, "小鱼")
    assert (await shop.says(MANAGER, says, group=None)).text == answer
    assert await made(shop) == []


async def test_no_command_about_groups_takes_a_tag_for_every_group(shop: Shop) -> None:
    await tagged(shop, "小鱼")
    for says in ("/grouptag @标签:老客 新", "/admit @标签:老客 所有人", "/link @标签:老客"):
        assert "这里只能选群" in (await shop.says(MANAGER, says, group="一群")).text, says


async def test_the_form_takes_a_tag_for_a_message_and_for_nothing_else(shop: Shop) -> None:
    await tagged(shop, "小鱼")
    await shop.says(MANAGER, "/campaign", group=None)
    for said in ("群发", TO, "现在", HELLO):
        await shop.says(MANAGER, said, group=None)
    assert "私下发给 1 位粉丝" in (await shop.says(MANAGER, "跳过", group=None)).text
    await shop.says(MANAGER, "/dismiss", group=None)
    await shop.says(MANAGER, "/campaign", group=None)
    await shop.says(MANAGER, "倒计时", group=None)
    assert "这里只能选群" in (await shop.says(MANAGER, TO, group=None)).text


async def test_the_last_choice_may_be_people(shop: Shop) -> None:
    await tagged(shop, "小鱼", "小美")
    await tagged(shop, "小美", tag="敏感肌")
    await previewed(shop)
    assert "私下发给 2 位粉丝" in await previewed(shop, "@上次")
    assert "私下发给 1 位粉丝" in await previewed(shop, "@上次 -标签:敏感肌")


async def test_another_manager_sees_whom_it_is_for_and_approves(shop: Shop) -> None:
    await second_manager(shop)
    await tagged(shop, "小鱼")
    await previewed(shop, text=HELLO)
    await shop.says(MANAGER, "/confirm", group=None)
    campaign = await the_one(shop)
    shown = (await shop.says(MANAGER, f"/preview {campaign.id}", group=None)).text
    assert "要发的内容：\n小鱼，暖群小店上新了，先给你留一份" in shown
    assert "私下发给 1 位粉丝，每人一条，不发到群里" in shown
    assert not await shop.delivers()
    await shop.says("阿强", f"/approve {campaign.id}", group=None)
    assert (await shop.delivers()).addresses == [in_private("小鱼")]


async def test_the_plan_names_the_people_and_a_test_goes_to_oneself(shop: Shop) -> None:
    await second_manager(shop)
    await tagged(shop, "小鱼")
    await previewed(shop, text=HELLO)
    await shop.says(MANAGER, "/confirm", group=None)
    shop.clock.advance(timedelta(0))
    campaign = await the_one(shop)
    tried = await shop.says(MANAGER, f"/test {campaign.id}", group=None)
    assert tried[-1].content.text == "小鱼，暖群小店上新了，先给你留一份"
    assert tried[-1].address == in_private(MANAGER)


async def test_a_later_message_stands_in_the_plan_for_people(shop: Shop) -> None:
    await tagged(shop, "小鱼")
    await shop.says(MANAGER, "/campaign", group=None)
    for said in ("群发", TO, "明天 10:00", HELLO, "跳过"):
        await shop.says(MANAGER, said, group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    plan = (await shop.says(MANAGER, "/plan 3", group=None)).text
    assert "（私信 @标签:老客）小鱼，暖群小店上新了，先给你留一份" in plan


async def test_an_edit_keeps_to_people_and_may_take_other_tags(shop: Shop) -> None:
    await second_manager(shop)
    await tagged(shop, "小鱼")
    await tagged(shop, "小美", tag="新客")
    await previewed(shop, text=HELLO)
    await shop.says(MANAGER, "/confirm", group=None)
    number = (await the_one(shop)).id
    await shop.delivers()
    refused = (await shop.says(MANAGER, f"/edit {number} @一群", group=None)).text
    assert refused == (
        f"这是私下发的，不能改发到群里。可以改成别的标签，例如：/edit {number} @标签:老客"
    )
    wrong = (await shop.says(MANAGER, f"/edit {number} {{{{ group }}}}好", group=None)).text
    assert wrong.startswith("这段内容里的花括号没写对。私信里")
    shown = await shop.says(MANAGER, f"/edit {number} @标签:新客 {{{{ fan }}}}好", group=None)
    assert "要发的内容：\n小鱼好" in shown.text
    await shop.presses(MANAGER, shown.buttons["确认发送"])
    await shop.says("阿强", f"/approve {number} 2", group=None)
    posted = await shop.delivers()
    assert [(one.address, one.content.text) for one in posted] == [(in_private("小美"), "小美好")]
    assert await state_counts(shop) == {"cancelled": 1, "sent": 1}


async def test_a_message_to_groups_cannot_be_edited_into_one_to_people(shop: Shop) -> None:
    await second_manager(shop)
    await tagged(shop, "小鱼")
    await previewed(shop, "@一群")
    await shop.says(MANAGER, "/confirm", group=None)
    number = (await the_one(shop)).id
    said = (await shop.says(MANAGER, f"/edit {number} {TO}", group=None)).text
    assert said.startswith("这里只能选群。")


async def test_it_can_be_taken_back_from_the_private_chats(shop: Shop) -> None:
    await tagged(shop, "小鱼", "小美")
    shop.platform.keeps[in_private("小美")] = AddressGone("blocked")
    await sent(shop)
    number = (await the_one(shop)).id
    assert (await shop.says(MANAGER, f"/pin {number}", group=None)).text == "没有可以置顶的消息。"
    said = (await shop.says(MANAGER, f"/recall {number}", group=None)).text
    assert said == f"已从 1 位粉丝的私聊撤回「{TONIGHT}」。\n这些粉丝那里没能撤回：小美"
    assert [str(one.address) for one in shop.platform.deleted] == [str(in_private("小鱼"))]


async def test_nothing_of_it_goes_to_a_group_when_everybody_loses_the_tag(shop: Shop) -> None:
    await tagged(shop, "小鱼")
    await previewed(shop)
    await shop.says(MANAGER, "/confirm", group=None)
    await shop.says(MANAGER, "/untag @小鱼 老客", group=None)
    assert not await shop.delivers()
    shop.clock.advance(MINUTE)
    assert not await shop.delivers()
    assert TONIGHT not in shop.platform.said_in("一群")
    assert await state_counts(shop) == {}


async def test_it_is_said_in_english_too(opened: Opener) -> None:
    shop = await opened(language="en")
    await shop.opens("one")
    await tagged(shop, "Ann", tag="regular", group="one")
    preview = await shop.says(MANAGER, "/broadcast @tag:regular Hi {{ fan }}!", group=None)
    assert "Hi Sam!" in preview.text
    assert "Privately to fans: 1, one message each, nothing to groups" in preview.text
    await shop.says(MANAGER, "/confirm", group=None)
    assert [one.content.text for one in await shop.delivers()] == ["Hi Ann!"]
    plan = (await shop.says(MANAGER, "/broadcast @one -tag:regular Hi", group=None)).text
    assert plan.startswith("A tag alone cannot be left out")
