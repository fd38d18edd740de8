"""Who asks to come into a group: let in by the group's rule, or by a manager who is told of it.

The rule is applied where the request is recorded (`judge`). What was decided, by rule or by a
person (`rule_on`), is carried to the platform by `settle`, which a task of its own calls again and
again, and which tells the managers of everybody who waits. The rule never refuses anybody: that is
left to people.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.recording import Batch
from handlers.staff import name_of, tell_managers
from scheduler.content import Button, Content
from scheduler.courier import Address, AddressGone, Admit, Done, Muted, Outcome, Unable
from storage import join_requests
from storage.audit import Entry, note
from storage.join_requests import JoinRequest, Rule, Verdict
from storage.tags import BY_RULE

_log = structlog.get_logger(__name__)

REGULAR = "老客"
"""The tag by which a manager makes somebody a regular; a key of the wording."""

_WORDS_SHOWN = 60  # characters of what somebody says of themselves
_NAMED = 5


def admits(rule: Rule | None, *, known: bool) -> bool:
    """Whether a rule lets somebody in who is `known` from another group or by a tag, or is not."""
    return rule is Rule.EVERYONE or (rule is Rule.REGULARS and known)


async def judge(connection: AsyncConnection, desk: Desk, batch: Batch) -> None:
    """Apply the groups' rules to those who ask in a batch, in the transaction that records it."""
    asking = [(one.request, one.group.id, one.member.id) for one in batch.applicants]
    await _apply_rules(connection, desk, asking)


async def set_rule(
    connection: AsyncConnection, desk: Desk, group_ids: Collection[int], rule: Rule | None
) -> int:
    """Give groups a rule, and let in by it who waits already; how many that are."""
    for group in group_ids:
        await join_requests.set_rule(connection, group, rule)
    waiting = await join_requests.waiting(connection, desk.shop_id, group_ids=group_ids)
    asking = [(one.id, one.group_id, one.member_id) for one in waiting]
    return await _apply_rules(connection, desk, asking)


async def _apply_rules(
    connection: AsyncConnection, desk: Desk, asking: Sequence[tuple[int, int, int]]
) -> int:
    """Decide about (request, group id, member id) what the rules decide; how many are let in."""
    if not asking:
        return 0
    now = desk.clock.now()
    rules = await join_requests.rules_of(connection, {group for _, group, _ in asking})
    known = await join_requests.known_elsewhere(
        connection, {member for _, _, member in asking}, desk.say(REGULAR), now
    )
    admitted = 0
    for rule in Rule:
        requests = [
            request
            for request, group, member in asking
            if rules[group] is rule and admits(rule, known=member in known)
        ]
        if requests:
            by = f"{BY_RULE}{rule}"
            admitted += len(
                await join_requests.decide(connection, requests, Verdict.ADMITTED, by=by, at=now)
            )
    return admitted


@dataclass(frozen=True, slots=True)
class Ruled:
    """A request a person ruled on: as it stood, whether that was still open, and what came of it.

    `outcome` is None where another process speaks to the platform: it will.
    """

    request: JoinRequest
    changed: bool
    outcome: Outcome | None = None


async def rule_on(desk: Desk, actor: str, number: int, verdict: Verdict) -> Ruled | None:
    """Let somebody in, or do not; None where there is no request with this number."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        decided = await join_requests.decide(connection, [number], verdict, by=actor, at=now)
        request = await join_requests.request_by_id(connection, desk.shop_id, number)
        if request is None:
            return None
        if not decided:
            return Ruled(request, changed=False)
        deed = "letin" if verdict is Verdict.ADMITTED else "turnaway"
        details = {"group": request.group_name}
        await note(connection, Entry(now, actor, deed, request.person, details))
    return Ruled(request, changed=True, outcome=await _carry_out(desk, request))


async def settle(desk: Desk, account: str) -> None:
    """Tell the platform what was decided about who asks, and the managers of who waits."""
    async with desk.database.reading() as connection:
        decided = await join_requests.to_settle(connection, account)
        untold = await join_requests.untold(connection, account)
    for one in decided:
        await _carry_out(desk, one)
    by_group = attrgetter("group_id")
    for _, some in groupby(sorted(untold, key=by_group), key=by_group):
        requests = list(some)
        key = f"request:{account}/{requests[0].id}"
        await tell_managers(desk, _news(desk, requests), key, about=requests[0].group_id)
        async with desk.database.writing() as connection:
            ids = [one.id for one in requests]
            await join_requests.mark_told(connection, ids, desk.clock.now())


async def _carry_out(desk: Desk, request: JoinRequest) -> Outcome | None:
    """Tell the platform; what it certainly did not hear, or may not have, is told again later.

    Doing it twice does no harm: whoever is in, or was refused, does not ask any more.
    """
    sender = desk.senders.get(request.account)
    if sender is None or not sender.is_open:
        return None
    outcome = await sender.carry_out(
        Admit(
            key=f"admit:{request.account}/{request.chat}/{request.person}/{request.id}",
            address=Address(group=request.chat),
            person=request.person,
            refuse=request.decided is Verdict.REFUSED,
        )
    )
    if isinstance(outcome, Done | Unable | AddressGone | Muted):
        if not isinstance(outcome, Done):
            _log.warning("admission_refused", request=request.id, outcome=repr(outcome))
        async with desk.database.writing() as connection:
            await join_requests.mark_settled(connection, request.id, desk.clock.now())
    return outcome


def _news(desk: Desk, requests: Sequence[JoinRequest]) -> Content:
    """That somebody waits at a group's door: one with buttons to answer, several as a list."""
    say, first = desk.say, requests[0]
    if len(requests) == 1:
        text = say("{name} 想进 {group}。", name=first.name, group=first.group_name)
        return Content(text + own_words(desk, first.words), buttons=ruling_buttons(desk, first))
    return Content(
        say(
            "有 {count} 位想进 {group}：{names}。",
            count=len(requests),
            group=first.group_name,
            names=desk.listed((one.name for one in requests), _NAMED),
        ),
        buttons=(Button(say("看申请"), "/requests"),),
    )


def own_words(desk: Desk, words: str) -> str:
    """What somebody says of themselves, as managers are told; empty where they say nothing."""
    shown = " ".join(words.split())[:_WORDS_SHOWN]
    return desk.say("留言：「{words}」", words=shown) if shown else ""


async def who_decided(desk: Desk, by: str | None) -> str:
    """Who decided about somebody who asked, as managers read it."""
    if by is not None and by.startswith(BY_RULE):
        return desk.say("按规则")
    if by is None or by == join_requests.BY_PLATFORM:
        return desk.say("在平台上")
    async with desk.database.reading() as connection:
        return await name_of(desk, connection, by)


def ruling_buttons(desk: Desk, request: JoinRequest, *, named: bool = False) -> tuple[Button, ...]:
    """To let somebody in or not; with their name where several stand side by side."""
    name = f" {request.name[:10]}" if named else ""
    return (
        Button(f"{desk.say('通过')}{name}", f"/letin {request.id}"),
        Button(f"{desk.say('拒绝')}{name}", f"/turnaway {request.id}"),
    )
