"""From what is to be said of arrivals to campaigns: drafts for managers, or out by the shop's rule.

A campaign is made in the transaction that notes what it is about, so nothing is announced twice or
forgotten. Then the managers are told: what waits for them, or what goes out by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.approvals import approval_buttons, described, let_go, waits, what_waits
from handlers.campaign_wording import hits_of
from handlers.desk import Desk
from handlers.previews import in_one_message
from handlers.staff import tell_managers, was_told
from scheduler.campaigns import CampaignState
from scheduler.content import Button, Content
from scheduler.priorities import Priority
from scheduler.schedule_json import schedule_to_json
from scheduler.schedules import Once
from scheduler.ware_check import CHANGED
from scheduler.wording_rules import PRICE, blocking
from storage import campaigns
from storage.attempts import outcomes_under
from storage.audiences import Audience
from storage.campaigns import NewCampaign

PROGRAMME = "arrivals"
VALID_FOR = timedelta(hours=24)
"""How long an announcement may wait for its approval."""

_AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be said: its key and name, from when on and for how long, to whom, the body."""

    key: str
    name: str
    at: datetime
    audience: Audience
    body: dict[str, Any]
    valid_for: timedelta = VALID_FOR


async def make(connection: AsyncConnection, desk: Desk, wanted: Wanted) -> int:
    """Make the campaign, approved where the shop's rule says so; its number."""
    now = desk.clock.now()
    # A moment before the campaign's own making would be over before anybody could approve it.
    moment = desk.shop.local(max(wanted.at, now)).replace(tzinfo=None)
    author = desk.say("自动上新")
    made = await campaigns.create(
        connection,
        desk.shop_id,
        NewCampaign(
            key=wanted.key,
            programme=PROGRAMME,
            name=wanted.name,
            schedule=schedule_to_json(Once(moment)),
            zone=desk.shop.zone,
            valid_seconds=int(wanted.valid_for.total_seconds()),
            audience=wanted.audience,
            body=wanted.body,
            created_by=author,
            created_at=now,
            priority=int(Priority.CAMPAIGN),
        ),
        state=CampaignState.DRAFT,
    )
    # What the wording rules hold back waits for a manager even where nothing else does. But for
    # prices: these are the source's own, and may not be taken over yet.
    held = blocking(await hits_of(desk, connection, [wanted.body]), [PRICE, CHANGED])
    if not held and not desk.shop.arrivals.approve:
        await let_go(connection, desk, author, made)
    return made.id


async def tell_of(desk: Desk, number: int, note: str = "") -> list[str]:
    """Tell the managers of a campaign that was just made; the names of those reached.

    `note` is a line that says why it is as it is.

    Raises:
        LookupError: there is no campaign with this number.
    """
    say = desk.say
    async with desk.database.reading() as connection:
        made = await campaigns.known(connection, number)
        if waits(made):
            title = say("「{name}」（编号 {number}）等着批准。", name=made.name, number=number)
            opening = f"{title}\n{note}" if note else title
            content = Content(
                await what_waits(desk, connection, made, opening),
                buttons=approval_buttons(desk, made),
            )
        else:
            shown = await described(desk, connection, made)
            title = say(
                "「{name}」（编号 {number}）按店里的规则自动发，不用批准。",
                name=made.name,
                number=number,
            )
            head = [title, *([note] if note else []), *shown.words]
            content = Content(
                in_one_message(desk, head, ["", *shown.facts]),
                buttons=(Button(say("取消它"), f"/cancel {number}"),),
            )
    return await tell_managers(desk, content, _telling(made.version_id))


async def tell_again(desk: Desk) -> int:
    """Tell of campaigns that nobody was told of, as a process may have ended before; how many.

    Where nobody could be reached it is tried again after an hour.
    """
    now, author = desk.clock.now(), desk.say("自动上新")
    states = (CampaignState.DRAFT, CampaignState.APPROVED)
    async with desk.database.reading() as connection:
        standing = await campaigns.in_states(connection, desk.shop_id, states)
    untold = 0
    for one in standing:
        if one.created_by != author or now - one.created_at > VALID_FOR:
            continue
        key = _telling(one.version_id)
        async with desk.database.reading() as connection:
            lately = await outcomes_under(connection, desk.senders.keys(), key, now - _AGAIN)
        if lately or await was_told(desk, key, one.created_at):
            continue
        untold += bool(await tell_of(desk, one.id))
    return untold


def _telling(version: int) -> str:
    return f"approval:{version}"
