"""What will be sent and what was: the plan, cancelling, and taking posts back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.arguments import Days, Number
from handlers.desk import Asked, Desk
from handlers.planned import Planned, coming
from handlers.registry import command
from handlers.replies import Replies, reply
from handlers.roles import Role
from scheduler.campaigns import CampaignState
from scheduler.courier import Address, Done
from storage import audit, campaigns, deliveries, posts
from storage.campaigns import StoredCampaign
from storage.deliveries import DeliveryState

_PLAN_DAYS = 14
_LONGEST_LIST = 30
_LINE = 24  # characters of a post that fit on one line of a phone
_CANCELLED_BY_MANAGER = "cancelled_by_manager"


@command("plan", "计划", Role.MANAGER, "看接下来几天会发什么", "/plan 14")
async def plan_(desk: Desk, asked: Asked, days: Days | None = None) -> Replies:  # noqa: ARG001 (every command is given what was asked)
    """Every post to come: what is approved, and what could be switched on."""
    number = days.number if days is not None else _PLAN_DAYS
    now = desk.clock.now()
    found = await coming(desk, now, now + timedelta(days=number))
    say = desk.say
    approved = [one for one in found if one.campaign_id is not None]
    drafts = [one for one in found if one.campaign_id is None]
    lines = [say("接下来 {days} 天会发：", days=number)]
    lines += [_line(desk, one) for one in approved[:_LONGEST_LIST]] or [say("还没有安排。")]
    if len(approved) > _LONGEST_LIST:
        lines.append(say("……还有 {count} 条", count=len(approved) - _LONGEST_LIST))
    if drafts:
        lines += ["", say("现成的、还没启用的（要启用就发 /countdown 双11 或 /greet）：")]
        lines += [_line(desk, one) for one in drafts[:_LONGEST_LIST]]
    yield reply("\n".join(lines), private=True)


def _line(desk: Desk, one: Planned) -> str:
    number = f"#{one.campaign_id} " if one.campaign_id is not None else ""
    first = one.text.splitlines()[0] if one.text else ""
    text = first if len(first) <= _LINE else f"{first[:_LINE]}…"
    return desk.say(
        "· {time} {number}{name}（{audience}）{text}",
        time=desk.show_time(one.at),
        number=number,
        name=one.campaign,
        audience=one.audience,
        text=text,
    )


@command("cancel", "取消", Role.MANAGER, "取消一个还没发完的活动", "/cancel 12")
async def cancel(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Cancel a campaign: nothing more of it is planned or sent."""
    async with desk.database.writing() as connection:
        found = await campaigns.by_id(connection, number.number)
        gone = None if found is None else await _stop(connection, desk, asked, found)
    if found is None:
        text = desk.say("没有编号 {number} 的活动。发 /plan 看编号。", number=number.number)
    elif gone is None:
        text = desk.say("「{name}」已经结束了，没有要取消的。", name=found.name)
    else:
        text = desk.say(
            "「{name}」已取消，{count} 条待发的不再发。已经发出的，可用 /recall {number} 撤回。",
            name=found.name,
            count=gone,
            number=found.id,
        )
    yield reply(text, private=True)


async def _stop(
    connection: AsyncConnection, desk: Desk, asked: Asked, found: StoredCampaign
) -> int | None:
    """Cancel a campaign and what it has planned; how much that was, None where it is over."""
    now = desk.clock.now()
    gone = await deliveries.cancel_planned(connection, found.id, _CANCELLED_BY_MANAGER, now)
    under_way = (await deliveries.counts(connection, found.id))[DeliveryState.SENDING]
    over = found.state in (CampaignState.CANCELLED, CampaignState.FINISHED)
    if over and not gone and not under_way:
        return None
    await campaigns.set_state(connection, found.id, CampaignState.CANCELLED, _CANCELLED_BY_MANAGER)
    await audit.note(
        connection, audit.Entry(now, asked.actor, "cancel", found.key, {"planned": gone})
    )
    return gone


@command("recall", "撤回", Role.MANAGER, "撤回发到群里的消息", "/recall 12")
async def recall(desk: Desk, asked: Asked, number: Number | None = None) -> Replies:
    """Delete the posts of a campaign wherever the platform allows; list where it did not.

    What it still has planned is cancelled first. Run again after a crash it means the same
    campaign, and goes on with the posts that are left.
    """
    async with desk.database.writing() as connection:
        found = await _meant(connection, desk, asked, number)
        if found is not None:
            await _stop(connection, desk, asked, found)
        standing = [] if found is None else await posts.sent_posts(connection, found.id)
    if found is None or not standing:
        yield reply(desk.say("没有可以撤回的消息。"), private=True)
        return
    left: list[str] = []
    for one in standing:
        outcome = await desk.senders[one.account].take_back(
            Address.parse(one.address), one.receipt, one.key
        )
        if not isinstance(outcome, Done):
            left.append(one.group_name)
            continue
        async with desk.database.writing() as connection:
            await posts.mark_recalled(connection, [one.id], desk.clock.now())
    text = desk.say(
        "已从 {count} 个群撤回「{name}」。", count=len(standing) - len(left), name=found.name
    )
    if left:
        text += "\n" + desk.say("这些群没能撤回：{names}", names=desk.listed(left))
    yield reply(text, private=True)


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
    if latest is None:
        return None
    await audit.note(
        connection,
        audit.Entry(desk.clock.now(), asked.actor, "recall", asked.key, {"campaign": latest}),
    )
    return await campaigns.by_id(connection, latest)
