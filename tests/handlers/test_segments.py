"""Finding people by conditions, saving that under a name, and writing to them."""

from __future__ import annotations

import pytest

from handlers.arguments import Groups, Unreadable
from handlers.insight_arguments import SegmentWord
from handlers.people_words import in_brackets
from handlers.segment_deeds import SegmentDeed
from tests.handlers.shop import MANAGER, Opener, Shop, in_private
from tests.handlers.test_private_campaigns import previewed, tagged


async def asked(shop: Shop, text: str) -> str:
    """What the manager is answered in private."""
    return (await shop.says(MANAGER, f"/segment {text}", group=None)).text


async def test_an_expression_tells_how_many_and_who_some_of_them_are(any_shop: Shop) -> None:
    shop = any_shop
    await tagged(shop, "小鱼爱吃鱼", "小美爱美")
    await tagged(shop, "小陈爱喝茶", tag="新客", group="二群")
    text = await asked(shop, "标签:老客 或 group = 二群")
    assert text.splitlines()[:2] == ["tag:老客 or group = 二群", "一共 3 位"]
    assert "私信能发到 3 位" in text
    assert "不发到群里" not in text
    assert "小**鱼" in text
    assert "小鱼爱吃鱼" not in text
    assert "/broadcast @(tag:老客 or group = 二群) " in text


async def test_whoever_may_see_names_sees_them_and_the_look_is_noted(opened: Opener) -> None:
    shop = await opened(names_for=(f"room:id-{MANAGER}",))
    await tagged(shop, "小鱼爱吃鱼")
    assert "比如：小鱼爱吃鱼" in await asked(shop, "tag:老客")
    assert "看了「tag:老客」里有谁" in (await shop.says(MANAGER, "/audit", group=None)).text


async def test_a_segment_is_saved_shown_used_and_deleted(shop: Shop) -> None:
    await tagged(shop, "小鱼", "小美")
    assert "还没有保存过分组" in await asked(shop, "")
    saved = await asked(shop, "常客 = tag:老客 and not optedout")
    assert saved.startswith("已存成分组「常客」：tag:老客 and not optedout\n一共 2 位")
    assert await asked(shop, "") == "常客：2 位 · tag:老客 and not optedout"
    assert "一共 2 位" in await asked(shop, "常客")
    assert "一共 2 位" in await asked(shop, "not not 分组:常客")
    assert "分组「常客」删掉了" in await asked(shop, "删除 常客")
    assert "没有叫「常客」的分组" in await asked(shop, "delete 常客")
    log = (await shop.says(MANAGER, "/audit", group=None)).text
    assert "存了分组「常客」" in log
    assert "删了分组「常客」" in log


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tag:老客 adn tag:新客", "tag:老客 adn tag:新客\n    　　 ^\n两个条件之间要写 and"),
        ("老友", "不认识「老友」，例如 tag:老友"),
        ("订单 > 3", "还不能按「订单」找人"),
        ("tag:没人带", "还没有人带着标签「没人带」"),
        ("group = 九群", '没有叫「九群」的群，可以写：group = "'),
        ("grouptag = 华东", "没有叫「华东」的群标签"),
        ("分组:没有", "还没有保存过分组"),
        ("坏 = tag:", "后面还少一点，例如 tag:敏感肌"),
    ],
)
async def test_what_is_wrong_is_told_with_its_place(shop: Shop, text: str, said: str) -> None:
    await tagged(shop, "小鱼")
    assert said in await asked(shop, text)


@pytest.mark.parametrize(
    "to", ["@分组:沉默", "@(tag:老客 and not tag:新客)", "@（标签:老客 且 非 标签:新客）"]
)
async def test_a_message_goes_to_the_people_of_a_segment_or_an_expression(
    shop: Shop, to: str
) -> None:
    await tagged(shop, "小鱼", "小美")
    await tagged(shop, "小美", tag="新客")
    await asked(shop, "沉默 = tag:老客 and not tag:新客")
    assert "私下发给 1 位粉丝" in await previewed(shop, to)
    await shop.says(MANAGER, "/confirm", group=None)
    # What is approved stays what it was, whatever becomes of the saved segment.
    await asked(shop, "沉默 = tag:新客")
    assert (await shop.delivers()).addresses == [in_private("小鱼")]


async def test_everybody_but_some_is_meant_only_where_it_is_asked_for_in_brackets(
    shop: Shop,
) -> None:
    await tagged(shop, "小鱼", "小美")
    await shop.says(MANAGER, "/untag @小鱼 老客")
    assert "光写「-标签」不行" in await previewed(shop, "-标签:老客")
    assert "私下发给 1 位粉丝" in await previewed(shop, "@（非 标签:老客）")


async def test_a_name_with_a_blank_is_looked_at_as_it_was_saved(shop: Shop) -> None:
    await tagged(shop, "小鱼")
    await asked(shop, '"老 客" = tag:老客')
    shown = await asked(shop, '"老 客"')
    assert shown.startswith("tag:老客\n一共 1 位")
    assert '@分组:"老 客"' in shown


async def test_words_of_a_segment_alone_are_read(shop: Shop) -> None:
    await tagged(shop, "小鱼")
    await asked(shop, "常客 = tag:老客")
    for whom in ("分组:常客", "@segment:常客", "segment:常客 7"):
        answer = await shop.says(MANAGER, f"/insights {whom}", group=None)
        assert "只看符合「segment:常客」的人（共 1 位）" in answer.text
    answer = await shop.says(MANAGER, "/insights 7 (tag:老客 and reachable)", group=None)
    assert "没有人符合「tag:老客 and reachable」" in answer.text
    wrong = await shop.says(MANAGER, "/insights 7 (tag:老客 and)", group=None)
    assert "例如 tag:敏感肌" in wrong.text


@pytest.mark.parametrize(
    ("written", "expression", "wanted"),
    [
        ("@标签:老客 -标签:敏感肌 文字", "tag:老客 and not tag:敏感肌", ()),
        ("@tag:a @标签:b @一群 -分组:c 文字", "tag in (a, b) and not segment:c", ("一群",)),
        ("@(tag:a or 退订) -（群 = 二群） 文字", "(tag:a or optedout) and not group = 二群", ()),
        ('@(tag:"a)") 文字', 'tag:"a)"', ()),
    ],
)
def test_people_may_stand_among_groups(
    written: str, expression: str, wanted: tuple[str, ...]
) -> None:
    read, left = Groups.read(written)
    assert left == "文字"
    assert read.audience is not None
    assert read.audience.segment is not None
    assert read.audience.segment.expression == expression
    assert read.audience.wanted == wanted
    again, _ = Groups.read(read.written)
    assert again == read


def test_people_who_are_too_many_together_are_told() -> None:
    half = " or ".join(["staff"] * 30)
    with pytest.raises(Unreadable, match="条件太多了"):
        Groups.read(f"@({half}) @({half}) 文字")


def test_a_group_whose_name_begins_with_a_bracket_is_still_one() -> None:
    read, left = Groups.read("@（深圳）福利群 文字")
    assert read.audience is not None
    assert (read.audience.wanted, read.audience.segment, left) == (
        ("（深圳）福利群",),
        None,
        "文字",
    )


def test_a_bracket_that_is_never_closed_ends_with_its_line() -> None:
    found = in_brackets("(tag:a and\n正文")
    assert found is not None
    assert (found.written, found.left) == ("(tag:a and", "\n正文")
    with pytest.raises(Unreadable) as raised:
        Groups.read("@(tag:a and\n正文")
    assert "这个括号没有关上" in raised.value.sentence or "还少一点" in raised.value.sentence


@pytest.mark.parametrize(
    ("text", "name", "expression"),
    [
        ("tag:a", None, "tag:a"),
        ("常客", None, "常客"),
        ("messages = 5", None, "messages = 5"),
        ("群=一群", None, "群=一群"),
        ("常客=tag:a", "常客", "tag:a"),
        ('"老 客" ＝ tag:a or tag:b', "老 客", "tag:a or tag:b"),
        ("tag:a and group = 一群", None, "tag:a and group = 一群"),
        ("删除 常客", "常客", ""),
        ('delete "老 客"', "老 客", ""),
    ],
)
def test_what_is_asked_of_segments(text: str, name: str | None, expression: str) -> None:
    assert SegmentDeed.read(text) == (SegmentDeed(name, expression), "")


@pytest.mark.parametrize("text", ["", "删除 a b", "常客 = ", f"{'长' * 31} = tag:a"])
def test_what_is_asked_wrongly_of_segments(text: str) -> None:
    with pytest.raises(Unreadable):
        SegmentDeed.read(text)


@pytest.mark.parametrize(
    "text", ["segment:常客", "分组:常客 7", '分组:"老 客"', "(tag:a or tag:b) 7"]
)
def test_a_segment_word_is_read_again_as_it_is_written(text: str) -> None:
    read, _ = SegmentWord.read(text)
    assert SegmentWord.read(read.written)[0] == read


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "/segment tag:老客 and not tag:敏感机",
            "「敏感机」，排除它没有避开谁。是不是「敏感肌」？",
        ),
        ("/segment tag:老客 and not tag:员工", "还没有人带着标签「员工」，排除它没有避开谁\n"),
        ("/broadcast @标签:老客 -标签:敏感机 今晚上新", "「敏感机」，排除它没有避开谁。是不是"),
        ("/segment tag:老客 and not tag:敏感肌", ""),
        ("/broadcast @标签:老客 -标签:敏感肌 今晚上新", ""),
    ],
)
async def test_a_tag_that_leaves_nobody_out_is_pointed_out(
    shop: Shop, text: str, told: str
) -> None:
    await tagged(shop, "小鱼", "小美")
    await tagged(shop, "小陈", tag="敏感肌", group="二群")
    answer = (await shop.says(MANAGER, text, group=None)).text
    assert told in answer
    assert ("没有避开谁" in answer) is bool(told)
