"""The staff's own chats: tie one to fan groups, and choose one of many groups with a button."""

from __future__ import annotations

from contextlib import suppress

from handlers.arguments import Groups, PageNumber, Rest, Sure, Unreadable
from handlers.audiences import ask_for_groups, chosen_groups, groups_here
from handlers.desk import Asked, Desk
from handlers.registry import REGISTRY, Command, command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.content import Button
from storage import audit, groups, staff_chats
from storage.groups import Group
from storage.steering import cancel_planned_in

STAFF_CHAT = "staff_chat"
"""Why a delivery was cancelled: the group it was planned for became a chat of the staff's."""

_LINK_EXAMPLE = "/link @一群 @二群"
_NAMES_SHOWN = 30


@command("link", "绑定", Role.MANAGER, "把这个群变成工作群，管几个粉丝群", _LINK_EXAMPLE)
async def link(
    desk: Desk, asked: Asked, groups_: Groups | None = None, sure: Sure | None = None
) -> Replies:
    """Let the chat it is given in look after fan groups; a chat becomes the staff's by a yes."""
    say, here = desk.say, asked.group
    if here is None:
        yield reply(say("请在你们的工作群里发，例如：{example}", example=say(_LINK_EXAMPLE)))
        return
    if groups_ is None:
        yield await _tied(desk, asked)
        return
    chosen = await chosen_groups(desk, asked, groups_)
    if isinstance(chosen, Reply):
        yield chosen
        return
    wanted = [group for group in chosen.whole if group.id != here.id]
    if not wanted:
        yield reply(say("除了这个群，没有选到别的群。"), private=True)
        return
    if not here.is_staff and sure is None:
        yield await _are_you_sure(desk, here, chosen.written)
        return
    await _tie(desk, asked, here, wanted)
    lines = [
        say("好的，这里是工作群，管：{names}。", names=_names(desk, wanted)),
        say("在这里发命令，不写群名就是对这里管的群；管理员该知道的事，也在这里说。"),
    ]
    moved = [group for group in wanted if group.staff_group_id not in (None, here.id)]
    if moved:
        lines.append(say("其中 {names} 原来归别的工作群管。", names=_names(desk, moved)))
    yield reply("\n".join(lines))


async def _tied(desk: Desk, asked: Asked) -> Reply:
    """What the chat looks after, or how to tie it."""
    here = await groups_here(desk, asked)
    if here is None:
        example = desk.say(_LINK_EXAMPLE)
        text = desk.say("还没说管哪些群。可以这样写：{example}", example=example)
    else:
        names = desk.listed(here.names, _NAMES_SHOWN)
        text = desk.say(
            "这里是工作群，管 {count} 个群：{names}", count=len(here.names), names=names
        )
    return reply(text, private=True)


async def _are_you_sure(desk: Desk, here: Group, written: str) -> Reply:
    """Said where everybody in the chat sees it, as they will see all that is said to the staff."""
    async with desk.database.reading() as connection:
        reached = await groups.reach(connection, [here.id])
    text = desk.say(
        "把「{group}」变成工作群？以后说给管理员的都会说在这里，群里每个人都看得到，"
        "其中我知道的有 {fans} 位不是管理员。",
        group=here.name,
        fans=reached.fans,
    )
    return reply(text, Button(desk.say("这是工作群"), f"/link {written} sure"))


async def _tie(desk: Desk, asked: Asked, here: Group, wanted: list[Group]) -> None:
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        await cancel_planned_in(connection, here.id, STAFF_CHAT, now)
        await staff_chats.tie(connection, here.id, [group.id for group in wanted])
        for group in wanted:
            details = {"chat": here.name}
            await audit.note(connection, audit.Entry(now, asked.actor, "link", group.name, details))


@command(
    "unlink",
    "解绑",
    Role.MANAGER,
    "工作群不再管几个粉丝群；不写群名，就不再是工作群",
    "/unlink @二群",
)
async def unlink(desk: Desk, asked: Asked, groups_: Groups | None = None) -> Replies:
    """Let the staff chat look after some of its groups no more, or after none."""
    say, here = desk.say, asked.group
    if here is None or not here.is_staff:
        yield reply(say("这里不是工作群。"), private=True)
        return
    async with desk.database.reading() as connection:
        tied = await staff_chats.looked_after(connection, here.id)
    if groups_ is not None:
        chosen = await chosen_groups(desk, asked, groups_)
        if isinstance(chosen, Reply):
            yield chosen
            return
        meant = {group.id for group in chosen.whole}
        tied = [group for group in tied if group.id in meant]
        if not tied:
            yield reply(say("这些群不归这里管。"), private=True)
            return
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        some = None if groups_ is None else [group.id for group in tied]
        still = await staff_chats.untie(connection, here.id, some)
        for group in tied:
            details = {"chat": here.name}
            await audit.note(
                connection, audit.Entry(now, asked.actor, "unlink", group.name, details)
            )
    if still:
        text = say("好的，这里不再管 {names}。", names=_names(desk, tied))
    else:
        text = say("好的，这里不再是工作群，和别的群一样了。")
    yield reply(text, private=True)


def _names(desk: Desk, some: list[Group]) -> str:
    return desk.listed((group.name for group in some), _NAMES_SHOWN)


@command("choose", "选群", Role.MANAGER, "用按钮选一个群，再做后面的事", "/choose /insights 7")
async def choose(
    desk: Desk, asked: Asked, page: PageNumber | None = None, deed: Rest | None = None
) -> Replies:
    """Offer the groups as buttons, each of which says the command with that group in it."""
    word, rest = [*("" if deed is None else deed.text).split(maxsplit=1), "", ""][:2]
    found = REGISTRY.find(word)
    if found is None or not any(one.kind is Groups for one in found.parameters):
        example = desk.say("/choose /insights 7")
        text = desk.say("后面要写一个要选群的命令，例如：{example}", example=example)
        yield reply(text, private=True)
        return
    opening, ending = _around_groups(found, rest)
    yield await ask_for_groups(desk, asked, opening, ending, page=page)


def _around_groups(found: Command, rest: str) -> tuple[str, str]:
    """A command up to where its groups stand or would stand, and what stands behind them."""
    left, before = rest, 0
    for one in found.parameters:
        if one.kind is Groups:
            before = len(rest) - len(left)
        with suppress(Unreadable):
            _, left = one.kind.read(left)
        if one.kind is Groups:
            break
    return f"/{found.name} {rest[:before].strip()}".rstrip(), left.strip()
