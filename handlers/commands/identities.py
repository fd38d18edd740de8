"""Who is who after ids have changed: a manager's word about those whom likeness does not tell."""

from __future__ import annotations

from handlers.admission import who_decided
from handlers.arguments import Number, PageNumber
from handlers.desk import Asked, Desk
from handlers.identifying import in_words, rule_on, ruling_buttons
from handlers.paging import page_of, page_reply
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from storage.identities import Answer, undecided

_AT_ONCE = 4
"""Matches on a page: each has two buttons."""


@command("identities", "认人", Role.MANAGER, "编号变了以后，看谁还没认准", "/identities")
async def identities(
    desk: Desk,
    asked: Asked,  # noqa: ARG001 (every command is given what was asked)
    page: PageNumber | None = None,
) -> Replies:
    """Who may be whom, with buttons."""
    async with desk.database.reading() as connection:
        found = await undecided(connection)
        shown = page_of(found, page, _AT_ONCE)
        lines = [f"{one.id}. {await in_words(connection, desk, one)}" for one in shown.rows]
    yield page_reply(
        desk,
        shown,
        [desk.say("有 {count} 个没认准，是同一个人吗？", count=len(found)), *lines],
        *(button for one in shown.rows for button in ruling_buttons(desk, one, named=True)),
        opening="/identities",
        empty=desk.say("没有认不准的人。"),
        wanted=page,
    )


@command("same", "是同一人", Role.MANAGER, "编号变了的这位就是以前那位，接上标签和记录", "/same 3")
async def same(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Let somebody be who they may be."""
    yield await _ruled(desk, asked, number.number, Answer.SAME)


@command("other", "不是同一人", Role.MANAGER, "编号变了的这位不是以前那位", "/other 3")
async def other(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Let somebody not be who they may be."""
    yield await _ruled(desk, asked, number.number, Answer.OTHER)


async def _ruled(desk: Desk, asked: Asked, number: int, answer: Answer) -> Reply:
    done = await rule_on(desk, asked.actor, number, answer)
    if done is None:
        sentence = "没有编号 {number} 的人要认。发 /identities 看谁还没认准。"
        return reply(desk.say(sentence, number=number), private=True)
    match = done.match
    # The name that was shown is forgotten with whoever wants no record.
    now = match.name or match.member_name
    if not done.changed:
        sentence = (
            "已经认过了（{who}）：{now} 就是以前的 {before}。"
            if match.decided is Answer.SAME
            else "已经认过了（{who}）：{now} 不是以前的 {before}。"
        )
        who = await who_decided(desk, match.decided_by)
        text = desk.say(sentence, who=who, now=now, before=match.member_name)
        return reply(text, private=True)
    sentence = (
        "好的，{now} 就是以前的 {before}，标签和记录都接上了。"
        if answer is Answer.SAME
        else "好的，{now} 不是以前的 {before}，各记各的。"
    )
    return reply(desk.say(sentence, now=now, before=match.member_name), private=True)
