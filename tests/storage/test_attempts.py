"""Every call leaves a row: begun before it is made, and ended once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import attempts, shops
from storage.attempts import Call, End, Past
from storage.tables import attempts as calls
from tests.storage.builders import (
    ACCOUNT,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    begun,
    lane,
    planned,
    shop,
)


async def written(connection: AsyncConnection) -> dict[str, tuple[object, ...]]:
    """Key → how the call ended, of every attempt."""
    rows = await connection.execute(select(calls))
    return {row.key: (row.ended_at, row.outcome, row.reason, row.holds_until) for row in rows}


OPEN = (None, None, None, None)


async def test_a_reply_is_an_attempt_without_a_delivery_and_goes_out_during_a_halt(
    connection: AsyncConnection,
) -> None:
    right = await lane(connection)
    await shops.set_halt(connection, await shop(connection), NOW)
    ids = await attempts.begin_calls(connection, right, [Call("person:1", "reply/1", "reply")], NOW)
    (row,) = (await connection.execute(select(calls))).all()
    assert dict(row._mapping) == {
        "id": ids["reply/1"],
        "account": ACCOUNT,
        "address": "person:1",
        "key": "reply/1",
        "action": "reply",
        "delivery_id": None,
        "token": right.token,
        "began_at": NOW,
        "ended_at": None,
        "outcome": None,
        "reason": None,
        "holds_until": None,
        "messages": 1,
    }


async def test_many_calls_begin_together_each_with_its_own_attempt(
    connection: AsyncConnection,
) -> None:
    right = await lane(connection)
    asked = [Call(f"group:{number}", f"回复/{number}\x00", "reply") for number in range(300)]
    ids = await attempts.begin_calls(connection, right, asked, NOW)
    assert list(ids) == [call.key for call in asked]
    rows = await connection.execute(select(calls.c.id, calls.c.address))
    assert {row.id: row.address for row in rows} == {ids[call.key]: call.address for call in asked}
    assert await attempts.begin_calls(connection, right, [], NOW) == {}


async def test_each_call_gets_its_own_end(connection: AsyncConnection) -> None:
    right = await lane(connection)
    ids = await attempts.begin_calls(
        connection, right, [Call("group:1", key, "post") for key in "abc"], NOW
    )
    await attempts.end_calls(
        connection,
        [
            End(ids["a"], "done", None, NOW + SECOND),
            End(ids["b"], "too_fast", "太快了", NOW + SECOND, holds_until=NOW + MINUTE),
        ],
    )
    assert await written(connection) == {
        "a": (NOW + SECOND, "done", None, None),
        "b": (NOW + SECOND, "too_fast", "太快了", NOW + MINUTE),
        "c": OPEN,
    }


async def test_a_call_that_ended_keeps_its_end(connection: AsyncConnection) -> None:
    right = await lane(connection)
    ids = await attempts.begin_calls(connection, right, [Call("group:1", "a", "post")], NOW)
    await attempts.end_calls(connection, [End(ids["a"], "done", None, NOW)])
    await attempts.end_calls(connection, [End(ids["a"], "unclear", "timeout", NOW + HOUR)])
    assert await written(connection) == {"a": (NOW, "done", None, None)}
    await attempts.end_calls(connection, [])


async def test_a_takeover_ends_the_replies_that_were_left_open_and_nothing_else(
    connection: AsyncConnection,
) -> None:
    old = await lane(connection)
    ids = await attempts.begin_calls(
        connection, old, [Call("group:1", key, "reply") for key in ("ended", "left")], NOW
    )
    await attempts.end_calls(connection, [End(ids["ended"], "done", None, NOW)])
    (one,) = await planned(connection, "一群")
    await begun(connection, old, [one])
    stranger = await lane(connection, "bot-1", account="room:2")
    await attempts.begin_calls(connection, stranger, [Call("group:1", "theirs", "reply")], NOW)
    new = await lane(connection, "bot-2")
    await attempts.begin_calls(connection, new, [Call("group:1", "ours", "reply")], NOW)

    await attempts.end_interrupted(connection, new, NOW + MINUTE)

    assert await written(connection) == {
        "ended": (NOW, "done", None, None),
        "left": (NOW + MINUTE, attempts.INTERRUPTED, None, None),
        one.key: OPEN,  # it is settled with its delivery
        "theirs": OPEN,
        "ours": OPEN,
    }


async def test_what_became_of_a_call_is_known_by_its_key(connection: AsyncConnection) -> None:
    right, stranger = await lane(connection), await lane(connection, account="room:2")
    for at, outcome in ((NOW - HOUR, "done"), (NOW, "nothing_sent"), (NOW + SECOND, None)):
        ids = await attempts.begin_calls(
            connection, right, [Call("person:1", "欢迎\x00", "reply")], at
        )
        if outcome is not None:
            ends = [End(one, outcome, None, at) for one in ids.values()]
            await attempts.end_calls(connection, ends)
    await attempts.begin_calls(connection, right, [Call("person:1", "other", "reply")], NOW)
    await attempts.begin_calls(connection, stranger, [Call("person:1", "theirs", "reply")], NOW)

    async def outcomes(key: str) -> list[str | None]:
        return await attempts.outcomes_of(connection, ACCOUNT, key, NOW)

    assert await outcomes("欢迎\x00") == ["nothing_sent", None]
    assert await outcomes("theirs") == []


async def test_how_something_that_was_said_to_many_ended_is_known_by_its_key(
    connection: AsyncConnection,
) -> None:
    right = await lane(connection)
    stranger = await lane(connection, account="room:2")
    here = [Call("person:1", "spike%/1/room", "reply"), Call("person:2", "spike%", "reply")]
    ids = await attempts.begin_calls(connection, right, here, NOW)
    await attempts.begin_calls(connection, stranger, [Call("person:3", "spike%/1", "reply")], NOW)
    await attempts.begin_calls(connection, right, [Call("person:1", "spikes/1", "reply")], NOW)
    await attempts.begin_calls(
        connection, right, [Call("person:1", "spike%/0", "reply")], NOW - SECOND
    )
    await attempts.end_calls(connection, [End(ids["spike%/1/room"], "done", None, NOW)])

    async def outcomes(*accounts: str) -> list[str | None]:
        return await attempts.outcomes_under(connection, accounts, "spike%", NOW)

    assert await outcomes(ACCOUNT) == ["done"]
    assert await outcomes(ACCOUNT, "room:2") == ["done", None]
    everywhere = await attempts.keys_under(connection, "spike%", NOW)
    assert everywhere == {"spike%/1/room", "spike%/1"}


async def test_the_past_of_an_account_is_what_was_really_called_since_the_oldest_first(
    connection: AsyncConnection,
) -> None:
    right = await lane(connection)
    stranger = await lane(connection, account="room:2")

    async def call(key: str, at: datetime, *end: object) -> None:
        ids = await attempts.begin_calls(connection, right, [Call(f"group:{key}", key, "post")], at)
        if end:
            await attempts.end_calls(connection, [End(ids[key], *end)])  # type: ignore[arg-type]  # a test's shorthand

    await call("late", NOW + MINUTE)
    await call("early", NOW, "too_fast", None, NOW + SECOND, NOW + HOUR)
    await call("kept", NOW + SECOND, attempts.HELD_BACK, None, NOW + SECOND)
    await call("done", NOW + SECOND, "done", None, NOW + 2 * SECOND)
    await call("before", NOW - MINUTE, "done", None, NOW)
    album = [Call("group:album", "album", "post", messages=4)]
    await attempts.begin_calls(connection, right, album, NOW + 2 * SECOND)
    await attempts.begin_calls(connection, stranger, [Call("group:x", "theirs", "post")], NOW)

    await call("silenced", NOW - HOUR, "too_fast", None, NOW - HOUR, NOW + MINUTE)
    await call("silenced no more", NOW - HOUR, "too_fast", None, NOW - HOUR, NOW)

    assert await attempts.made_since(connection, ACCOUNT, NOW - SECOND, NOW) == [
        Past("group:silenced", NOW - HOUR, NOW - HOUR, "too_fast", NOW + MINUTE),
        Past("group:early", NOW, NOW + SECOND, "too_fast", NOW + HOUR),
        Past("group:done", NOW + SECOND, NOW + 2 * SECOND, "done", None),
        Past("group:album", NOW + 2 * SECOND, None, None, None, messages=4),
        Past("group:late", NOW + MINUTE, None, None, None),
    ]
