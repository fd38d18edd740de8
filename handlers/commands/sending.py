"""The commands that send: a broadcast, a countdown, greetings; each waits for a yes."""

from __future__ import annotations

from handlers.arguments import Day, FestivalName, Groups, Rest, quoted
from handlers.audiences import ask_for_groups, chosen_groups
from handlers.desk import Asked, Desk
from handlers.previews import too_long
from handlers.proposing import (
    broadcast_proposal,
    countdown_proposal,
    greetings_proposal,
    name_of,
    offered,
)
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.content import Content
from scheduler.templates import LONGEST_TEXT

BROADCAST_EXAMPLE = "/broadcast @福利群 -二群 今晚八点直播，聊聊秋冬怎么保湿"


@command(
    "broadcast",
    "群发",
    Role.MANAGER,
    "给几个群发一条消息（先预览再确认）",
    BROADCAST_EXAMPLE,
)
async def broadcast(
    desk: Desk, asked: Asked, groups: Groups | None = None, text: Rest | None = None
) -> Replies:
    """Preview a post to groups; it goes out after a confirmation."""
    if text is None:
        yield reply(
            desk.say("还没有写内容。可以这样写：{example}", example=desk.say(BROADCAST_EXAMPLE)),
            private=True,
        )
        return
    if len(text.text) > LONGEST_TEXT:
        yield too_long(desk)
        return
    if groups is None:
        yield await ask_for_groups(desk, asked, "/broadcast", text.text)
        return
    chosen = await chosen_groups(desk, asked, groups)
    if isinstance(chosen, Reply):
        yield chosen
        return
    found = broadcast_proposal(desk, asked, chosen, Content(text.text))
    yield await offered(desk, asked, chosen, found)


@command(
    "countdown",
    "倒计时",
    Role.MANAGER,
    "开一个活动倒计时，最后十天每天一条",
    "/countdown 双11 @所有群",
)
async def countdown(
    desk: Desk,
    asked: Asked,
    day: Day,
    groups: Groups | None = None,
    text: Rest | None = None,
) -> Replies:
    """Preview a countdown to a day. For Double-11 the words are ready; else `text` says them."""
    words = text.text if text is not None else None
    if groups is None:
        yield await ask_for_groups(desk, asked, f"/countdown {day.written}", words or "")
        return
    chosen = await chosen_groups(desk, asked, groups)
    if isinstance(chosen, Reply):
        yield chosen
        return
    found = countdown_proposal(desk, asked, chosen, day, words)
    yield await offered(desk, asked, chosen, found)


@command(
    "greet", "问候", Role.MANAGER, "开节日问候：一个节日，或全年所有节日", "/greet 春节 @所有群"
)
async def greet(
    desk: Desk, asked: Asked, festival: FestivalName | None = None, groups: Groups | None = None
) -> Replies:
    """Preview the greetings of one festival, or of the whole year."""
    named = festival.festival if festival is not None else None
    if groups is None:
        after = f" {quoted(name_of(desk, named))}" if named is not None else ""
        yield await ask_for_groups(desk, asked, f"/greet{after}")
        return
    chosen = await chosen_groups(desk, asked, groups)
    if isinstance(chosen, Reply):
        yield chosen
        return
    found = await greetings_proposal(desk, asked, chosen, named)
    yield await offered(desk, asked, chosen, found)
