"""How far each account's events are stored, and what it is to its platform."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import accounts
from storage.account_stops import Stop, stop_account
from storage.accounts import State
from tests.storage.builders import ACCOUNT, HOUR, MINUTE, NOW, PLATFORM

ONLINE = State("online", NOW, me="wxid_bot", me_name="暖暖")
SCAN = State("scan", NOW + HOUR, code="https://login.example/1")


async def stands(connection: AsyncConnection) -> accounts.Account:
    return (await accounts.states(connection, [ACCOUNT]))[ACCOUNT]


async def note(connection: AsyncConnection, *states: State) -> State | None:
    for state in states:
        await accounts.note_state(connection, ACCOUNT, PLATFORM, state)
    return (await stands(connection)).state


async def test_an_account_never_heard_has_no_cursor(connection: AsyncConnection) -> None:
    assert await accounts.cursor(connection, ACCOUNT) is None


async def test_the_newest_cursor_counts_and_each_account_has_its_own(
    connection: AsyncConnection,
) -> None:
    await accounts.set_cursor(connection, ACCOUNT, PLATFORM, "1")
    await accounts.set_cursor(connection, ACCOUNT, PLATFORM, "2")
    await accounts.set_cursor(connection, "telegram:shop", "telegram", "77")
    assert await accounts.cursor(connection, ACCOUNT) == "2"
    assert await accounts.cursor(connection, "telegram:shop") == "77"


async def test_what_was_never_said_of_an_account_is_not_known(connection: AsyncConnection) -> None:
    assert await accounts.states(connection) == {}
    await accounts.set_cursor(connection, ACCOUNT, PLATFORM, "1")
    assert await stands(connection) == accounts.Account(
        ACCOUNT, PLATFORM, None, None, None, None, None
    )


async def test_a_state_is_kept_as_it_was_told(connection: AsyncConnection) -> None:
    assert await note(connection, ONLINE) == ONLINE
    await accounts.set_cursor(connection, ACCOUNT, PLATFORM, "1")
    assert (await stands(connection)).state == ONLINE


async def test_the_same_state_again_goes_on_since_it_began(connection: AsyncConnection) -> None:
    newer = replace(SCAN, since=SCAN.since + MINUTE, code="https://login.example/2")
    assert await note(connection, SCAN, newer) == replace(newer, since=SCAN.since)


async def test_another_state_begins_now_and_leaves_nothing_of_the_former(
    connection: AsyncConnection,
) -> None:
    offline = State("offline", NOW + 2 * HOUR, reason="taken")
    kept = await note(connection, ONLINE, SCAN, offline)
    assert kept == replace(offline, me="wxid_bot", me_name="暖暖")


async def test_who_an_account_is_changes_with_the_next_log_in(connection: AsyncConnection) -> None:
    again = State("online", NOW + HOUR, me="wxid_other", me_name="暖暖二号")
    assert await note(connection, ONLINE, SCAN, again) == again


async def test_what_staff_were_told_is_kept_beside_it(connection: AsyncConnection) -> None:
    await note(connection, SCAN)
    await accounts.told(connection, ACCOUNT, "scan", NOW)
    await note(connection, ONLINE)
    found = await stands(connection)
    assert (found.told_state, found.told_stop_at, found.state) == ("scan", NOW, ONLINE)


async def test_every_account_is_listed_and_one_that_was_stopped_says_so(
    connection: AsyncConnection,
) -> None:
    await accounts.set_cursor(connection, "telegram:shop", "telegram", "77")
    await note(connection, ONLINE)
    await stop_account(connection, ACCOUNT, PLATFORM, Stop(NOW, "操作过于频繁"))
    found = await accounts.states(connection)
    assert list(found) == [ACCOUNT, "telegram:shop"]
    stopped = found[ACCOUNT]
    assert (stopped.stopped_at, stopped.stop_reason) == (NOW, "操作过于频繁")
    assert stopped.state == ONLINE
