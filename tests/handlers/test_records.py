"""The audit log is read in words: who changed what, the newest first."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from handlers.commands.records import SENTENCES
from handlers.staff import GREETINGS
from storage import audit
from storage.database import Database
from tests.handlers.programme_scenes import shop_with_sale
from tests.handlers.scenes import OTHER, TONIGHT, broadcast, says, second_manager
from tests.handlers.shop import MANAGER, MINUTE, Shop, in_private


async def last_line(shop: Shop) -> str:
    """The newest change, without its time."""
    answer = await shop.says(MANAGER, "/audit")
    return answer.text.splitlines()[1].partition(" ")[2].split(" ", 2)[2]


async def test_nothing_changed_is_told_so(shop: Shop) -> None:
    assert (await shop.says(MANAGER, "/audit")).text == "还没有改动。"


@pytest.mark.parametrize(
    ("says", "line"),
    [
        ("/pause 1", f"阿玲 暂停了「{TONIGHT}」"),
        ("/cancel 1", f"阿玲 取消了「{TONIGHT}」"),
        ("/recall 1", f"阿玲 撤回了「{TONIGHT}」"),
        ("/pin 1", f"阿玲 置顶了「{TONIGHT}」"),
        ("/halt", "阿玲 急停了所有发送"),
        ("/tag @小鱼 老客", "阿玲 给 小鱼 贴了「老客」"),
        ("/untag @小鱼 新人", "阿玲 去掉了 小鱼 的「新人」"),
        ("/watch 补水 = 想要", "阿玲 关注了「补水」，贴「想要」"),
        ("/grouptag @一群 福利 老客", "阿玲 给 一群 的群标签：福利、老客"),
        ("/timezone @一群 Europe/Paris", "阿玲 把 一群 的时区设为 Europe/Paris"),
        ("/timezone @小鱼 Asia/Tokyo", "阿玲 把 小鱼 的时区设为 Asia/Tokyo"),
        ("/optout", "阿玲 退订了营销消息"),
    ],
)
async def test_each_change_is_said_in_words(shop: Shop, says: str, line: str) -> None:
    await shop.joins("小鱼")
    await broadcast(shop)
    if says.startswith(("/recall", "/cancel", "/pin")):
        await shop.desk.planner.plan_ahead()
    if says.startswith(("/recall", "/pin")):
        await shop.delivers()
    await shop.says(MANAGER, says)
    assert await last_line(shop) == line


async def test_two_managers_are_told_apart(shop: Shop) -> None:
    await second_manager(shop)
    await broadcast(shop)
    assert await last_line(shop) == f"阿玲 提交了「{TONIGHT}」，等批准"
    shop.clock.advance(MINUTE)
    await shop.says(OTHER, "/approve 1")
    answer = await shop.says(MANAGER, "记录")
    assert answer.text == (
        "改动，新的在前：\n"
        f"· 11-05 10:01 阿强 批准了「{TONIGHT}」\n"
        f"· 11-05 10:00 阿玲 提交了「{TONIGHT}」，等批准"
    )
    assert answer.addresses == [in_private(MANAGER)]


async def test_only_the_last_twenty_are_shown(shop: Shop) -> None:
    for number in range(25):
        await shop.says(MANAGER, f"/watch 词{number} = 标签")
    answer = await shop.says(MANAGER, "/audit")
    assert answer.text.count("\n· ") == 20
    assert "词24" in answer.text
    assert "词4」" not in answer.text


async def test_a_change_of_an_unknown_kind_is_shown_as_it_is_kept(shop: Shop) -> None:
    async with shop.desk.database.writing() as connection:
        now = shop.clock.now()
        await audit.note(connection, audit.Entry(now, "room:someone", "repaint", "shop", {}))
    assert await last_line(shop) == "room:someone repaint shop"


async def test_what_programmes_do_is_said_by_name(sqlite: Database, tmp_path: Path) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes")
    await says(shop, "/programme facts sale 赠品=护手霜小样 发货日=11-15")
    assert await last_line(shop) == "阿玲 说了「秋季上新节 2026」的赠品、发货日"
    await says(shop, "/programme on sale @所有群")
    await says(shop, "/confirm")
    assert "阿玲 开了「秋季上新节 2026」" in await says(shop, "/audit")
    await says(shop, "/programme skip sale 1")
    assert await last_line(shop) == "阿玲 跳过了「秋季上新节 2026」的一条"
    await says(shop, "/programme keep sale 1")
    assert await last_line(shop) == "阿玲 恢复了「秋季上新节 2026」跳过的一条"
    await says(shop, "/programme off sale")
    assert "阿玲 关了「秋季上新节 2026」" in await says(shop, "/audit")


@pytest.mark.parametrize(
    ("action", "subject", "details", "line"),
    [
        ("prepare", "c", {}, "自动问候 备好了「c」"),
        ("programme_on", "gone:2026", {}, "自动问候 开了「gone:2026」"),
        (
            "tag",
            "关心物流",
            {"tag": "关心物流", "members": 3},
            "自动问候 给 3 位粉丝贴了「关心物流」",
        ),
        ("decline", "三群", {}, "自动问候 说群 三群 不是店里的"),
    ],
)
async def test_what_the_bot_does_by_itself_and_to_many_is_said(
    shop: Shop, action: str, subject: str, details: dict[str, object], line: str
) -> None:
    async with shop.desk.database.writing() as connection:
        entry = audit.Entry(shop.clock.now(), GREETINGS, action, subject, details)
        await audit.note(connection, entry)
    assert await last_line(shop) == line


def test_every_deed_that_is_written_down_has_a_sentence() -> None:
    deeds = set()
    for package in ("handlers", "bot"):
        for path in (Path(__file__).parents[2] / package).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "audit.Entry":
                    deeds |= {
                        node.value
                        for node in ast.walk(call.args[2])
                        if isinstance(node, ast.Constant) and isinstance(node.value, str)
                    }
    assert len(deeds) > 30
    assert deeds <= SENTENCES.keys()


def test_every_sentence_names_who_it_was() -> None:
    assert all("{who}" in sentence for sentence in SENTENCES.values())
