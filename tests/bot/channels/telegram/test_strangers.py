"""A stranger brings the bot into a group of their own, of which they are the admin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, func, select

from storage import tables
from storage.database import Database
from tests.bot.channels.telegram.managed import Scene, buttons, managed
from tests.peers.telegram.settings import ACCOUNT
from tests.peers.telegram.world import Chat, User

ASKED_FOR = "等店里的管理员点头"


@pytest.fixture
async def scene(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[Scene]:
    async with managed(migrated_sqlite, tmp_path) as made:
        made.double.people.start(made.manager, made.bot)
        await made.said("你好，群主！", made.private)
        yield made


async def remembered(folder: Path, what: Select[Any]) -> list[tuple[Any, ...]]:
    """Rows of the running bot's database."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'bot.sqlite3'}")
    async with database.reading() as connection:
        rows = [tuple(row) for row in await connection.execute(what)]
    await database.close()
    return rows


async def brings_in(scene: Scene) -> tuple[User, Chat, Chat]:
    """The stranger, their group with the bot in it, and their private chat with the bot."""
    stranger = scene.double.world.add_user("阿生")
    wild = scene.double.world.add_group("野群", stranger)
    scene.double.people.start(stranger, scene.bot)
    private = scene.double.world.private(scene.bot, stranger)
    await scene.said("你好，阿生！", private)
    scene.double.people.add_bot(scene.bot, wild, stranger)
    await scene.said(ASKED_FOR, wild)
    return stranger, wild, private


async def test_a_stranger_commands_nothing_and_nothing_of_their_group_is_kept(
    scene: Scene, tmp_path: Path
) -> None:
    people = scene.double.people
    stranger, wild, private = await brings_in(scene)
    fan = scene.double.world.add_user("小雨")
    people.join(fan, wild)
    people.say(fan, wild, "这个面霜好用吗")
    people.promote(fan, wild, stranger)
    for text in ("/broadcast @所有群 便宜了", "/who @群主", "/link @福利群 sure", "/me"):
        people.say(stranger, wild, text)
    for text in ("/broadcast @所有群 便宜了", "/insights 7", "/accept", "/approve 1"):
        people.whisper(stranger, scene.bot, text)
        await scene.said(f"我还不会「{text.split()[0]}」", private)
    people.whisper(fan, scene.bot, "/plan")
    await scene.said("我还不会「/plan」", scene.double.world.private(scene.bot, fan))

    said = [one.text for one in wild.standing() if one.sender is scene.bot.user]
    assert len(said) == 1
    groups, members = tables.groups.c, tables.members.c
    here = select(groups.id).where(groups.chat == str(wild.id))
    for table in (tables.messages, tables.memberships):
        kept = select(func.count()).select_from(table).where(table.c.group_id.in_(here))
        assert await remembered(tmp_path, kept) == [(0,)]
    staff = select(members.person).where(members.staff, members.platform == "telegram")
    assert await remembered(tmp_path, staff) == [(str(scene.manager.id),)]


async def test_once_a_manager_accepts_it_everything_works_there(scene: Scene) -> None:
    people = scene.double.people
    stranger, wild, private = await brings_in(scene)
    question = await scene.said("有人把我拉进了「野群」", scene.private)
    assert [one["text"] for one in buttons(question)] == ["接管", "谢绝"]
    scene.press(question, "接管")
    await scene.said("好的，「野群」接管了", scene.private)

    people.whisper(stranger, scene.bot, "/insights 7")  # whom the bot knows as its owner
    await scene.said("粉丝在说什么", private)
    fan = scene.double.world.add_user("小雨")
    people.join(fan, wild)
    await scene.said("欢迎 @小雨", wild)


async def test_a_group_that_is_declined_hears_no_more_of_the_bot(scene: Scene) -> None:
    stranger, wild, private = await brings_in(scene)
    scene.press(await scene.said("有人把我拉进了「野群」", scene.private), "谢绝")
    await scene.said("「野群」不接管", scene.private)
    scene.double.people.say(stranger, wild, "/help")
    scene.double.people.whisper(stranger, scene.bot, "/insights 7")
    await scene.said("我还不会「/insights」", private)
    assert len([one for one in wild.standing() if one.sender is scene.bot.user]) == 1


async def test_who_manages_a_group_brings_the_bot_into_their_others_by_themselves(
    scene: Scene, tmp_path: Path
) -> None:
    clerk = scene.double.world.add_user("店员")
    scene.double.people.join(clerk, scene.forum)
    scene.double.people.promote(clerk, scene.forum, scene.manager)
    other = scene.double.world.add_group("店员的群", clerk)
    scene.double.people.add_bot(scene.bot, other, clerk)
    scene.double.people.say(clerk, other, "/help")
    await scene.said("这个只能私下说", other)
    groups = tables.groups.c
    accepted = select(groups.name).where(groups.account == ACCOUNT, groups.accepted_at.is_not(None))
    assert ("店员的群",) in await remembered(tmp_path, accepted)
