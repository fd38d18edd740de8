"""A campaign can aim at a topic of a forum, and is one message wherever it goes."""

from __future__ import annotations

import pytest

from handlers.events import TopicChanged
from handlers.previews import too_much
from scheduler.bodies import literal_body
from scheduler.content import Button, Content, Picture
from scheduler.courier import Address, Limits
from tests.handlers.scenes import TONIGHT, broadcast, state_counts, the_one
from tests.handlers.shop import ACCOUNT, MANAGER, Answers, Shop, chat_of, in_group

NEWS = Address(group="chat-一群", topic="7")
CARE = Address(group="chat-一群", topic="8")


async def forum(shop: Shop) -> None:
    """一群 is a forum with the topics 上新 and 售后; 二群 has a 上新 too."""
    for group, topic, name in (("一群", "7", "上新"), ("一群", "8", "售后"), ("二群", "3", "上新")):
        await changed(shop, group, topic, name)


async def changed(
    shop: Shop, group: str, topic: str, name: str | None, *, is_open: bool = True
) -> Answers:
    """A topic was opened, renamed or closed."""
    cursor = f"topic-{group}-{topic}-{name}-{is_open}"
    event = TopicChanged(ACCOUNT, cursor, shop.clock.now(), chat_of(group), topic, name, is_open)
    return await shop.hear(event)


@pytest.mark.parametrize(
    ("to", "named", "addresses"),
    [
        ("@一群#上新", "1 个群：一群#上新", [NEWS]),
        ("@一群＃上新", "1 个群：一群#上新", [NEWS]),
        ("@一群#上新 @一群#售后", "2 个群：一群#上新、一群#售后", [NEWS, CARE]),
        ("@一群 @一群#售后", "2 个群：一群、一群#售后", [in_group("一群"), CARE]),
        (
            "@福利群#上新",
            "2 个群：一群#上新、二群#上新",
            [NEWS, Address(group="chat-二群", topic="3")],
        ),
        ("@福利群#上新 -二群", "1 个群：一群#上新", [NEWS]),
    ],
)
async def test_a_post_goes_into_the_topics_that_were_named(
    shop: Shop, to: str, named: str, addresses: list[Address]
) -> None:
    await forum(shop)
    preview = await shop.says(MANAGER, f"/broadcast {to} {TONIGHT}")
    assert f"发到 {named}\n" in preview.text
    await shop.says(MANAGER, "/confirm")
    posted = await shop.delivers()
    assert sorted(map(str, posted.addresses)) == sorted(map(str, addresses))
    assert {one.content.text for one in posted} == {TONIGHT}
    assert (await shop.delivers()) == []


async def test_a_post_in_a_topic_is_taken_back_from_it(shop: Shop) -> None:
    await forum(shop)
    await broadcast(shop, to="@一群#上新")
    await shop.delivers()
    await shop.says(MANAGER, "/recall 1")
    (gone,) = shop.platform.deleted
    assert gone.address == NEWS


async def test_a_topic_stays_meant_whatever_it_is_called_later(shop: Shop) -> None:
    await forum(shop)
    await broadcast(shop, to="@一群#上新")
    await changed(shop, "一群", "7", "新品")
    assert (await shop.delivers()).addresses == [NEWS]


async def test_a_topic_that_is_not_there_gets_those_that_are(shop: Shop) -> None:
    await forum(shop)
    await changed(shop, "一群", "8", None, is_open=False)
    for name in ("上心", "售后"):
        answer = await shop.says(MANAGER, f"/broadcast @一群#{name} {TONIGHT}")
        assert f"没有叫「一群#{name}」的群或群标签，可以写：@" in answer.text
        assert "一群#上新" in answer.text
    assert await state_counts(shop) == {}


async def test_an_edit_moves_what_waits_into_another_topic(shop: Shop) -> None:
    await forum(shop)
    await broadcast(shop, to="@一群#上新")
    preview = await shop.says(MANAGER, f"/edit {(await the_one(shop)).id} @一群#售后")
    assert "发到 1 个群：一群#售后" in preview.text
    await shop.says(MANAGER, "/confirm")
    assert (await shop.delivers()).addresses == [CARE]


async def test_a_report_counts_a_group_once_however_many_of_its_topics_are_named(
    shop: Shop,
) -> None:
    await forum(shop)
    await shop.says("小鱼", "面霜好用")
    report = await shop.says(MANAGER, "/insights @一群#上新 @一群#售后")
    assert "\n一群 · 1 条 · 1 人" in report.text


# One message


async def test_a_post_that_is_too_long_for_its_platform_is_not_previewed(shop: Shop) -> None:
    shop.platform.limits = Limits(text_length=40)
    answer = await shop.says(MANAGER, f"/broadcast @一群 {TONIGHT * 7}")
    assert answer.text == "内容太长了，最多 40 个字。"
    assert "没有等着确认的内容" in (await shop.says(MANAGER, "/confirm")).text


async def test_an_edit_that_makes_a_post_too_long_is_not_previewed(shop: Shop) -> None:
    await shop.says(MANAGER, "/countdown 双12 @一群")
    await shop.says(MANAGER, "/confirm")
    shop.platform.limits = Limits(text_length=40)
    number = (await the_one(shop)).id
    answer = await shop.says(MANAGER, f"/edit {number} 还有 {{{{ days }}}} 天{'，快了' * 12}")
    assert answer.text == "内容太长了，最多 40 个字。"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (Content("早"), None),
        (Content("早上好啊", (Picture("1.png"),)), "配图的时候文字最多 3 个字。"),
        (Content("早", (Picture("1.png"),) * 3), "图太多了，一条最多 2 张。"),
        (
            Content("早", (Picture("1.png"),) * 2, (Button("好", "/help"),)),
            "带按钮的话，最多配 1 张图。",
        ),
    ],
)
async def test_what_is_too_much_for_one_message_is_named(
    shop: Shop, content: Content, complaint: str | None
) -> None:
    shop.platform.limits = Limits(caption_length=3, pictures=2, pictures_alone=True)
    chosen = [await shop.group("一群")]
    answer = too_much(shop.desk, literal_body(content), [], chosen)
    assert (None if answer is None else answer.content.text) == complaint
