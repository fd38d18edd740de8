"""The commands that send: a broadcast, a countdown, greetings; each waits for a yes."""

from __future__ import annotations

from dataclasses import replace

from handlers.arguments import Groups, Rest, quoted
from handlers.audiences import ask_for_groups, chosen_or_here
from handlers.counting_twice import counting_lines
from handlers.day_arguments import Day, FestivalName
from handlers.desk import Asked, Desk
from handlers.previews import in_one_message, too_long
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
from scheduler.content import Button, Content
from scheduler.templates import LONGEST_TEXT

BROADCAST_EXAMPLE = "/broadcast @福利群 -二群 今晚八点直播，聊聊秋冬怎么保湿"


@command(
    "broadcast",
    "群发",
    Role.MANAGER,
    "给几个群，或私下给带某个标签的粉丝发一条消息（先预览再确认）",
    BROADCAST_EXAMPLE,
)
async def broadcast(
    desk: Desk, asked: Asked, groups: Groups | None = None, text: Rest | None = None
) -> Replies:
    """Preview a post to groups, or a private message to fans with a tag (`@标签:老客`).

    It goes out after a confirmation.
    """
    if text is None:
        yield reply(
            desk.say("还没有写内容。可以这样写：{example}", example=desk.say(BROADCAST_EXAMPLE)),
            private=True,
        )
        return
    if len(text.text) > LONGEST_TEXT:
        yield too_long(desk)
        return
    chosen = await chosen_or_here(desk, asked, groups, people=True)
    if chosen is None:
        yield await ask_for_groups(desk, asked, "/broadcast", text.text)
        return
    if isinstance(chosen, Reply):
        yield chosen
        return
    found = broadcast_proposal(desk, asked, chosen, Content(text.text))
    answer = await offered(desk, asked, chosen, found)
    yield answer if groups is not None else _or_one(desk, answer, "/broadcast", text.text)


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
    opening = f"/countdown {day.written}"
    chosen = await chosen_or_here(desk, asked, groups)
    if chosen is None:
        yield await ask_for_groups(desk, asked, opening, words or "")
        return
    if isinstance(chosen, Reply):
        yield chosen
        return
    found = await countdown_proposal(desk, asked, chosen, day, words)
    answer = await _beside(desk, day, await offered(desk, asked, chosen, found))
    yield answer if groups is not None else _or_one(desk, answer, opening, words or "")


async def _beside(desk: Desk, day: Day, answer: Reply) -> Reply:
    """A countdown's preview, behind what of a programme leads up to the same day."""
    if not answer.content.buttons:
        return answer  # there was nothing to preview
    lines = await counting_lines(desk, day.after(desk.shop.day_of(desk.clock.now())))
    if not lines:
        return answer
    text = in_one_message(desk, lines, [answer.content.text])
    return replace(answer, content=replace(answer.content, text=text))


@command(
    "greet", "问候", Role.MANAGER, "开节日问候：一个节日，或全年所有节日", "/greet 春节 @所有群"
)
async def greet(
    desk: Desk, asked: Asked, festival: FestivalName | None = None, groups: Groups | None = None
) -> Replies:
    """Preview the greetings of one festival, or of the whole year."""
    named = festival.festival if festival is not None else None
    opening = "/greet" if named is None else f"/greet {quoted(name_of(desk, named))}"
    chosen = await chosen_or_here(desk, asked, groups)
    if chosen is None:
        yield await ask_for_groups(desk, asked, opening)
        return
    if isinstance(chosen, Reply):
        yield chosen
        return
    found = await greetings_proposal(desk, asked, chosen, named)
    answer = await offered(desk, asked, chosen, found)
    yield answer if groups is not None else _or_one(desk, answer, opening)


def _or_one(desk: Desk, answer: Reply, opening: str, ending: str = "") -> Reply:
    """A preview for all groups of a staff chat, with a button to choose one of them instead."""
    if not answer.content.buttons:
        return answer  # there was nothing to preview
    tail = f"\n{ending}" if ending else ""
    choose = Button(desk.say("换一个群"), f"/choose {opening}{tail}")
    content = replace(answer.content, buttons=(*answer.content.buttons, choose))
    return replace(answer, content=content)
