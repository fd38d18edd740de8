"""Whose group it is: a manager's word about the groups that strangers brought the bot into."""

from __future__ import annotations

from handlers.acceptance import give_up, rule_on_group, ruling_buttons
from handlers.arguments import Groups, Number, Sure
from handlers.audiences import chosen_groups
from handlers.desk import Asked, Desk
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.content import Button
from storage.acceptance import waiting

_SHOWN = 8


@command("accept", "接管", Role.MANAGER, "接管别人拉我进的群；不写编号，看有哪些", "/accept 3")
async def accept(desk: Desk, asked: Asked, number: Number | None = None) -> Replies:
    """Let a group be the shop's, or show those that wait for a word."""
    if number is None:
        yield await _those_waiting(desk)
        return
    found = await rule_on_group(desk, asked.actor, number.number, ours=True)
    if found is None:
        yield _no_such(desk, number.number)
        return
    group, _ = found
    text = desk.say("好的，「{group}」接管了，那里的管理员也能指挥我。", group=group.name)
    yield reply(text, private=True)


@command(
    "decline",
    "谢绝",
    Role.MANAGER,
    "一个群不是店里的：在那里不说话，也不听那里的管理员",
    "/decline 3",
)
async def decline(
    desk: Desk,
    asked: Asked,
    number: Number | None = None,
    groups_: Groups | None = None,
    sure: Sure | None = None,
) -> Replies:
    """Leave a group be, also one that was accepted; the bot stays there without a word."""
    if number is not None:
        found = await rule_on_group(desk, asked.actor, number.number, ours=False)
        if found is None:
            yield _no_such(desk, number.number)
            return
        group, accepted = found
    elif groups_ is not None:
        chosen = await chosen_groups(desk, asked, groups_)
        if isinstance(chosen, Reply):
            yield chosen
            return
        if len(chosen.whole) != 1:
            yield reply(desk.say("一次只能谢绝一个群。"), private=True)
            return
        group, accepted = chosen.whole[0], True
    else:
        yield await _those_waiting(desk)
        return
    if accepted and sure is None:
        text = desk.say(
            "「{group}」是店里的群。不要了的话，我在那里不再说话、也不听那里的管理员。",
            group=group.name,
        )
        yield reply(text, Button(desk.say("不要了"), f"/decline {group.id} sure"), private=True)
        return
    if accepted:
        await give_up(desk, asked.actor, group)
    sentence = "好的，「{group}」不接管，我在那里不说话、也不记。改主意了就发 /accept {number}。"
    yield reply(desk.say(sentence, group=group.name, number=group.id), private=True)


async def _those_waiting(desk: Desk) -> Reply:
    async with desk.database.reading() as connection:
        groups = await waiting(connection, desk.shop_id)
    if not groups:
        return reply(desk.say("没有等着接管的群。"), private=True)
    shown = groups[:_SHOWN]
    lines = [desk.say("这些群是别人拉我进的，是店里的就点接管：")]
    lines += [f"{one.id}. {one.name}" for one in shown]
    if len(groups) > len(shown):
        lines.append(desk.say("还有 {count} 个。", count=len(groups) - len(shown)))
    buttons = [button for one in shown for button in ruling_buttons(desk, one, named=True)]
    return reply("\n".join(lines), *buttons, private=True)


def _no_such(desk: Desk, number: int) -> Reply:
    sentence = "没有编号 {number} 的群在等。发 /accept 看有哪些。"
    return reply(desk.say(sentence, number=number), private=True)
