"""What may or may not have arrived: the list, and a manager's word on each."""

from __future__ import annotations

from handlers import running
from handlers.arguments import Number, PageNumber, Verdict
from handlers.desk import Asked, Desk
from handlers.paging import page_read, page_reply, slice_of
from handlers.reasons import words_for
from handlers.registry import command
from handlers.replies import Replies, reply
from handlers.roles import Role
from scheduler.content import Button

_BUTTONS = 3  # deliveries that get buttons of their own


@command("uncertain", "存疑", Role.MANAGER, "看哪些消息不确定发出没有", "/uncertain 12")
async def uncertain(
    desk: Desk,
    asked: Asked,  # noqa: ARG001 (every command is given what was asked)
    number: Number | None = None,
    page: PageNumber | None = None,
) -> Replies:
    """List what is in doubt, of one campaign or of all, with how to settle it."""
    say, part = desk.say, slice_of(page)
    campaign = number.number if number is not None else None
    rows = await running.uncertain(desk, campaign, part.most, skip=part.skip)
    found = page_read(rows, page)
    lines = [say("这些消息不确定发出没有，请到群里看一眼：")]
    lines += [
        say(
            "· {number} {recipient} · {time}「{name}」：{why}",
            number=one.id,
            recipient=one.recipient,
            time=desk.show_time(one.moved_at),
            name=one.campaign_name,
            why=words_for(say, one.reason),
        )
        for one in found.rows
    ]
    if found.rows:
        lines.append(
            say(
                "看到了就发 /resolve {number} sent，没有就发 /resolve {number} notsent。",
                number=found.rows[0].id,
            )
        )
    buttons = [
        button
        for one in found.rows[:_BUTTONS]
        for button in (
            Button(say("{number} 已收到", number=one.id), f"/resolve {one.id} sent"),
            Button(say("{number} 没收到", number=one.id), f"/resolve {one.id} notsent"),
        )
    ]
    yield page_reply(
        desk,
        found,
        lines,
        *buttons,
        opening="/uncertain" if campaign is None else f"/uncertain {campaign}",
        empty=say("没有存疑的消息，都清楚发没发出。"),
        wanted=page,
    )


@command("resolve", "核实", Role.MANAGER, "告诉我一条存疑的消息收到没有", "/resolve 345 sent")
async def resolve(desk: Desk, asked: Asked, number: Number, verdict: Verdict) -> Replies:
    """Settle a doubt; nothing is sent by it."""
    done = await running.resolve(desk, asked.actor, number.number, sent=verdict.sent)
    if not done:
        sentence = "{number} 不在存疑的消息里。发 /uncertain 看哪些存疑。"
    elif verdict.sent:
        sentence = "好的，{number} 记为已收到。"
    else:
        sentence = "好的，{number} 记为没收到。要再发一次，发 /retry 加活动编号。"
    yield reply(desk.say(sentence, number=number.number), private=True)
