"""The welcome: one message for those who came in one batch, so that ten joins are not ten posts.

It is stored in the transaction that records the joins (`prepare_welcomes`) and said afterwards by
a task that hearing does not wait for (`greet`). Whoever is welcomed should still be at the door:
a welcome that could not be said within ten minutes is dropped, and so is one under 急停. Where the
shop wants it to pass, it is taken back after a while (see `passing.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.changes import Newcomer
from handlers.desk import Desk
from handlers.recording import Batch
from scheduler.content import Content, Mention
from scheduler.courier import Address, Done, NothingSent, Outcome, TooFast
from storage.groups import Group
from storage.passing_posts import keep_passing
from storage.shops import halted_at
from storage.welcomes import (
    NewWelcome,
    PendingWelcome,
    finish_welcome,
    keep_welcomes,
    welcomes_to_say,
)

_log = structlog.get_logger(__name__)

WELCOME_WITHIN = timedelta(minutes=10)

_WELCOMES = "welcome:"
_NAMED = 5
_AT_ONCE = 20


async def prepare_welcomes(connection: AsyncConnection, desk: Desk, batch: Batch) -> None:
    """Store what is to be said to those who came; under 急停 nothing: a welcome is no answer."""
    if not batch.newcomers or await halted_at(connection, desk.shop_id) is not None:
        return
    welcomes = []
    for group, ones, content in _welcomes(desk, batch.newcomers):
        first = min(ones, key=lambda one: one.at)
        when = int(first.at.timestamp())
        welcomes.append(
            NewWelcome(
                key=f"{_WELCOMES}{batch.account}/{group.chat}/{first.member.person}/{when}",
                address=str(Address(group=group.chat)),
                body=content.to_json(),
                at=max(one.at for one in ones),
            )
        )
    await keep_welcomes(connection, batch.account, welcomes)


async def greet(desk: Desk, account: str, *, again: bool) -> None:
    """Say the welcomes that are stored for an account, one after the other.

    With `again` an ended process may have said them already. One that certainly was not sent is
    left for the next time; of every other it is noted that it was said, whatever came of it.
    """
    last = 0
    while some := await _stored(desk, account, last):
        for one in some:
            last = one.id
            outcome = None
            if await _is_wanted(desk, one):
                outcome = await _say(desk, account, one, again=again)
            if isinstance(outcome, NothingSent | TooFast):
                continue
            async with desk.database.writing() as connection:
                await finish_welcome(connection, one.id)
                stays = desk.shop.welcome_stays.get(account)
                welcomes = one.key.startswith(_WELCOMES)  # an answer of the shop's stays
                if isinstance(outcome, Done) and stays is not None and welcomes:
                    until = desk.clock.now() + stays
                    await keep_passing(connection, account, one.address, outcome.receipt, until)


async def _stored(desk: Desk, account: str, last: int) -> list[PendingWelcome]:
    async with desk.database.reading() as connection:
        return await welcomes_to_say(connection, account, after=last, limit=_AT_ONCE)


async def _is_wanted(desk: Desk, one: PendingWelcome) -> bool:
    async with desk.database.reading() as connection:
        halted = await halted_at(connection, desk.shop_id)
    return halted is None and desk.clock.now() - one.at <= WELCOME_WITHIN


async def _say(desk: Desk, account: str, one: PendingWelcome, *, again: bool) -> Outcome:
    outcome = await desk.senders[account].say(
        Address.parse(one.address), Content.from_json(one.body), one.key, again=again
    )
    if not isinstance(outcome, Done):
        _log.warning("welcome_lost", key=one.key, outcome=repr(outcome))
    return outcome


def _welcomes(
    desk: Desk, newcomers: Iterable[Newcomer]
) -> list[tuple[Group, Sequence[Newcomer], Content]]:
    """What to say to whom in each group that somebody came into.

    The staff are not welcomed, nor is anybody in a chat of theirs.
    """
    by_group: dict[int, list[Newcomer]] = {}
    for one in newcomers:
        if not one.member.staff and not one.group.is_staff:
            by_group.setdefault(one.group.id, []).append(one)
    return [(ones[0].group, ones, _welcome(desk, ones)) for ones in by_group.values()]


def _welcome(desk: Desk, newcomers: Sequence[Newcomer]) -> Content:
    shown = newcomers[:_NAMED]
    names = desk.listed(f"@{one.member.name}" for one in shown)
    if len(newcomers) > len(shown):
        names = desk.say("{names} 等 {count} 位新朋友", names=names, count=len(newcomers))
    text = desk.say(
        "欢迎 {names} 来到 {group}！有什么想问的、想聊的，直接在群里说就好。\n"
        "想知道我会做什么，发 /help；想看我记住了你什么，发 /me；"
        "不想收营销消息，发 /optout；不想让我记聊天，发 /norecord。",
        names=names,
        group=newcomers[0].group.name,
    )
    mentions = tuple(Mention(one.member.person, one.member.name) for one in shown)
    return Content(text, mentions=mentions)
