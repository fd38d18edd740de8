"""Whose words a message holds, and what a batch of events comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from handlers.commands import REGISTRY
from handlers.events import (
    ButtonPressed,
    Chat,
    MemberJoined,
    MemberLeft,
    MessageHeard,
    MessageKind,
    Person,
)
from handlers.recording import kind_of
from handlers.roles import Role, role_of, role_of_person
from handlers.settings import ShopSettings
from handlers.staff import managers
from storage.members import members_named
from storage.reach import mark_unreachable
from storage.tables import members, memberships, messages
from tests.handlers.shop import ACCOUNT, DAY, MANAGER, NOW, Opener, Shop, chat_of

CHAIN = "#接龙\n护手霜三支装\n1. 小鱼 2份\n2. 小美 1份"
CODE = "￥8xKd2PqLmN1￥ 复制打开淘宝"


def heard(text: str, *, forwarded: bool = False) -> MessageHeard:
    """A message of a fan."""
    sender = Person("id-小鱼", "小鱼")
    return MessageHeard(ACCOUNT, "1", NOW, "m1", chat_of("一群"), sender, text, forwarded=forwarded)


def is_command(text: str, role: Role) -> bool:
    """As the commander decides it."""
    return REGISTRY.parse(text, role) is not None


@pytest.mark.parametrize(
    ("text", "role", "kind"),
    [
        ("这个面霜好用", Role.FAN, MessageKind.FAN),
        ("这个面霜好用", Role.MANAGER, MessageKind.STAFF),
        ("/me", Role.FAN, MessageKind.COMMAND),
        ("/me", Role.MANAGER, MessageKind.COMMAND),
        ("/tag @小美 敏感肌", Role.FAN, MessageKind.COMMAND),
        ("标签 @小美 敏感肌", Role.FAN, MessageKind.FAN),
        ("标签 @小美 敏感肌", Role.MANAGER, MessageKind.COMMAND),
        ("恢复得挺好", Role.MANAGER, MessageKind.STAFF),
        ("恢复", Role.FAN, MessageKind.FAN),
        ("/::)", Role.FAN, MessageKind.FAN),
        (CHAIN, Role.FAN, MessageKind.CHAIN),
        (CHAIN, Role.MANAGER, MessageKind.STAFF),
        (CODE, Role.FAN, MessageKind.TAOBAO_CODE),
    ],
)
def test_whose_words_a_message_holds(text: str, role: Role, kind: MessageKind) -> None:
    assert kind_of(heard(text), role, is_command) is kind


@pytest.mark.parametrize(
    ("text", "role", "kind"),
    [
        ("姐妹们冲", Role.FAN, MessageKind.SHOP_POST),
        ("/halt", Role.MANAGER, MessageKind.STAFF),
        ("/optout", Role.FAN, MessageKind.SHOP_POST),
    ],
)
def test_what_is_forwarded_is_neither_own_words_nor_a_command(
    text: str, role: Role, kind: MessageKind
) -> None:
    assert kind_of(heard(text, forwarded=True), role, is_command) is kind


def test_a_button_is_a_command() -> None:
    press = ButtonPressed(ACCOUNT, "1", NOW, "p1", None, Person("id-小鱼", "小鱼"), "恢复得挺好")
    assert kind_of(press, Role.FAN, is_command) is MessageKind.COMMAND


@pytest.mark.parametrize(
    ("person", "managers", "role"),
    [
        (Person("7", "阿玲", staff=True), (), Role.MANAGER),
        (Person("7", "阿玲"), ("7",), Role.MANAGER),
        (Person("7", "阿玲"), ("room:7",), Role.MANAGER),
        (Person("7", "阿玲"), ("telegram:7", "阿玲", "77"), Role.FAN),
        (Person("7", "小鱼"), (), Role.FAN),
    ],
)
async def test_who_is_a_manager(
    opened: Opener, person: Person, managers: tuple[str, ...], role: Role
) -> None:
    settings = ShopSettings(managers=managers)
    assert role_of_person(person, "room", settings) is role
    shop = await opened(managers=managers)
    await shop.hear(replace(shop.heard("谁", "在吗"), sender=person))
    async with shop.desk.database.reading() as connection:
        (stored,) = await members_named(connection, "7")
    assert role_of(stored, ShopSettings(managers=managers)) is role


async def test_only_fans_own_words_are_counted(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says("小鱼", "补水面膜太好用了")
    await shop.says("小鱼", "标签 上写着无酒精")
    await shop.says("小鱼", "转一个", forwarded=True)
    await shop.says("小鱼", CHAIN)
    await shop.says("小鱼", CODE)
    await shop.says("小鱼", "/me")
    await shop.says("小鱼", "只和你说", group=None)
    await shop.says(MANAGER, "晚上八点直播")
    assert await shop.fans_words() == ["补水面膜太好用了", "标签 上写着无酒精"]


async def test_what_the_account_says_by_hand_is_the_bots_and_commands_nothing(
    any_shop: Shop,
) -> None:
    shop = any_shop
    me = Person("id-暖暖", "暖暖", staff=True)
    said = [
        replace(shop.heard("暖暖", text, group=group), sender=me, own=True)
        for text, group in (("欢迎大家", "一群"), ("/halt", "一群"), ("在的", None))
    ]
    assert not await shop.orders(*said)
    async with shop.desk.database.reading() as connection:
        kept = await connection.execute(select(messages.c.kind, messages.c.text))
        (account,) = await members_named(connection, "id-暖暖")
        reached = await connection.scalar(
            select(members.c.started_at).where(members.c.id == account.id)
        )
        seats = await connection.execute(
            select(memberships.c.group_id).where(memberships.c.member_id == account.id)
        )
        told = await managers(connection, shop.desk.shop)
    assert [tuple(row) for row in kept] == [("bot", "欢迎大家"), ("bot", "/halt"), ("bot", "在的")]
    assert (reached, seats.all(), told) == (None, [], [])
    assert await shop.fans_words() == []


async def test_whom_the_configuration_lists_is_staff_in_every_count(opened: Opener) -> None:
    shop = await opened(managers=("id-店主",))
    await shop.opens("一群")
    assert not await shop.joins("店主")
    await shop.says("店主", "晚上八点直播")
    await shop.says("小鱼", "好的")
    assert await shop.fans_words() == ["好的"]
    assert await shop.tags("店主") == {}
    preview = await shop.says("店主", "/broadcast @一群 今晚")
    assert "共 1 位粉丝" in preview.text


async def test_who_went_and_came_back_is_welcomed_again(shop: Shop) -> None:
    assert len(await shop.joins("小鱼")) == 1
    assert not await shop.joins("小鱼")
    await shop.leaves("小鱼")
    shop.clock.advance(DAY)
    assert len(await shop.joins("小鱼")) == 1


async def test_ids_that_cannot_be_stored_as_they_are_still_mean_somebody(any_shop: Shop) -> None:
    where, who = Chat("chat-\x00\ud800", "怪群"), Person("id-\x00\udfff", "怪人")
    stamp = (ACCOUNT, "1", any_shop.clock.now())
    assert "@怪人" in (await any_shop.hear(MemberJoined(*stamp, where, who))).text
    await any_shop.hear(MessageHeard(*stamp, "m-\x00", where, who, "在吗"))
    assert await any_shop.fans_words("怪群") == ["在吗"]
    assert not await any_shop.hear(MemberJoined(*stamp, where, who))
    await any_shop.hear(MemberLeft(*stamp, where, who))
    any_shop.clock.advance(DAY)
    again = (ACCOUNT, "2", any_shop.clock.now())
    assert await any_shop.hear(MemberJoined(*again, where, who))


async def test_a_group_that_the_bot_left_is_none_of_its_groups(shop: Shop) -> None:
    await shop.closes("三群")
    assert "三群" not in (await shop.says(MANAGER, "/broadcast @四群 今晚")).text
    await shop.says("小鱼", "又回来了", group="三群")
    assert "三群" in (await shop.says(MANAGER, "/broadcast @四群 今晚")).text


async def test_a_private_word_makes_somebody_reachable_again_and_a_word_in_a_group_does_not(
    shop: Shop,
) -> None:
    await shop.says("小鱼", "早")
    fan = await shop.member("小鱼")

    async def unreachable() -> bool:
        async with shop.desk.database.reading() as connection:
            found = await connection.scalar(
                select(members.c.unreachable_at).where(members.c.id == fan.id)
            )
        return found is not None

    async with shop.desk.database.writing() as connection:
        await mark_unreachable(connection, [fan.id], NOW)
    await shop.says("小鱼", "有人在吗")
    assert await unreachable()
    await shop.says("小鱼", "有人在吗", group=None)
    assert not await unreachable()
