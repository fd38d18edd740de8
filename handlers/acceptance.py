"""Whose group it is: managers are asked about each that the bot was brought into by a stranger.

A group waits from the moment it is heard of (see `doors.py`). `ask_about_groups`, which a task of
its own calls again and again, says one sentence there and asks the managers, once; what a manager
answers is kept by `rule_on_group`. A group that nobody accepts is left in peace.
"""

from __future__ import annotations

from collections.abc import Sequence

from handlers.desk import Desk, shortened
from handlers.staff import tell_managers
from scheduler.content import Button, Content
from scheduler.courier import Address
from storage import acceptance, audit
from storage.groups import Group
from storage.steering import cancel_planned_in

GIVEN_UP = "group_given_up"
"""Why a delivery was cancelled: the group it was planned for is the shop's no more."""

_NAMED = 5


async def ask_about_groups(desk: Desk, account: str) -> None:
    """Ask whose the groups are that wait on an account and that nobody was asked about yet.

    They are noted first: what a crash or a silent platform swallows is found by `/accept` alone.
    """
    sender = desk.senders.get(account)
    if sender is None or not sender.is_open:
        return
    async with desk.database.reading() as connection:
        new = await acceptance.to_ask_about(connection, account)
    if not new:
        return
    async with desk.database.writing() as connection:
        await acceptance.mark_asked(connection, [one.id for one in new], desk.clock.now())
    for one in new:
        hello = Content(
            desk.say(
                "大家好，我是{shop}的群助手。等店里的管理员点头，我就来帮忙。", shop=desk.shop.name
            )
        )
        await sender.say(Address(group=one.chat), hello, f"stranger:{account}/{one.id}")
    await tell_managers(desk, question(desk, new), f"group:{account}/{new[0].id}")


def question(desk: Desk, groups: Sequence[Group]) -> Content:
    """Whose these groups are: one with buttons to answer, several as a list."""
    say, first = desk.say, groups[0]
    if len(groups) == 1:
        text = say(
            "有人把我拉进了「{group}」，我在那里先不说话、也不记。是店里的群就点接管："
            "接管后那里的管理员也能指挥我。",
            group=first.name,
        )
        return Content(text, buttons=ruling_buttons(desk, first))
    text = say(
        "有人把我拉进了 {count} 个群：{names}。我在那里先不说话、也不记。",
        count=len(groups),
        names=desk.listed((one.name for one in groups), _NAMED),
    )
    return Content(text, buttons=(Button(say("看是哪些群"), "/accept"),))


def ruling_buttons(desk: Desk, group: Group, *, named: bool = False) -> tuple[Button, ...]:
    """To accept a group or not; with its name where several stand side by side."""
    name = f" {shortened(group.name)}" if named else ""
    return (
        Button(f"{desk.say('接管')}{name}", f"/accept {group.id}"),
        Button(f"{desk.say('谢绝')}{name}", f"/decline {group.id}"),
    )


async def rule_on_group(
    desk: Desk, actor: str, number: int, *, ours: bool
) -> tuple[Group, bool] | None:
    """Say whether a group is the shop's; the group, and whether it is accepted now.

    None where the bot is in no group with this number. One that is accepted stays so.
    """
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        found = await acceptance.group_by_number(connection, desk.shop_id, number)
        if found is None:
            return None
        group, accepted = found
        rule = acceptance.accept if ours else acceptance.decline
        if await rule(connection, number, now):
            deed = "accept" if ours else "decline"
            details = {"account": group.account, "chat": group.chat}
            await audit.note(connection, audit.Entry(now, actor, deed, group.name, details))
    return group, accepted or ours


async def give_up(desk: Desk, actor: str, group: Group) -> None:
    """Let a group be the shop's no more: nothing is heard there, and nothing planned is sent."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        if await acceptance.give_up(connection, group.id, now):
            await cancel_planned_in(connection, group.id, GIVEN_UP, now)
            details = {"account": group.account, "chat": group.chat}
            await audit.note(connection, audit.Entry(now, actor, "give_up", group.name, details))
