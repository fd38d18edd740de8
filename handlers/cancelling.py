"""Cancelling a campaign: at once where one post is to come, and behind a yes where several are.

Nothing brings a cancelled campaign back. Who is in a hurry pauses it, which happens at once and can
be undone; the question says so. A round whose announcement was cancelled before it reached any
group is over with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.closing_rounds import call_off, opened_by
from handlers.desk import Asked, Desk
from handlers.programme_ended import CANCELLED, off_with_its_last, programme_held
from handlers.proposals import ask
from handlers.running import Ahead, Steered, ahead_of, cancel_in
from scheduler.campaigns import CampaignState
from storage import campaigns, round_posts
from storage.campaigns import StoredCampaign

CANCEL = "cancel"
"""The kind of confirmation."""


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """Several posts are to come: a yes to `number` cancels them all."""

    number: int
    campaign: StoredCampaign
    ahead: Ahead


async def cancel(desk: Desk, asked: Asked, number: int) -> Steered | CancelAsked | None:
    """Plan and send nothing more of a campaign, or ask first; None: there is none of this number.

    What is under way at a platform still arrives.
    """
    async with desk.database.writing() as connection:
        found = await campaigns.numbered(connection, desk.shop_id, number)
        if found is None:
            return None
        ahead = await ahead_of(connection, desk, found)
        if len(ahead.posts) > 1:
            body = {"campaign": number}
            yes = await ask(connection, asked, CANCEL, body, desk.clock.now())
            return CancelAsked(yes, found, ahead)
        return await _cancel(connection, desk, asked, found)


async def cancel_agreed(
    connection: AsyncConnection, desk: Desk, asked: Asked, number: int, *, again: bool
) -> Steered | None:
    """The yes to what `cancel` asked; None: it was said `again`, and has brought nothing about."""
    found = await campaigns.known(connection, number)
    if again and found.state is not CampaignState.CANCELLED:
        return None
    return await _cancel(connection, desk, asked, found)


async def _cancel(
    connection: AsyncConnection, desk: Desk, asked: Asked, found: StoredCampaign
) -> Steered | None:
    one = await opened_by(connection, desk, found)
    running = await programme_held(connection, desk, found)
    done = await cancel_in(connection, desk, asked.actor, found.id)
    await off_with_its_last(connection, desk, asked.actor, running, CANCELLED)
    if one is not None and not await round_posts.groups_of(connection, one.id):
        await call_off(connection, desk, one.id, asked.actor)
    return done
