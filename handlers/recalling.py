"""Taking posts back (撤回): at once, except for what opened a round that is still open.

A poll, a list or a draw whose post is taken back is called off, for everybody who took part. So a
manager is shown that first, and asked for a yes; and where another manager has to approve what goes
out, another one has to agree: the first yes is kept in the audit log, and the others are told.
Whoever agrees is shown the same. From that yes on the round is over, and its groups and those who
hold a number are told by `closing_rounds.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.approvals import ask_others
from handlers.closing_rounds import call_off, opened_by
from handlers.desk import Asked, Desk
from handlers.proposals import ask
from handlers.running import cancel_in
from handlers.staff import are_one, name_of, needs_another
from scheduler.content import Button, Content
from scheduler.courier import Address, Done
from storage import audit, campaigns, posts, rounds
from storage.campaigns import StoredCampaign
from storage.rounds import Round, RoundKind

RECALL = "recall"
"""The kind of confirmation, and the action in the audit log."""

_WANTED = "ask_recall"
_WHAT_IT_MEANS = {
    RoundKind.POLL: "「{title}」的投票还开着，{people} 位投了票。撤回了就没有结果，群里会说一声。",
    RoundKind.CHAIN: "「{title}」的接龙还开着，{people} 位接了。撤回了就都不算，群里会说一声。",
    RoundKind.DRAW: (
        "「{title}」的抽奖还开着，{people} 位拿了号。撤回了就不开奖，号都作废；"
        "群里会说一声，拿了号的也会私下告诉。"
    ),
}


@dataclass(frozen=True, slots=True)
class Recalled:
    """A campaign's posts were taken back in so many places; `left` are those where they stay."""

    campaign: StoredCampaign
    count: int
    left: tuple[str, ...]
    in_private: bool


@dataclass(frozen=True, slots=True)
class CallsOff:
    """Taking it back calls an open round off; a yes to `number` does. `words` say what it means.

    `wanted_by` is the other manager who wants it; `waits`: the yes of another is needed behind it.
    """

    number: int
    words: str
    wanted_by: str | None
    waits: bool


@dataclass(frozen=True, slots=True)
class RecallWanted:
    """Another manager has to agree. `told` are those who know; None: they were told before."""

    campaign: StoredCampaign
    told: tuple[str, ...] | None


async def recall(desk: Desk, asked: Asked, number: int) -> Recalled | CallsOff | None:
    """Take the posts of a campaign back, or ask whether to; None: nothing of it can be.

    What it still has planned is cancelled first. Run again after a crash it goes on with the posts
    that are left.
    """
    async with desk.database.writing() as connection:
        found = await campaigns.numbered(connection, desk.shop_id, number)
        if found is None or not await posts.stands(connection, number):
            return None
        one = await opened_by(connection, desk, found)
        if one is not None:
            return await _asked_back(connection, desk, asked, found, one)
        await cancel_in(connection, desk, asked.actor, number)
        await _keep(connection, desk, asked, found)
    return await _take_back(desk, found)


async def agree(
    connection: AsyncConnection, desk: Desk, asked: Asked, number: int, *, again: bool
) -> RecallWanted | StoredCampaign | None:
    """The yes to what `recall` asked: the campaign to be taken back now, by `finish`.

    None where that is out of date. With `again` the yes was said before, and perhaps not answered:
    then only what it brought about counts.
    """
    found = await campaigns.known(connection, number)
    one = await opened_by(connection, desk, found)
    if one is None:  # it was called off by this very yes, or ended otherwise
        begun = await audit.found(connection, RECALL, asked.key)
        return None if begun is None else found
    wanted = await audit.found(connection, _WANTED, found.key)
    is_mine = wanted is not None and await are_one(connection, wanted.actor, asked.actor)
    if again:
        return RecallWanted(found, None) if is_mine else None
    if (wanted is None or is_mine) and await needs_another(connection, desk.shop):
        if wanted is None:
            entry = audit.Entry(desk.clock.now(), asked.actor, _WANTED, found.key, {})
            await audit.note(connection, entry)
        return RecallWanted(found, ())
    await call_off(connection, desk, one.id, asked.actor)
    await _keep(connection, desk, asked, found)
    return found


async def finish(
    desk: Desk, asked: Asked, agreed: RecallWanted | StoredCampaign
) -> RecallWanted | Recalled:
    """What follows a yes: the posts are taken back, or the other managers are asked."""
    if isinstance(agreed, StoredCampaign):
        return await _take_back(desk, agreed)
    if agreed.told is None:
        return agreed
    campaign = agreed.campaign
    async with desk.database.reading() as connection:
        one = await opened_by(connection, desk, campaign)
        who = await name_of(desk, connection, asked.actor)
        means = "" if one is None else await _what_it_means(connection, desk, one)
    lines = [
        desk.say(
            "{who} 要撤回「{name}」（编号 {number}）。",
            who=who,
            name=campaign.name,
            number=campaign.id,
        ),
        means,
        desk.say("同意就发 /recall {number}；不同意就不用管，不会撤。", number=campaign.id),
    ]
    button = Button(desk.say("撤回它"), f"/recall {campaign.id}")
    question = Content("\n".join(lines), buttons=(button,))
    told = await ask_others(desk, asked.actor, question, f"recall:{campaign.id}")
    return RecallWanted(campaign, tuple(told))


async def _asked_back(
    connection: AsyncConnection, desk: Desk, asked: Asked, found: StoredCampaign, one: Round
) -> CallsOff:
    body = {"campaign": found.id}
    number = await ask(connection, asked, RECALL, body, desk.clock.now())
    wanted_by = await _wanted_by(desk, connection, asked, found)
    waits = wanted_by is None and await needs_another(connection, desk.shop)
    return CallsOff(number, await _what_it_means(connection, desk, one), wanted_by, waits)


async def _what_it_means(connection: AsyncConnection, desk: Desk, one: Round) -> str:
    counted = await rounds.tally(connection, one.id)
    return desk.say(_WHAT_IT_MEANS[one.kind], title=one.title, people=counted.people)


async def _wanted_by(
    desk: Desk, connection: AsyncConnection, asked: Asked, found: StoredCampaign
) -> str | None:
    """The name of the other manager who wants this campaign back."""
    wanted = await audit.found(connection, _WANTED, found.key)
    if wanted is None or await are_one(connection, wanted.actor, asked.actor):
        return None
    return await name_of(desk, connection, wanted.actor)


async def _take_back(desk: Desk, campaign: StoredCampaign) -> Recalled:
    """Delete the posts wherever the platform allows."""
    async with desk.database.reading() as connection:
        standing = await posts.sent_posts(connection, campaign.id)
    left: list[str] = []
    for one in standing:
        sender = desk.senders.get(one.account)
        address = Address.parse(one.address)
        if sender is None or not isinstance(
            await sender.take_back(address, one.receipt, one.key), Done
        ):
            left.append(one.name)
            continue
        async with desk.database.writing() as connection:
            await posts.mark_recalled(connection, [one.id], desk.clock.now())
    in_private = bool(standing) and standing[0].in_private
    return Recalled(campaign, len(standing) - len(left), tuple(left), in_private)


async def _keep(
    connection: AsyncConnection, desk: Desk, asked: Asked, found: StoredCampaign
) -> None:
    """Write the recall down once, under the message that asked for it."""
    if await audit.found(connection, RECALL, asked.key) is None:
        details = {"campaign": found.id}
        entry = audit.Entry(desk.clock.now(), asked.actor, RECALL, asked.key, details)
        await audit.note(connection, entry)
