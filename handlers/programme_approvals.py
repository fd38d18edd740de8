"""One yes or no to all of a programme's year that waits for approval.

A programme is many campaigns, and another manager reads them as one calendar: one message, one
answer. What is approved is exactly what was shown: the answer names the newest content version that
was among it, and where a newer one waits meanwhile nothing is approved, but all of it shown again.
Each campaign is checked as if it were approved alone (see `approvals.py`): who wrote a part of it
cannot approve that part, and what breaks a wording rule waits on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.approvals import (
    Approved,
    OneselfOnly,
    TrialTooLate,
    approve_in,
    ask_others,
    described,
    reject_in,
    submit,
    tell_drafters,
    waits,
)
from handlers.campaign_wording import Unfit
from handlers.desk import Desk
from handlers.previews import fits, in_one_message
from handlers.programme_calendar import entry_line, whole_line
from handlers.programme_files import is_greetings, shelf, title_of
from handlers.programme_posts import calendar
from handlers.programmes import standing_campaigns
from handlers.staff import name_of
from scheduler.content import Button, Content
from scheduler.programme_parts import Programme
from storage.campaigns import StoredCampaign
from storage.running_programmes import (
    RunningProgramme,
    programmes_on,
    running_programme,
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A programme that is on, and those of its campaigns that wait for approval."""

    programme: Programme
    running: RunningProgramme
    title: str
    campaigns: tuple[StoredCampaign, ...]

    @property
    def newest(self) -> int:
        """The newest content version of all that waits."""
        return max(one.version_id for one in self.campaigns)

    @property
    def named(self) -> str:
        """How a command names it, whatever waits of it."""
        return f"programme {self.running.key} {self.running.year}"

    @property
    def call(self) -> str:
        """How a command names exactly what waits now."""
        return f"{self.named} {self.newest}"


@dataclass(frozen=True, slots=True)
class ProgrammeApproved:
    """These may say what was shown; `own`, `too_late` and `unfit` of it still wait."""

    title: str
    approved: tuple[Approved, ...]
    own: tuple[StoredCampaign, ...] = ()
    too_late: tuple[StoredCampaign, ...] = ()
    unfit: tuple[Unfit, ...] = ()


@dataclass(frozen=True, slots=True)
class ProgrammeRejected:
    """What was shown is not said; `is_off`: nothing is left of the programme, so it is off."""

    title: str
    is_off: bool


async def waiting_of(desk: Desk, name: str, year: int | None = None) -> Waiting | None:
    """What waits of a programme by its key or name; None where nothing does."""
    programme = (await shelf(desk)).named(name)
    if programme is None or is_greetings(programme):
        return None
    async with desk.database.reading() as connection:
        return await _waiting(connection, desk, programme, year)


async def _waiting(
    connection: AsyncConnection,
    desk: Desk,
    programme: Programme,
    year: int | None,
    *,
    hold: bool = False,
) -> Waiting | None:
    on = await programmes_on(connection, desk.shop_id, hold=hold)
    for running in sorted(on, key=lambda one: one.year):
        if running.key != programme.key or year not in (None, running.year):
            continue
        standing = await standing_campaigns(connection, running)
        found = tuple(one for one in standing if waits(one))
        if found:
            return Waiting(programme, running, title_of(programme, desk.shop, running.year), found)
    return None


async def submit_programme(desk: Desk, actor: str, name: str, year: int) -> tuple[str, list[str]]:
    """Tell the other managers once of all that waits of it.

    Returns:
        What `/approve` takes for it, and the names of those reached.
    """
    found = await waiting_of(desk, name, year)
    if found is None:
        return await _submit_each(desk, actor, name, year)
    if len(found.campaigns) == 1:
        return str(found.campaigns[0].id), await submit(desk, actor, found.campaigns[0].id)
    text = await what_waits_of(desk, found)
    question = Content(text, buttons=programme_buttons(desk, found))
    return found.call, await ask_others(
        desk, actor, question, f"programme:{found.running.id}:{found.newest}"
    )


async def _submit_each(desk: Desk, actor: str, key: str, year: int) -> tuple[str, list[str]]:
    """Tell the other managers of each greeting that this one has changed and that waits."""
    async with desk.database.reading() as connection:
        running = await running_programme(connection, desk.shop_id, key, year)
        standing = await standing_campaigns(connection, running)
    those = [one.id for one in standing if waits(one) and one.submitted_by == actor]
    told: dict[str, None] = {}
    for number in those:
        told |= dict.fromkeys(await submit(desk, actor, number))
    return str(those[0]) if those else "", list(told)


async def what_waits_of(desk: Desk, found: Waiting, opening: str | None = None) -> str:
    """All that waits of a programme, as a manager is asked to approve it."""
    say = desk.say
    seen = await calendar(desk, found.programme, found.running.year, found.running)
    now, those = desk.shop.local(desk.clock.now()), {one.id for one in found.campaigns}
    posts = [
        one
        for one in seen.entries
        if one.campaign is not None and one.campaign.id in those and one.waits and one.at > now
    ]
    async with desk.database.reading() as connection:
        last = max(found.campaigns, key=lambda one: one.submitted_at)
        who = await name_of(desk, connection, last.submitted_by)
        tail = [""]
        for one in found.campaigns:
            lines = (await described(desk, connection, one)).facts
            tail += [
                say("「{name}」（编号 {number}）：", name=one.name, number=one.id),
                *(line for line in lines if line not in tail),
            ]
    tail.append(say("看一条的全文：/programme {key} 1", key=found.running.key))
    tail.append(
        say(
            "可以发，就发 /approve {call}；不发，就发 /reject {call}。不批准就不会发。",
            call=found.call,
        )
    )
    head = [
        opening
        or say("「{name}」等着批准，一共 {count} 条要发：", name=found.title, count=len(posts)),
        say("{who} {time} 提交", who=who, time=desk.show_time(last.submitted_at)),
    ]
    whole = [*head, *(whole_line(desk, one) for one in posts)]
    if fits(whole, tail):
        return in_one_message(desk, whole, tail)
    return in_one_message(desk, [*head, *(entry_line(desk, one) for one in posts)], tail)


def programme_buttons(desk: Desk, found: Waiting) -> tuple[Button, ...]:
    """Yes and no to exactly what waits now, and all of it to read."""
    return (
        Button(desk.say("批准"), f"/approve {found.call}"),
        Button(desk.say("退回"), f"/reject {found.call}"),
        Button(desk.say("看全部"), f"/programme {found.running.key}"),
    )


async def approve_programme(
    desk: Desk, actor: str, name: str, year: int | None, newest: int | None
) -> ProgrammeApproved | Waiting | None:
    """Approve all that waits of a programme, as it was shown with this newest content version.

    Returns:
        What waits now, where that is not what was meant or nobody said what was; None where
        nothing waits.
    """
    programme = (await shelf(desk)).named(name)
    if programme is None or is_greetings(programme):
        return None
    async with desk.database.writing() as connection:
        found = await _waiting(connection, desk, programme, year, hold=True)
        if found is None or newest != found.newest:
            return found
        done = [await approve_in(connection, desk, actor, one) for one in found.campaigns]
    approved = tuple(one for one in done if isinstance(one, Approved))
    own = tuple(one.campaign for one in done if isinstance(one, OneselfOnly))
    too_late = tuple(one.campaign for one in done if isinstance(one, TrialTooLate))
    unfit = tuple(one for one in done if isinstance(one, Unfit))
    await _tell(desk, actor, found, [one.campaign for one in approved], "「{name}」{who} 批准了。")
    return ProgrammeApproved(found.title, approved, own, too_late, unfit)


async def reject_programme(
    desk: Desk, actor: str, name: str, year: int | None, newest: int | None
) -> ProgrammeRejected | Waiting | None:
    """Refuse all that waits of a programme; see `approve_programme`.

    A programme of which nothing was ever approved is off then.
    """
    programme = (await shelf(desk)).named(name)
    if programme is None or is_greetings(programme):
        return None
    async with desk.database.writing() as connection:
        found = await _waiting(connection, desk, programme, year, hold=True)
        if found is None or newest != found.newest:
            return found
        for one in found.campaigns:
            await reject_in(connection, desk, actor, one)
        is_off = not await standing_campaigns(connection, found.running)
    await _tell(desk, actor, found, found.campaigns, "「{name}」{who} 退回了。")
    return ProgrammeRejected(found.title, is_off)


async def _tell(
    desk: Desk, actor: str, found: Waiting, those: Sequence[StoredCampaign], sentence: str
) -> None:
    """Tell each who wrote a part of it once what became of it."""
    drafters: Collection[str] = dict.fromkeys(one.submitted_by for one in those)
    key = f"verdict:programme:{found.running.id}:{found.newest}"
    await tell_drafters(desk, drafters, actor, sentence, key, name=found.title)
