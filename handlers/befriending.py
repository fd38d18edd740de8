"""New friends: made on the platform, welcomed in private, and brought into the group of the rule.

`settle` carries out what is stored about one account's requests, and a task of its own calls it
again and again; it also tells the managers of who waits for their word, which `rule_on` keeps.
Nothing is said to anybody twice: what a call may have done already is read from the attempts. A
welcome is no answer, so under 急停 it waits like everything planned, and nobody is welcomed a day
late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.admission import own_words
from handlers.desk import Desk, shortened
from handlers.events import AccountState
from handlers.reasons import words_for
from handlers.staff import tell_managers
from scheduler.answers import never_again, word_for
from scheduler.content import Button, Content
from scheduler.courier import (
    AccountDown,
    Address,
    Admit,
    Befriend,
    Done,
    NothingSent,
    Outcome,
    TooFast,
    Unclear,
)
from storage import accounts, friendships
from storage.attempts import outcomes_of
from storage.audit import Entry, note
from storage.friendships import FriendRequest
from storage.groups import Group
from storage.join_requests import Verdict
from storage.reach import mark_reachable
from storage.shops import halted_at

_log = structlog.get_logger(__name__)

WELCOME_WITHIN = timedelta(days=1)
"""Who became a friend longer ago is neither welcomed nor brought anywhere."""

TRIES = 3
"""So often a request is granted without an answer, before a manager is asked to look."""

_NAMED = 5
_DONE = word_for(Done(""))
_LATER = (NothingSent, TooFast, AccountDown)
"""What says for certain that nothing was done: it is tried again."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """A request a person ruled on: as it stands, and whether it was still open."""

    request: FriendRequest
    changed: bool


async def rule_on(desk: Desk, actor: str, number: int, verdict: Verdict) -> Ruled | None:
    """Grant a request or refuse it; None where there is none with this number.

    Who asked is told nothing of a refusal. What is granted, `settle` carries out.
    """
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        decided = await friendships.decide(connection, [number], verdict, by=actor, at=now)
        request = await friendships.request_by_id(connection, number)
        if request is None:
            return None
        if decided:
            deed = "makefriend" if verdict is Verdict.ADMITTED else "nofriend"
            details = {"account": request.account, "platform": request.platform}
            await note(connection, Entry(now, actor, deed, request.person, details))
    return Ruled(request, changed=bool(decided))


async def settle(desk: Desk, account: str) -> None:
    """Make friends with whom that was granted, welcome them, and tell the managers of who waits."""
    sender = desk.senders.get(account)
    if sender is None or not sender.is_open:
        return
    async with desk.database.reading() as connection:
        untold = await friendships.untold(connection, account)
    if untold:
        await _tell_of(desk, untold)
    async with desk.database.reading() as connection:
        granted = await friendships.granted(connection, account)
    for one in granted:
        async with desk.database.reading() as connection:
            if not await _may_act(connection, desk, account):
                return
        if isinstance(await _go_on(desk, one), NothingSent | AccountDown):
            return  # what this one met, the others would meet as well


async def _may_act(connection: AsyncConnection, desk: Desk, account: str) -> bool:
    """Whether the account may do something of itself: it is not stopped, and not logged out."""
    if await halted_at(connection, desk.shop_id) is not None:
        return False
    known = (await accounts.states(connection, [account])).get(account)
    if known is None:
        return True
    online = known.state is None or known.state.state == AccountState.ONLINE
    return online and known.stopped_at is None


async def _go_on(desk: Desk, request: FriendRequest) -> Outcome | None:
    """Do what is left to be done about a request; what stood in the way for now, if something did.

    Each step that certainly did nothing is taken again later, and the steps behind it wait.
    """
    if request.friends_at is None:
        outcome = await _befriend(desk, request)
        if not isinstance(outcome, Done):
            return outcome
    elif desk.clock.now() - request.friends_at > WELCOME_WITHIN:
        await _finish(desk, request)
        return None
    async with desk.database.reading() as connection:
        rule = await friendships.rule_of(connection, request.account)
        group = await friendships.group_for(connection, rule, request.member_id)
    for step in (_welcome, _bring_in):
        obstacle = await step(desk, request, group)
        if isinstance(obstacle, _LATER):
            return obstacle
    await _finish(desk, request)
    return None


async def _befriend(desk: Desk, request: FriendRequest) -> Outcome:
    """Have the platform grant a request; what it will not grant is told to the managers.

    Without an answer it is tried again some times: it does no harm twice, and the platform may
    tell of the new friend by itself meanwhile.
    """
    key = f"befriend:{request.account}/{request.request}"
    action = Befriend(key, Address(person=request.person), request.request)
    granted = _DONE in await _outcomes(desk, request, key)  # and its process ended with that
    outcome = Done("") if granted else await desk.senders[request.account].carry_out(action)
    if isinstance(outcome, Done):
        now = desk.clock.now()
        async with desk.database.writing() as connection:
            await friendships.mark_friends(connection, request.id, now)
            await mark_reachable(connection, [request.member_id], now)
    elif not isinstance(outcome, _LATER):
        tries = sum(map(never_again, await _outcomes(desk, request, key)))
        if not isinstance(outcome, Unclear) or tries >= TRIES:
            await _give_up(desk, request, outcome.reason)
    return outcome


async def _give_up(desk: Desk, request: FriendRequest, reason: str) -> None:
    """Leave it to people: the two may still become friends by somebody's hand."""
    _log.warning("not_befriended", request=request.id, reason=reason)
    await _finish(desk, request)
    text = desk.say(
        "没能加 {name} 为好友（账号 {account}）：{why}。"
        "可以用手机登上这个账号点通过，之后的欢迎我来。",
        name=request.name,
        account=request.account,
        why=words_for(desk.say, reason),
    )
    await tell_managers(desk, Content(text), f"not-friends:{request.account}/{request.id}")


async def _welcome(desk: Desk, request: FriendRequest, group: Group | None) -> Outcome | None:
    """Greet a new friend in private, if that was not done; None where it was."""
    key = f"friend:{request.account}/{request.id}"
    if await _done_before(desk, request, key):
        return None
    private = Address(person=request.person)
    outcome = await desk.senders[request.account].say(private, _hello(desk, request, group), key)
    if not isinstance(outcome, Done):
        _log.warning("friend_not_welcomed", request=request.id, outcome=repr(outcome))
    return outcome


async def _bring_in(desk: Desk, request: FriendRequest, group: Group | None) -> Outcome | None:
    """Bring a new friend into the group, if there is one and that was not done."""
    key = f"bring:{request.account}/{request.id}"
    if group is None or await _done_before(desk, request, key):
        return None
    action = Admit(key, Address(group=group.chat), request.person)
    outcome = await desk.senders[request.account].carry_out(action)
    if not isinstance(outcome, (Done, *_LATER)):
        _log.warning("friend_not_brought_in", request=request.id, outcome=repr(outcome))
        text = desk.say(
            "{name} 成了账号 {account} 的好友，但没能请进「{group}」：{why}。请帮忙拉一下。",
            name=request.name,
            account=request.account,
            group=group.name,
            why=words_for(desk.say, outcome.reason),
        )
        key = f"not-brought:{request.account}/{request.id}"
        await tell_managers(desk, Content(text), key, about=group.id)
    return outcome


async def _outcomes(desk: Desk, request: FriendRequest, key: str) -> list[str | None]:
    """How each call with this key ended that was made since somebody asked."""
    async with desk.database.reading() as connection:
        return await outcomes_of(connection, request.account, key, request.asked_at)


async def _done_before(desk: Desk, request: FriendRequest, key: str) -> bool:
    """Whether a call with this key did what it asks, or may have, or never can."""
    return any(map(never_again, await _outcomes(desk, request, key)))


async def _finish(desk: Desk, request: FriendRequest) -> None:
    async with desk.database.writing() as connection:
        await friendships.finish(connection, request.id, desk.clock.now())


def _hello(desk: Desk, request: FriendRequest, group: Group | None) -> Content:
    """A short word to a new friend."""
    say = desk.say
    parts = [
        say(
            "你好，{name}，我是{shop}的群助手，很高兴认识你！",
            name=request.name,
            shop=desk.shop.name,
        )
    ]
    if group is not None:
        parts.append(say("我这就请你进「{group}」，新品和活动都在那里聊。", group=group.name))
    parts.append(say("想知道我会做什么，发 /help；不想收营销消息，发 /optout。"))
    return Content("\n".join(parts))


async def _tell_of(desk: Desk, requests: Sequence[FriendRequest]) -> None:
    """Tell the managers of who waits: those of the group that new friends are brought into."""
    first = requests[0]
    async with desk.database.reading() as connection:
        rule = await friendships.rule_of(connection, first.account)
    key = f"friends:{first.account}/{first.id}"
    if not await tell_managers(desk, _news(desk, requests), key, about=rule.group_id):
        return  # another time
    async with desk.database.writing() as connection:
        ids = [one.id for one in requests]
        await friendships.mark_told(connection, ids, desk.clock.now())


def _news(desk: Desk, requests: Sequence[FriendRequest]) -> Content:
    """That somebody wants to be a friend: one with buttons to answer, several as a list."""
    say, first = desk.say, requests[0]
    if len(requests) == 1:
        text = say("{name} 想加账号 {account} 为好友。", name=first.name, account=first.account)
        return Content(text + own_words(desk, first.words), buttons=ruling_buttons(desk, first))
    text = say(
        "有 {count} 位想加账号 {account} 为好友：{names}。",
        count=len(requests),
        account=first.account,
        names=desk.listed((one.name for one in requests), _NAMED),
    )
    return Content(text, buttons=(Button(say("看申请"), "/friends"),))


def ruling_buttons(
    desk: Desk, request: FriendRequest, *, named: bool = False
) -> tuple[Button, ...]:
    """To grant a request or not; with their name where several stand side by side."""
    name = f" {shortened(request.name)}" if named else ""
    return (
        Button(f"{desk.say('通过')}{name}", f"/makefriend {request.id}"),
        Button(f"{desk.say('拒绝')}{name}", f"/nofriend {request.id}"),
    )
