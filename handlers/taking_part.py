"""Taking part by talking: 接龙 lines, and replies to the post that opened a round.

What was said is recorded like any words, and the entry with it, in one transaction: a message that
is heard twice counts once. Only fans who may be remembered take part, and nothing is answered: a
group in which fifty fans add themselves to a list needs no fifty answers. The post that opened the
round shows how it stands (see `standing_rounds.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.chain_lines import (
    Line,
    amount_in,
    digest_of,
    entry_after,
    is_only_joining,
    lines_in,
)
from handlers.desk import Desk
from handlers.events import MessageKind
from handlers.fans_only import staffs_own
from handlers.recording import Batch
from handlers.roles import Role, role_of
from handlers.round_words import choice_in
from storage import round_posts, rounds
from storage.messages import Recorded
from storage.round_posts import RoundPost
from storage.rounds import Round, RoundKind

_BY_WORDS = (MessageKind.FAN, MessageKind.CHAIN, MessageKind.STAFF)

_MOST_PASSED_OVER = 300  # lines of one chain


async def take_part(connection: AsyncConnection, desk: Desk, batch: Batch) -> None:
    """Note who took part in a round with what they said."""
    said = [one for one in batch.said if _is_to_the_round(one)]
    if not said:
        return
    here = {one.group.id for one in said if one.group is not None}
    posts = await round_posts.open_posts(connection, here, min(one.heard.at for one in said))
    if not posts:
        return
    staff = await staffs_own(connection, desk.shop)
    for one in said:
        meant = _meant(one, posts)
        if meant is None:
            continue
        is_staff = one.member.customer_id in staff or role_of(one.member, desk.shop) is Role.MANAGER
        if not is_staff and not one.member.no_record:
            await _enter(connection, one, meant)
        elif meant.kind is RoundKind.CHAIN:
            await _pass_over(connection, one, meant)


def _is_to_the_round(one: Recorded) -> bool:
    """Whether this may be somebody's part in a round; lines also of those who do not count."""
    if one.group is None or one.group.is_staff or one.heard.kind not in _BY_WORDS:
        return False
    return one.heard.reply_to is not None or _lists(one)


def _lists(one: Recorded) -> bool:
    """Whether somebody sends a list; of the staff's words the kind does not tell."""
    if one.heard.kind == MessageKind.STAFF:
        return bool(lines_in(one.heard.text))
    return one.heard.kind == MessageKind.CHAIN


def _meant(one: Recorded, posts: Iterable[RoundPost]) -> Round | None:
    """The round that somebody takes part in: the one they reply to, or the group's newest chain."""
    here = [post for post in posts if one.group is not None and post.group_id == one.group.id]
    for post in here:
        if one.heard.reply_to is not None and _is_of(one.heard.reply_to, post.receipt):
            return post.round
    if not _lists(one):
        return None
    return next((post.round for post in here if post.round.kind is RoundKind.CHAIN), None)


def _is_of(message: str, receipt: str) -> bool:
    """Whether a message, by the id that replies tell, is one of those that a receipt names.

    A channel may put the chat's id and a slash before the message's own.
    """
    return message in receipt.split(",") or message.rpartition("/")[2] in receipt.split(",")


async def _enter(connection: AsyncConnection, one: Recorded, meant: Round) -> None:
    customer, at, text = one.member.customer_id, one.heard.at, one.heard.text
    match meant.kind:
        case RoundKind.POLL:
            choice = choice_in(text, meant.options)
            if choice is not None:
                await rounds.enter(connection, meant.id, customer, {"choice": choice}, at)
        case RoundKind.CHAIN:
            await _add_lines(connection, one, meant)
        case RoundKind.DRAW:
            amount = amount_in(text)
            if amount == 0:
                await rounds.leave(connection, meant.id, customer, at)
            elif amount is not None:
                await rounds.enter(connection, meant.id, customer, {}, at)


async def _add_lines(connection: AsyncConnection, one: Recorded, meant: Round) -> None:
    customer, at = one.member.customer_id, one.heard.at
    lines = lines_in(one.heard.text)
    if not lines:
        amount = amount_in(one.heard.text)
        if amount == 0:
            await rounds.leave(connection, meant.id, customer, at)
        elif amount is not None:
            known = await rounds.entry_of(connection, meant.id, customer)
            if known is not None and is_only_joining(one.heard.text):
                return  # they stand in the list already, with more perhaps
            body = {"lines": {one.member.name: amount}}
            await rounds.enter(connection, meant.id, customer, body, at)
        return
    mine, others = await _known_lines(connection, one, meant, lines)
    body = {"lines": entry_after(lines, mine, others, called=one.member.name)}
    if body["lines"]:
        await rounds.enter(connection, meant.id, customer, body, at)


async def _known_lines(
    connection: AsyncConnection, one: Recorded, meant: Round, lines: Sequence[Line]
) -> tuple[Mapping[str, int], list[Line]]:
    """The sender's lines, and all others' that may stand in this list."""
    held = await rounds.hold_round(connection, meant.id)
    every = await rounds.entries(connection, meant.id)
    mine: Mapping[str, int] = {}
    others = [line for line in lines if digest_of(meant.key, line) in held.options]
    for entry in every:
        if entry.customer_id == one.member.customer_id:
            mine = _lines_of(entry.body)
        else:
            others += [Line(name, amount) for name, amount in _lines_of(entry.body).items()]
    return mine, others


async def _pass_over(connection: AsyncConnection, one: Recorded, meant: Round) -> None:
    """Remember which lines count for nobody, so that whoever copies the list does not get them.

    Of who wants no record, and of the staff, only digests are kept.
    """
    lines = lines_in(one.heard.text)
    if not lines:
        return
    _, others = await _known_lines(connection, one, meant, lines)
    new = entry_after(lines, {}, others, called=one.member.name)
    digests = [digest_of(meant.key, Line(name, amount)) for name, amount in new.items()]
    await rounds.pass_over(connection, meant.id, digests, most=_MOST_PASSED_OVER)


def _lines_of(body: Mapping[str, Any]) -> Mapping[str, int]:
    lines: Mapping[str, int] = body.get("lines", {})
    return lines
