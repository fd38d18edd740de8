"""Greetings that stand prepared go where their programme goes, when that is for other groups.

What nobody has approved yet, whoever wrote it, is simply for the new groups, and is shown to the
managers again. What was approved gets a new content version by the yes to the new groups, and waits
for another manager where there is one; what was approved only after that was asked waits again. A
greeting that a manager has given groups of its own keeps them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.approvals import waits
from handlers.audiences import Chosen
from handlers.desk import Desk
from handlers.greetings_ahead import AUTHOR
from handlers.proposals import Edit, edit_of, editable
from scheduler.campaigns import CampaignState
from scheduler.left_alone import stand_by_approved
from scheduler.variants import parts
from storage import campaigns
from storage.audiences import Audience, aims_of
from storage.campaigns import StoredCampaign
from storage.running_programmes import RunningProgramme
from storage.steering import AUDIENCE_CHANGED, cancel_planned


async def approved_to_re_aim(
    connection: AsyncConnection, desk: Desk, running: RunningProgramme, chosen: Chosen
) -> list[Edit]:
    """What the approved greetings to come would be for, if the programme were for these groups."""
    every = await campaigns.of_programme(connection, running.id)
    found = [one for one in _following(every, running) if not waits(one) and editable(desk, one)]
    bodies = await campaigns.bodies(connection, [one.version_id for one in found])
    return [edit_of(one, bodies[one.version_id], chosen.audience, chosen.groups) for one in found]


async def waiting_to_re_aim(
    connection: AsyncConnection, running: RunningProgramme
) -> list[StoredCampaign]:
    """The prepared greetings of a programme whose newest version nobody has approved."""
    every = await campaigns.of_programme(connection, running.id)
    return [one for one in _following(every, running) if waits(one)]


async def re_aim(  # noqa: PLR0917 (a programme, whom it is for from now on, and what is left out)
    connection: AsyncConnection,
    desk: Desk,
    running: RunningProgramme,
    audience: Audience,
    now: datetime,
    but: Collection[int],
) -> None:
    """Let what is prepared be for these groups, and cancel what is planned for others.

    `running` is the programme as it was. The campaigns `but` these are edited by the caller: they
    are what was approved when it was asked. What waits stays its writer's; what somebody approved
    since then is the bot's again, and waits.
    """
    reached = {group for group, _ in await aims_of(connection, desk.shop_id, audience)}
    before = await aims_of(connection, desk.shop_id, running.audience or Audience())
    left = {group for group, _ in before} - reached
    every = await campaigns.of_programme(connection, running.id)
    for one in _following(every, running):
        if left:
            await cancel_planned(connection, one.id, AUDIENCE_CHANGED, now, groups=left)
    for one in _following(every, running):
        if one.id in but or not (waits(one) or editable(desk, one)):
            continue
        by = one.submitted_by if waits(one) else AUTHOR
        body = (await campaigns.bodies(connection, [one.version_id]))[one.version_id]
        await campaigns.add_version(
            connection, one.id, body=body, audience=audience, by=by, at=now, divide=parts
        )
        await stand_by_approved(connection, one.id, now)


def _following(every: list[StoredCampaign], running: RunningProgramme) -> Iterator[StoredCampaign]:
    """The greetings prepared by the bot that go where the programme goes."""
    meant = (running.audience or Audience()).to_json()
    over = (CampaignState.CANCELLED, CampaignState.FINISHED)
    for one in every:
        prepared = one.created_by == AUTHOR and one.state not in over
        if prepared and one.audience.to_json() == meant:
            yield one
