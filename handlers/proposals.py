"""From a manager's wish to an approved campaign: preview, ten minutes to confirm, approval.

A `Proposal` is everything a campaign will be made of, kept as a confirmation so that it survives
a restart. Confirming checks that the audience still comes to the groups that were shown, makes
the campaign under the key of the message that asked for it, approves it, and wakes the planner.
Nothing goes out by silence.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.audiences import Chosen
from handlers.desk import Asked, Desk
from handlers.replies import Reply, reply
from scheduler.campaigns import CampaignState
from scheduler.content import Button
from scheduler.schedule_json import schedule_to_json
from scheduler.schedules import Once
from storage import audit, campaigns, confirmations, deliveries, groups
from storage.campaigns import NewCampaign, StoredCampaign
from storage.confirmations import Confirmation

CONFIRM_WITHIN = timedelta(minutes=10)
_KIND = "campaign"
_REPLACED = "replaced"


class Replaces(StrEnum):
    """Which standing campaigns of its programme a new one takes the place of."""

    NONE = "none"
    SAME_NAME = "same_name"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A campaign to be. `schedule` None means: once, at the moment it is confirmed.

    `replaces` names the campaigns of the same programme that it takes the place of, so that
    nobody is greeted twice: those of the same name, all of them, or none.
    """

    key: str
    programme: str
    name: str
    schedule: dict[str, Any] | None
    valid_seconds: int
    body: dict[str, Any]
    written: str
    audience: dict[str, Any]
    groups: list[int]
    replaces: str


async def propose(desk: Desk, asked: Asked, chosen: Chosen, proposal: Proposal, text: str) -> Reply:
    """Show what will happen, and ask for a yes.

    `text` is the preview of what will be said; whom it reaches is added here.
    """
    async with desk.database.writing() as connection:
        number = await _asked_before(connection, asked, proposal) or await confirmations.ask(
            connection,
            asked.member.id,
            _KIND,
            asdict(proposal),
            desk.clock.now() + CONFIRM_WITHIN,
        )
        await confirmations.keep_choice(connection, asked.member.id, chosen.written)
        reached = await groups.reach(connection, [group.id for group in chosen.groups])
        older = await _replaced(connection, desk, proposal)
    say = desk.say
    whom = [
        say(
            "发到 {count} 个群：{names}", count=len(chosen.groups), names=desk.listed(chosen.names)
        ),
        say("共 {fans} 位粉丝", fans=reached.fans),
    ]
    if len(chosen.groups) > 1:
        whom.append(say("其中 {several} 位不止在一个群，会看到几次", several=reached.in_several))
    whom += [
        say("会代替现在的「{name}」（编号 {number}）", name=one.name, number=one.id)
        for one in older
    ]
    ask = say("没问题的话，10 分钟内发 /confirm {number}；不发了，发 /dismiss。", number=number)
    return reply(
        "\n".join([text, "", *whom, ask]),
        Button(say("确认发送"), f"/confirm {number}"),
        Button(say("不发了"), "/dismiss"),
        private=True,
    )


async def _asked_before(
    connection: AsyncConnection, asked: Asked, proposal: Proposal
) -> int | None:
    """The number of this very preview, when the bot ended before its command was finished."""
    shown = await confirmations.latest(connection, asked.member.id)
    same = shown is not None and not shown.used and shown.body == asdict(proposal)
    return shown.id if shown is not None and same else None


def proposal_for(
    asked: Asked,
    chosen: Chosen,
    *,
    programme: str,
    name: str,
    body: dict[str, Any],
    valid_for: timedelta,
    schedule: dict[str, Any] | None = None,
    replaces: Replaces = Replaces.NONE,
) -> Proposal:
    """A proposal under the key of the message that asked for it."""
    return Proposal(
        key=f"{programme}:{asked.key}",
        programme=programme,
        name=name,
        schedule=schedule,
        valid_seconds=int(valid_for.total_seconds()),
        body=body,
        written=chosen.written,
        audience=chosen.audience.to_json(),
        groups=[group.id for group in chosen.groups],
        replaces=replaces.value,
    )


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A campaign that was made and approved, and how many older ones it replaced."""

    campaign: StoredCampaign
    replaced: int


@dataclass(frozen=True, slots=True)
class NothingAsked:
    """There is nothing this member could confirm: never asked, another number, or done."""


@dataclass(frozen=True, slots=True)
class Expired:
    """The ten minutes are over."""


@dataclass(frozen=True, slots=True)
class GroupsChanged:
    """The audience does not come to the groups that were shown any more."""


async def confirm(
    desk: Desk, asked: Asked, number: int | None
) -> Confirmed | NothingAsked | Expired | GroupsChanged:
    """Make and approve what the member was shown last."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        shown = await confirmations.latest(connection, asked.member.id)
        if shown is None or number not in (None, shown.id):
            return NothingAsked()
        if shown.used:
            return await _made_before(connection, shown)
        if now >= shown.expires_at:
            return Expired()
        proposal = Proposal(**shown.body)
        audience = groups.Audience.from_json(proposal.audience)
        meant = await groups.resolve(connection, desk.shop_id, audience)
        if [group.id for group in meant.groups] != proposal.groups:
            return GroupsChanged()
        if not await confirmations.use(connection, shown.id, now):
            return NothingAsked()  # the same yes in another process came first
        confirmed = await _make(connection, desk, asked, proposal, now)
    desk.planner.ring()
    return confirmed


async def _made_before(
    connection: AsyncConnection, shown: Confirmation
) -> Confirmed | NothingAsked:
    """The campaign of a yes that comes again: the bot may have ended before it had answered."""
    made = await campaigns.by_key(connection, shown.body["key"])
    if made is None or made.state == CampaignState.CANCELLED:
        return NothingAsked()
    return Confirmed(made, 0)


async def dismiss(desk: Desk, asked: Asked) -> bool:
    """Forget what the member was shown last; False where there was nothing."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        shown = await confirmations.latest(connection, asked.member.id)
        if shown is None or shown.used:
            return False
        return await confirmations.use(connection, shown.id, now)


async def _make(
    connection: AsyncConnection, desk: Desk, asked: Asked, proposal: Proposal, now: datetime
) -> Confirmed:
    replaced = await _replace(connection, desk, proposal, now)
    schedule = proposal.schedule or schedule_to_json(
        Once(desk.shop.local(now).replace(tzinfo=None))
    )
    campaign = await campaigns.create(
        connection,
        desk.shop_id,
        NewCampaign(
            key=proposal.key,
            programme=proposal.programme,
            name=proposal.name,
            schedule=schedule,
            zone=desk.shop.zone,
            valid_seconds=proposal.valid_seconds,
            audience=groups.Audience.from_json(proposal.audience),
            body=proposal.body,
            created_by=asked.actor,
            created_at=now,
        ),
        state=CampaignState.DRAFT,
    )
    await campaigns.approve(
        connection,
        campaign.id,
        state=CampaignState.APPROVED,
        by=asked.actor,
        at=now,
        plan_after=now - timedelta(microseconds=1),
    )
    await audit.note(
        connection,
        audit.Entry(now, asked.actor, "approve", proposal.key, {"groups": proposal.groups}),
    )
    return Confirmed(campaign, replaced)


async def _replace(
    connection: AsyncConnection, desk: Desk, proposal: Proposal, now: datetime
) -> int:
    older = await _replaced(connection, desk, proposal)
    for one in older:
        # Deliveries first, as /cancel does: the lanes are taken in one order by everybody.
        await deliveries.cancel_planned(connection, one.id, _REPLACED, now)
        await campaigns.set_state(connection, one.id, CampaignState.CANCELLED, _REPLACED)
    return len(older)


async def _replaced(
    connection: AsyncConnection, desk: Desk, proposal: Proposal
) -> list[StoredCampaign]:
    """The standing campaigns that this one takes the place of."""
    standing = await campaigns.in_states(connection, desk.shop_id, [CampaignState.APPROVED])
    return [
        one
        for one in standing
        if one.programme == proposal.programme
        and one.key != proposal.key
        and (
            proposal.replaces == Replaces.ALL
            or (proposal.replaces == Replaces.SAME_NAME and one.name == proposal.name)
        )
    ]
