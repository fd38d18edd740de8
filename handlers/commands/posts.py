"""What will be sent and what was: the plan, taking posts back, and keeping them in view."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.arguments import Number, PageNumber
from handlers.day_arguments import Days
from handlers.desk import Asked, Desk, shortened
from handlers.paging import PAGE, page_of, page_reply
from handlers.planned import Planned, coming
from handlers.previews import promotion_line
from handlers.reasons import words_for
from handlers.registry import command
from handlers.replies import Replies, reply
from handlers.roles import Role
from handlers.running import cancel_in
from scheduler.courier import Address, Done
from scheduler.promotions import Promotion
from storage import audit, campaigns, posts
from storage.campaigns import StoredCampaign

_PLAN_DAYS = 14
_NAMES_SHOWN = 50
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


@command("recall", "撤回", Role.MANAGER, "撤回发出去的消息", "/recall 12")
async def recall(desk: Desk, asked: Asked, number: Number | None = None) -> Replies:
    """Delete the posts of a campaign wherever the platform allows; list where it did not.

    What it still has planned is cancelled first. Run again after a crash it means the same
    campaign, and goes on with the posts that are left.
    """
    async with desk.database.writing() as connection:
        found = await _meant(connection, desk, asked, number)
        standing = [] if found is None else await posts.sent_posts(connection, found.id)
        if found is not None:
            await cancel_in(connection, desk, asked.actor, found.id)
            if standing:
                await _keep(connection, desk, asked, found)
    if found is None or not standing:
        yield reply(desk.say("没有可以撤回的消息。"), private=True)
        return
    left: list[str] = []
    for one in standing:
        outcome = await desk.senders[one.account].take_back(
            Address.parse(one.address), one.receipt, one.key
        )
        if not isinstance(outcome, Done):
            left.append(one.name)
            continue
        async with desk.database.writing() as connection:
            await posts.mark_recalled(connection, [one.id], desk.clock.now())
    in_private = standing[0].in_private
    done = "已从 {count} 个群撤回「{name}」。"
    if in_private:
        done = "已从 {count} 位粉丝的私聊撤回「{name}」。"
    text = desk.say(done, count=len(standing) - len(left), name=found.name)
    if left:
        stays = "这些粉丝那里没能撤回：{names}" if in_private else "这些群没能撤回：{names}"
        text += "\n" + desk.say(stays, names=desk.listed(left, _NAMES_SHOWN))
    yield reply(text, private=True)


@command("pin", "置顶", Role.MANAGER, "把发到群里的消息置顶，微信群里设成群公告", "/pin 12")
async def pin(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Keep the newest post of a campaign in view in each of its groups; list where it is not.

    What in view means is the platform's: pinned, or made the group's announcement.
    """
    async with desk.database.reading() as connection:
        found = await campaigns.by_id(connection, number.number)
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


async def _meant(
    connection: AsyncConnection, desk: Desk, asked: Asked, number: Number | None
) -> StoredCampaign | None:
    """The campaign to take back: by its number, or the one that sent last, kept for a rerun."""
    if number is not None:
        return await campaigns.by_id(connection, number.number)
    before = await audit.found(connection, "recall", asked.key)
    if before is not None:
        return await campaigns.by_id(connection, before.details["campaign"])
    latest = await posts.latest_campaign_sent(connection, desk.shop_id)
    return None if latest is None else await campaigns.by_id(connection, latest)


async def _keep(
    connection: AsyncConnection, desk: Desk, asked: Asked, found: StoredCampaign
) -> None:
    """Write the recall down once, under the message that asked for it."""
    if await audit.found(connection, "recall", asked.key) is None:
        details = {"campaign": found.id}
        entry = audit.Entry(desk.clock.now(), asked.actor, "recall", asked.key, details)
        await audit.note(connection, entry)
