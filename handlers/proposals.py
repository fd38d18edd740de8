"""From a manager's wish to a campaign: preview, ten minutes to confirm, approval.

A `Proposal` is everything a campaign will be made of, an `Edit` what one will say from now on;
either is kept as a confirmation, so that it survives a restart. Confirming checks that the
audience still comes to the groups that were shown, and makes the campaign under the key of the
message that asked for it, or its new content version. Then it is approved, or waits for another
manager: see `approvals.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.approvals import still_to_come, waits
from handlers.audiences import Chosen
from handlers.campaign_wording import held_buttons, held_question, hits_of, wording_lines
from handlers.coupon_texts import settled
from handlers.desk import Asked, Desk
from handlers.kept_apart_lines import kept_apart_lines
from handlers.previews import facts, in_one_message, said, to_come, too_much
from handlers.programme_drafts import marked
from handlers.replacing import replaced_by
from handlers.replies import Reply, reply
from handlers.staff import needs_another
from scheduler.campaigns import Campaign, CampaignState, Occurrence
from scheduler.content import Button
from scheduler.planner import campaign_value
from scheduler.priorities import Priority
from scheduler.promotions import Promotion
from scheduler.quiet_hours import quiet_until
from scheduler.schedule_json import schedule_from_json, schedule_to_json
from scheduler.schedules import Once
from scheduler.trial_plan import still_tested
from scheduler.wall_time import instant_of, zone_named
from scheduler.wording_rules import blocking
from storage import campaigns, confirmations, deliveries
from storage.audiences import Audience
from storage.campaigns import NewCampaign, StoredCampaign
from storage.deliveries import DeliveryState
from storage.groups import Group
from storage.rounds import RoundKind

CONFIRM_WITHIN = timedelta(minutes=10)
CAMPAIGN, EDIT = "campaign", "edit"
"""The kinds of confirmation that these are kept as."""

TRIAL_ENDS = "改了以后没有可比的，对照就没有了"
"""What is said of an edit that leaves a trial nothing to compare."""
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A campaign to be.

    `schedule` None means: once, at the moment it is confirmed. What goes out once may do so for
    `valid_seconds` from its moment, or from the end of the quiet hours that the moment lies in.
    `groups` are the ids of those shown.
    """

    key: str
    programme: str
    name: str
    schedule: dict[str, Any] | None
    valid_seconds: int
    priority: int
    promotion: dict[str, Any] | None
    body: dict[str, Any]
    audience: dict[str, Any]
    groups: list[int]


@dataclass(frozen=True, slots=True)
class Edit:
    """What a campaign is to say instead, and to whom; `version_id` is what it said when asked.

    With a `schedule` it has other moments as well; with a `slot` that one post is all it changes.
    """

    campaign_id: int
    version_id: int
    body: dict[str, Any]
    audience: dict[str, Any]
    groups: list[int]
    schedule: dict[str, Any] | None = None
    slot: str | None = None


def edit_of(
    campaign: StoredCampaign,
    body: dict[str, Any],
    audience: Audience,
    groups: Sequence[Group],
    *,
    schedule: dict[str, Any] | None = None,
    slot: str | None = None,
) -> Edit:
    """An edit of what a campaign says as it stands now, shown for these groups."""
    return Edit(
        campaign_id=campaign.id,
        version_id=campaign.version_id,
        body=body,
        audience=audience.to_json(),
        groups=[group.id for group in groups],
        schedule=schedule,
        slot=slot,
    )


def proposal_for(
    asked: Asked,
    chosen: Chosen,
    *,
    programme: str,
    name: str,
    body: dict[str, Any],
    valid_for: timedelta,
    priority: Priority,
    schedule: dict[str, Any] | None = None,
    promotion: Promotion | None = None,
) -> Proposal:
    """A proposal under the key of the message that asked for it."""
    return Proposal(
        key=f"{programme}:{asked.key}",
        programme=programme,
        name=name,
        schedule=schedule,
        valid_seconds=int(valid_for.total_seconds()),
        priority=int(priority),
        promotion=promotion.to_json() if promotion is not None else None,
        body=body,
        audience=chosen.audience.to_json(),
        groups=[group.id for group in chosen.groups],
    )


async def propose(desk: Desk, asked: Asked, chosen: Chosen, proposal: Proposal) -> Reply:
    """Show what will happen, and ask for a yes; or say what is too much for one message."""
    say, now = desk.say, desk.clock.now()
    giving = await settled(desk, proposal.body)
    if isinstance(giving, Reply):
        return giving
    proposal = replace(proposal, body=giving.body)
    campaign = campaign_of(desk, proposal, chosen.groups, now)
    posts = to_come(campaign, now - _TICK, now)
    wrong = too_much(desk, proposal.body, posts, chosen.groups)
    if wrong is not None:
        return wrong
    async with desk.database.writing() as connection:
        number = await ask(connection, asked, CAMPAIGN, asdict(proposal), now)
        accounts = {group.account for group in chosen.groups}
        hits = await hits_of(desk, connection, [proposal.body], accounts)
        await confirmations.keep_choice(connection, asked.member.id, chosen.written)
        lines = await facts(
            desk, connection, campaign, posts[0], audience=chosen.audience, chosen=chosen.groups
        )
        lines += giving.lines
        lines += await kept_apart_lines(
            desk,
            connection,
            proposal.body,
            posts[0] if posts else None,
            chosen.groups,
            programme=proposal.programme,
        )
        older = await replaced_by(
            connection,
            desk.shop_id,
            key=proposal.key,
            programme=proposal.programme,
            name=proposal.name,
            schedule=proposal.schedule,
            audience=chosen.audience,
        )
        lines += [
            say("会代替现在的「{name}」（编号 {number}）", name=one.name, number=one.id)
            for one in older
        ]
        lines += wording_lines(desk, hits)
        lines += await what_then(connection, desk)
    group = chosen.groups[0].name
    words = said(desk, proposal.name, proposal.body, posts, group, brief=True)
    return _preview(desk, number, words, lines, held=bool(blocking(hits)))


async def propose_edit(
    desk: Desk,
    asked: Asked,
    campaign: StoredCampaign,
    chosen: Chosen,
    body: dict[str, Any],
    *,
    trial: Sequence[str] = (),
) -> Reply:
    """Show what a campaign will say instead, and to whom, and ask for a yes.

    Of a `trial` that is set it is shown what it comes to: the words stay.
    """
    say, now = desk.say, desk.clock.now()
    if campaign.programme in set(RoundKind):
        async with desk.database.reading() as connection:
            before = await campaigns.bodies(connection, [campaign.version_id])
        if body != before[campaign.version_id]:
            # Its words are those of the round: of a draw they are the promise, and are kept.
            text = say("投票、接龙、抽奖的话不能改。不要这个了，取消它，重新开一个。")
            return reply(text, private=True)
    giving = await settled(desk, body)
    if isinstance(giving, Reply):
        return giving
    body = giving.body
    posts = editable(desk, campaign)
    wrong = too_much(desk, body, posts, chosen.groups)
    if wrong is not None:
        return wrong
    async with desk.database.writing() as connection:
        if campaign.running_id is not None:
            before = await campaigns.bodies(connection, [campaign.version_id])
            body = marked(body, before[campaign.version_id])
        tested, body = "test" in body, still_tested(body)
        edit = edit_of(campaign, body, chosen.audience, chosen.groups)
        number = await ask(connection, asked, EDIT, asdict(edit), now)
        accounts = {group.account for group in chosen.groups}
        hits = await hits_of(desk, connection, [body], accounts)
        value = campaign_value(campaign)
        lines = await facts(
            desk, connection, value, posts[0], audience=chosen.audience, chosen=chosen.groups
        )
        lines += giving.lines
        if tested and "test" not in body:
            lines.append(say(TRIAL_ENDS))
        kept = 0 if waits(campaign) else await _planned(connection, campaign)
        if kept:
            lines.append(say("已经排好的 {count} 条不变，还按原来的发", count=kept))
        lines += wording_lines(desk, hits)
        lines += await what_then(connection, desk)
    if trial:
        words = list(trial)
        title = say("「{name}」（编号 {number}）的对照：", name=campaign.name, number=campaign.id)
    else:
        words = said(desk, campaign.name, body, posts, chosen.groups[0].name, brief=True)
        title = say("修改「{name}」（编号 {number}）：", name=campaign.name, number=campaign.id)
    return _preview(desk, number, [title, *words], lines, held=bool(blocking(hits)))


def editable(desk: Desk, campaign: StoredCampaign) -> list[Occurrence]:
    """The posts of a campaign that would say an edit: what is planned as approved keeps its words.

    None of a campaign that is cancelled or finished.
    """
    if campaign.state in (CampaignState.CANCELLED, CampaignState.FINISHED):
        return []
    if waits(campaign):
        return still_to_come(desk, campaign)
    return to_come(campaign_value(campaign), campaign.planned_until, desk.clock.now())


async def _planned(connection: AsyncConnection, campaign: StoredCampaign) -> int:
    return (await deliveries.counts(connection, campaign.id))[DeliveryState.PLANNED]


async def what_then(connection: AsyncConnection, desk: Desk) -> list[str]:
    """That another manager has to approve it behind the yes, where there is one."""
    if not await needs_another(connection, desk.shop):
        return []
    return [desk.say("你确认以后，还要另一位管理员批准才会发")]


def _preview(
    desk: Desk, number: int, words: Sequence[str], lines: Sequence[str], *, held: bool
) -> Reply:
    """What was asked for, and the question; where wording rules hold it back, how to go on."""
    say = desk.say
    if held:
        tail = ["", *lines, held_question(desk, number)]
        return reply(in_one_message(desk, words, tail), *held_buttons(desk, number), private=True)
    ask = say("没问题的话，10 分钟内发 /confirm {number}；不发了，发 /dismiss。", number=number)
    return reply(
        in_one_message(desk, words, ["", *lines, ask]),
        Button(say("确认发送"), f"/confirm {number}"),
        Button(say("不发了"), "/dismiss"),
        private=True,
    )


async def ask(
    connection: AsyncConnection, asked: Asked, kind: str, body: dict[str, Any], now: datetime
) -> int:
    """Keep it for a yes; what was kept before the bot ended, and still waits, keeps its number."""
    shown = await confirmations.latest(connection, asked.member.id)
    stands = shown is not None and not shown.used and now < shown.expires_at
    if shown is not None and stands and (shown.kind, shown.body) == (kind, body):
        return shown.id
    return await confirmations.ask(connection, asked.member.id, kind, body, now + CONFIRM_WITHIN)


def campaign_of(desk: Desk, proposal: Proposal, chosen: Sequence[Group], now: datetime) -> Campaign:
    """A proposal as the campaign it would be, confirmed now.

    A single moment that came between the preview and the yes is now.
    """
    valid_for = timedelta(seconds=proposal.valid_seconds)
    at_once = Once(desk.shop.local(now).replace(tzinfo=None))
    schedule = at_once if proposal.schedule is None else schedule_from_json(proposal.schedule)
    if isinstance(schedule, Once):
        moment = instant_of(schedule.at, zone_named(desk.shop.zone))
        if moment < now:
            schedule, moment = at_once, now
        valid_for += _longest_quiet(desk, chosen, moment)
    promotion = proposal.promotion
    return Campaign(
        key=proposal.key,
        programme=proposal.programme,
        name=proposal.name,
        schedule=schedule,
        zone=desk.shop.zone,
        valid_for=valid_for,
        priority=Priority(proposal.priority),
        promotion=None if promotion is None else Promotion.from_json(promotion),
    )


def new_campaign(
    desk: Desk,
    proposal: Proposal,
    chosen: Sequence[Group],
    by: str,
    now: datetime,
    *,
    running_id: int | None = None,
) -> NewCampaign:
    """What the campaign of a proposal is made from; of a programme that is on with its id."""
    value = campaign_of(desk, proposal, chosen, now)
    return NewCampaign(
        key=proposal.key,
        programme=proposal.programme,
        name=proposal.name,
        schedule=schedule_to_json(value.schedule),
        zone=value.zone,
        valid_seconds=int(value.valid_for.total_seconds()),
        audience=Audience.from_json(proposal.audience),
        body=proposal.body,
        created_by=by,
        created_at=now,
        priority=proposal.priority,
        promotion=proposal.promotion,
        running_id=running_id,
    )


def _longest_quiet(desk: Desk, chosen: Sequence[Group], now: datetime) -> timedelta:
    """How long after it the last of the groups is out of its quiet hours; zero: none is in."""
    zones = {group.zone or desk.care.zone for group in chosen}
    ends = [quiet_until(now, zone_named(zone), desk.care.quiet_hours) for zone in sorted(zones)]
    return max((end - now for end in ends if end is not None), default=timedelta(0))
