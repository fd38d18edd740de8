"""Programmes that are off because somebody ended them: by whom, when and how.

Where a manager refuses or cancels all that a programme has, one by one or at once, it is off as if
it had been switched off: its page must not say that it runs. Greetings run on from year to year,
with none written for a while, and are left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.staff import name_of
from scheduler.campaigns import CampaignState
from storage import audit, campaigns
from storage.campaigns import StoredCampaign
from storage.running_programmes import EVERY_YEAR, RunningProgramme, programmes_on, switch_off

OFF = "programme_off"
"""The action, as the audit log names it."""
REJECTED, CANCELLED = "rejected", "cancelled"

_SHORT: Mapping[str, str] = {REJECTED: "没开（退回了）", CANCELLED: "没开（取消了）"}
_LONG: Mapping[str, str] = {
    REJECTED: "{who} {time} 退回了，没发的都不发了。改好再开：/programme on {key}",
    CANCELLED: "{who} {time} 取消了，没发的都不发了。要再开：/programme on {key}",
}
_OFF = "{who} {time} 关的。要再开：/programme on {key}"
_OF_ONE: Mapping[str, str] = {
    "reject": "「{name}」（编号 {number}）{who} {time} 退回了",
    "cancel": "「{name}」（编号 {number}）{who} {time} 取消了",
}


async def programme_held(
    connection: AsyncConnection, desk: Desk, campaign: StoredCampaign
) -> RunningProgramme | None:
    """The programme that a campaign is of, while it is on, held until this transaction ends.

    It is held before any of its campaigns is, as whoever switches it on or off does.
    """
    if campaign.running_id is None:
        return None
    on = await programmes_on(connection, desk.shop_id, hold=True)
    return next((one for one in on if one.id == campaign.running_id), None)


async def off_with_its_last(
    connection: AsyncConnection, desk: Desk, actor: str, running: RunningProgramme | None, how: str
) -> None:
    """Switch a programme off that is held, where none of its campaigns stands any more.

    `how` the last of them ended is `REJECTED` or `CANCELLED`.
    """
    if running is None or running.year == EVERY_YEAR:
        return
    every = await campaigns.of_programme(connection, running.id)
    if any(one.state is not CampaignState.CANCELLED for one in every):
        return
    now = desk.clock.now()
    await switch_off(connection, running.id, by=actor, at=now)
    details = {"how": how}
    await audit.note(connection, audit.Entry(now, actor, OFF, _subject(running), details))


def _subject(running: RunningProgramme) -> str:
    return f"{running.key}:{running.year}"


async def how_it_is_off(connection: AsyncConnection, desk: Desk, running: RunningProgramme) -> str:
    """That a programme is off, in a word or two, with how it came to that."""
    ended = await audit.last(connection, [OFF], _subject(running))
    how = "" if ended is None else str(ended.details.get("how", ""))
    return desk.say(_SHORT.get(how, "没开"))


async def who_ended(
    connection: AsyncConnection, desk: Desk, running: RunningProgramme
) -> list[str]:
    """A line about who switched a programme off, and how to go on; none where nobody did."""
    ended = await audit.last(connection, [OFF], _subject(running))
    if ended is None:
        return []
    sentence = _LONG.get(str(ended.details.get("how", "")), _OFF)
    who, time = await name_of(desk, connection, ended.actor), desk.show_time(ended.at)
    return [desk.say(sentence, who=who, time=time, key=running.key)]


async def parts_ended(
    connection: AsyncConnection, desk: Desk, every: Sequence[StoredCampaign]
) -> list[str]:
    """A line for each of these campaigns that somebody refused or cancelled."""
    lines = []
    for one in every:
        ended = await audit.last(connection, list(_OF_ONE), one.key)
        if one.state is CampaignState.CANCELLED and ended is not None:
            who, time = await name_of(desk, connection, ended.actor), desk.show_time(ended.at)
            sentence = _OF_ONE[ended.action]
            lines.append(desk.say(sentence, name=one.name, number=one.id, who=who, time=time))
    return lines
