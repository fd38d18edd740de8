"""Looking back: what a campaign, or a whole year of a programme, came to."""

from __future__ import annotations

from handlers.desk import Asked, Desk
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.reviewing.arguments import EXAMPLE, ReviewWords
from handlers.reviewing.asking import asked_review, reviewable
from handlers.reviewing.picture import review_picture
from handlers.reviewing.text import review_text, shown_buttons
from handlers.roles import Role
from scheduler.content import Button, Content
from storage.errors import SchedulingError

_LISTED = 8  # buttons on a phone


@command(
    "review", "复盘", Role.MANAGER, "复盘一个活动或一整年的方案：发了什么，粉丝怎么回应", EXAMPLE
)
async def review(desk: Desk, asked: Asked, what: ReviewWords | None = None) -> Replies:  # noqa: ARG001 (every command is given what was asked)
    """What was planned, what went out, what fans did and said, what to keep and what to change.

    Without a name it lists what can be looked back on. The picture follows when it is drawn.
    """
    if what is None:
        yield await _listed(desk)
        return
    try:
        found = await asked_review(desk, what)
    except SchedulingError as trouble:
        yield reply(desk.say("这个复盘现在做不出来：{trouble}", trouble=str(trouble)), private=True)
        return
    if found is None:
        yield _unknown(desk, what)
        return
    yield reply(review_text(desk, found), *shown_buttons(desk, found), private=True)
    picture = await review_picture(desk, found)
    if picture is not None:
        yield Reply(Content("", pictures=(picture,)), private=True)


async def _listed(desk: Desk) -> Reply:
    found = await reviewable(desk, _LISTED)
    if not found:
        return reply(desk.say("还没有可以复盘的：方案没开过，也没有发完的活动。"), private=True)
    lines = [desk.say("看哪一个的复盘？"), *(desk.say("· {line}", line=one.title) for one in found)]
    buttons = [Button(one.title, f"/review {one.asked}") for one in found]
    return reply("\n".join(lines), *buttons, private=True)


def _unknown(desk: Desk, what: ReviewWords) -> Reply:
    say = desk.say
    if what.number is not None:
        text = say("没有编号 {number} 的活动。发 /review 看能复盘哪些。", number=what.number)
    elif what.year is not None:
        text = say(
            "「{name}」{year} 年没有开过。发 /review 看能复盘哪些。",
            name=what.named,
            year=what.year,
        )
    else:
        text = say("「{name}」没有开过。发 /review 看能复盘哪些。", name=what.named)
    return reply(text, private=True)
