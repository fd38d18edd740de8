"""Rounds whose deadline is over are closed, once, and what came of them is told in their groups.

What came of a round and the campaign that tells it are written in one transaction, which holds the
round's row: so whichever process comes first closes it, nobody draws a second time, and a process
that ends right behind that has lost nothing: the ledger tells it. What is told was approved with
the round's announcement, which said that it would come. It is put off for quiet hours and caps
like any post.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.draws import record_of, winners
from handlers.fans_only import staffs_own
from handlers.round_text import amounts_in, outcome, rules_of, votes_in, winners_of
from handlers.running import cancel_in
from handlers.staff import tell
from scheduler.bodies import literal_body
from scheduler.campaigns import CampaignState
from scheduler.content import Content
from scheduler.priorities import Priority
from scheduler.quiet_hours import quiet_until
from scheduler.schedule_json import schedule_to_json
from scheduler.schedules import Once
from storage import approvals, campaigns, round_posts, rounds
from storage.attempts import keys_under, outcomes_under
from storage.audiences import Audience
from storage.campaigns import NewCampaign, StoredCampaign
from storage.members import of_customer
from storage.rounds import Round, RoundKind, Tally
from storage.seats import heard_through
from storage.shops import halted_at

_log = structlog.get_logger(__name__)

_GRACE = timedelta(minutes=1)  # what was said in time may be heard a little later
_TELLS_WITHIN = timedelta(days=3)
_LAST_DRAWS = 20
_TOLD_AT_ONCE = 200  # of a draw that is called off with thousands, the others a minute later
_TELLING_TAKES = timedelta(minutes=5)  # at most, from its being noted to its call


async def close_rounds(desk: Desk) -> int:
    """Close every round whose deadline is over, and tell whom it concerns; how many were closed."""
    until = desk.clock.now() - _GRACE
    async with desk.database.reading() as connection:
        overdue = await rounds.overdue_rounds(connection, desk.shop_id, until)
    closed = 0
    for number in overdue:
        async with desk.database.writing() as connection:
            closed += await close(connection, desk, number)
    await _tell_entrants(desk)
    return closed


async def close(connection: AsyncConnection, desk: Desk, number: int) -> bool:
    """Close a round and have its groups told; False where that has happened already.

    A round that stands in no group is called off: nothing comes of it, and no group is told.

    Raises:
        LookupError: there is none of this number.
    """
    one = await rounds.hold_round(connection, number)
    if one.closed_at is not None:
        return False
    told_in = await round_posts.groups_of(connection, number)
    if not told_in:
        return await rounds.close_round(connection, number, None, desk.clock.now())
    await _drop_who_does_not_count(connection, desk, one, told_in)
    counted = await rounds.tally(connection, number)
    numbers = await rounds.numbers_in(connection, number) if one.kind is RoundKind.DRAW else ()
    result = await asyncio.to_thread(result_of, one, counted, numbers)
    await rounds.close_round(connection, number, result, desk.clock.now())
    _log.info("round_closed", number=number, kind=one.kind, entries=counted.people)
    if counted.people or one.kind is RoundKind.DRAW:
        names = await rounds.names_of(connection, number, winners_of(result))
        text = outcome(desk, one, result, counted.people, names)
        await _announce(connection, desk, one, text, told_in)
    return True


async def opened_by(
    connection: AsyncConnection, desk: Desk, campaign: StoredCampaign
) -> Round | None:
    """The round that a campaign opened, while that is open."""
    if campaign.programme not in set(RoundKind):
        return None
    one = await rounds.round_keyed(connection, desk.shop_id, campaign.key)
    return None if one is None or one.closed_at is not None else one


async def call_off(connection: AsyncConnection, desk: Desk, number: int, by: str) -> bool:
    """Close a round without anything coming of it, and have its groups told; False: it was over.

    Where its post is still to go out, that is cancelled. Who holds a number of a draw is told in
    private by the next `close_rounds`.

    Raises:
        LookupError: there is none of this number.
    """
    one = await rounds.hold_round(connection, number)
    if not await rounds.close_round(connection, number, None, desk.clock.now()):
        return False
    opening = await campaigns.by_key(connection, one.key)
    if opening is not None:
        await cancel_in(connection, desk, by, opening.id)
    told_in = await round_posts.groups_of(connection, number)
    if told_in:
        text = desk.say("「{title}」取消了，之前的都不算数，抱歉让大家白等。", title=one.title)
        await _announce(connection, desk, one, text, told_in)
    return True


async def _drop_who_does_not_count(
    connection: AsyncConnection, desk: Desk, one: Round, told_in: Sequence[int]
) -> None:
    """Drop the entries of who came to be of the staff, and of a draw of who is not there now."""
    await rounds.drop_entries_of(connection, one.id, await staffs_own(connection, desk.shop))
    if one.kind is RoundKind.DRAW:
        await rounds.drop_entries_from_outside(connection, one.id, told_in)


def result_of(one: Round, counted: Tally, numbers: Sequence[int]) -> dict[str, Any]:
    """What came of a round: votes, a sum, or the record of a draw that anybody can check.

    `numbers` are those that take part in a draw: many thousands take a moment, in a thread.
    """
    match one.kind:
        case RoundKind.POLL:
            return {"votes": votes_in(one, counted)}
        case RoundKind.CHAIN:
            return {"people": counted.people, "amount": amounts_in(counted)}
        case RoundKind.DRAW:
            rules = rules_of(one)
            won = winners(one.secret, numbers, rules.prizes)
            return record_of(rules, one.secret, numbers, won)


async def _announce(
    connection: AsyncConnection, desk: Desk, one: Round, text: str, told_in: Sequence[int]
) -> None:
    now = desk.clock.now()
    body = literal_body(Content(text))
    opening = await campaigns.by_key(connection, one.key)
    if opening is not None:
        # What a manager let pass in the announcement's words may come again with its title.
        said = (await campaigns.bodies(connection, [opening.version_id]))[opening.version_id]
        body |= {"overrides": said["overrides"]} if "overrides" in said else {}
    made = await campaigns.create(
        connection,
        desk.shop_id,
        NewCampaign(
            key=f"{one.key}:result",
            programme=one.kind,
            name=one.title,
            schedule=schedule_to_json(Once(desk.shop.local(now).replace(tzinfo=None))),
            zone=desk.shop.zone,
            valid_seconds=int(_TELLS_WITHIN.total_seconds()),
            audience=Audience(taken=tuple(told_in)),
            body=body,
            created_by=one.made_by,
            created_at=now,
            priority=Priority.POST,
        ),
        state=CampaignState.DRAFT,
    )
    await approvals.approve(
        connection,
        made.id,
        version=made.version_id,
        state=CampaignState.APPROVED,
        by=one.made_by,
        at=now,
    )


async def _tell_entrants(desk: Desk) -> None:
    """Tell who won the last draws, and of those called off who holds a number: each once.

    In private, as far as they can be reached.
    """
    now = desk.clock.now()
    if quiet_until(now, ZoneInfo(desk.shop.zone), desk.care.quiet_hours) is not None:
        return  # a prize can wait for the morning
    since = now - _TELLS_WITHIN
    async with desk.database.reading() as connection:
        if await halted_at(connection, desk.shop_id) is not None:
            return
        last = await rounds.latest_rounds(connection, desk.shop_id, RoundKind.DRAW, _LAST_DRAWS)
    for one in last:
        if one.closed_at is None or one.closed_at < since:
            continue
        if one.called_off:
            async with desk.database.reading() as connection:
                held = await rounds.numbers_in(connection, one.id)
            await _tell_some(desk, one, held, "「{title}」取消了，不开奖，你的 {number} 号不算了。")
            continue
        for (prize, _), won in zip(one.options, (one.result or {})["winners"], strict=False):
            sentence = "恭喜！「{title}」开奖了，你的 {number} 号中了{prize}，店里会联系你。"
            await _tell_some(desk, one, won, sentence, prize=prize)


async def _tell_some(
    desk: Desk, one: Round, numbers: Sequence[int], sentence: str, **facts: object
) -> None:
    """Tell those who hold these numbers and were not told yet, at most so many at a time."""
    await _take_back(desk, one, numbers)
    async with desk.database.reading() as connection:
        waiting = await rounds.untold(connection, one.id, numbers, most=_TOLD_AT_ONCE)
    for entry in waiting:
        if entry.customer_id is None:
            continue
        async with desk.database.reading() as connection:
            theirs = await of_customer(connection, entry.customer_id)
            ways = {way for each in theirs for way in await heard_through(connection, each.id)}
        if ways and ways.isdisjoint(desk.senders):
            continue  # the process that serves one of their accounts tells them
        text = desk.say(sentence, title=one.title, number=entry.number, **facts)
        async with desk.database.writing() as connection:
            # Noted first: who is not told in private reads it in the group.
            if not await rounds.note_told(connection, one.id, entry.number, desk.clock.now()):
                continue  # another process tells them
        key, since = f"draw:{one.id}/{entry.number}", one.closed_at or one.closes_at
        told = await tell(desk, theirs, Content(text), key, once_since=since)
        if told is None and ways:
            async with desk.database.writing() as connection:
                if not await outcomes_under(connection, ways, key, since):
                    # Nothing was even tried here, as where another process holds the lane.
                    await rounds.note_untold(connection, one.id, entry.number)


async def _take_back(desk: Desk, one: Round, won: Sequence[int]) -> None:
    """Let those be told whose telling a process noted, and ended before it made any call.

    A call is written down before it is made: whoever was called is never told again.
    """
    now, since = desk.clock.now(), one.closed_at or one.closes_at
    async with desk.database.reading() as connection:
        noted = await rounds.told_before(connection, one.id, won, now - _TELLING_TAKES)
        called = await keys_under(connection, f"draw:{one.id}", since)
    lost = noted - {int(key.split("/")[1]) for key in called}
    if lost:
        async with desk.database.writing() as connection:
            for number in sorted(lost):
                await rounds.note_untold(connection, one.id, number)
