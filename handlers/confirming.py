"""The yes to what was shown: within ten minutes, by who was shown it, once.

What was to be taken back or cancelled, is. What was previewed is made: a campaign, under the key of
the message that asked for it, or a new content version of one. Then it is approved, or waits for
another manager: see `approvals.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.approvals import Approved, approved, let_go, submit, waits
from handlers.arrivals.by_hand import note_announcement
from handlers.campaign_wording import Unfit, bodies_of, hits_of
from handlers.cancelling import CANCEL, cancel_agreed
from handlers.desk import Asked, Desk
from handlers.forms.draft import close
from handlers.moved_posts import holds_still
from handlers.programme_approvals import submit_programme
from handlers.programme_pictures import Drawn, drawn_for, with_drawn
from handlers.programme_wanted import Switching
from handlers.programmes import PROGRAMME, as_it_stands, change, make
from handlers.proposals import CAMPAIGN, EDIT, Edit, Proposal, editable, new_campaign
from handlers.recalling import RECALL, Recalled, RecallWanted, agree, finish
from handlers.replacing import Covered, covered
from handlers.running import Steered
from handlers.staff import needs_another
from scheduler.campaigns import CampaignState
from scheduler.variants import fixed_otherwise
from scheduler.wording_rules import blocking
from storage import audit, campaigns, confirmations
from storage.audiences import Audience, resolve
from storage.campaigns import StoredCampaign
from storage.confirmations import Confirmation
from storage.groups import Group
from storage.single_posts import slot_stands


@dataclass(frozen=True, slots=True)
class Submitted:
    """It waits for another manager. `told` are those who know; None: they were told before."""

    campaign: StoredCampaign
    told: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class NothingAsked:
    """There is nothing this member could confirm: never asked, another number, or done."""


@dataclass(frozen=True, slots=True)
class Expired:
    """The ten minutes are over."""


@dataclass(frozen=True, slots=True)
class GroupsChanged:
    """The audience does not come to the groups that were shown any more."""


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Somebody else has edited, cancelled or finished the campaign since it was shown."""


@dataclass(frozen=True, slots=True)
class SwitchedOn:
    """A programme is on, or was changed: what of it is approved, and what waits for another yes.

    `told` are those who know of what waits; None: they were told before. `call` is what `/approve`
    takes for all of it; `undrawn` counts the pictures that could not be drawn after all.
    """

    key: str
    year: int
    title: str
    was_on: bool
    approved: tuple[Approved, ...]
    waiting: tuple[StoredCampaign, ...]
    told: tuple[str, ...] | None = None
    call: str = ""
    undrawn: int = 0


Confirmed = (
    Approved
    | Submitted
    | SwitchedOn
    | NothingAsked
    | Expired
    | GroupsChanged
    | Overtaken
    | Covered
    | Unfit
    | Recalled
    | RecallWanted
    | Steered
)


async def confirm(desk: Desk, asked: Asked, number: int | None) -> Confirmed:
    """Do what the member was shown last: take something back, or have it approved or submitted."""
    async with desk.database.reading() as connection:
        seen = await confirmations.latest(connection, asked.member.id)
    if seen is None or number not in (None, seen.id):
        return NothingAsked()
    deed = {RECALL: _recall, CANCEL: _cancel}.get(seen.kind, _send)
    return await deed(desk, asked, seen)


async def _send(desk: Desk, asked: Asked, seen: Confirmation) -> Confirmed:
    """Make what the member was shown, and approve it or submit it for approval."""
    drawn = await _drawn(desk, seen)
    async with desk.database.writing() as connection:
        shown = await confirmations.latest(connection, asked.member.id)
        if shown is None or shown.id != seen.id:
            return NothingAsked()
        if shown.used:
            return await _made_before(connection, desk, shown)
        if drawn:
            for body in bodies_of(shown):
                with_drawn(body, drawn)
            await confirmations.amend(connection, shown.id, shown.body)
        done = await _carry_out(connection, desk, asked, shown)
    if isinstance(done, Submitted):
        return Submitted(done.campaign, tuple(await submit(desk, asked.actor, done.campaign.id)))
    if isinstance(done, SwitchedOn):
        done = replace(done, undrawn=sum(not found for found in drawn.values()))
    if isinstance(done, SwitchedOn) and done.waiting:
        call, told = await submit_programme(desk, asked.actor, done.key, done.year)
        return replace(done, told=tuple(told), call=call)
    return done


async def _drawn(desk: Desk, shown: Confirmation) -> Drawn:
    """The pictures of what the member was shown, drawn before anybody waits for the yes."""
    late = shown.used or desk.clock.now() >= shown.expires_at
    return {} if late else await drawn_for(bodies_of(shown))


async def _recall(desk: Desk, asked: Asked, shown: Confirmation) -> Confirmed:
    """Take back what was shown, or ask another manager to agree."""
    now = desk.clock.now()
    if not shown.used and now >= shown.expires_at:
        return Expired()
    async with desk.database.writing() as connection:
        again = not await confirmations.use(connection, shown.id, now)
        agreed = await agree(connection, desk, asked, shown.body["campaign"], again=again)
    if agreed is None:
        return NothingAsked() if again else Overtaken()
    return await finish(desk, asked, agreed)


async def _cancel(desk: Desk, asked: Asked, shown: Confirmation) -> Confirmed:
    """Cancel what was shown."""
    now = desk.clock.now()
    if not shown.used and now >= shown.expires_at:
        return Expired()
    async with desk.database.writing() as connection:
        again = not await confirmations.use(connection, shown.id, now)
        done = await cancel_agreed(connection, desk, asked, shown.body["campaign"], again=again)
    return NothingAsked() if done is None else done


async def _carry_out(
    connection: AsyncConnection, desk: Desk, asked: Asked, shown: Confirmation
) -> Confirmed:
    """Make what was shown. What is submitted is still to be told to the other managers."""
    now = desk.clock.now()
    if now >= shown.expires_at:
        return Expired()
    audience = Audience.from_json(shown.body["audience"])
    meant = await resolve(connection, desk.shop_id, audience)
    if [group.id for group in meant.groups] != shown.body["groups"]:
        return GroupsChanged()
    accounts = {group.account for group in meant.groups}
    if held := blocking(await hits_of(desk, connection, bodies_of(shown), accounts)):
        return Unfit(shown.id, held)
    if not await confirmations.use(connection, shown.id, now):
        return NothingAsked()  # the same yes in another process came first
    if shown.kind == PROGRAMME:
        return await _switch_on(connection, desk, asked, Switching(**shown.body), now)
    return await _make_one(connection, desk, asked, shown, meant.groups)


async def _make_one(
    connection: AsyncConnection,
    desk: Desk,
    asked: Asked,
    shown: Confirmation,
    groups: Sequence[Group],
) -> Approved | Submitted | Overtaken | Covered:
    """Make one campaign, or its new content version, and approve it or submit it."""
    now = desk.clock.now()
    if shown.kind == EDIT:
        made = await _change(connection, desk, asked, Edit(**shown.body), now)
    else:
        proposal = Proposal(**shown.body)
        beside = await covered(connection, desk.shop_id, proposal.programme, proposal.schedule)
        if beside is not None:
            return beside
        made = await _make(connection, desk, asked, proposal, chosen=groups, now=now)
        await close(connection, asked.member.id, proposal.key)
    if made is None:
        return Overtaken()
    if await needs_another(connection, desk.shop):
        details = {"version": made.version_number}
        await audit.note(connection, audit.Entry(now, asked.actor, "submit", made.key, details))
        return Submitted(made, None)
    replaced = await let_go(connection, desk, asked.actor, made)
    return Overtaken() if replaced is None else await approved(connection, desk, made.id, replaced)


async def _switch_on(
    connection: AsyncConnection, desk: Desk, asked: Asked, switching: Switching, now: datetime
) -> SwitchedOn | Overtaken:
    """Make all of a programme, each campaign approved or waiting for another manager."""
    made = await make(connection, desk, asked, switching, now)
    if made is None:
        return Overtaken()
    if await needs_another(connection, desk.shop):
        for one in made:
            details = {"version": one.version_number}
            await audit.note(connection, audit.Entry(now, asked.actor, "submit", one.key, details))
        return _switched(switching, waiting=made)
    done = []
    for one in made:
        replaced = await let_go(connection, desk, asked.actor, one)
        done.append(await approved(connection, desk, one.id, replaced or 0))
    return _switched(switching, approved=done)


async def _switched_before(
    connection: AsyncConnection, desk: Desk, switching: Switching
) -> SwitchedOn | NothingAsked:
    made = await as_it_stands(connection, desk, switching)
    if made is None:
        return NothingAsked()
    done = [await approved(connection, desk, one.id, 0) for one in made if not waits(one)]
    return _switched(switching, approved=done, waiting=[one for one in made if waits(one)])


def _switched(
    switching: Switching,
    *,
    approved: Sequence[Approved] = (),
    waiting: Sequence[StoredCampaign] = (),
) -> SwitchedOn:
    return SwitchedOn(
        switching.key,
        switching.year,
        switching.title,
        switching.was_on,
        tuple(approved),
        tuple(waiting),
    )


async def _made_before(
    connection: AsyncConnection, desk: Desk, shown: Confirmation
) -> Approved | Submitted | SwitchedOn | NothingAsked:
    """What came of a yes that comes again: the bot may have ended before it had answered."""
    if shown.kind == PROGRAMME:
        return await _switched_before(connection, desk, Switching(**shown.body))
    if shown.kind == EDIT:
        made = await campaigns.by_id(connection, shown.body["campaign_id"])
    else:
        made = await campaigns.by_key(connection, shown.body["key"])
    if made is None or made.state is CampaignState.CANCELLED:
        return NothingAsked()
    body = (await campaigns.bodies(connection, [made.version_id]))[made.version_id]
    if (body, made.audience.to_json()) != (shown.body["body"], shown.body["audience"]):
        return NothingAsked()  # it was dropped, or says something else by now
    return Submitted(made, None) if waits(made) else await approved(connection, desk, made.id, 0)


async def dismiss(desk: Desk, asked: Asked) -> Confirmation | None:
    """Forget what the member was shown last, and give it back; None where there was nothing."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        shown = await confirmations.latest(connection, asked.member.id)
        if shown is None or shown.used:
            return None
        if shown.kind == CAMPAIGN:
            await close(connection, asked.member.id, shown.body["key"])
        return shown if await confirmations.use(connection, shown.id, now) else None


async def _make(
    connection: AsyncConnection,
    desk: Desk,
    asked: Asked,
    proposal: Proposal,
    *,
    chosen: Sequence[Group],
    now: datetime,
) -> StoredCampaign:
    """The campaign of a proposal, waiting for approval."""
    new = new_campaign(desk, proposal, chosen, asked.actor, now)
    made = await campaigns.create(connection, desk.shop_id, new, state=CampaignState.DRAFT)
    await note_announcement(connection, made.key, proposal.body)
    return made


async def _change(
    connection: AsyncConnection, desk: Desk, asked: Asked, edit: Edit, now: datetime
) -> StoredCampaign | None:
    """The campaign with its new content version; None where it is not what was shown any more."""
    before = await campaigns.by_id(connection, edit.campaign_id)
    if before is None or before.version_id != edit.version_id or not editable(desk, before):
        return None
    if await holds_still(connection, before, edit.schedule):
        return None
    if edit.slot is not None and (await slot_stands(connection, before.id, edit.slot)).approved:
        return None  # it is about to leave with the words that were approved
    if await fixed_otherwise(connection, before.id, edit.body):
        return None
    return await change(connection, asked, edit, now)
