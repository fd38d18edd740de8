"""The welcome: one message for those who came in one batch, so that ten joins are not ten posts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from handlers.desk import Desk
from handlers.recording import Newcomer
from scheduler.content import Content, Mention
from storage.groups import Group

_NAMED = 5


def welcomes(desk: Desk, newcomers: Iterable[Newcomer]) -> list[tuple[Group, Content]]:
    """What to say in each group that somebody came into; the staff are not welcomed."""
    by_group: dict[int, list[Newcomer]] = {}
    for one in newcomers:
        if not one.member.staff:
            by_group.setdefault(one.group.id, []).append(one)
    return [(ones[0].group, _welcome(desk, ones)) for ones in by_group.values()]


def _welcome(desk: Desk, newcomers: Sequence[Newcomer]) -> Content:
    shown = newcomers[:_NAMED]
    names = desk.listed(f"@{one.member.name}" for one in shown)
    if len(newcomers) > len(shown):
        names = desk.say("{names} 等 {count} 位新朋友", names=names, count=len(newcomers))
    text = desk.say(
        "欢迎 {names} 来到 {group}！有什么想问的、想聊的，直接在群里说就好。\n"
        "想知道我会做什么，发 /help；想看我记住了你什么，发 /me；"
        "不想收营销消息，发 /optout；不想让我记聊天，发 /norecord。",
        names=names,
        group=newcomers[0].group.name,
    )
    mentions = tuple(Mention(one.member.person, one.member.name) for one in shown)
    return Content(text, mentions=mentions)
