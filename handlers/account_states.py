"""What staff are told of an account by itself: it has to be logged in, is gone, back, or stopped.

What is told is what is stored (see `account_events.py`), so a change is told once, whichever
process serves the account, and a change that is over before anybody could act on it is not told
at all. It is said through the other accounts: the one in trouble reaches nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from handlers.desk import Desk
from handlers.events import AccountState
from handlers.hearing_gaps import gap_lines, gaps_of
from handlers.qr_codes import picture_of
from handlers.reasons import why_offline, words_for
from handlers.staff import tell_managers
from scheduler.content import Button, Content
from storage.accounts import Account, State, states, told

_log = structlog.get_logger(__name__)

GRACE = timedelta(seconds=10)
"""So long an account may be gone before anybody is told: what restarts is back by then."""

UNHEARD = "unheard"
"""What staff were told of last, where that was trouble, and nobody was reached."""

_SAID_UNHEARD_FOR = timedelta(minutes=2)
_BEFORE = timedelta(minutes=1)  # a gap ends about when the account is back
_GAPS = 3


def is_news(state: str, told_state: str | None) -> bool:
    """Whether staff, who were told of one state last (None: of nothing), want to know of another.

    That an account works is no news unless it did not. Of an account that waits to be logged in
    they know that it is not there.
    """
    match AccountState(state):
        case AccountState.ONLINE:
            return told_state in (AccountState.SCAN, AccountState.OFFLINE, UNHEARD)
        case AccountState.SCAN:
            return told_state != AccountState.SCAN
        case AccountState.OFFLINE:
            return told_state not in (AccountState.SCAN, AccountState.OFFLINE)


def in_trouble(one: Account) -> bool:
    """Whether nothing can leave through an account, by what is known of it."""
    gone = one.state is not None and one.state.state != AccountState.ONLINE
    return gone or one.stopped_at is not None


async def announce_state(desk: Desk, account: str) -> bool:
    """Tell the managers how an account stands, if that is news; False where it soon may be.

    It is noted first: what a crash swallows is seen by `/accounts`, and nothing is told twice. What
    reached nobody is as if it had not been told, and told the next time.
    """
    async with desk.database.reading() as connection:
        one = (await states(connection, [account])).get(account)
    if one is None:
        return True
    state = one.state if one.state and is_news(one.state.state, one.told_state) else None
    waits = (
        state is not None
        and state.state == AccountState.OFFLINE
        and desk.clock.now() < state.since + GRACE
    )
    if waits:
        state = None
    stopped = one.stopped_at is not None and one.stopped_at != one.told_stop_at
    if state is None and not stopped:
        return not waits
    async with desk.database.writing() as connection:
        told_state = one.told_state if state is None else state.state
        await told(connection, account, told_state, one.stopped_at)
    unheard_state = unheard_stop = False
    if state is not None:
        if state.state == AccountState.ONLINE and account in desk.senders:
            desk.senders[account].end_rest()
        content = await _about(desk, account, state)
        unheard_state = not await _tell(desk, account, content, state.state, state.since)
    if stopped and one.stopped_at is not None:
        about = _about_stop(desk, one)
        unheard_stop = not await _tell(desk, account, about, "stopped", one.stopped_at)
    if unheard_state or unheard_stop:
        async with desk.database.writing() as connection:
            await told(
                connection,
                account,
                _as_if_untold(one) if unheard_state else told_state,
                one.told_stop_at if unheard_stop else one.stopped_at,
            )
    return not waits


def _as_if_untold(one: Account) -> str | None:
    """What staff know, who could not be told: that an account was in trouble is told by its end."""
    working = one.state is not None and one.state.state == AccountState.ONLINE
    return one.told_state if working else UNHEARD


async def _tell(desk: Desk, account: str, content: Content, what: str, since: datetime) -> bool:
    """Whether anybody was reached. That nobody is, the log says at first, and not for hours."""
    async with desk.database.reading() as connection:
        known = await states(connection)
    silent = {name for name, one in known.items() if in_trouble(one)}
    key = f"account:{account}/{what}/{since}"
    reached = await tell_managers(desk, content, key, not_through=silent)
    if not reached and desk.clock.now() - since < _SAID_UNHEARD_FOR:
        _log.warning("account_state_unheard", account=account, what=what)
    return bool(reached)


async def _about(desk: Desk, account: str, state: State) -> Content:
    """What to say of a state."""
    say, look = desk.say, (Button(desk.say("看账号"), "/accounts"),)
    match AccountState(state.state):
        case AccountState.ONLINE:
            now = desk.clock.now()
            gaps = await gaps_of(desk, [account], state.since - _BEFORE, now)
            lines = [say("账号 {account} 又在线了。", account=account)]
            return Content("\n".join([*lines, *gap_lines(desk, gaps, _GAPS)]))
        case AccountState.SCAN:
            return await scan_content(desk, account, state)
        case AccountState.OFFLINE:
            text = say(
                "账号 {account} 从 {time} 起不在线：{why}。回来之前听不到、也发不出；"
                "要发的都等着，过了时间的不补发。",
                account=account,
                time=desk.show_time(state.since),
                why=why_offline(say, state.reason),
            )
            return Content(text, buttons=look)


async def scan_content(desk: Desk, account: str, state: State) -> Content:
    """How to log an account in, with the code that is to be scanned."""
    say = desk.say
    if state.code is None:
        return Content(say("账号 {account} 的码扫过了，在手机上点确认登录。", account=account))
    picture = await picture_of(state.code)
    if picture is None:
        text = say("账号 {account} 要重新登录，但给的码画不出来，请看网关。", account=account)
        return Content(text)
    text = say(
        "账号 {account} 要重新登录：用它的手机扫这个码。码很快过期，过期了发 /accounts 拿新的。",
        account=account,
    )
    return Content(text, pictures=(picture,))


def _about_stop(desk: Desk, one: Account) -> Content:
    text = desk.say(
        "账号 {account} 停发了，平台像是在限制它：{why}。先让它歇着，去手机上看看；"
        "确定没事了再发 /lift {account}。等着的会接着发，过了时间的不补发。",
        account=one.account,
        why=words_for(desk.say, one.stop_reason),
    )
    return Content(text, buttons=(Button(desk.say("看账号"), "/accounts"),))
