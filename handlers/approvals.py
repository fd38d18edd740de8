"""Approval: what a campaign is to say goes out only after a manager has said yes to exactly that.

Where there is one manager, their own yes is the approval. Where there are more, the drafter's yes
submits it: the campaign is planned, but held, and the others are told in private. What they
approve is one content version; one that was edited meanwhile is shown again instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.campaign_wording import Unfit, hits_of, wording_lines
from handlers.desk import Desk
from handlers.kept_apart_lines import kept_apart_lines
from handlers.lateness import Held
from handlers.moved_posts import follow_moments
from handlers.previews import facts, fits, in_one_message, late, said, to_come
from handlers.programme_ended import REJECTED, off_with_its_last, programme_held
from handlers.programme_pictures import look_line, pictured_slots
from handlers.replacing import Covered, covered, narrowed_by, replaced_by
from handlers.staff import are_one, member_of, name_of, needs_another, tell, tell_managers
from scheduler.campaigns import Campaign, CampaignState, Occurrence
from scheduler.content import Button, Content
from scheduler.left_alone import left_alone
from scheduler.planner import campaign_value
from scheduler.schedules import Once
from scheduler.variants import fixed_otherwise, parts
from scheduler.wording_rules import blocking
from storage import approvals, audit, campaigns
from storage.audiences import aims_of, resolve
from storage.campaigns import StoredCampaign
from storage.steering import cancel_planned

_log = structlog.get_logger(__name__)

REPLACED = "replaced"
_FIRST_VERSION = 1
_TICK = timedelta(microseconds=1)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_OPEN = (CampaignState.DRAFT, CampaignState.PAUSED)


def waits(campaign: StoredCampaign) -> bool:
    """Whether the newest content of a campaign waits for approval."""
    return campaign.state in _OPEN and campaign.version_id != campaign.approved_version


async def all_waiting(connection: AsyncConnection, shop_id: int) -> list[StoredCampaign]:
    """Every campaign whose newest content waits for approval, in the order they were made."""
    return [one for one in await campaigns.in_states(connection, shop_id, _OPEN) if waits(one)]


@dataclass(frozen=True, slots=True)
class Approved:
    """A campaign may say what was shown. `replaced` older ones gave way; `held` is late for now."""

    campaign: StoredCampaign
    replaced: int
    held: tuple[Held, ...]
    too_late: bool


@dataclass(frozen=True, slots=True)
class Rejected:
    """What was shown is not said; a campaign that was never approved is cancelled."""

    campaign: StoredCampaign


@dataclass(frozen=True, slots=True)
class NotWaiting:
    """The campaign has nothing that waits for approval; None: there is no such campaign."""

    campaign: StoredCampaign | None


@dataclass(frozen=True, slots=True)
class OneselfOnly:
    """Whoever wrote it may not approve it: there are other managers."""

    campaign: StoredCampaign


@dataclass(frozen=True, slots=True)
class TrialTooLate:
    """The first post has gone out since its trial was planned: it is too late to fix the trial."""

    campaign: StoredCampaign


@dataclass(frozen=True, slots=True)
class Another:
    """Not what was meant, or nobody said which: this version waits now."""

    campaign: StoredCampaign


async def approve(
    desk: Desk, actor: str, number: int, version: int | None
) -> Approved | NotWaiting | OneselfOnly | TrialTooLate | Another | Unfit | Covered:
    """Approve a campaign's content version by its number; without one, its first version.

    The first version is the only one that nobody can have mistaken for another.
    """
    async with desk.database.writing() as connection:
        found = await campaigns.numbered(connection, desk.shop_id, number)
        if found is None or not waits(found):
            return NotWaiting(found)
        if found.version_number != (version or _FIRST_VERSION):
            own = await _is_own(connection, desk, actor, found)
            return OneselfOnly(found) if own else Another(found)
        done = await approve_in(connection, desk, actor, found)
    if isinstance(done, Approved):
        sentence = "「{name}」（编号 {number}）{who} 批准了。"
        await _tell_drafter(desk, done.campaign, actor, sentence)
    return done


async def approve_in(
    connection: AsyncConnection, desk: Desk, actor: str, found: StoredCampaign
) -> Approved | OneselfOnly | TrialTooLate | Another | Unfit | Covered:
    """Approve the version that a campaign which waits says, if this manager may."""
    beside = await covered(connection, desk.shop_id, found.programme, found.schedule)
    if beside is not None:
        return beside
    if await _is_own(connection, desk, actor, found):
        return OneselfOnly(found)
    body = (await campaigns.bodies(connection, [found.version_id]))[found.version_id]
    if await fixed_otherwise(connection, found.id, body):
        return TrialTooLate(found)
    if held := blocking(await hits_of(desk, connection, [body])):
        return Unfit(found.id, held)
    replaced = await let_go(connection, desk, actor, found)
    if replaced is None:
        return Another(await campaigns.known(connection, found.id))
    return await approved(connection, desk, found.id, replaced)


async def _is_own(
    connection: AsyncConnection, desk: Desk, actor: str, found: StoredCampaign
) -> bool:
    """Whether what waits is this manager's own, and another one has to approve it."""
    return await needs_another(connection, desk.shop) and await are_one(
        connection, actor, found.submitted_by
    )


async def let_go(
    connection: AsyncConnection, desk: Desk, actor: str, campaign: StoredCampaign
) -> int | None:
    """Approve the version that `campaign` says; how many older campaigns gave way.

    None where another version is the newest meanwhile: then nothing was changed.
    """
    now = desk.clock.now()
    if not await approvals.approve(
        connection,
        campaign.id,
        version=campaign.version_id,
        state=CampaignState.APPROVED,
        by=actor,
        at=now,
    ):
        return None
    older = await replaced_by(
        connection,
        desk.shop_id,
        key=campaign.key,
        programme=campaign.programme,
        name=campaign.name,
        schedule=campaign.schedule,
        audience=campaign.audience,
    )
    for one in older:
        await cancel_planned(connection, one.id, REPLACED, now)
        await campaigns.set_state(connection, one.id, CampaignState.CANCELLED, REPLACED)
    for one in await narrowed_by(connection, campaign):
        aims = await aims_of(connection, desk.shop_id, campaign.audience)
        reached = {group for group, _ in aims}
        await cancel_planned(connection, one.id, REPLACED, now, groups=reached)
    details = {"version": campaign.version_number, "replaced": [one.key for one in older]}
    await audit.note(connection, audit.Entry(now, actor, "approve", campaign.key, details))
    return len(older)


async def approved(connection: AsyncConnection, desk: Desk, number: int, replaced: int) -> Approved:
    """What is to be said of a campaign that has just been approved."""
    campaign = await campaigns.known(connection, number)
    value = campaign_value(campaign)
    posts = to_come(value, _due_since(campaign, value), desk.clock.now())
    if not posts:
        return Approved(campaign, replaced, (), too_late=True)
    meant = await resolve(connection, desk.shop_id, campaign.audience)
    held = await late(
        desk, connection, value, posts[0], audience=campaign.audience, chosen=meant.groups
    )
    return Approved(campaign, replaced, tuple(held), too_late=False)


async def reject(
    desk: Desk, actor: str, number: int, version: int | None
) -> Rejected | NotWaiting | Another:
    """Refuse a campaign's content version by its number; without one, its first version."""
    async with desk.database.writing() as connection:
        found = await campaigns.numbered(connection, desk.shop_id, number)
        if found is None or not waits(found):
            return NotWaiting(found)
        if found.version_number != (version or _FIRST_VERSION):
            return Another(found)
        done = await reject_in(connection, desk, actor, found)
        now_said = await campaigns.known(connection, number)
    if not done:
        return Another(now_said) if waits(now_said) else NotWaiting(now_said)
    await _tell_drafter(desk, found, actor, "「{name}」（编号 {number}）{who} 退回了。")
    return Rejected(now_said)


async def reject_in(
    connection: AsyncConnection, desk: Desk, actor: str, found: StoredCampaign
) -> bool:
    """Refuse the version that a campaign says; False where it does not wait any more."""
    now = desk.clock.now()
    running = await programme_held(connection, desk, found)
    if not await approvals.reject(
        connection, found.id, version=found.version_id, by=actor, at=now, divide=parts
    ):
        return False
    now_said = await campaigns.known(connection, found.id)
    if now_said.schedule != found.schedule:
        await follow_moments(connection, found, now_said, now)
    await off_with_its_last(connection, desk, actor, running, REJECTED)
    return True


async def submit(desk: Desk, actor: str, number: int) -> list[str]:
    """Tell the other managers what waits for their approval; the names of those reached."""
    async with desk.database.reading() as connection:
        campaign = await campaigns.known(connection, number)
        text = await what_waits(desk, connection, campaign)
    question = Content(text, buttons=approval_buttons(desk, campaign))
    return await ask_others(desk, actor, question, str(campaign.version_id))


async def ask_others(desk: Desk, actor: str, question: Content, what: str) -> list[str]:
    """Ask the managers other than `actor` whether something may go out; the names of those reached.

    `what` names it in the key of the messages, so that nobody is asked the same twice.
    """
    async with desk.database.reading() as connection:
        drafter = await member_of(connection, actor)
    but = [] if drafter is None else [drafter.customer_id]
    told = await tell_managers(desk, question, f"approval:{what}", but=but)
    if not told:
        _log.warning("nobody_to_approve", what=what)
    return told


async def what_waits(
    desk: Desk, connection: AsyncConnection, campaign: StoredCampaign, opening: str | None = None
) -> str:
    """What a campaign is to say, to whom and when, as a manager is asked to approve it."""
    say = desk.say
    who = await name_of(desk, connection, campaign.submitted_by)
    title = say("「{name}」（编号 {number}）等着批准。", name=campaign.name, number=campaign.id)
    author = say("{who} {time} 提交", who=who, time=desk.show_time(campaign.submitted_at))
    shown = await described(desk, connection, campaign)
    sentence = "可以发，就发 /approve {call}；不发，就发 /reject {call}。不批准就不会发。"
    if shown.as_approved:
        sentence = "这些和批准过的一样，照常发，不用等批准。要收起这条提醒，发 /reject {call}。"
    ask = say(sentence, call=call_of(campaign))
    head, tail = [opening or title, author, *shown.words], ["", *shown.facts, ask]
    if not fits(head, tail):
        tail.insert(-1, say("一条消息放不下，发 /test {number} 看下一条的全文", number=campaign.id))
    return in_one_message(desk, head, tail)


def approval_buttons(desk: Desk, campaign: StoredCampaign) -> tuple[Button, ...]:
    """Yes and no to exactly the version that the campaign says now."""
    call = call_of(campaign)
    return (
        Button(desk.say("批准"), f"/approve {call}"),
        Button(desk.say("退回"), f"/reject {call}"),
    )


def call_of(campaign: StoredCampaign) -> str:
    """How a version is named in a command: `12`, or `12 2` from its second version on."""
    if campaign.version_number == _FIRST_VERSION:
        return str(campaign.id)
    return f"{campaign.id} {campaign.version_number}"


@dataclass(frozen=True, slots=True)
class Described:
    """A campaign in lines: the words it will say, and whom they reach and what holds them up.

    `as_approved`: it waits, but all that it may still say goes out as it was approved before.
    """

    words: list[str]
    facts: list[str]
    as_approved: bool = False


async def described(
    desk: Desk, connection: AsyncConnection, campaign: StoredCampaign, *, approved: bool = True
) -> Described:
    """What the newest version of a campaign will say, to whom, and what holds it up.

    With `approved` it is told as if it were approved, else as it stands.
    """
    value = campaign_value(campaign)
    body = (await campaigns.bodies(connection, [campaign.version_id]))[campaign.version_id]
    meant = await resolve(connection, desk.shop_id, campaign.audience)
    group = meant.groups[0].name if meant.groups else desk.say("群")
    posts = still_to_come(desk, campaign)
    alone = await left_alone(connection, campaign, [one.slot for one in posts])
    new = [one for one in posts if one.slot not in alone]
    as_approved, posts = bool(posts) and not new, new or posts
    # What is past is planned already: then the delivery itself tells what it waits for.
    ahead = [one for one in posts if waits(campaign) or one.at > desk.clock.now()]
    lines = await facts(
        desk,
        connection,
        value,
        ahead[0] if ahead else None,
        audience=campaign.audience,
        chosen=meant.groups,
        approved=approved or not waits(campaign),
    )
    lines += await kept_apart_lines(
        desk,
        connection,
        body,
        ahead[0] if ahead else None,
        meant.groups,
        programme=campaign.programme,
        campaign_id=campaign.id,
    )
    lines += wording_lines(desk, await hits_of(desk, connection, [body]))
    lines += look_line(desk, campaign.programme, pictured_slots(campaign, body, posts))
    return Described(said(desk, campaign.name, body, posts, group), lines, as_approved)


def still_to_come(desk: Desk, campaign: StoredCampaign) -> list[Occurrence]:
    """The posts that a campaign may still make; of what waits, also those whose moment is past.

    So may a post of one moment, which leaves when nothing holds it up any more.
    """
    if campaign.state is CampaignState.CANCELLED:
        return []
    now, value = desk.clock.now(), campaign_value(campaign)
    late = waits(campaign) or isinstance(value.schedule, Once)
    return to_come(value, _due_since(campaign, value) if late else now, now)


def _due_since(campaign: StoredCampaign, value: Campaign) -> datetime:
    """The moment behind which a version's posts lie, be they past.

    A post of one moment is its campaign's only one, whichever version says it and however much
    later that was written.
    """
    return _LONG_AGO if isinstance(value.schedule, Once) else campaign.submitted_at - _TICK


async def _tell_drafter(desk: Desk, campaign: StoredCampaign, actor: str, sentence: str) -> None:
    """Tell who submitted a version what became of it, unless they did it themselves."""
    facts = {"name": campaign.name, "number": campaign.id}
    key = f"verdict:{campaign.version_id}"
    await tell_drafters(desk, [campaign.submitted_by], actor, sentence, key, **facts)


async def tell_drafters(
    desk: Desk,
    drafters: Iterable[str],
    actor: str,
    sentence: str,
    key: str,
    **facts: object,
) -> None:
    """Tell those who submitted something what became of it, but not who did it themselves."""
    for one in drafters:
        async with desk.database.reading() as connection:
            drafter = await member_of(connection, one)
            who = await name_of(desk, connection, actor)
        if drafter is not None and one != actor:
            await tell(desk, [drafter], Content(desk.say(sentence, who=who, **facts)), key)
