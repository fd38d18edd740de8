"""What will be sent and what was: the plan, taking posts back, and keeping them in view."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from handlers.arguments import Number, PageNumber
from handlers.day_arguments import Days
from handlers.desk import Asked, Desk, shortened
from handlers.paging import PAGE, page_of, page_reply
from handlers.planned import Planned, coming
from handlers.previews import promotion_line
from handlers.reasons import words_for
from handlers.recalling import CallsOff, Recalled, recall
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.content import Button
from scheduler.courier import Address, Done
from scheduler.promotions import Promotion
from storage import audit, campaigns, posts

_PLAN_DAYS = 14
_NAMES_SHOWN = 50
_LAST_SENT = 8  # what a manager may want back, with a button each
_LINE = 24  # characters of a post that fit on one line of a phone


@command("plan", "计划", Role.MANAGER, "看接下来几天会发什么", "/plan 14")
async def plan_(
    desk: Desk,
    asked: Asked,  # noqa: ARG001 (every command is given what was asked)
    days: Days | None = None,
    page: PageNumber | None = None,
) -> Replies:
    """Every post to come: what is approved; on the first page also what could be switched on."""
    number = days.number if days is not None else _PLAN_DAYS
    now = desk.clock.now()
    found = await coming(desk, now, now + timedelta(days=number))
    say = desk.say
    approved = [one for one in found if one.campaign_id is not None or one.is_on]
    drafts = [one for one in found if one.campaign_id is None and not one.is_on]
    part = page_of(approved, page)
    title = say("接下来 {days} 天会发：", days=number)
    more = []
    if part.number == 1:
        if drafts:
            more += ["", say("现成的、还没启用的（要启用就发 /programme）：")]
            more += [_line(desk, one) for one in drafts[:PAGE]]
        more += _promotions(desk, found)
    lines = [title, *(_line(desk, one) for one in part.rows), *more]
    empty = "\n".join([title, say("还没有安排。"), *more])
    yield page_reply(desk, part, lines, opening=f"/plan {number}", empty=empty, wanted=page)


def _promotions(desk: Desk, found: Sequence[Planned]) -> list[str]:
    """The promotion windows of what comes, each once, under the name of what is posted there."""
    windows: dict[tuple[str, Promotion], str] = {}
    for one in found:
        if one.promotion is not None:
            windows.setdefault((one.programme, one.promotion), one.campaign)
    lines = [
        desk.say("「{name}」的{promotion}", name=name, promotion=promotion_line(desk, promotion))
        for (_, promotion), name in windows.items()
    ]
    return ["", *lines] if lines else []


def _line(desk: Desk, one: Planned) -> str:
    number = f"#{one.campaign_id} " if one.campaign_id is not None else ""
    first = one.text.splitlines()[0] if one.text else ""
    text = first if len(first) <= _LINE else f"{first[:_LINE]}…"
    return desk.say(
        "· {time} {number}{name}（{audience}）{text}",
        time=desk.show_time(one.at),
        number=number,
        name=one.campaign,
        audience=shortened(one.audience),
        text=text if one.holds is None else f"{words_for(desk.say, one.holds)} · {text}",
    )


@command("recall", "撤回", Role.MANAGER, "撤回发出去的消息；不写编号就看能撤回的", "/recall 12")
async def recall_(desk: Desk, asked: Asked, number: Number | None = None) -> Replies:
    """Delete the posts of a campaign wherever the platform allows; alone, list what can be.

    What would call an open poll, list or draw off is shown first, and asks for a yes.
    """
    if number is None:
        yield await _last_sent(desk)
        return
    match await recall(desk, asked, number.number):
        case Recalled() as done:
            yield recalled(desk, done)
        case CallsOff() as found:
            yield _calls_off(desk, found)
        case None:
            yield reply(desk.say("没有可以撤回的消息。"), private=True)


async def _last_sent(desk: Desk) -> Reply:
    """What went out last and can be taken back, each with its button."""
    say = desk.say
    async with desk.database.reading() as connection:
        found = await posts.last_sent(connection, desk.shop_id, _LAST_SENT)
    if not found:
        return reply(say("没有可以撤回的消息。"), private=True)
    lines = [say("要撤回哪一个？最近发出去的：")]
    for one in found:
        sentence = "· {number} {time}「{name}」{count} 个群"
        if one.in_private:
            sentence = "· {number} {time}「{name}」{count} 位粉丝的私聊"
        lines.append(
            say(
                sentence,
                number=one.campaign_id,
                time=desk.show_time(one.at),
                name=one.name,
                count=one.count,
            )
        )
    lines.append(say("发 /recall {number}，就从所有地方撤回。", number=found[0].campaign_id))
    buttons = [
        Button(say("撤回 {number}", number=one.campaign_id), f"/recall {one.campaign_id}")
        for one in found
    ]
    return reply("\n".join(lines), *buttons, private=True)


def _calls_off(desk: Desk, found: CallsOff) -> Reply:
    """What taking a round's post back means, and the question."""
    say, lines = desk.say, [found.words]
    if found.wanted_by is not None:
        lines.append(say("{who} 要撤回它，你也同意就撤。", who=found.wanted_by))
    if found.waits:
        lines.append(say("你确认以后，还要另一位管理员也同意才撤"))
    lines.append(
        say("要撤回，10 分钟内发 /confirm {number}；不撤了，发 /dismiss。", number=found.number)
    )
    return reply(
        "\n".join(lines),
        Button(say("确认撤回"), f"/confirm {found.number}"),
        Button(say("不撤了"), "/dismiss"),
        private=True,
    )


def recalled(desk: Desk, done: Recalled) -> Reply:
    """From how many places a campaign was taken back, and where it stays."""
    name = done.campaign.name
    sentence = "已从 {count} 个群撤回「{name}」。"
    if done.in_private:
        sentence = "已从 {count} 位粉丝的私聊撤回「{name}」。"
    text = desk.say(sentence, count=done.count, name=name)
    if done.left:
        stays = "这些粉丝那里没能撤回：{names}" if done.in_private else "这些群没能撤回：{names}"
        text += "\n" + desk.say(stays, names=desk.listed(done.left, _NAMES_SHOWN))
    return reply(text, private=True)


@command("pin", "置顶", Role.MANAGER, "把发到群里的消息置顶，微信群里设成群公告", "/pin 12")
async def pin(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Keep the newest post of a campaign in view in each of its groups; list where it is not.

    What in view means is the platform's: pinned, or made the group's announcement.
    """
    async with desk.database.reading() as connection:
        found = await campaigns.numbered(connection, desk.shop_id, number.number)
        sent = [] if found is None else await posts.sent_posts(connection, found.id)
    posted = [one for one in sent if not one.in_private]
    newest = {one.address: one for one in sorted(posted, key=lambda one: one.id)}
    if found is None or not newest:
        yield reply(desk.say("没有可以置顶的消息。"), private=True)
        return
    left = [one.name for one in newest.values() if not await _is_pinned(desk, one)]
    pinned = len(newest) - len(left)
    if pinned:
        async with desk.database.writing() as connection:
            entry = audit.Entry(desk.clock.now(), asked.actor, "pin", found.key, {"groups": pinned})
            await audit.note(connection, entry)
    text = desk.say("已在 {count} 个群置顶「{name}」。", count=pinned, name=found.name)
    if left:
        text += "\n" + desk.say("这些群没能置顶：{names}", names=desk.listed(left))
    yield reply(text, private=True)


async def _is_pinned(desk: Desk, one: posts.SentPost) -> bool:
    outcome = await desk.senders[one.account].pin(Address.parse(one.address), one.receipt, one.key)
    return isinstance(outcome, Done)
