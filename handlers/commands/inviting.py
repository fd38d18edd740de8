"""A fan's own link into a group, to bring friends along: made once, and it counts who came."""

from __future__ import annotations

from handlers.arguments import GroupName, quoted
from handlers.desk import Asked, Desk
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.content import Button
from scheduler.courier import Address, Done, Unable
from scheduler.courier import Invite as MakeLink
from storage.groups import Group
from storage.invites import Invite, brought, invite_of, keep_invite, sits_in

_OFFERED = 8  # groups that get buttons, on a phone


@command("invite", "邀请", Role.FAN, "拿一个自己的邀请链接，请朋友进群", "/invite")
async def invite(desk: Desk, asked: Asked, group: GroupName | None = None) -> Replies:
    """Give the asker their own link into a group they sit in, and say who came by it."""
    chosen = await _group_meant(desk, asked, group)
    if isinstance(chosen, Reply):
        yield chosen
        return
    async with desk.database.reading() as connection:
        theirs = await invite_of(connection, chosen.id, asked.member.id)
    found = theirs if theirs is not None and theirs.link else await _make(desk, asked, chosen)
    if isinstance(found, Reply):
        yield found
        return
    text = desk.say(
        "这是你进 {group} 的邀请链接，发给朋友就行：\n{link}",
        group=chosen.name,
        link=found.link,
    )
    if found.came:
        came = desk.say("已经有 {count} 位朋友用它进来了，谢谢你！", count=found.came)
        text = f"{text}\n{came}"
    yield reply(text, private=True)


async def _group_meant(desk: Desk, asked: Asked, group: GroupName | None) -> Group | Reply:
    """The fan group meant: by name, the one it was asked in, or the only one the asker sits in."""
    async with desk.database.reading() as connection:
        theirs = await sits_in(connection, asked.account, asked.member.id)
    if group is not None:
        meant = [one for one in theirs if one.name == group.name]
    elif asked.group is not None:
        meant = [one for one in theirs if one.id == asked.group.id]
    else:
        meant = theirs
    if len(meant) == 1:
        return meant[0]
    if not theirs:
        return reply(desk.say("你还不在我照看的群里，进了群再来拿链接。"), private=True)
    # Of groups the asker does not sit in nothing is said, not even that they exist.
    return reply(
        desk.say("想请朋友进哪个群？"),
        *(Button(one.name, f"/invite @{quoted(one.name)}") for one in (meant or theirs)[:_OFFERED]),
        private=True,
    )


async def _make(desk: Desk, asked: Asked, group: Group) -> Invite | Reply:
    """Have the platform make the asker's link; or why there is none."""
    outcome = await desk.senders[group.account].carry_out(
        MakeLink(
            key=f"invite:{group.account}/{group.chat}/{asked.member.person}",
            address=Address(group=group.chat),
            name=asked.member.name,
        )
    )
    match outcome:
        case Done(link):
            async with desk.database.writing() as connection:
                return await keep_invite(
                    connection, group.id, asked.member.id, link, desk.clock.now()
                )
        case Unable():
            text = await _without_link(desk, asked, group)
        case _:
            text = desk.say("链接这会儿没做成，过一会儿再发一次 /invite。")
    return reply(text, private=True)


async def _without_link(desk: Desk, asked: Asked, group: Group) -> str:
    """That there is no link; where people are brought in by hand, how many the asker brought."""
    async with desk.database.reading() as connection:
        count = await brought(connection, group.id, asked.member.id)
    if not count:
        return desk.say(
            "我在 {group} 给不了邀请链接。想请朋友来，在群里找管理员说一声，请他们拉进来。",
            group=group.name,
        )
    return desk.say(
        "进 {group} 不用链接，把朋友拉进群就行。已经有 {count} 位朋友是你拉进来的，谢谢你！",
        group=group.name,
        count=count,
    )
