"""`nuanqun segment`: who matches an expression, and how many; names are masked unless asked for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.asking import opened_desk
from bot.configuration import Configuration
from storage import audit, members, tags
from storage.tags import Tag
from tests.bot.program import call
from tests.bot.test_importing import TALK, written

NOW = datetime(2026, 11, 5, tzinfo=UTC)


def shop_with_a_tag(here: Path, configured: Configuration) -> None:
    """A history, and a tag on one of those who speak in it."""
    call("import", "chat", str(written(here / "h.jsonl", TALK)))

    async def tag() -> None:
        async with opened_desk(configured) as desk, desk.database.writing() as connection:
            (fan,) = await members.members_named(connection, "小鱼")
            await tags.set_tags(connection, [Tag(fan.id, "老客", "manager:阿玲", "", NOW)])

    asyncio.run(tag())


def test_it_tells_who_matches_and_how_many(here: Path, configured: Configuration) -> None:
    shop_with_a_tag(here, configured)
    everybody = call("segment", "messages >= 1", "--json").document
    found = call("segment", "标签:老客 且 非 标签:员工", "--json").document
    assert found["segment"] == "tag:老客 and not tag:员工"
    assert (found["customers"], found["unknown"]) == (1, ["tag:员工"])
    assert [one["name"] for one in found["members"]] == ["小**"]
    others = call("segment", "not tag:老客 and messages >= 1", "--json").document
    assert others["customers"] == everybody["customers"] - 1
    assert call("segment", "tag:老客").out == "tag:老客: 1 customers\n小**\n"


def test_names_are_shown_where_they_are_asked_for_and_that_is_noted(
    here: Path, configured: Configuration
) -> None:
    shop_with_a_tag(here, configured)
    assert call("segment", "tag:老客", "--names").out.splitlines()[1] == "小鱼"

    async def looks() -> list[audit.Entry]:
        async with opened_desk(configured) as desk, desk.database.reading() as connection:
            return list(await audit.latest(connection, 9))

    (look,) = asyncio.run(looks())
    assert (look.action, look.subject) == ("segment_names", "tag:老客")


@pytest.mark.usefixtures("configured")
def test_what_is_not_there_is_told(here: Path) -> None:
    call("import", "chat", str(written(here / "h.jsonl", TALK)))
    nobody = call("segment", "tag:没人带 or group = 九群", "--json")
    assert nobody.document["customers"] == 0
    assert nobody.document["unknown"] == ["tag:没人带", "group = 九群"]
    assert "nobody knows tag:没人带" in nobody.err
    spared = call("segment", "messages >= 1 and not tag:敏感鸡", "--json")
    assert spared.document["unknown"] == ["tag:敏感鸡"]
    assert "nobody knows tag:敏感鸡" in spared.err
    unknown = call("segment", "segment:常客")
    assert (unknown.code, unknown.out) == (1, "")
    assert "There is no saved segment '常客'" in unknown.err
    wrong = call("segment", "tag:老客 and 积分 > 3")
    assert wrong.code == 2
    assert "orders, points and regions are still to come" in wrong.err
    assert "^" in wrong.err
